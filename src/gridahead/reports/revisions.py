"""Revisions in words and for machines: how many values moved, how far, how late, and of what that is not known."""

from __future__ import annotations

from typing import Any

from gridahead.core.units import Unit, power
from gridahead.monitoring.revisions import AGES, AgeSpan, Revisions, Size

AGE_NAMES = dict(zip(AGES[1:], ("1 h", "6 h", "1 day", "3 days", "1 week", "1 month"), strict=True))


def revisions_sentence(found: Revisions) -> str:
    """How many values moved between their first and their newest vintage, and how far."""
    if found.moved or found.withdrawn:
        return f"{_moved(found)}{_withdrawn(found)}"
    return f"no value of {found.values:,} has moved since its first vintage"


def _moved(found: Revisions) -> str:
    of_all = f"{found.moved:,} of {found.values:,} values ({found.moved / found.values:.1%})"
    if not found.moved:
        return f"{of_all} moved"
    far, most, mean = (_number(value, found.unit, sign) for value, sign in _signs(found.size))
    return (
        f"{of_all} moved from their first vintage to the newest: by {far} on average and at most {most}, "
        f"new less old {mean} on average"
    )


def _withdrawn(found: Revisions) -> str:
    return f"; {found.withdrawn:,} withdrawn" if found.withdrawn else ""


def revisions_notes(found: Revisions) -> list[str]:
    """What the figures do not say: of which vintages the time is assumed, and since when values were watched."""
    vintages = found.recorded + found.assumed
    if found.since is None:
        undated = f", {found.undated:,} of them a change" if found.undated else ""
        return [
            f"No vintage says when it came: the time of all {vintages:,} is assumed{undated}, as of a history that was "
            "taken in at once. What the source changes from now on is recorded when `gridahead ingest` sees it."
        ]
    watched = f"Watched since {found.since:%Y-%m-%d %H:%M} UTC, when the first recorded vintage came."
    if not found.assumed:
        return [watched]
    counted = (
        f"Of {vintages:,} vintages the time of {found.assumed:,} is assumed; {found.undated:,} of them changes, "
        "which the table by age leaves out, as it is not known when they came."
    )
    return [watched, counted]


def age_name(span: AgeSpan) -> str:
    """A span of ages, such as 1 day to 3 days."""
    if span.end is None:
        return f"later than {AGE_NAMES[span.begin]}"
    begin = AGE_NAMES.get(span.begin)
    return f"{begin} to {AGE_NAMES[span.end]}" if begin else f"up to {AGE_NAMES[span.end]}"


def revisions_rows(found: Revisions) -> list[dict[str, object]]:
    """A row a span of ages: the share of values that changed in it, and in it or later, how far, withdrawals."""
    return [
        {
            "age of the value": age_name(span),
            "values": span.values,
            "changed": _share(span.changed, span.values),
            "then or later": _share(span.open, span.values),
            "mean size": _number(span.size.mean_abs_mw, found.unit),
            "largest": _number(span.size.largest_mw, found.unit, sign=True),
            "mean": _number(span.size.mean_mw, found.unit, sign=True),
            "withdrawn": span.withdrawn,
        }
        for span in found.by_age
    ]


def revisions_record(found: Revisions) -> dict[str, Any]:
    """The revisions of a series as plain values, for JSON [MW; no power as it is kept]."""
    return {
        "series": str(found.series),
        "unit": found.unit,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "words": revisions_sentence(found),
        "notes": revisions_notes(found),
        "values": found.values,
        "moved": found.moved,
        **_plain(found.size),
        "withdrawn": found.withdrawn,
        "recorded": found.recorded,
        "assumed": found.assumed,
        "undated": found.undated,
        "since": None if found.since is None else found.since.isoformat(),
        "by_age": [
            {
                "age": age_name(span),
                "begin_hours": span.begin.total_seconds() / 3600,
                "end_hours": None if span.end is None else span.end.total_seconds() / 3600,
                "values": span.values,
                "changed": span.changed,
                "then_or_later": span.open,
                **_plain(span.size),
                "withdrawn": span.withdrawn,
            }
            for span in found.by_age
        ],
    }


def _signs(size: Size) -> list[tuple[float | None, bool]]:
    return [(size.mean_abs_mw, False), (size.largest_mw, True), (size.mean_mw, True)]


def _plain(size: Size) -> dict[str, float | None]:
    return {"mean_abs_mw": size.mean_abs_mw, "largest_mw": size.largest_mw, "mean_mw": size.mean_mw}


def _number(value: float | None, unit: Unit, sign: bool = False) -> str:
    return "–" if value is None else power(value, unit, sign=sign)


def _share(count: int, of_all: int) -> str:
    return f"{count / of_all:.1%}" if of_all else "–"
