"""From the wall clock of a file to UTC: an hour that is skipped, repeated or cannot be told is found by its row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.sources.findings import Findings

_HOUR = pd.Timedelta(hours=1)


def to_utc(wall: pd.Series, texts: pd.Series, timezone: str, findings: Findings, remedy: str) -> pd.DatetimeIndex:
    """The UTC instants of naive local times that stand in order.

    In autumn an hour is there twice. Its first pass is daylight saving time and its second is not; with only one of
    them in the file, it can be told only where the file ends inside the first pass.

    Args:
        wall: naive local times; the index is the row.
        texts: the same as the file writes them, for messages.
        timezone: IANA name or fixed offset.
        findings: receives hours that do not exist or cannot be told.
        remedy: what to do about those.

    Returns:
        One instant a row, NaT where the hour does not exist.
    """
    times = pd.DatetimeIndex(wall)
    first, second = (
        times.tz_localize(timezone, ambiguous=np.full(len(times), dst), nonexistent="NaT") for dst in (True, False)
    )
    skipped = pd.Series(first.isna(), index=wall.index)
    repeated = pd.Series(first != second, index=wall.index) & ~skipped
    findings.add_rows(texts[skipped], f"does not exist in {timezone}: clocks skip it", remedy)
    once = repeated & ~wall.duplicated(keep=False) & ~_closing(wall, repeated)
    starts_inside = once & repeated.cummin()
    findings.add_rows(
        texts[starts_inside],
        f"is there twice in {timezone}, and a file that begins inside the repeated hour does not say which it is",
        "Let the file begin at a midnight.",
    )
    findings.add_rows(texts[once & ~starts_inside], f"should be there twice in {timezone}: clocks go back", remedy)
    return first.where(~(repeated & wall.duplicated()), second).tz_convert("UTC")


def _closing(wall: pd.Series, repeated: pd.Series) -> pd.Series:
    """Rows of the repeated hour with which the file ends, if the row before them leads straight into its first pass."""
    ending = repeated[::-1].cummin()[::-1]
    begin = len(wall) - int(ending.sum())
    steps = wall.diff()
    if not ending.any() or begin == 0 or steps.iloc[begin] != steps[steps > pd.Timedelta(0)].min():
        return pd.Series(False, index=wall.index)
    return ending


def check_rising(times: pd.DatetimeIndex, texts: pd.Series, findings: Findings, twice_remedy: str) -> None:
    """Find rows whose instant is there already, and rows that come before the row above them."""
    instants = pd.Series(times, index=texts.index)
    twice = instants.duplicated()
    findings.add_rows(texts[twice], "is there already", twice_remedy)
    backwards = (instants.diff() < pd.Timedelta(0)) & ~twice
    findings.add_rows(texts[backwards], "is earlier than the row above it", "Sort the rows by time, oldest first.")


def skips_the_spring_hour(wall: pd.Series, timezone: str, step: pd.Timedelta) -> pd.Series:
    """Rows before which exactly the hour is left out that clocks skip in this zone: a sign of its local time."""
    expected = wall.shift() + step
    local = pd.DatetimeIndex(expected).tz_localize(timezone, ambiguous=np.full(len(wall), True), nonexistent="NaT")
    skipped = pd.Series(local.isna(), index=wall.index) & expected.notna()
    return skipped & (wall - expected == _HOUR)
