"""Is the lake fast and small at ten years of fifty series, hourly, with three vintages of every value: 13 million rows?

Values are the German load, scaled and disturbed for every series, with two decimals. The first vintage comes in a
batch an hour, with a name and an instant of its own as in operation; the second in a batch a day; the third in one
every thirty days, and each differs from the one before. So nothing repeats that does not in operation.

- `gridahead`: the lake, a year appended as one batch and compacted.
- `pandas, one file`: everything in one Parquet file with pandas' defaults, read with `filters`.
- `duckdb`: the documented line of SQL on the files of the lake, on one thread.

A read is of one series-year as of an instant half-way through it, files cached, in seconds on the wall. n counts reads,
each of another series, or appends.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from common import TRIALS, Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS
from gridahead.core.time import TimeRange
from gridahead.core.vintages import as_of
from gridahead.lake.compaction import compact
from gridahead.lake.parquet import SUFFIX
from gridahead.lake.store import Store
from gridahead.lake.verify import verify

FIRST, YEARS, SERIES = 2016, 10, 50
STOPS = (1, 2, 5, 10)
"""Years in the lake at which reads are timed."""
READS = 15
WEEK = 168
"""Hourly batches that a lake holds unmerged when it is compacted once a week."""
LAKE, ONE_FILE, DUCKDB = "gridahead", "pandas, one file", "duckdb"
BARS = {"read_series_year": 0.3, "append_hour": 0.1, "size": 12.0}
"""What is asked for: seconds, seconds, bytes a row."""
Float = npt.NDArray[np.float64]


def run(bench: Bench) -> list[Row]:
    """Build the lake year by year; size, reads and appends on the way."""
    years, series = (2, 4) if bench.quick else (YEARS, SERIES)
    TRIALS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="lake-", dir=TRIALS))
    try:
        return _measured(bench, folder, years, series)
    finally:
        shutil.rmtree(folder)


def _measured(bench: Bench, folder: Path, years: int, series: int) -> list[Row]:
    load, store, plain = _load(bench), Store(folder / "observations", OBSERVATIONS), folder / "plain.parquet"
    rows: list[Row] = []
    pieces: list[Path] = []
    for number in range(1, years + 1):
        held = pd.concat([_year(load, FIRST + number - 1, one) for one in range(series)], ignore_index=True)
        pieces.append(folder / f"{number}.piece")
        pq.write_table(pa.Table.from_pandas(held, preserve_index=False), pieces[-1])
        took = _timed(partial(store.append, held)), _timed(partial(compact, store))
        say(f"year {number}: {len(held):,} rows appended in {took[0]:.1f} s, compacted in {took[1]:.1f} s")
        if number in STOPS:
            _one_file(pieces, plain)
            _require_same(_readers(store, plain))
            rows += [_reads(f"years_{number}", name, read, series) for name, read in _readers(store, plain)]
    count = years * len(held)
    rows += [
        Row("size", LAKE, "bytes_per_row", _bytes(store) / count, n=count),
        Row("size", ONE_FILE, "bytes_per_row", plain.stat().st_size / count, n=count),
        Row("compact_year", LAKE, "seconds", took[1], n=len(held)),
    ]
    rows += [
        Row("read_series_year", one.model, one.metric, one.value, one.low, one.high, one.n)
        for one in rows
        if one.task == f"years_{years}"
    ]
    return rows + _operation(load, store, years, series)


def _operation(load: Float, store: Store, years: int, series: int) -> list[Row]:
    """A week of hourly batches, reads on top of them, the compaction of them, and a verification of everything."""
    start = pd.Timestamp(year=FIRST + years, month=1, day=1, tz="UTC")
    year = pd.concat([_year(load, FIRST + years, one) for one in range(series)], ignore_index=True)
    hours = [rows for _, rows in year[year["valid_time"] < start + pd.Timedelta(hours=WEEK)].groupby("valid_time")]
    hours = [rows.drop_duplicates(["zone", "quantity"]).reset_index(drop=True) for rows in hours]  # first vintages
    appends = [_timed(partial(store.append, rows)) for rows in hours]
    say(f"a week of hours appended: {np.median(appends):.4f} s each")

    def read(one: Series, time_range: TimeRange, instant: pd.Timestamp) -> pd.DataFrame:
        return store.read({"zone": one.zone, "quantity": one.quantity}, time_range, as_of=instant)

    unmerged = _reads("read_with_a_week_unmerged", LAKE, read, series)
    merging = _timed(lambda: compact(store))
    checking = _timed(lambda: _require_sound(store))
    return [
        Row.of("append_hour", LAKE, "seconds", appends),
        unmerged,
        Row("compact_week", LAKE, "seconds", merging, n=WEEK),
        Row("verify", LAKE, "seconds", checking, n=len(store.files())),
    ]


def _require_sound(store: Store) -> None:
    findings = verify(store).findings
    if findings:
        raise RuntimeError(f"the lake of the benchmark is not sound: {findings[0]}")


# -- rows -------------------------------------------------------------------------------------------------------------


@cache
def _load(bench: Bench) -> Float:
    """The hourly load of Germany [MW], what is missing filled by the hour before."""
    rows = smard(bench)
    load = rows[(rows["zone"] == "DE") & (rows["quantity"] == "load")].sort_values(["valid_time", "available_at"])
    values: Float = load.drop_duplicates("valid_time", keep="last").set_index("valid_time")["value"].to_numpy()
    return values


def _name(number: int) -> Series:
    return Series(f"Z{number // 5:02}", ("load", "solar", "wind_onshore", "wind_offshore", "residual_load")[number % 5])


def _year(load: Float, year: int, number: int) -> pd.DataFrame:
    """Three vintages of a year of one series."""
    chance = np.random.default_rng([year, number])
    start = pd.Timestamp(year=year, month=1, day=1, tz="UTC")
    times = pd.date_range(start, start + pd.DateOffset(years=1), freq="h", inclusive="left", unit="us")
    profile = np.take(load, np.arange(len(times)) + chance.integers(len(load)), mode="wrap")
    value = profile * chance.uniform(0.05, 1.2) * (1 + 0.01 * chance.standard_normal(len(times)))
    vintages = []
    for size, lag, share in ((1, "1h", 0.0), (24, "30h", 0.003), (720, "10D", 0.001)):
        value = np.round(value * (1 + share * chance.standard_normal(len(times))), 2)
        batch = np.arange(len(times)) // size
        names, instants = _batches(year, size, int(batch[-1]) + 1, start + size * pd.Timedelta(hours=1), lag)
        vintages.append(
            pd.DataFrame(
                {
                    "valid_time": times,
                    "available_at": instants[batch],
                    "availability": "recorded",
                    "value": value,
                    "batch": names[batch],
                }
            )
        )
    one = _name(number)
    told = {"zone": one.zone, "quantity": one.quantity, "unit": "MW", "mtu": "PT60M", "source": "benchmark"}
    frame = pd.concat(vintages, ignore_index=True).assign(**told)[OBSERVATIONS.names]
    return frame.sort_values(list(OBSERVATIONS.key), ignore_index=True)


@cache
def _batches(year: int, size: int, count: int, first: pd.Timestamp, lag: str) -> tuple[pd.Index, pd.DatetimeIndex]:
    """The names of a year's batches, and to the microsecond when each was seen: the same for all series."""
    late = np.random.default_rng([year, size]).uniform(0, 1800, count)
    seen = first + pd.Timedelta(lag) + pd.to_timedelta(np.arange(count) * size * 3600.0 + late, "s").as_unit("us")
    names = pd.Index([digest(f"{year} {size} {one}") for one in range(count)])
    return names, seen


def _one_file(pieces: Sequence[Path], path: Path) -> None:
    """All years in one file as `DataFrame.to_parquet` writes it, a year at a time for want of memory."""
    with pq.ParquetWriter(path, pq.read_schema(pieces[0])) as writer:
        for piece in pieces:
            writer.write_table(pq.read_table(piece))


# -- reads ------------------------------------------------------------------------------------------------------------

Read = Callable[[Series, TimeRange, pd.Timestamp], pd.DataFrame]


def _readers(store: Store, plain: Path) -> list[tuple[str, Read]]:
    """Three ways to the same rows."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    files = f"read_parquet('{store.folder}/**/*{SUFFIX}')"

    def of_lake(one: Series, time_range: TimeRange, instant: pd.Timestamp) -> pd.DataFrame:
        return store.read({"zone": one.zone, "quantity": one.quantity}, time_range, as_of=instant)

    def of_one_file(one: Series, time_range: TimeRange, instant: pd.Timestamp) -> pd.DataFrame:
        wanted = [
            ("zone", "==", one.zone),
            ("quantity", "==", one.quantity),
            ("valid_time", ">=", time_range.start),
            ("valid_time", "<", time_range.end),
            ("available_at", "<=", instant),
        ]
        return as_of(pd.read_parquet(plain, filters=wanted), instant)

    def of_duckdb(one: Series, time_range: TimeRange, instant: pd.Timestamp) -> pd.DataFrame:
        question = (
            f"SELECT * FROM {files} WHERE zone = ? AND quantity = ? AND valid_time >= ? AND valid_time < ?"  # noqa: S608
            " AND available_at <= ? QUALIFY row_number() OVER (PARTITION BY valid_time ORDER BY available_at DESC) = 1"
        )
        given = [
            one.zone,
            one.quantity,
            *(each.to_pydatetime() for each in (time_range.start, time_range.end, instant)),
        ]
        found: pd.DataFrame = connection.sql(question, params=given).to_arrow_table().to_pandas()
        return found

    return [(LAKE, of_lake), (ONE_FILE, of_one_file), (DUCKDB, of_duckdb)]


def _reads(task: str, model: str, read: Read, series: int) -> Row:
    """Seconds of reads of the first year, each of another series; the first is not counted."""
    start = pd.Timestamp(year=FIRST, month=1, day=1, tz="UTC")
    time_range, instant = TimeRange(start, start + pd.DateOffset(years=1)), start + pd.Timedelta(days=180)
    seconds = []
    for number in range(READS + 1):
        one = _name(number % series)
        begun = time.perf_counter()
        read(one, time_range, instant)
        seconds.append(time.perf_counter() - begun)
    say(f"{task}, {model}: {np.median(seconds[1:]):.4f} s")
    return Row.of(task, model, "seconds", seconds[1:])


def _require_same(readers: Sequence[tuple[str, Read]]) -> None:
    """What is compared has to give the same rows."""
    start = pd.Timestamp(year=FIRST, month=1, day=1, tz="UTC")
    time_range, instant = TimeRange(start, start + pd.DateOffset(years=1)), start + pd.Timedelta(days=180)
    found = {name: read(_name(1), time_range, instant).sort_values("valid_time") for name, read in readers}
    for name, rows in found.items():
        if rows["value"].tolist() != found[LAKE]["value"].tolist() or len(rows) < 4000:
            raise RuntimeError(f"{name} reads other rows than the lake: {len(rows)} and {len(found[LAKE])}")


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _bytes(store: Store) -> int:
    return sum(store.folder.sizes(SUFFIX, below=True).values())


def draw(rows: Sequence[Row], path: Path) -> None:
    """Reads by the years in the lake, and size."""
    with picture(path, 2) as (reads, sizes):
        title(reads, "as-of read of one series-year [s]")
        for name in (LAKE, DUCKDB, ONE_FILE):
            times = {
                int(row.task.removeprefix("years_")): row.value
                for row in rows
                if row.model == name and row.task.startswith("years_")
            }
            reads.plot(list(times), list(times.values()), marker="o", color=_colour(name), label=name)
        reads.axhline(BARS["read_series_year"], color="grey", linewidth=1)
        reads.set_yscale("log")
        reads.set_ylim(0.002, 0.5)
        reads.set_xticks(STOPS)
        reads.set_xlabel("years in the lake, 50 series")
        reads.legend(frameon=False, fontsize=8, loc="lower right")
        title(sizes, "bytes a row")
        found = {row.model: row.value for row in rows if row.task == "size"}
        sizes.barh(list(found), list(found.values()), color=[_colour(name) for name in found])
        sizes.axvline(BARS["size"], color="grey", linewidth=1)
        sizes.invert_yaxis()


def _colour(name: str) -> str:
    return {ONE_FILE: colour("naive"), DUCKDB: colour("lightgbm")}.get(name, colour("gridahead"))


if __name__ == "__main__":
    measure(run, draw)
