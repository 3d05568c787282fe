"""Revisions: how much the values of a series moved between their first and their newest vintage, and how late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.core.units import Unit
from gridahead.core.vintages import VALUE
from gridahead.workspace import Workspace

AGES = tuple(pd.Timedelta(age) for age in ("0h", "1h", "6h", "1D", "3D", "7D", "30D"))
"""Where a span of ages begins, since the start of the unit; the last one has no end."""
_KEY = [*VALUE, "mtu"]
"""What the vintages of one value have in common: those of another market time unit are of another value."""


@dataclass(frozen=True)
class Size:
    """How far values moved; nothing where none did."""

    mean_abs_mw: float | None
    largest_mw: float | None
    """The largest in size, with its sign."""
    mean_mw: float | None
    """Of the new value less the old one: the bias of the old."""


@dataclass(frozen=True)
class AgeSpan:
    """What recorded vintages changed within a span of ages."""

    begin: pd.Timedelta
    end: pd.Timedelta | None
    """None in the last span."""
    values: int
    """That were known in it, as old as this, and watched."""
    changed: int
    """Of those, how many another number replaced in the span."""
    open: int
    """Of those, how many have changed in it or after it."""
    size: Size
    """Of the single changes."""
    withdrawn: int


@dataclass(frozen=True)
class Revisions:
    """What the vintages of a series say of how final its values are [MW; no power in the unit it is kept in]."""

    series: Series
    unit: Unit
    first: pd.Timestamp
    last: pd.Timestamp
    """Valid times."""
    values: int
    moved: int
    """Whose newest number is another than the first one."""
    size: Size
    """From the first to the newest number, of those that moved."""
    withdrawn: int
    """Of which the newest vintage is a withdrawal."""
    recorded: int
    """Vintages of which it is known when they came."""
    assumed: int
    """Vintages of which it is not."""
    undated: int
    """Changes and withdrawals that came as such."""
    since: pd.Timestamp | None
    """When the first recorded vintage came; values were watched from then on."""
    by_age: tuple[AgeSpan, ...]
    """Empty where no vintage is recorded."""


def revisions(workspace: Workspace, series: Series, time_range: TimeRange | None = None) -> Revisions:
    """How much the values of a series moved, and how late; every vintage that is not void counts, also those withheld.

    What was known when a unit began counts as its first vintage: a forecast that is made again is no revision.

    Args:
        workspace: whose lake.
        series: which.
        time_range: of valid times; all of them without it.

    Raises:
        LakeError: there are no such values.
    """
    rows = workspace.lake.read_observations(series, time_range=time_range)
    if rows.empty:
        span = time_range and (f"{instant:%Y-%m-%d %H:%M}" for instant in (time_range.start, time_range.end))
        when = f" from {' to '.join(span)} UTC" if span else ""
        raise LakeError(
            f"the lake has no values of {series}{when}; `gridahead lake stats` shows what it has, "
            "`gridahead ingest` and `backfill` bring more"
        )
    vintages = _vintages(rows)
    dated = vintages["availability"] == "recorded"
    changed, gone = vintages["change"].fillna(0.0) != 0, vintages["gone"]
    # The last number of each value, where a withdrawal has none of its own.
    total = (vintages["number"] - vintages["first_number"])[~vintages.duplicated(_KEY, keep="last")]
    since = vintages.loc[dated, "available_at"].min() if dated.any() else None
    kept = str(vintages["unit"].iloc[-1])
    return Revisions(
        series=series,
        unit=workspace.settings.unit_of(series) if kept == "MW" else kept,
        first=vintages["valid_time"].min(),
        last=vintages["valid_time"].max(),
        values=len(total),
        moved=int((total.fillna(0.0) != 0).sum()),
        size=_size(total[total.fillna(0.0) != 0]),
        withdrawn=int(vintages.loc[total.index, "value"].isna().sum()),
        recorded=int(dated.sum()),
        assumed=int((~dated).sum()),
        undated=int((~dated & (changed | gone)).sum()),
        since=since,
        by_age=() if since is None else tuple(_spans(vintages, since)),
    )


def _vintages(rows: pd.DataFrame) -> pd.DataFrame:
    """The vintages in order, each with its age, its change [MW] and whether it is a withdrawal."""
    rows = rows.sort_values([*_KEY, "available_at"], kind="stable").reset_index(drop=True)
    before = rows["available_at"] <= rows["valid_time"]
    renewed = before & before.groupby([rows[name] for name in _KEY]).shift(-1, fill_value=False)
    rows = rows[~renewed].reset_index(drop=True)
    of_value = rows.groupby(_KEY)
    number = of_value["value"].ffill()
    keys = [rows[name] for name in _KEY]
    earlier = of_value["value"].shift()
    return rows.assign(
        number=number,
        first_number=of_value["value"].transform("first"),
        age=rows["available_at"] - rows["valid_time"],
        first_age=of_value["available_at"].transform("first") - rows["valid_time"],
        # Against the last number, so that one which comes back after a withdrawal is no change.
        change=rows["value"] - number.groupby(keys).shift(),
        gone=rows["value"].isna() & earlier.notna(),
    )


def _spans(vintages: pd.DataFrame, since: pd.Timestamp) -> Iterator[AgeSpan]:
    """The spans of ages: which values could be seen to change in each, and which did."""
    newest = vintages["available_at"].max()
    is_change = (vintages["change"].fillna(0.0) != 0) | vintages["gone"]
    changes = vintages[(vintages["availability"] == "recorded") & is_change]
    for begin, end in zip(AGES, [*AGES[1:], None], strict=True):
        watched = vintages["valid_time"] + begin <= newest
        if end is not None:
            watched &= (vintages["first_age"] <= end) & (vintages["valid_time"] + end >= since)
        later = changes[watched[changes.index] & (changes["age"] > begin)]
        within = later if end is None else later[later["age"] <= end]
        revised = within[~within["gone"]]
        yield AgeSpan(
            begin=begin,
            end=end,
            values=len(vintages[watched].drop_duplicates(_KEY)),
            changed=len(revised.drop_duplicates(_KEY)),
            open=len(later[~later["gone"]].drop_duplicates(_KEY)),
            size=_size(revised["change"]),
            withdrawn=int(within["gone"].sum()),
        )


def _size(changes: pd.Series) -> Size:
    if changes.empty:
        return Size(None, None, None)
    moved = changes.to_numpy(dtype=float)
    return Size(float(np.abs(moved).mean()), float(moved[np.abs(moved).argmax()]), float(moved.mean()))
