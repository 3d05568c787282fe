"""From the local time of a file to UTC: an hour that is skipped, repeated or ambiguous is a finding with its row."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from gridahead.sources.findings import Findings

Pass = Literal["first", "second"]
"""Of the hour that is there twice in autumn: in daylight saving time, or after it."""

_HOUR = pd.Timedelta(hours=1)


def to_utc(
    wall: pd.Series,
    texts: pd.Series,
    timezone: str,
    findings: Findings,
    remedy: str,
    *,
    repeated_hour: Pass | None = None,
    marks: pd.Series | None = None,
) -> pd.DatetimeIndex:
    """The UTC instants of naive local times in rising order.

    In autumn an hour is there twice. Its first pass is daylight saving time and its second is not; with only one of
    them in the file, it can be told only where the file ends inside the first pass, or somebody says it.

    Args:
        wall: naive local times; the index is the row.
        texts: the same as the file writes them, for messages.
        timezone: IANA name or fixed offset.
        findings: receives hours that do not exist or cannot be told.
        remedy: what to do about those.
        repeated_hour: which pass it is where there is one only.
        marks: whether a label says that it is of the second pass, NA where it says nothing; None if none does.

    Returns:
        One instant a row, NaT where the hour does not exist.
    """
    times = pd.DatetimeIndex(wall)
    first, second = (
        times.tz_localize(timezone, ambiguous=np.full(len(times), dst), nonexistent="NaT") for dst in (True, False)
    )
    skipped = pd.Series(first.isna(), index=wall.index)
    repeated = pd.Series(first != second, index=wall.index) & ~skipped
    findings.add_rows(
        texts[skipped],
        f"does not exist in {timezone}: clocks skip it",
        f'{remedy} If it is in {timezone}, and its days always have 24 hours, set skipped_hour = "drop".',
    )
    marked = pd.Series(False, wall.index) if marks is None else marks.notna()
    single = repeated & ~wall.duplicated(keep=False) & ~marked
    if repeated_hour is None:
        _add_ambiguous(single & ~_closing(wall, repeated), repeated, texts, timezone, findings, remedy)
    of_second = (repeated & wall.duplicated() & ~marked) | (single & (repeated_hour == "second"))
    if marks is not None:
        is_second = marks.fillna(False).astype(bool)
        what = f"is marked as the second of two, and clocks do not go back there in {timezone}"
        findings.add_rows(texts[is_second & ~repeated & ~skipped], what, remedy)
        of_second |= is_second & repeated
    return first.where(~of_second, second).tz_convert("UTC")


def _add_ambiguous(
    single: pd.Series, repeated: pd.Series, texts: pd.Series, timezone: str, findings: Findings, remedy: str
) -> None:
    """Record rows of a repeated hour that occurs once, where the pass is not known."""
    say = 'If it is in {}, say which pass is there: repeated_hour = "first" (daylight saving time) or "second".'
    starts_inside = single & repeated.cummin()
    findings.add_rows(
        texts[starts_inside],
        f"is there twice in {timezone}, and a file that begins inside the repeated hour does not say which it is",
        f"Let the file begin at a midnight. {say.format(timezone)}",
    )
    what = f"should be there twice in {timezone}: clocks go back"
    findings.add_rows(texts[single & ~starts_inside], what, f"{remedy} {say.format(timezone)}")


def not_skipped(wall: pd.Series, timezone: str) -> pd.Series:
    """Of each naive local time whether it exists: clocks do not skip it."""
    first = pd.DatetimeIndex(wall).tz_localize(timezone, ambiguous=np.full(len(wall), True), nonexistent="NaT")
    return pd.Series(first.notna(), index=wall.index) | wall.isna()


def is_repeated(wall: pd.Series, timezone: str) -> pd.Series:
    """Of each naive local time whether it is there twice: clocks go back over it."""
    times = pd.DatetimeIndex(wall)
    first, second = (
        times.tz_localize(timezone, ambiguous=np.full(len(times), dst), nonexistent="NaT") for dst in (True, False)
    )
    return pd.Series((first != second) & first.notna(), index=wall.index)


def _closing(wall: pd.Series, repeated: pd.Series) -> pd.Series:
    """Rows of the repeated hour with which the file ends, if the row before them leads straight into its first pass."""
    ending = repeated[::-1].cummin()[::-1]
    begin = len(wall) - int(ending.sum())
    steps = wall.diff()
    if not ending.any() or begin == 0 or steps.iloc[begin] != steps[steps > pd.Timedelta(0)].min():
        return pd.Series(False, index=wall.index)
    return ending


def check_rising(
    times: pd.DatetimeIndex,
    texts: pd.Series,
    findings: Findings,
    twice_remedy: str,
    order_remedy: str = "Sort the rows by time, oldest first.",
) -> None:
    """Find rows whose instant is there already, and rows that come before the row above them."""
    instants = pd.Series(times, index=texts.index)
    twice = instants.duplicated()
    findings.add_rows(texts[twice], "is there already", twice_remedy)
    backwards = (instants.diff() < pd.Timedelta(0)) & ~twice
    findings.add_rows(texts[backwards], "is earlier than the row above it", order_remedy)


def skips_the_spring_hour(wall: pd.Series, timezone: str, step: pd.Timedelta) -> pd.Series:
    """Rows before which exactly the hour is left out that clocks skip in this zone: a sign of its local time."""
    expected = wall.shift() + step
    local = pd.DatetimeIndex(expected).tz_localize(timezone, ambiguous=np.full(len(wall), True), nonexistent="NaT")
    skipped = pd.Series(local.isna(), index=wall.index) & expected.notna()
    return skipped & (wall - expected == _HOUR)
