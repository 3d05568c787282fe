"""The page of the services, made of what is declared of each."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gridahead.core.grid import ZONES
from gridahead.core.time import lasting
from gridahead.settings.source_catalogue import SOURCE_INFOS, SourceInfo
from gridahead.sources.catalogue import SERVICES, service_class

_HEAD = """# Services

Every service that gridahead can ask, made by `gridahead sources --markdown`. `gridahead sources` says the same at a
terminal and whether a key is set, `gridahead sources check` tries those of your settings.

No service was reached while this was built: readers are proven against recorded answers, examples of specifications or
the documented form, and each service says below which. Where only a specification or documentation stands behind one,
look at the first day that it brings.

*Kept* is a time of publication that the service says: every publication is then a vintage of its own, `recorded`.
*Assumed* is one that follows from law, the market's clock or the lag.
"""


def sources_page() -> str:
    """The page as Markdown: a table of all services, and a part of each."""
    kinds = sorted(SERVICES)
    table = ["| `kind` | Service | Zones | Key |", "| --- | --- | --- | --- |", *map(_row, kinds), ""]
    return "\n".join([_HEAD, *table, *(line for kind in kinds for line in _part(kind))])


def _row(kind: str) -> str:
    info = SOURCE_INFOS[kind]
    key = "none" if info.key is None else "needed" if info.key.required else "for customers"
    return f"| [`{kind}`](#{kind}) | {info.title} | {_count(kind)} | {key} |"


def _part(kind: str) -> Iterator[str]:
    """What a service gives, needs, allows and asks for."""
    info = SOURCE_INFOS[kind]
    quantities = dict.fromkeys(quantity for item in service_class(kind).items for quantity in item.quantities)
    facts = {
        "Gives": ", ".join(quantities),
        "Zones": _zones(kind),
        "Key": _key(info),
        "Licence line": info.attribution,
        "Note": info.note,
        "Limits": _limits(info),
        "Publication time": info.published,
        "Proven with": info.proven,
    }
    yield from (f"## {kind}", "", f"{info.title}, {info.base_url}", "")
    yield from (f"- **{name}**: {text}" for name, text in facts.items() if text)
    yield ""


def _zones(kind: str) -> str:
    codes = service_class(kind).zone_codes
    if kind == "entsoe":
        by_eic = sum(bool(zone.eic) for zone in ZONES.values())
        return f"the {by_eic} of the catalogue that have an EIC, and others by `[[zones]] eic`"
    return ", ".join(sorted(codes)) or "every one of the catalogue, and your own with their points"


def _count(kind: str) -> str:
    if kind == "entsoe":
        return "all with an EIC"
    return str(len(service_class(kind).zone_codes) or "all")


def _key(info: SourceInfo) -> str:
    if info.key is None:
        return "none"
    names = " and ".join(f"`{name}`" for name in info.key.variables)
    return f"{names} in the environment{'' if info.key.required else ', for customers'}; from {info.key.where}"


def _limits(info: SourceInfo) -> str:
    rates = " and ".join(f"{rate.requests:g} in {_span(rate.seconds)}" for rate in info.limits)
    return f"at most {rates}; {info.parallel} at the same time"


def _span(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else lasting(pd.Timedelta(seconds=seconds))
