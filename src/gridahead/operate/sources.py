"""Sources: which services there are, what each needs, and whether those of the settings answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.core.errors import AccessError, GridaheadError, SettingsError, SourceError, did_you_mean
from gridahead.core.tables import OBSERVATIONS
from gridahead.settings.services import LiveSource
from gridahead.settings.source_catalogue import SOURCE_INFOS, SourceInfo
from gridahead.sources.catalogue import SERVICES, open_source, service_class
from gridahead.sources.http.secrets import secret_of
from gridahead.sources.http.source import HttpSource
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

SMALLEST = pd.Timedelta(hours=1)
"""Window of the request by which a service is tried."""
AGO = pd.Timedelta(days=7)
"""It lies so long ago that every service has it."""


@dataclass(frozen=True)
class Service:
    """What a service has, and what it needs."""

    kind: str
    title: str
    gives: str
    """The quantities, by their codes."""
    zones: int
    """How many it knows by a name."""
    key: str
    """What of a key has to be done; empty where it needs none."""
    licence: str
    note: str
    published: str
    """Whether it says when a value was published, and what is assumed where it does not."""
    proven: str
    """With what its reading is tested."""


@dataclass(frozen=True)
class Checked:
    """How a service answered."""

    kind: str
    works: bool
    says: str
    """What it gave, or what is wrong and the way out."""


def services() -> list[Service]:
    """Every service that can be asked, by kind."""
    return [_service(SOURCE_INFOS[kind], service_class(kind)) for kind in sorted(SERVICES)]


def _service(info: SourceInfo, found: type[HttpSource]) -> Service:
    quantities = dict.fromkeys(quantity for item in found.items for quantity in item.quantities)
    return Service(
        kind=info.kind,
        title=info.title,
        gives=", ".join(quantities),
        zones=len(found.zone_codes),
        key=_key(info),
        licence=info.attribution,
        note=info.note,
        published=info.published,
        proven=info.proven,
    )


def _key(info: SourceInfo) -> str:
    if info.key is None:
        return ""
    needed = "" if info.key.required else "not needed; "
    has = "is set" if _has_key(info) else f"from {info.key.where}"
    return f"{needed}{' and '.join(info.key.variables)}: {has}"


def _has_key(info: SourceInfo) -> bool:
    try:
        return secret_of(info).is_there
    except AccessError:
        return False


def check(workspace: Workspace, kind: str | None = None) -> list[Checked]:
    """Ask each service of the settings for its smallest window, once and without patience.

    Args:
        workspace: whose sources.
        kind: of one service; all unless given.

    Raises:
        SettingsError: the settings have no such service.
    """
    declared = [one for one in workspace.settings.sources if isinstance(one, LiveSource)]
    chosen = [one for one in declared if kind in (None, one.kind)]
    if not chosen:
        hint = did_you_mean(kind or "", SOURCE_INFOS)
        has = ", ".join(one.kind for one in declared) or "none"
        raise SettingsError(f"the settings have no service {kind or ''}; {hint}they have {has}")
    return [_checked(workspace, one) for one in chosen]


def _checked(workspace: Workspace, settings: LiveSource) -> Checked:
    hasty = settings.model_copy(update={"attempts": 1, "timeout_seconds": min(settings.timeout_seconds, 20.0)})
    try:
        source = open_source(hasty, workspace.settings, workspace.clock)
        assert isinstance(source, HttpSource)
        return _tried(source)
    except GridaheadError as error:
        return Checked(settings.kind, False, _reason(error))


def _tried(source: HttpSource) -> Checked:
    """What the first item gives of the first zone that has it."""
    at = source.clock()
    begin = (at - AGO).floor("h")
    job, *_ = source.jobs(Wanted(at, begin, begin + SMALLEST))
    rows = pd.concat([OBSERVATIONS.empty(), *(source.parse(payload) for payload in source.answers_to(job))])
    values = int(rows["value"].notna().sum())
    zones = ", ".join(zone.code for zone in job.zones)
    where = f"{job.item.name} of {zones} at {begin:%Y-%m-%d %H:%M} UTC"
    if not values:
        return Checked(source.name, False, f"answers, and has no value of {where}: look at `zones` and `quantities`")
    return Checked(source.name, True, f"{values} value{'' if values == 1 else 's'} of {where}")


def _reason(error: GridaheadError) -> str:
    if isinstance(error, AccessError):
        return error.reason
    if isinstance(error, SourceError) and "the connection failed" in error.reason:
        return f"{error.reason}. Is the network up, and a proxy set where one is needed (https_proxy)?"
    return error.reason if isinstance(error, SourceError) else str(error)


def require(checked: Sequence[Checked]) -> None:
    """Let it pass only if every service answered.

    Raises:
        SourceError: names those that did not.
    """
    wrong = [one for one in checked if not one.works]
    if wrong:
        reasons = "\n".join(f"{one.kind}: {one.says}" for one in wrong)
        raise SourceError("sources", f"{len(wrong)} of {len(checked)} do not answer\n{reasons}")
