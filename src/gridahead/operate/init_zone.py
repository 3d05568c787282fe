"""From the code of a zone to settings that fetch it from a service, train on it and forecast."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gridahead.core import zones
from gridahead.core.dates import parse_day
from gridahead.core.errors import SettingsError, did_you_mean
from gridahead.core.grid import GATE_CLOSURE, OFFICIAL_SUFFIX, ZONES, BiddingZone, Series, auction_by
from gridahead.core.time import Deadline, now
from gridahead.core.weather_points import weather_points
from gridahead.operate.init_file import held_settings, write_settings
from gridahead.operate.init_preview import WORKERS
from gridahead.settings.model import Settings
from gridahead.settings.services import LiveSource, OpenMeteoSource
from gridahead.settings.source_catalogue import SourceInfo
from gridahead.sources.catalogue import SERVICES
from gridahead.sources.http.secrets import way_to_key
from gridahead.sources.offers import Offer, offers_of
from gridahead.sources.openmeteo_runs import MODELS
from gridahead.sources.sniff import written

YEARS = 3
"""Of history where nobody says since when: two to learn, one to judge, and no service is asked for what it has not."""
BEFORE_GATE = dt.timedelta(hours=1)
"""From our forecast to the closing of the auction, so that there is time to bid."""
_DAYS = (dt.date(2025, 1, 15), dt.date(2025, 7, 15))
"""One of winter and one of summer, as two clocks may differ by another hour in each."""


@dataclass(frozen=True)
class Wishes:
    """The options of `init zone`; empty where the catalogue decides."""

    sources: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    since: dt.date | None = None


@dataclass
class Zoned:
    """The settings that were written."""

    file: Path
    text: str = ""
    added: bool = False
    series: list[Series] = field(default_factory=list)
    sources: dict[str, Offer] = field(default_factory=dict)
    """The services that are asked, by kind."""
    notes: list[str] = field(default_factory=list)
    """What a person has to do or to know."""


@dataclass(frozen=True)
class _Plan:
    """What is asked of which service for one zone."""

    zone: BiddingZone
    offers: Sequence[Offer]
    asked: Mapping[str, tuple[str, ...]]
    """Quantities by kind of the service; none for what it gives by itself."""
    series: tuple[Series, ...]


def zone_of(text: str) -> BiddingZone:
    """The zone of that code in the catalogue.

    Raises:
        SettingsError: there is none; says which are near, and lists all.
    """
    if (code := text.strip().upper()) in ZONES:
        return ZONES[code]
    by_name = {row.name.lower(): row.code for row in zones.rows().values()}
    by_name |= {code.lower(): code for code in ZONES}
    wanted = text.strip().lower()
    named = [code for name, code in by_name.items() if len(wanted) > 3 and wanted in name]
    near = named or [by_name[name] for name in difflib.get_close_matches(wanted, by_name, n=5, cutoff=0.6)]
    hint = " or ".join(f"{code} ({ZONES[code].name})" for code in dict.fromkeys(near[:5]))
    asked = f"Did you mean {hint}? " if hint else ""
    raise SettingsError(f"zone {text!r} is not known. {asked}Known: {', '.join(sorted(ZONES))}")


def since_of(text: str) -> dt.date:
    """The day from which on history is wanted: a date, or the first day of a year.

    Raises:
        SettingsError: it is neither.
    """
    try:
        return dt.date(int(text), 1, 1) if len(text) == 4 else parse_day(text)
    except ValueError as error:
        raise SettingsError(f"--since {text!r} is no year and no day such as 2023 or 2023-06-01: {error}") from error


def catalogue_lines(parts: Sequence[str] = ()) -> Iterator[str]:
    """A line a zone of the catalogue: code, kind, time zone, name; of those alone that hold one of the parts."""
    for row in zones.rows().values():
        line = f"{row.code:15}{row.kind:21}{row.timezone:29}{row.name}"
        if not parts or any(part.lower() in line.lower() for part in parts):
            yield line


def init_zones(codes: Sequence[str], wishes: Wishes, target: Path, command: str, *, add: bool, force: bool) -> Zoned:
    """Write settings that fetch zones from services.

    Args:
        codes: of the zones.
        wishes: what was said on the command line.
        target: the settings file.
        command: how it was called, for the head of the file.
        add: to add to settings that are there.
        force: to replace settings that are there.

    Raises:
        SettingsError: a zone, a service or a quantity is not known, no service has what is wanted, or there are
            settings already.
    """
    held = held_settings(target, add=add, force=force)
    plans = [_plan(zone_of(code), wishes) for code in dict.fromkeys(codes)]
    done = Zoned(target, added=held is not None)
    blocks = [written.head(command, [], [])]
    if held is None:
        blocks.append(
            'data_folder = "data" # the lake, models and forecasts\n'
            'mode = "live" # a forecast is due every day; "demo" shows history instead'
        )
    blocks += [_about(plan) for plan in plans]
    blocks += _source_blocks(plans, wishes, held, done)
    blocks += _series_blocks(plans, held, done)
    if held is None:
        blocks.append(f"[training]\nworkers = {WORKERS}")
    done.text = "\n\n".join(blocks) + "\n"
    write_settings(target, done.text, "" if held is None else target.read_text(encoding="utf-8"))
    return done


def _plan(zone: BiddingZone, wishes: Wishes) -> _Plan:
    """Which services are asked for what.

    Raises:
        SettingsError: none has what is wanted.
    """
    offers = offers_of(zone)
    wanted = wishes.quantities or ("load",)
    known = sorted({quantity for offer in offers for quantity in offer.forecasts})
    if missing := [quantity for quantity in wanted if quantity not in known]:
        has = f"There is {', '.join(known)}" if known else "Read it from files of your own with `gridahead init file`"
        raise SettingsError(f"no service has {zone.code}/{missing[0]}. {did_you_mean(missing[0], known)}{has}")
    for kind in wishes.sources:
        if kind not in SERVICES:
            known_kinds = ", ".join(SERVICES)
            raise SettingsError(f"{kind!r} is no service; {did_you_mean(kind, SERVICES)}known: {known_kinds}")
        if kind not in [offer.kind for offer in offers]:
            others = ", ".join(offer.kind for offer in offers) or "no service"
            raise SettingsError(f"{kind} does not have zone {zone.code}; {others} has it")
    left = dict.fromkeys(name for quantity in wanted for name in _with_inputs(quantity))
    asked: dict[str, tuple[str, ...]] = {}
    for offer in _in_order(offers, wanted, wishes.sources):
        if offer.is_weather:
            asked[offer.kind] = ()
        elif taken := tuple(name for name in left if name in offer.quantities and _is_read(name, wanted, zone, offer)):
            asked[offer.kind] = taken
            left = dict.fromkeys(quantity for quantity in left if quantity not in taken)
    if missing := [quantity for quantity in wanted if quantity in left]:
        others = ", ".join(offer.kind for offer in offers if missing[0] in offer.quantities)
        raise SettingsError(f"{', '.join(wishes.sources)} has no {zone.code}/{missing[0]}; {others} has it")
    return _Plan(zone, offers, asked, tuple(Series(zone.code, quantity) for quantity in wanted))


def _with_inputs(quantity: str) -> Iterator[str]:
    """A quantity, its official forecast, and those of what moves load and price."""
    yield quantity
    yield from (f"{name}{OFFICIAL_SUFFIX}" for name in dict.fromkeys((quantity, "load")) if name != "price")
    if quantity in ("load", "residual_load", "price"):
        yield from (f"{name}{OFFICIAL_SUFFIX}" for name in ("solar", "wind_onshore", "wind_offshore"))


def _is_read(name: str, wanted: Sequence[str], zone: BiddingZone, offer: Offer) -> bool:
    """Whether something reads a quantity: a forecast of another than the one that is wanted only if it is early."""
    measured = name.removesuffix(OFFICIAL_SUFFIX)
    if measured in wanted:
        return True
    known = offer.official_known(Series(zone.code, measured))
    return known is None or _is_before(known, _deadline(zone)[0])


def _in_order(offers: Sequence[Offer], wanted: Sequence[str], sources: Sequence[str]) -> list[Offer]:
    """The services that are asked, the one that is asked first at the front."""
    if sources:
        return sorted((offer for offer in offers if offer.kind in sources), key=lambda one: sources.index(one.kind))
    names = {name for quantity in wanted for name in _with_inputs(quantity)}
    best_first = sorted(
        offers,
        key=lambda one: (
            -len(set(wanted) & set(one.quantities)),
            one.needs_key,  # what runs at once is worth more than a forecast that needs a registration
            -len(names & set(one.quantities)),
        ),
    )
    first = [offer for offer in best_first if not offer.is_weather][:1]
    others = [offer for offer in best_first if set(wanted) & set(offer.quantities) - set(first[0].quantities)]
    return [*first, *others, *(offer for offer in offers if offer.is_weather)]


def _about(plan: _Plan) -> str:
    """What the catalogue knows of a zone, and which services have it, as comments."""
    zone, market = plan.zone, zones.market_of(plan.zone.code)
    facts = [zone.name, zone.kind, zone.timezone, *([f"EIC {zone.eic}"] if zone.eic else [])]
    lines = [written.comment(f"{zone.code}: {', '.join(facts)}.")]
    if market is not None:
        closes, published = (
            str(at) if at else "at a time that is not known" for at in (market.gate_closure, auction_by(zone.code))
        )
        lines.append(
            written.comment(f"Day-ahead auction: {market.title}; closes {closes}, prices are out {published}.")
        )
    if zone.neighbours:
        lines.append(written.comment(f"Neighbours: {', '.join(zone.neighbours)}."))
    lines.append("# Services that have it:")
    for offer in plan.offers:
        key = f"It needs a key. {way_to_key(offer.info)}" if offer.needs_key else "No key is needed"
        lines.append(written.comment(f"{offer.kind}: {', '.join(offer.quantities)}. {key}.", "# - "))
    return "\n".join(lines)


def _source_blocks(plans: Sequence[_Plan], wishes: Wishes, held: Settings | None, done: Zoned) -> Iterator[str]:
    """A block `[[sources]]` a service, for all zones that are asked of it and are not fetched from it yet."""
    since = wishes.since or dt.date(now().year - YEARS, 1, 1)
    for kind in dict.fromkeys(kind for plan in plans for kind in plan.asked):
        of_kind = [plan for plan in plans if kind in plan.asked and not _is_fetched(plan, kind, held)]
        offer = next(offer for plan in plans for offer in plan.offers if offer.kind == kind)
        done.sources[kind] = offer
        if not of_kind:
            continue
        quantities = list(dict.fromkeys(name for plan in of_kind for name in plan.asked[kind]))
        lines = [
            "[[sources]]",
            f"kind = {written.value(kind)} # {offer.info.title}. {offer.info.attribution}",
            f"zones = {written.value([plan.zone.code for plan in of_kind])}",
            *([f"quantities = {written.value(quantities)}"] if quantities else []),
            f"since = {since} # from when on history is fetched",
        ]
        if offer.info.note:
            lines.insert(1, written.comment(offer.info.note))
            done.notes.append(f"{offer.info.title}: {offer.info.note}")
        if kind == "openmeteo" and (days := _weather_days([plan.zone for plan in of_kind], since, offer.info)) > 0.1:
            done.notes.append(
                f"{offer.info.title}: within its limits the runs since {since} take about {days:.1f} days; a later "
                "--since or run_hours = [0] makes it less, and a back-fill that is stopped goes on where it was."
            )
        if offer.needs_key:
            done.notes.append(f"{offer.info.title} needs a key. {way_to_key(offer.info)}.")
        yield "\n".join(lines)


def _weather_days(places: Sequence[BiddingZone], since: dt.date, info: SourceInfo) -> float:
    """How long the history of Open-Meteo takes within its limits [days]: a call a run and point."""
    section = OpenMeteoSource(kind="openmeteo", zones=tuple(zone.code for zone in places))
    begin = max(since, MODELS[section.model].since.date())
    points = sum(len(weather_points()[zone.code]) for zone in places)
    calls = (now().date() - begin).days * len(section.run_hours) * points
    return calls / min(limit.requests / limit.seconds for limit in info.limits) / 86400


def _is_fetched(plan: _Plan, kind: str, held: Settings | None) -> bool:
    """Whether the settings that are added to ask a service for all that is wanted of a zone."""
    return any(
        isinstance(source, LiveSource)
        and source.kind == kind
        and plan.zone.code in source.zones
        and (not source.quantities or set(plan.asked[kind]) <= set(source.quantities))
        for source in (() if held is None else held.sources)
    )


def _series_blocks(plans: Sequence[_Plan], held: Settings | None, done: Zoned) -> Iterator[str]:
    """A block `[[series]]` a quantity that is forecast; what else could be is left as a comment."""
    declared = set() if held is None else {entry.series for entry in held.series}
    for plan in plans:
        deadline, why = _deadline(plan.zone)
        for series in plan.series:
            done.series.append(series)
            if series not in declared:
                yield _series_block(series, plan, deadline, why)
        others = [
            name for offer in plan.offers for name in offer.forecasts if Series(plan.zone.code, name) not in plan.series
        ]
        if others:
            command = f"gridahead init zone {plan.zone.code} --quantities {others[0]} --add"
            names = ", ".join(dict.fromkeys(others))
            yield written.comment(f"{plan.zone.code} could be forecast as well: {names}; see `{command}`.")


def _series_block(series: Series, plan: _Plan, deadline: Deadline, why: str) -> str:
    lines = [
        "[[series]]",
        f"series = {written.value(str(series))}",
        f"deadline = {written.value(str(deadline))} # {why}",
    ]
    offers = [offer for offer in plan.offers if offer.kind in plan.asked]
    ahead = []
    for offer in offers:
        if offer.is_weather:
            ahead += [f"{series.zone}/{name}" for name in offer.chosen or offer.quantities]
            continue
        for name in plan.asked[offer.kind]:
            measured = Series(series.zone, name.removesuffix(OFFICIAL_SUFFIX))
            if name == measured.quantity or series.quantity == measured.quantity:
                continue
            if _is_read(name, (), plan.zone, offer):
                ahead.append(str(measured.official))
    own = [offer for offer in offers if f"{series.quantity}{OFFICIAL_SUFFIX}" in plan.asked[offer.kind]]
    if own:
        known = own[0].official_known(series)
        when = f"is known by {known}" if known else "comes with the time at which it was published"
        late = "" if known is None or _is_before(known, deadline) else ", after this deadline, and is then not read"
        lines.append(written.comment(f"The official forecast, {series.official}, {when}{late}."))
    if ahead:
        lines.append(f"future_covariates = {written.value(ahead)}")
    return "\n".join(lines)


def _deadline(zone: BiddingZone) -> tuple[Deadline, str]:
    """By when a zone is forecast, in its own time, and why."""
    gate = GATE_CLOSURE.get(zone.code)
    if gate is None:
        return written.deadline_of(zone), "no auction of it is known: 11:00 on the day before"
    closings = [(day, gate.for_delivery(day).tz_convert(zone.timezone) - BEFORE_GATE) for day in _DAYS]
    before = max((day - local.date()).days for day, local in closings)
    at = min(local.time() for day, local in closings if (day - local.date()).days == before)
    return Deadline(before, at, zone.timezone), f"an hour before the day-ahead auction closes, {gate}"


def _is_before(known: Deadline, deadline: Deadline) -> bool:
    """Whether what is known by one deadline is there at another, in winter and in summer."""
    return all(known.for_delivery(day) <= deadline.for_delivery(day) for day in _DAYS)
