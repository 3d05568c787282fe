"""Two clocks: what was known when.

Every row has a `valid_time`, the market time unit it describes, and an `available_at`, from when it could be known. A
revision is a new row. Whatever a model or a back-test reads goes through this module, in training exactly as in
operation: `as_of` for a frame, `Vintages.as_of` for the windows of many issue times at once. Both give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.grid import Series
from gridahead.tables import Observations
from gridahead.timeline import Mtu, Window

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]
"""Microseconds since 1970 UTC."""

IDENTITY = ["zone", "quantity", "valid_time", "available_at"]
MICROSECONDS_A_DAY = 86_400_000_000


def micros(times: pd.DatetimeIndex | pd.Series) -> Instants:
    """UTC instants as microseconds since 1970."""
    return pd.DatetimeIndex(times).as_unit("us").asi8


def as_of(
    rows: pd.DataFrame, instant: pd.Timestamp, key: Sequence[str] = ("zone", "quantity", "valid_time")
) -> pd.DataFrame:
    """The newest vintage of each key among the rows that were available at the instant, sorted by key."""
    known = rows[rows["available_at"] <= instant]
    newest = known.sort_values([*key, "available_at"], kind="stable").drop_duplicates(list(key), keep="last")
    return newest.reset_index(drop=True)


def of_series(rows: pd.DataFrame, series: Series) -> pd.DataFrame:
    """The rows of one series."""
    return rows[(rows["zone"] == series.zone) & (rows["quantity"] == series.quantity)]


def decided(decisions: pd.DataFrame, decision: str) -> pd.MultiIndex:
    """The identities of the rows on which that is the newest decision."""
    newest = decisions.sort_values("decided_at", kind="stable").drop_duplicates(IDENTITY, keep="last")
    return identities(newest[newest["decision"] == decision])


def identities(rows: pd.DataFrame) -> pd.MultiIndex:
    """Which rows they are: series, valid time and availability."""
    return pd.MultiIndex.from_frame(rows[IDENTITY])


def accepted(observations: Observations, verdicts: pd.DataFrame, decisions: pd.DataFrame) -> Observations:
    """The observations without those that the gate has quarantined and nobody has released, and what was rejected."""
    if verdicts.empty and decisions.empty:
        return observations
    released, rejected = (decided(decisions, decision) for decision in ("release", "reject"))
    condemned = identities(verdicts[verdicts["severity"] == "quarantine"])
    own = identities(observations)
    out = (own.isin(condemned) & ~own.isin(released)) | own.isin(rejected)
    return Observations(observations[~out].reset_index(drop=True))


def with_flags(observations: Observations, verdicts: pd.DataFrame, decisions: pd.DataFrame) -> Observations:
    """The observations with a column `flags`: the rules that flag a row, by comma; "" for none, or once released."""
    raised = verdicts[verdicts["severity"] == "flag"]
    raised = raised[~identities(raised).isin(decided(decisions, "release"))]
    by_row = raised.sort_values("rule").groupby(IDENTITY)["rule"].agg(",".join)
    flags = by_row.reindex(identities(observations)).fillna("").astype("str")
    return Observations(observations.assign(flags=flags.to_numpy()))


def unseen(arrived: Observations, known: Observations, retrieved_at: pd.Timestamp) -> Observations:
    """The rows of a delivery that tell something new.

    A value equal to the newest vintage we hold adds nothing. One that differs is a revision. Where the source does not
    say when it revised, all we can honestly record is when we saw it: `available_at` becomes `retrieved_at`.
    """
    key = ["zone", "quantity", "valid_time"]
    newest = known.sort_values("available_at").drop_duplicates(key, keep="last")[[*key, "value", "available_at"]]
    joined = arrived.merge(newest.rename(columns={"value": "held", "available_at": "held_from"}), on=key, how="left")
    first = joined["held"].isna()
    revised = ~first & (joined["value"] != joined["held"]) & (joined["availability"] == "assumed")
    recorded = (joined["availability"] == "recorded") & ~first
    held_identities = pd.MultiIndex.from_frame(known[IDENTITY])
    recorded &= ~pd.MultiIndex.from_frame(joined[IDENTITY]).isin(held_identities)
    # Seen before the held value counts as known: it replaces it at that instant, or it would never be the newest.
    just_after = joined["held_from"] + pd.Timedelta(microseconds=1)
    joined.loc[revised, "available_at"] = just_after.where(just_after > retrieved_at, retrieved_at)[revised]
    joined.loc[revised, "availability"] = "recorded"
    return Observations(joined.loc[first | revised | recorded, list(arrived.columns)].reset_index(drop=True))


@dataclass(frozen=True, slots=True)
class Vintages:
    """All vintages of one series on a regular grid of valid times: `value[t, v]` was available at `available_at[t, v]`.

    Vintages are sorted by availability; empty places hold NaN and the end of time.
    """

    start: int
    """Valid time of the first grid row, microseconds since 1970 UTC."""
    step: int
    """Market time unit in microseconds."""
    value: Floats
    """(T, V)"""
    available_at: Instants
    """(T, V)"""

    @classmethod
    def of(cls, rows: pd.DataFrame, window: Window, mtu: Mtu) -> Vintages:
        """Lay the rows of one series on the grid; rows outside the window, or off the grid, are left out."""
        start, step = micros(pd.DatetimeIndex([window.start]))[0], mtu.delta // pd.Timedelta(microseconds=1)
        length = int((window.end - window.start) / mtu.delta)
        rows = rows.sort_values(["valid_time", "available_at"])
        offset = micros(rows["valid_time"]) - start
        inside = (offset >= 0) & (offset < length * step) & (offset % step == 0)
        at = (offset // step)[inside]
        first_of_group = np.r_[True, at[1:] != at[:-1]] if len(at) else np.zeros(0, bool)
        rank = np.arange(len(at)) - np.maximum.accumulate(np.where(first_of_group, np.arange(len(at)), 0))
        depth = int(rank.max()) + 1 if len(at) else 1
        value = np.full((length, depth), np.nan)
        available_at = np.full((length, depth), np.iinfo(np.int64).max)
        value[at, rank] = rows["value"].to_numpy()[inside]
        available_at[at, rank] = micros(rows["available_at"])[inside]
        return cls(int(start), int(step), value, available_at)

    def as_of(self, issue_times: Instants, valid_times: Instants) -> Floats:
        """What was known at each issue time about each of its valid times.

        Args:
            issue_times: (N,)
            valid_times: (N, S)

        Returns:
            (N, S) values; NaN where nothing was known, or the valid time is off the grid.
        """
        row = (valid_times - self.start) // self.step
        on_grid = (row >= 0) & (row < len(self.value)) & ((valid_times - self.start) % self.step == 0)
        row = np.where(on_grid, row, 0)
        known = np.full(valid_times.shape, np.nan)
        for vintage in range(self.value.shape[1]):
            visible = on_grid & (self.available_at[row, vintage] <= issue_times[:, None])
            known = np.where(visible, self.value[row, vintage], known)
        return known
