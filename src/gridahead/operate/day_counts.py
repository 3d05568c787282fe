"""How many accepted values every series has on every day: kept, and counted again where the lake has new files.

Files of the lake never change, so what is new of a day lies in files that have not been seen: rows that came, verdicts
and rulings on rows. Where a file is gone, as after a compaction, everything is counted anew. What is kept may be
deleted at any time.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.files import write_whole
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange, delivery_days
from gridahead.lake.store import Store
from gridahead.workspace import Workspace

FILE = "days_of_series.parquet"
SEEN = b"files that it was counted from"
AT_ONCE = 25 * 730
"""Series times days that are read together: two years of hours of 25, or four days of thousands, take 200 MB."""
DAY = pd.Timedelta(days=1)
KEY = ["zone", "quantity"]
_EMPTY = pd.DataFrame(
    {
        "zone": pd.Series(dtype="str"),
        "quantity": pd.Series(dtype="str"),
        "timezone": pd.Series(dtype="str"),
        "day": pd.Series(dtype="datetime64[us]"),
        "minutes": pd.Series(dtype="int64"),
        "present": pd.Series(dtype="int64"),
        "first": pd.Series(dtype="datetime64[us, UTC]"),
        "last": pd.Series(dtype="datetime64[us, UTC]"),
    }
)
"""A line a series and day of its local time that has accepted values: the length of its market time units, how many of
them there are, and the start of the first and of the last."""
_MINUTES = {str(mtu): int(mtu.delta / pd.Timedelta(minutes=1)) for mtu in Mtu}


@dataclass(frozen=True, eq=False)
class _Kept:
    """What was counted, and from which files."""

    days: pd.DataFrame
    seen: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> _Kept:
        """What the last count has left; nothing where there is none that can be read."""
        try:
            table = pq.read_table(io.BytesIO(path.read_bytes()))
            days = table.to_pandas()[list(_EMPTY.columns)].astype(_EMPTY.dtypes.to_dict())
            return cls(days, frozenset(json.loads((table.schema.metadata or {})[SEEN])))
        except (OSError, pa.ArrowInvalid, KeyError, ValueError):
            return cls(_EMPTY, frozenset())

    def write(self, path: Path) -> None:
        """Keep it for the next count."""
        table = pa.Table.from_pandas(self.days, preserve_index=False)
        table = table.replace_schema_metadata({SEEN: json.dumps(sorted(self.seen)).encode()})
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
        write_whole(path, buffer.getvalue())


def day_counts(workspace: Workspace) -> pd.DataFrame:
    """A line a series and local day with accepted values.

    Returns:
        zone, quantity, timezone and day; `minutes`, the length of the market time units of the day (the shortest where
        it has several; a longer one counts as those that it spans); `present`, how many of them have a value; `first`
        and `last`, when the first and the last of them begin, UTC.

    Raises:
        LakeError: the lake cannot be read.
    """
    return workspace.lake.observations.try_again(lambda: _day_counts(workspace))


def _day_counts(workspace: Workspace) -> pd.DataFrame:
    path, lake = workspace.settings.cache_folder / FILE, workspace.lake
    kept = _Kept.read(path)
    stores = (lake.observations, lake.verdicts, lake.rulings)
    listed = {f"{store.table.name}/{name}": store for store in stores for name in store.files()}
    if not kept.seen <= listed.keys() or not _has_clocks_of_today(workspace, kept.days):
        kept = _Kept(_EMPTY, frozenset())
    unseen = {name: store for name, store in listed.items() if name not in kept.seen}
    if not unseen:
        return kept.days
    waiting = lake.waiting.batches()  # what waits now is counted once it has been judged
    touched = [_touched(store, name.partition("/")[2], waiting) for name, store in unseen.items()]
    spans = pd.concat([spans for spans, _ in touched])
    spans = spans.groupby(KEY, as_index=False).agg({"start": "min", "end": "max"})
    days = _counted_again(workspace, kept.days, spans)
    judged = (name for name, (_, is_judged) in zip(unseen, touched, strict=True) if is_judged)
    kept = _Kept(days.sort_values([*KEY, "day"], ignore_index=True), kept.seen | frozenset(judged))
    kept.write(path)
    return kept.days


def _has_clocks_of_today(workspace: Workspace, days: pd.DataFrame) -> bool:
    """Whether the settings still give the zones the local time by which days were counted."""
    clocks = days[["zone", "timezone"]].drop_duplicates().itertuples(index=False, name=None)
    return all(workspace.settings.zone(zone).timezone == timezone for zone, timezone in clocks)


def _touched(store: Store, name: str, waiting: set[str]) -> tuple[pd.DataFrame, bool]:
    """From when to when a file has rows of each series, and whether none of them still waits to be judged."""
    columns = [*KEY, "valid_time", *(["batch"] if "batch" in store.table.names else [])]
    rows = store.rows_of([name], columns=columns)
    spans = rows.group_by(KEY).aggregate([("valid_time", "min"), ("valid_time", "max")]).to_pandas()
    spans = spans.rename(columns={"valid_time_min": "start", "valid_time_max": "end"})
    judged = "batch" not in columns or waiting.isdisjoint(rows.column("batch").unique().to_pylist())
    return spans, judged


def _counted_again(workspace: Workspace, days: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """The days with those of some series counted anew, from the first to the last touched one."""
    spans = spans.assign(start=spans["start"] - 2 * DAY, end=spans["end"] + 2 * DAY)  # so that touched days are whole
    at_once = max(1, AT_ONCE // (spans["end"] - spans["start"]).max().days)
    parts, windows = [days.iloc[:0]], []
    for at in range(0, len(spans), at_once):
        some = spans.iloc[at : at + at_once]
        series = [Series(zone, quantity) for zone, quantity in some[KEY].itertuples(index=False, name=None)]
        time_range = TimeRange(some["start"].min(), some["end"].max())
        first, last = (stamp.tz_localize(None).floor("D") for stamp in (time_range.start + DAY, time_range.end - DAY))
        counted = _count(workspace, workspace.lake.read_accepted(*series, time_range=time_range))
        parts.append(counted[counted["day"].between(first, last)])
        windows.append(some[KEY].assign(from_day=first, to_day=last))
    window_of_day = days[KEY].merge(pd.concat(windows), on=KEY, how="left")
    again = days["day"].between(window_of_day["from_day"], window_of_day["to_day"])
    return pd.concat([days[~again], *parts], ignore_index=True)


def _count(workspace: Workspace, rows: Observations) -> pd.DataFrame:
    """The lines of all days that the rows lie in."""
    parts = [_EMPTY]
    for timezone, of_clock in _by_timezone(workspace, rows):
        newest = of_clock.sort_values("available_at").drop_duplicates([*KEY, "valid_time"], keep="last")
        newest = newest.assign(
            day=delivery_days(newest["valid_time"], timezone).to_numpy(), minutes=newest["mtu"].map(_MINUTES)
        )
        shortest = newest.groupby([*KEY, "day"])["minutes"].transform("min")
        parts.append(
            newest.assign(shortest=shortest, units=newest["minutes"] // shortest)
            .groupby([*KEY, "day"], as_index=False)
            .agg(
                minutes=("shortest", "first"),
                present=("units", "sum"),
                first=("valid_time", "min"),
                last=("valid_time", "max"),
            )
            .assign(timezone=timezone)
        )
    return pd.concat(parts, ignore_index=True)[list(_EMPTY.columns)]


def _by_timezone(workspace: Workspace, rows: Observations) -> Iterator[tuple[str, pd.DataFrame]]:
    zones: Sequence[str] = sorted(rows["zone"].unique())
    timezones = {zone: workspace.settings.zone(zone).timezone for zone in zones}
    for timezone, of_clock in rows.groupby(rows["zone"].map(timezones)):
        yield str(timezone), of_clock
