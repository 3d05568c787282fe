"""Two clocks: what was known when.

Every row has a `valid_time`, the market time unit it describes, and an `available_at`, from when it could be known. A
revision is a new row. Whatever a model or a back-test reads goes through this module, in training exactly as in
operation: `as_of` for a frame, `Vintages.as_of` for the windows of many issue times at once. Both give the same answer.

Verdicts of the quality gate and rulings of people have the same clocks: they hide a row from the issue times from which
on they were known, and from no earlier one. `readable` writes that on the rows.

A row without a value is a withdrawal: from its availability on, no earlier vintage of that value is read. It speaks of
its own market time unit alone: a quarter hour that is withdrawn leaves the hour that begins with it.

A row that is void was never right, by its clock or its place: it is written over what it undoes and read by nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import JUDGED, JudgedObservations, Observations
from gridahead.core.time import MICROSECOND, Mtu, TimeRange

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]
"""Microseconds since 1970 UTC."""

VALUE = ["zone", "quantity", "valid_time"]
"""What the vintages of one value have in common."""
IDENTITY = [*VALUE, "available_at"]
VOID = "void"
"""The availability of a row that counts as never there."""
READ_FROM, READ_UNTIL = "read_from", "read_until"
"""Columns of `readable`: from which issue time on a vintage could be read, and from which on no longer."""
FOREVER = pd.Timestamp("9999-12-31T00:00Z").as_unit("us")
"""Until when a vintage is read that has no verdict against it; later than any instant in nanoseconds."""
MICROSECONDS_A_DAY = 86_400_000_000
NEVER = np.iinfo(np.int64).max
"""An instant after all others, in microseconds."""


def micros(times: pd.DatetimeIndex | pd.Series) -> Instants:
    """UTC instants as microseconds since 1970."""
    return pd.DatetimeIndex(times).as_unit("us").asi8


def from_micros(at: Instants) -> pd.DatetimeIndex:
    """Microseconds since 1970 as UTC instants."""
    return pd.DatetimeIndex(at.astype("datetime64[us]")).tz_localize("UTC")


def among(rows: pd.DataFrame, others: pd.DataFrame | pd.MultiIndex, key: Sequence[str]) -> npt.NDArray[np.bool_]:
    """(rows,) whether each row is one of the others by its key; none where either is empty.

    A plain `isin` of two frames may give a list without a type where there are no rows, and a frame asked with an empty
    list gives no columns instead of no rows.
    """
    if rows.empty or not len(others):
        return np.zeros(len(rows), dtype=bool)
    wanted = others if isinstance(others, pd.MultiIndex) else pd.MultiIndex.from_frame(others[list(key)])
    return np.asarray(pd.MultiIndex.from_frame(rows[list(key)]).isin(wanted), dtype=bool)


def as_of(rows: pd.DataFrame, instant: pd.Timestamp, key: Sequence[str] = tuple(VALUE)) -> pd.DataFrame:
    """The newest vintage of each key among the rows that were available and readable at the instant, sorted by key.

    A value of which the newest vintage is a withdrawal is left out.
    """
    readable_rows = _unwithdrawn(standing(rows[_read_at(rows, instant)]), key)
    newest = readable_rows.sort_values([*key, "available_at"], kind="stable").drop_duplicates(list(key), keep="last")
    return newest.reset_index(drop=True)


def _unwithdrawn(rows: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """The rows without those of which the newest vintage, of the same market time unit, is a withdrawal."""
    if rows["value"].notna().all():
        return rows
    of_unit = _with_unit(rows, key)
    newest = rows.sort_values("available_at", kind="stable").drop_duplicates(of_unit, keep="last")
    return rows[~among(rows, newest[newest["value"].isna()], of_unit) & rows["value"].notna()]


def _with_unit(rows: pd.DataFrame, key: Sequence[str]) -> list[str]:
    """The key of a value, with the length of its market time unit where the rows have that column."""
    return [*key, *(["mtu"] if "mtu" in rows and "mtu" not in key else [])]


def newest_forecasts(rows: pd.DataFrame, key: Sequence[str] = ("valid_time",)) -> pd.DataFrame:
    """The rows of the forecast that was issued last of each key, and where that was made again, of its last making.

    All quantiles of a valid time come from the same making: levels of an older one are not mixed in.

    Args:
        rows: of forecasts.
        key: what forecasts are of; with `issue_time` in it, every issue has a newest making of its own.
    """
    for clock in ("issue_time", "made_at"):
        rows = rows[rows[clock] == rows.groupby(list(key))[clock].transform("max")]
    return rows.drop_duplicates([*key, "quantile"], keep="last")


def as_answered(rows: pd.DataFrame) -> pd.Series:
    """The values of forecasts as models answered them, before adaptation [MW]; as published where none is kept."""
    answered: pd.Series = rows["unadapted_mw"].fillna(rows["value_mw"])
    return answered


def standing(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without those that are void."""
    return rows[rows["availability"] != VOID] if "availability" in rows else rows


def withdrawn_at(rows: pd.DataFrame) -> pd.Series:
    """Of each row the first later instant at which its value was withdrawn, `FOREVER` where it never was."""
    ends = pd.Series(FOREVER, index=rows.index)
    if rows["value"].notna().all():
        return ends
    of_unit = _with_unit(rows, VALUE)
    columns = [*of_unit, "available_at"]
    gone = rows.loc[rows["value"].isna(), columns].rename(columns={"available_at": "withdrawn_at"})
    earlier = (
        rows.loc[rows["valid_time"].isin(gone["valid_time"]), columns].reset_index(names="row").merge(gone, on=of_unit)
    )
    later = earlier[earlier["withdrawn_at"] > earlier["available_at"]].groupby("row")["withdrawn_at"].min()
    ends[later.index] = later
    return ends


def frozen(rows: pd.DataFrame, instant: pd.Timestamp) -> Observations:
    """Every vintage that was read at an instant, to be read ever after: later news of it does not count."""
    known = rows[_read_at(rows, instant)].reset_index(drop=True)
    return Observations(known.assign(**{READ_UNTIL: FOREVER}) if READ_UNTIL in known else known)


def _read_at(rows: pd.DataFrame, instant: pd.Timestamp) -> pd.Series:
    if READ_UNTIL not in rows:
        return rows["available_at"] <= instant
    return (rows[READ_FROM] <= instant) & (instant < rows[READ_UNTIL])


def of_series(rows: pd.DataFrame, series: Series) -> pd.DataFrame:
    """The rows of the zone and the quantity of a series."""
    return rows[(rows["zone"] == series.zone) & (rows["quantity"] == series.quantity)]


def series_names(rows: pd.DataFrame) -> pd.Series:
    """The name of every row's series, ZONE/QUANTITY."""
    return rows["zone"] + "/" + rows["quantity"]


def ruled(rulings: pd.DataFrame, ruling: str) -> pd.MultiIndex:
    """The identities of the rows of which this is the newest ruling."""
    newest = rulings.sort_values("decided_at", kind="stable").drop_duplicates(IDENTITY, keep="last")
    return identities(newest[newest["ruling"] == ruling])


def identities(rows: pd.DataFrame) -> pd.MultiIndex:
    """Which rows they are: series, valid time and availability."""
    return pd.MultiIndex.from_frame(rows[IDENTITY])


def readable(
    observations: Observations, verdicts: pd.DataFrame, rulings: pd.DataFrame, *, flags: bool = False
) -> JudgedObservations:
    """Every vintage with the time in which it could be read; those never read are left out.

    A vintage whose value was withdrawn is read until then; the withdrawal itself is no vintage. A row in quarantine is
    read until the verdict was known, one that a person releases again from that ruling on, one that is rejected until
    then. The newest ruling counts, and more than any verdict.

    Args:
        observations: every vintage, inspected.
        verdicts: of the quality gate on these rows.
        rulings: of people on these rows.
        flags: whether the column `flags` names the rules that flag a row; else it is empty. A row then stands there
            once for each period in which its flags are the same.
    """
    verdicts = verdicts if flags else verdicts[verdicts["severity"] == "quarantine"]
    rows = _always(standing(observations).reset_index(drop=True)).assign(flags="")
    affected = pd.concat([verdicts[IDENTITY], rulings[IDENTITY]]).drop_duplicates()
    # Few rows have a verdict: what is compared with four columns is first found by one.
    at = np.flatnonzero(rows["valid_time"].isin(affected["valid_time"]))
    at = at[among(rows.iloc[at], affected, IDENTITY)]
    if not len(at):
        return _judged(rows)
    periods = _read_periods(verdicts, rulings)
    of_row = list(rows.iloc[at][IDENTITY].itertuples(index=False, name=None))
    placed = [(int(place), period) for place, row in zip(at, of_row, strict=True) for period in periods[row]]
    split = rows.iloc[[place for place, _ in placed]].copy()
    split[READ_FROM] = _stamps([begin for _, (begin, _, _) in placed])
    ends = np.minimum(micros(_stamps([end for _, (_, end, _) in placed])), micros(split[READ_UNTIL]))
    split[READ_UNTIL] = from_micros(ends)
    split["flags"] = pd.Series([rules for _, (_, _, rules) in placed], dtype="str", index=split.index)
    split = split[split[READ_FROM] < split[READ_UNTIL]]
    untouched = rows.drop(rows.index[at])
    together = pd.concat([untouched, split]).sort_index(kind="stable")
    return _judged(together.reset_index(drop=True))


def _always(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, each read from when it was available until its value was withdrawn, or for ever."""
    return rows.assign(**{READ_FROM: rows["available_at"], READ_UNTIL: withdrawn_at(rows)})


def _judged(rows: pd.DataFrame) -> JudgedObservations:
    """The rows with a value, in the columns that their table declares."""
    return JudgedObservations(Observations(_present(rows)[list(JUDGED.names)]))


def _present(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without those that have no value."""
    return rows if rows["value"].notna().all() else rows[rows["value"].notna()].reset_index(drop=True)


def accepted(observations: Observations, verdicts: pd.DataFrame, rulings: pd.DataFrame) -> Observations:
    """The observations that may be read once all is known: not quarantined ones, unless released, nor rejected ones."""
    rows = readable(observations, verdicts, rulings)
    last = rows[rows[READ_UNTIL] == FOREVER].drop(columns=[READ_FROM, READ_UNTIL, "flags"])
    return Observations(last.reset_index(drop=True))


ReadPeriod = tuple[pd.Timestamp, pd.Timestamp, str]
"""In which a row could be read: from, until, and the rules that flag it meanwhile."""


def _read_periods(verdicts: pd.DataFrame, rulings: pd.DataFrame) -> dict[tuple[object, ...], list[ReadPeriod]]:
    """The periods in which each row with a verdict or a ruling could be read."""
    events = [
        verdicts[[*IDENTITY, "known_at", "severity", "rule"]].set_axis([*IDENTITY, "at", "what", "rule"], axis=1),
        rulings[[*IDENTITY, "decided_at", "ruling"]].set_axis([*IDENTITY, "at", "what"], axis=1).assign(rule=""),
    ]
    by_row: dict[tuple[object, ...], list[tuple[pd.Timestamp, str, str]]] = defaultdict(list)
    for *row, at, what, rule in pd.concat(events).itertuples(index=False, name=None):
        by_row[tuple(row)].append((at, what, rule))
    return {
        row: list(_read_periods_of(pd.Timestamp(row[-1]), sorted(of_row)))  # type: ignore[arg-type]
        for row, of_row in by_row.items()
    }


def _read_periods_of(
    available_at: pd.Timestamp, events: Sequence[tuple[pd.Timestamp, str, str]]
) -> Iterator[ReadPeriod]:
    """The periods in which one row could be read, given its verdicts and rulings in order."""
    begin, ruling, withheld, rules = available_at, "", False, set[str]()
    for at, event, rule in events:
        before = (withheld, _named(rules, ruling))
        if event in ("release", "reject"):
            ruling = event
        elif event == "flag":
            rules.add(rule)
        withheld = ruling == "reject" or (not ruling and (withheld or event == "quarantine"))
        if before != (withheld, _named(rules, ruling)):
            if not before[0] and at > begin:
                yield begin, at, before[1]
            begin = max(begin, at)
    if not withheld:
        yield begin, FOREVER, _named(rules, ruling)


def _named(rules: set[str], ruling: str) -> str:
    return "" if ruling == "release" else ",".join(sorted(rules))


def _stamps(stamps: list[pd.Timestamp]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(stamps, tz="UTC").as_unit("us")


def unseen(
    arrived: Observations,
    known: Observations,
    retrieved_at: pd.Timestamp,
    followed: Mapping[Series, pd.Timestamp] | None = None,
    before: Collection[str] | None = None,
) -> Observations:
    """The rows of a delivery that the lake does not hold: first values, revisions and withdrawals.

    A value equal to the newest vintage we hold adds nothing. One that differs is a revision, also where it goes back to
    what it was, and one that is missing now withdraws what the same file had brought. Where the source does not say
    when it revised, all we can honestly record is when we saw it: `available_at` becomes `retrieved_at`. The same
    holds for a first value that we saw arrive: of a series that is followed, what should have been there and was not.
    A value of another market time unit is no revision: it says something of another stretch of time. Nor is a forecast
    that was there before its unit began, and from another instant than every one that is held: it is of another run.

    Args:
        arrived: the delivery; a row without a value says that the source has none.
        known: what is held of its series and valid times.
        retrieved_at: when it came.
        followed: the availability up to which each series was there when it began to be taken in as it appears; none
            for a history.
        before: batches of earlier deliveries of the same file; a missing value withdraws only what came with these, as
            a file may leave empty what another one brings. None if everything held came with it.
    """
    known = Observations(standing(known))
    key = [*VALUE, "mtu"]
    newest = known.sort_values("available_at").drop_duplicates(key, keep="last")
    newest = newest[[*key, "value", "available_at", "batch"]].set_axis([*key, "held", "held_from", "by"], axis=1)
    joined = arrived.merge(newest, on=key, how="left")
    missing, first = joined["value"].isna(), joined["held_from"].isna()
    same = (joined["value"] == joined["held"]) | (missing & joined["held"].isna())
    if before is not None:
        same |= missing & ~joined["by"].isin(list(before))
    assumed = joined["availability"] == "assumed"
    seen = assumed & (joined["available_at"] == retrieved_at)  # dated by when it came, which is no run of its own
    of_run = assumed & ~seen & ~first & ~missing & (joined["available_at"] <= joined["valid_time"])
    held_run = among(joined, known, IDENTITY)
    of_other_run = of_run & ~held_run
    # Where several runs are held, one that comes again differs from the newest, and is none the less no revision.
    runs = known[known["availability"] == "assumed"]
    again = of_run & held_run & among(joined, runs[runs.duplicated(VALUE)], VALUE)
    revised = ~first & ~same & assumed & ~of_other_run & ~again
    first &= ~missing
    since = _since(joined, followed or {})
    late = joined["available_at"].between(since, retrieved_at, inclusive="neither") & assumed & (first | of_other_run)
    recorded = ~assumed & ~first & ~(missing & same) & ~among(joined, known, IDENTITY)
    # Seen before the held value counts as known: it replaces it at that instant, or it would never be the newest.
    just_after = joined["held_from"] + MICROSECOND
    joined.loc[revised, "available_at"] = just_after.where(just_after > retrieved_at, retrieved_at)[revised]
    joined.loc[late, "available_at"] = retrieved_at
    joined.loc[late | revised | (seen & first), "availability"] = "recorded"
    # An hour and its first quarter may be known from the same instant; a row is told from others by that and its start.
    joined.loc[first & among(joined, known, IDENTITY), "available_at"] += MICROSECOND
    return Observations(
        joined.loc[first | revised | of_other_run | recorded, list(arrived.columns)].reset_index(drop=True)
    )


def _since(rows: pd.DataFrame, followed: Mapping[Series, pd.Timestamp]) -> pd.Series:
    """Of each row the instant of its series, none where that is not followed."""
    lines = [(series.zone, series.quantity, instant) for series, instant in followed.items()]
    since = pd.DataFrame(lines, columns=["zone", "quantity", "since"]).astype({"since": "datetime64[us, UTC]"})
    return rows[["zone", "quantity"]].merge(since, on=["zone", "quantity"], how="left")["since"]


@dataclass(frozen=True, slots=True)
class Vintages:
    """All vintages of one series on a grid of valid times: `value[t, v]` is read from one instant until another.

    Vintages are sorted by availability, of which the newest that can be read counts; empty places are never read.
    """

    start: int
    """Valid time of the first grid row, microseconds since 1970 UTC."""
    step: int
    """Market time unit in microseconds."""
    value: Floats
    """(T, V)"""
    read_from: Instants
    """(T, V) first issue time that reads it: when it was available, or when a person released it."""
    read_until: Instants
    """(T, V) first issue time that no longer reads it: when it was known to be wrong."""

    @classmethod
    def of(cls, rows: pd.DataFrame, time_range: TimeRange, mtu: Mtu) -> Vintages:
        """Lay the rows of one series on the grid; rows outside the window, or off the grid, are left out."""
        start, step = micros(pd.DatetimeIndex([time_range.start]))[0], mtu.microseconds
        length = int((time_range.end - time_range.start) / mtu.delta)
        rows = _with_periods(rows)
        offset = micros(rows["valid_time"]) - start
        inside = (offset >= 0) & (offset < length * step) & (offset % step == 0)
        at = (offset // step)[inside]
        first_of_group = np.r_[True, at[1:] != at[:-1]] if len(at) else np.zeros(0, bool)
        rank = np.arange(len(at)) - np.maximum.accumulate(np.where(first_of_group, np.arange(len(at)), 0))
        depth = int(rank.max()) + 1 if len(at) else 1
        value = np.full((length, depth), np.nan)
        read_from, read_until = (np.full((length, depth), NEVER) for _ in range(2))
        value[at, rank] = rows["value"].to_numpy()[inside]
        read_from[at, rank] = micros(rows[READ_FROM])[inside]
        read_until[at, rank] = micros(rows[READ_UNTIL])[inside]
        read_until[read_until >= micros(pd.DatetimeIndex([FOREVER]))[0]] = NEVER
        return cls(int(start), int(step), value, read_from, read_until)

    def as_of(self, issue_times: Instants, valid_times: Instants) -> Floats:
        """What was known at each issue time about each of its valid times.

        Args:
            issue_times: (N,), or (N, S) where every valid time has its own.
            valid_times: (N, S)

        Returns:
            (N, S) values; NaN where nothing was known, or the valid time is off the grid.
        """
        row = (valid_times - self.start) // self.step
        known_by = issue_times if issue_times.ndim == 2 else issue_times[:, None]
        on_grid = (row >= 0) & (row < len(self.value)) & ((valid_times - self.start) % self.step == 0)
        row = np.where(on_grid, row, 0)
        values = np.full(valid_times.shape, np.nan)
        for vintage in range(self.value.shape[1]):
            visible = on_grid & (self.read_from[row, vintage] <= known_by)
            if (self.read_until[:, vintage] < NEVER).any():
                visible &= known_by < self.read_until[row, vintage]
            values = np.where(visible, self.value[row, vintage], values)
        return values


def _with_periods(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in order, each vintage with the period in which it is read; those that only flags divide are one.

    A value that counts in one period and not in another, as a flagged one that is no outturn, is none of these.
    """
    if READ_UNTIL not in rows:
        rows = _present(_always(standing(rows)))
    if (np.diff(micros(rows["valid_time"])) > 0).all():
        return rows
    if (rows[READ_UNTIL] == FOREVER).all():
        return rows.sort_values(["valid_time", "available_at"])
    rows = rows.sort_values(["valid_time", "available_at", READ_FROM], ignore_index=True)
    before = rows[["valid_time", "available_at", "value", READ_UNTIL]].shift()
    goes_on = (rows[["valid_time", "available_at"]] == before[["valid_time", "available_at"]]).all(axis=1)
    goes_on &= (rows["value"] == before["value"]) & (rows[READ_FROM] == before[READ_UNTIL])
    if not goes_on.any():
        return rows
    ends = rows[READ_UNTIL].groupby((~goes_on).cumsum()).last()
    return rows[~goes_on].assign(**{READ_UNTIL: ends.to_numpy()})
