"""The whole configuration, frozen; `settings_file` reads it from TOML, and paths are relative to that file."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, cast

import pydantic
from pydantic import Field

from gridahead.core.errors import SettingsError, did_you_mean
from gridahead.core.grid import (
    FORECAST,
    OFFICIAL_SUFFIX,
    PRICE,
    ZONES,
    BiddingZone,
    Series,
    checked_name,
    day_after,
    lead_days,
    unit_of,
)
from gridahead.core.time import MOST_LEAD_DAYS, Deadline, Mtu
from gridahead.core.units import PowerUnit, Unit, unit_of_source
from gridahead.core.zones import market_of
from gridahead.settings.alerts import AlertSettings
from gridahead.settings.file_source import FileSource
from gridahead.settings.flows import FlowSettings
from gridahead.settings.gates import LadderSettings, PromotionSettings, QualitySettings
from gridahead.settings.logs import LoggingSettings
from gridahead.settings.networks import (
    BESIDE,
    DEFAULT_ENSEMBLES,
    DEFAULT_MODELS,
    PRESETS,
    ModelSettings,
    SharedSettings,
    preset,
)
from gridahead.settings.published import PublishedSettings
from gridahead.settings.retention import RetentionSettings
from gridahead.settings.schedule import ArchiveSettings, ScheduleSettings
from gridahead.settings.section import DeadlineText, Section, SeriesText
from gridahead.settings.serve import ServeSettings
from gridahead.settings.services import LiveSource, OpenMeteoSource
from gridahead.settings.sources import EntsoeFilesSource, SmardSource
from gridahead.settings.stores import STORES, MlflowSettings, is_address, refuse_password
from gridahead.settings.sums import SumSettings, connected, sum_findings
from gridahead.settings.training import TrainingSettings
from gridahead.settings.zones import ZoneSettings

SourceSettings = Annotated[
    SmardSource | EntsoeFilesSource | FileSource | LiveSource | OpenMeteoSource, Field(discriminator="kind")
]

WeatherKind = Literal["degrees", "power_curve", "own_curve", "clear_sky"]


class SeriesSettings(Section):
    """A series that is forecast, and when."""

    series: SeriesText
    """Which: ZONE/QUANTITY, such as DE/load. A pattern such as */load stands for a block for each zone of which some
    source brings that quantity; `{zone}` in it is then the code of the zone, and a block of one series alone changes
    for that one what it says."""
    group: str | None = None
    """Of a pattern: only zones of this group, as [[zones]] or the zone table have it."""
    leave_out: tuple[str, ...] = ()
    """Of a pattern: series that it does not mean, by name or pattern."""
    deadline: DeadlineText
    """When the forecast is due, in relation to the delivery day: D-1T1100[Europe/Berlin] is 11:00 on the day before,
    D-1T1100[local] by the clock of the zone.
    Up to D-7: models are trained for it, read the official forecast as it is known then, and are compared with the
    official forecast of the same lead."""
    gate_closure: DeadlineText | None = None
    """When the market closes, after which a forecast is too late: D-1T1200[Europe/Brussels]. Without it, that of the
    day-ahead market of the zone if it is after the deadline, and else when the delivery day begins. Of a forecast that
    is due earlier than on the day before it is the end of the day on which it is due."""
    intraday: bool = False
    """Whether the forecast is renewed every hour until the delivery day ends; models are then trained and judged for
    every hour."""
    unit: PowerUnit | None = None
    """In which power is shown in tables, in the CSV and on the page. Without it: that of the file which the series is
    read from, MW for all else; the lake, JSON and Parquet keep MW. A price is in its currency per MWh everywhere."""
    past_covariates: tuple[SeriesText, ...] = ()
    """Series whose past is read, up to the issue time."""
    future_covariates: tuple[SeriesText, ...] = ()
    """Series that are read ahead as well, in the vintage known at the issue time."""
    use_official: bool = True
    """Whether the official forecast is an input, where there is one."""
    models: tuple[str, ...] = Field(cast("tuple[str, ...]", "quick"))
    """Which models and ensembles are trained, by name; the best of them serves. `"quick"` and `"accurate"` stand for
    several: two networks with their ensemble and aggregate, or both networks on every anchor, which takes about five
    times as long; in the aggregate of a price stands LightGBM as well. Empty where a shared network does it."""
    mtu: Mtu | None = None
    """Market time unit in which the series and its inputs are read and forecast: longer units are repeated, shorter
    ones averaged. Without it, that of the newest value of the series."""
    weather: tuple[WeatherKind, ...] = ()
    """Features that are made of the weather read ahead. `degrees`: heating and cooling degrees of series called
    temperature…, smoothed over days. `power_curve`: power of turbines at the wind of series called wind_speed…, nearest
    to 100 m. `own_curve`: what the series itself had in its context at such wind. `clear_sky`: irradiance of a clear
    sky at the place, and what shortwave_radiation or cloud_cover leave of it."""

    @pydantic.field_validator("models", mode="before")
    @classmethod
    def _by_one_word(cls, named: object, info: pydantic.ValidationInfo) -> object:
        """The models of a preset; any other single word is refused where the types are checked."""
        if not isinstance(named, str):
            return named
        if named not in PRESETS and (hint := did_you_mean(named, PRESETS)):
            raise ValueError(f"{named!r} is no preset; {hint}known: {', '.join(PRESETS)}, or a list of models")
        if named not in PRESETS:
            return named
        series = info.data.get("series")
        return preset(named, "" if series is None else series.quantity)

    @pydantic.model_validator(mode="after")
    def _unit_of_power(self) -> SeriesSettings:
        if self.unit is not None and self.series.quantity == PRICE:
            raise ValueError(
                f"unit = {self.unit!r} is one of power; a price is in the currency of its zone, which `currency` under "
                "[[zones]] changes"
            )
        return self


def _named_once(sources: Iterable[SourceSettings]) -> str:
    """The licence lines of sources, each once."""
    return "; ".join(dict.fromkeys(source.attribution for source in sources if source.attribution))


def _is_before(deadline: Deadline, closure: Deadline) -> bool:
    """Whether a deadline is before another, by clocks of two zones perhaps: as instants of a day without a change."""
    day = dt.date(2025, 1, 15)
    return deadline.for_delivery(day) < closure.for_delivery(day)


class Settings(Section):
    """The whole settings file."""

    data_folder: Path
    """Where everything is kept that gridahead writes, relative to the settings file."""
    mode: Literal["demo", "live"] = "demo"
    """Whether forecasts are made for tomorrow, day by day, or shown on history that ends somewhere. `live`: "now" is
    the present, a forecast is due every day, `training.holdout_start` counts for `gridahead backtest` only. `demo`:
    "now" is the end of the data."""
    lake: str | None = None
    """Where the lake is, if not in the data folder: a folder, or an address such as s3://bucket/prefix?region=eu-west-1."""
    exports: str | None = None
    """The same for what forecasts are made with: bundles and records of models, and who serves."""
    raw: str | None = None
    """The same for raw payloads as they were received."""
    inputs: str | None = None
    """The same for what models read at each issue time."""
    zone_table: Path | None = None
    """A CSV with a row a zone, for many of them: its columns are keys of [[zones]], such as code, timezone, country,
    group, latitude and longitude. What [[zones]] says of a zone counts more."""
    zones: tuple[ZoneSettings, ...] = ()
    """Bidding zones that gridahead does not know, or knows differently."""
    sources: tuple[SourceSettings, ...] = ()
    """Where data come from."""
    series: tuple[SeriesSettings, ...] = ()
    """What is forecast."""
    models: dict[str, ModelSettings] = Field({})
    """Networks, by name; one of each cell, lstm_attention and transformer are there without being declared, and what is
    declared under one of these names changes of it only what it says."""
    ensembles: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field({})
    """Weighted means of models, by name. `ensemble`, of lstm and gru, is there without being declared, and `aggregate`,
    of these with ridge and the corrected official forecast, whose weights follow what each has been worth of late."""
    shared: tuple[SharedSettings, ...] = ()
    """Networks that several series share."""
    sums: tuple[SumSettings, ...] = ()
    """Totals and their parts, whose forecasts may be made to add up."""
    training: TrainingSettings = TrainingSettings()
    """How models are fitted, and on which days."""
    quality: QualitySettings = QualitySettings()
    """What the quality gate tolerates."""
    ladder: LadderSettings = LadderSettings()
    """How old inputs may be before a simpler forecast takes the place of a model's."""
    promotion: PromotionSettings = PromotionSettings()
    """What a challenger has to show."""
    archive: ArchiveSettings = ArchiveSettings()
    """How long raw payloads are kept."""
    retention: RetentionSettings = RetentionSettings()
    """How long what is derived or superseded is kept."""
    published: PublishedSettings = PublishedSettings()
    """Where published forecasts lie, and how their tables are written."""
    mlflow: MlflowSettings = MlflowSettings()
    """Where MLflow is."""
    schedule: ScheduleSettings = ScheduleSettings()
    """When the scheduled work runs."""
    flows: FlowSettings = FlowSettings()
    """How Prefect's flows spread their work."""
    alerts: AlertSettings = AlertSettings()
    """Who is told when something is not in order."""
    serve: ServeSettings = ServeSettings()
    """Where `gridahead serve` listens, and under which names it may be asked."""
    logging: LoggingSettings = LoggingSettings()
    """How log lines are written."""

    @pydantic.field_validator("data_folder", mode="before")
    @classmethod
    def _on_a_disk(cls, place: object) -> object:
        if isinstance(place, str) and is_address(place):
            raise ValueError(
                f"{place!r} is an address, and the data folder is one on a disk: locks, checkpoints and copies are in "
                f"it. What may lie in an object store has settings of its own, beside it: "
                f"{', '.join((*STORES, 'published'))}"
            )
        return place

    @pydantic.field_validator("published", mode="before")
    @classmethod
    def _place_alone(cls, published: object) -> object:
        """`published = "s3://bucket/prefix"` says the place and nothing else."""
        return {"place": published} if isinstance(published, str) else published

    @pydantic.field_validator(*STORES)
    @classmethod
    def _without_password(cls, place: str | None, info: pydantic.ValidationInfo) -> str | None:
        return None if place is None else refuse_password(str(info.field_name), place)

    @pydantic.field_validator("models", mode="before")
    @classmethod
    def _like_the_default(cls, declared: object) -> object:
        """The declared models; one that has the name of a default takes what it does not set from that.

        A declaration with another cell is another network, which only has its name.
        """
        if not isinstance(declared, Mapping):
            return declared
        models = dict(declared)
        for name, declaration in declared.items():
            default = DEFAULT_MODELS.get(name)
            if (
                default is not None
                and isinstance(declaration, Mapping)
                and declaration.get("cell", default.cell) == default.cell
            ):
                models[name] = {**default.model_dump(exclude_unset=True), **declaration}
        return models

    @pydantic.field_validator("models")
    @classmethod
    def _defaults_too(cls, declared: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        return {**DEFAULT_MODELS, **declared}

    @pydantic.field_validator("ensembles")
    @classmethod
    def _default_ensembles_too(cls, declared: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {**DEFAULT_ENSEMBLES, **declared}

    @pydantic.model_validator(mode="after")
    def _names_meet(self) -> Settings:
        findings = [*self._of_series(), *self._of_ensembles(), *self._of_groups()]
        if not findings:  # sums are of series that are in order
            findings += sum_findings(self.sums, self._by_series, lambda series: self.zone(series.zone).timezone)
        if findings:
            raise ValueError("\n".join(findings))
        return self

    def _of_series(self) -> Iterator[str]:
        """What is wrong with the names in the series: zones, models, the series themselves."""
        times = Counter(entry.series for entry in self.series)
        for entry in {entry.series: entry for entry in self.series}.values():
            if times[entry.series] > 1:
                yield f"series {entry.series} stands there {times[entry.series]} times; keep one [[series]] of it"
            if entry.series.quantity not in FORECAST:
                hint = did_you_mean(entry.series.quantity, FORECAST)
                yield (
                    f"series {entry.series}: {entry.series.quantity!r} is no quantity that is forecast; {hint}known: "
                    f"{', '.join(FORECAST)}"
                )
            if entry.gate_closure is not None and not _is_before(entry.deadline, entry.gate_closure):
                yield (
                    f"series {entry.series}: its forecast is due {entry.deadline}, when the gate closes at "
                    f"{entry.gate_closure}; let gate_closure be after the deadline"
                )
            yield from self._of_lead(entry)
            for needed in (entry.series, *entry.past_covariates, *entry.future_covariates):
                try:
                    self.zone(needed.zone)
                except SettingsError as error:
                    yield f"series {entry.series}: {error}"
            for name in entry.models:
                if name not in self.names:
                    hint = did_you_mean(name, self.names)
                    yield f"series {entry.series} asks for model {name!r}; {hint}known: {', '.join(self.names)}"

    def _of_lead(self, entry: SeriesSettings) -> Iterator[str]:
        """What is wrong with how far ahead a series is forecast."""
        days, context = entry.deadline.days_before, self.training.context_days
        if days > MOST_LEAD_DAYS:
            furthest = replace(entry.deadline, days_before=MOST_LEAD_DAYS)
            yield (
                f"series {entry.series}: its forecast is due {entry.deadline}, {days} days before the delivery day; "
                f"forecasts are made up to {MOST_LEAD_DAYS} days ahead, such as {furthest}"
            )
        elif context < days + 2:
            yield (
                f"series {entry.series}: {context} days of context are too few for a deadline {days} days before the "
                f"delivery day; set context_days = {days + 2} under [training] or more, or leave it out"
            )

    def _of_ensembles(self) -> Iterator[str]:
        for name, parts in self.ensembles.items():
            if name in self.models:
                yield f"ensemble {name!r} has the name of a model; choose another"
            known = (*self.models, *BESIDE)
            if unknown := sorted(set(parts) - set(known)):
                meant = did_you_mean(unknown[0], known)
                yield f"ensemble {name!r} is of {unknown}; {meant}known: {', '.join(known)}"
            elif not set(parts) & set(self.models):
                yield f"ensemble {name!r} has no network; name one of {', '.join(self.models)}"

    def _of_groups(self) -> Iterator[str]:
        slugs = {entry.series.slug: entry.series for entry in self.series}
        for group in self.shared:
            if group.model not in self.models:
                meant = did_you_mean(group.model, self.models)
                yield f"shared {group.name!r} asks for model {group.model!r}; {meant}known: {', '.join(self.models)}"
            if taken := sorted(set(group.candidates) & set(self.names)):
                yield f"shared {group.name!r}: {taken[0]!r} is the name of a model; choose another"
            if (alike := slugs.get(group.name)) is not None:
                yield f"shared {group.name!r}: so the models of {alike} are called in the registry; choose another name"

    @property
    def names(self) -> tuple[str, ...]:
        """Of everything that can be fitted to a series: models and ensembles."""
        return (*self.models, *self.ensembles)

    @cached_property
    def _declared_zones(self) -> Mapping[str, ZoneSettings]:
        return {zone.code: zone for zone in reversed(self.zones)}

    @cached_property
    def _by_series(self) -> Mapping[Series, SeriesSettings]:
        return {entry.series: entry for entry in reversed(self.series)}

    def __copy__(self) -> Self:
        """The same, which looks zones and series up anew: a copy is made to change some."""
        copied = super().__copy__()
        for name in ("_declared_zones", "_by_series"):
            copied.__dict__.pop(name, None)
        return copied

    def zone(self, code: str) -> BiddingZone:
        """The bidding zone of that code.

        Raises:
            SettingsError: the code is neither known nor declared.
        """
        if code in self._declared_zones:
            return self._declared_zones[code].zone()
        if code in ZONES:
            return ZONES[code]
        raise SettingsError(
            f"zone {code!r} is not known. {did_you_mean(code, ZONES)}`gridahead init zone --list` shows those that "
            f"are. Declare another in the settings: [[zones]] code = {code!r}, timezone = ..., country = ... (for its "
            "public holidays)"
        )

    @pydantic.model_validator(mode="after")
    def _names_apart(self) -> Settings:
        """Names that some file system takes for one would end in one folder."""
        files = [source for source in self.sources if isinstance(source, FileSource)]
        zones = [
            *(zone.code for zone in self.zones),
            *(code for source in files for code in source.zone_codes),
            *(entry.series.zone for entry in self.series),
        ]
        covariates = [covariate.name for source in files for covariate in source.covariates]
        for kind, names in (("zone", zones), ("covariate", covariates), ("model", [*self.models, *self.ensembles])):
            alike: dict[str, str] = {}
            for name in names:
                other = alike.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
                if other != name:
                    raise ValueError(f"{kind} {other!r} and {name!r} are one name on some systems; call one otherwise")
        for name in (*self.models, *self.ensembles, *(network.name for network in self.shared)):
            checked_name(name)
        return self

    def name_in_files(self, code: str) -> str:
        """What sources of many zones call a zone."""
        declared = self._declared_zones.get(code)
        return (declared and declared.name_in_files) or code

    def place_of(self, code: str) -> tuple[float, float] | None:
        """Degrees north and east that are declared for a zone; None where none are."""
        declared = self._declared_zones.get(code)
        if declared is None or declared.latitude is None or declared.longitude is None:
            return None
        return declared.latitude, declared.longitude

    def series_settings(self, series: Series) -> SeriesSettings:
        """The settings of a series; one that is not declared is forecast at D-1 11:00 local time with the defaults."""
        if series in self._by_series:
            return self._by_series[series]
        timezone = self.zone(series.zone).timezone
        return SeriesSettings(series=series, deadline=Deadline.parse(f"D-1T1100[{timezone}]"))

    def sums_with(self, series: Series) -> tuple[SumSettings, ...]:
        """The sums that are reconciled together with a series; none where it is in no such sum."""
        return connected(self.sums, series)

    def gate_closure_of(self, series: Series) -> Deadline:
        """When a forecast of a series is too late: by the settings, the day-ahead market, or the end of a day.

        That is the day on which it is due, at the latest the one before the delivery day.
        """
        entry = self.series_settings(series)
        if entry.gate_closure is not None:
            return entry.gate_closure
        market, ends = market_of(series.zone), day_after(entry.deadline, self.zone(series.zone))
        closure = None if market is None else market.gate_closure
        is_further = ends.days_before > 0
        return ends if is_further or closure is None or not _is_before(entry.deadline, closure) else closure

    def lead_days(self, series: Series) -> int:
        """How many days before its delivery day a forecast of a series is due, by the clock of its zone."""
        return lead_days(self.series_settings(series).deadline, self.zone(series.zone))

    def unit_of(self, series: Series) -> Unit:
        """In which unit the values of a series are shown."""
        return self.unit_wanted(series) or "MW"

    def unit_wanted(self, series: Series) -> Unit | None:
        """The unit that the settings say for a series, or that its file has; None where neither says more than MW.

        Of a price it is the currency of its zone per MWh.
        """
        if series.quantity == PRICE:
            return unit_of(series, self.zone(series.zone))
        chosen = next((entry.unit for entry in self.series if entry.series == series and entry.unit), None)
        measured = series.quantity.removesuffix(OFFICIAL_SUFFIX)
        files = (source for source in self.sources if isinstance(source, FileSource))
        own = (source.unit for source in files if source.quantity == measured and series.zone in source.zone_codes)
        brought = unit_of_source(next(own, "MW"))
        return chosen or (brought if brought != "MW" else None)

    @property
    def attribution(self) -> str:
        """Everyone who must be named, once."""
        return _named_once(self.sources)

    def attribution_of(self, *series: Series) -> str:
        """Whom to name where these series are shown: the sources of their zones, each once."""
        zones = {one.zone for one in series}
        return _named_once(source for source in self.sources if zones & set(source.zone_codes))

    @property
    def archive_folder(self) -> str:
        """Raw payloads as they were received: a folder or an address."""
        return self.raw or str(self.data_folder / "raw")

    @property
    def inputs_folder(self) -> str:
        """What models read at each issue time: a folder or an address."""
        return self.inputs or str(self.data_folder / "inputs")

    @property
    def lake_folder(self) -> str:
        """Observations, forecasts, scores: a folder or an address."""
        return self.lake or str(self.data_folder / "lake")

    @property
    def published_place(self) -> str:
        """The published forecasts: a folder or an address."""
        return self.published.place or str(self.data_folder / "published")

    @property
    def published_folder(self) -> Path:
        """The folder of pages and pictures on this machine, and of the published forecasts if they are in a folder."""
        place = self.published.place
        return Path(place) if place and not is_address(place) else self.data_folder / "published"

    @property
    def quality_folder(self) -> Path:
        """Pages of inspections, pictures of cases."""
        return self.data_folder / "quality"

    @property
    def checkpoint_folder(self) -> Path:
        """Trainings that are under way; empty when none is."""
        return self.data_folder / "checkpoints"

    @property
    def exports_folder(self) -> str:
        """What forecasts are made with, every version's bundle and record, and who serves: a folder or an address."""
        return self.exports or str(self.data_folder / "models")

    @property
    def cache_folder(self) -> Path:
        """Copies of what lies in object stores; may be deleted at any time."""
        return self.data_folder / "cache"

    @property
    def mlflow_folder(self) -> Path:
        """MLflow's database and artifacts."""
        return self.data_folder / "mlflow"
