"""How fast are documents of ENTSO-E read, beside entsoe-py, and how long does a year take into the lake?

Read are two recorded answers (a Dutch day of generation, a Belgian week of load; Restful API, CC BY 4.0) and two made
up in the same form: a year of German load by hours, and by quarters on the lines between them.

- `entsoe-py`: from text to a frame.
- `gridahead, series`: from bytes to arrays of every quantity, as `entsoe-py` does it.
- `gridahead`: from bytes to checked observations with both clocks.

`lake`: a payload into the archive, parsed, compared with what the lake has, appended as Parquet with its fsync; load
alone, and all that ENTSO-E has of a zone (load, wind and solar, their forecasts, prices). Readers have one thread and
are measured in seconds of a processor, `lake` in those and on the wall; they take turns, and n counts the turns.
"""

from __future__ import annotations

import gzip
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import CHECKOUT, TRIALS, Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.grid import ZONES
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.core.vintages import unseen
from gridahead.lake.lake import Lake
from gridahead.settings.services import LiveSource
from gridahead.sources.base import RawPayload
from gridahead.sources.entsoe.document import Document
from gridahead.sources.entsoe.rows import rows_of
from gridahead.sources.entsoe.service import Entsoe

Float = npt.NDArray[np.float64]
RECORDINGS = CHECKOUT / "tests" / "data" / "recordings" / "entsoe" / "jl"
YEAR = TimeRange(pd.Timestamp("2023-12-31T23:00Z"), pd.Timestamp("2024-12-31T23:00Z"))
PEER, SERIES, WHOLE = "entsoe-py", "gridahead, series", "gridahead"
BARS = {"times_faster": 20.0, "lake": 2.0}
"""What is asked for: times as fast, and seconds for a year of one zone."""
EIC = {"load": ZONES["DE"].eic or "", "price": "10Y1001A1001A82H"}
PSR_TYPES = {"solar": "B16", "wind_offshore": "B18", "wind_onshore": "B19"}
REPEATS = 5


def run(bench: Bench) -> list[Row]:
    """Every document by every reader in turns, then the year into an empty lake."""
    repeats = 2 if bench.quick else REPEATS
    year = _year(bench)
    rows = [row for task, item, zone, content in _documents(year) for row in _race(task, item, zone, content, repeats)]
    return rows + _into_the_lake(year, repeats)


def _documents(year: dict[str, Float]) -> Iterator[tuple[str, str, str, bytes]]:
    """Of each task the item, the zone and the document."""
    for task, item, zone, name in (
        ("day_of_generation", "generation", "NL", "generation_161bc_actual_per_psr_NL"),
        ("week_of_load", "load", "BE", "tut_load_actual_BE_week"),
    ):
        yield task, item, zone, gzip.decompress((RECORDINGS / f"{name}.xml.gz").read_bytes())
    quarters = np.interp(np.arange(4 * len(year["load"])) / 4, np.arange(len(year["load"])), year["load"]).round(2)
    yield "year_of_load", "load", "DE", _document("A65", "A16", [("", year["load"])], "PT60M", YEAR)
    yield "year_of_load_in_quarters", "load", "DE", _document("A65", "A16", [("", quarters)], "PT15M", YEAR)


def _race(task: str, item: str, zone: str, content: bytes, repeats: int) -> list[Row]:
    """Seconds of a processor of each reader, and how many times as fast as the peer ours are."""
    source, payload = _source(zone), _payload(content, item, zone)
    suffix = "_official" if item.endswith("_official") else ""
    timezone = ZONES[zone].timezone
    readers: dict[str, Callable[[], object]] = {
        PEER: partial(_by_entsoe_py, item, content),
        SERIES: lambda: list(rows_of(item, suffix, Document(content).series(timezone), ZONES[zone])),
        WHOLE: lambda: source.parse(payload),
    }
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for read in readers.values():
        read()
    for _ in range(repeats):
        for name, read in readers.items():
            before = time.process_time()
            read()
            seconds[name].append(time.process_time() - before)
    say(f"{task}: {len(content):,} bytes, " + ", ".join(f"{name} {min(of):.4f} s" for name, of in seconds.items()))
    rows = [Row.of(task, name, "processor_seconds", of) for name, of in seconds.items()]
    for name in (SERIES, WHOLE):
        ratios = [theirs / ours for theirs, ours in zip(seconds[PEER], seconds[name], strict=True)]
        rows.append(Row.of(task, name, "times_faster", ratios))
    return rows


def _by_entsoe_py(item: str, content: bytes) -> object:
    parsers: Any = import_module("entsoe.parsers")
    text = content.decode()
    return parsers.parse_loads(text, "A16") if item == "load" else parsers.parse_generation(text)


def _into_the_lake(year: dict[str, Float], repeats: int) -> list[Row]:
    """A year of load, and of everything, from payloads to Parquet in an empty lake."""
    source, payloads = _source("DE"), list(_payloads(year))
    TRIALS.mkdir(parents=True, exist_ok=True)
    rows = []
    for task, chosen in (("lake_load", payloads[:1]), ("lake_everything", payloads)):
        seconds, processors, count = list[float](), list[float](), 0
        for _ in range(repeats):
            folder = Path(tempfile.mkdtemp(prefix="entsoe-", dir=TRIALS))
            try:
                lake, before = Lake(folder / "lake", folder / "archive"), time.process_time()
                seconds.append(_timed(partial(_taken_in, lake, source, chosen)))
                processors.append(time.process_time() - before)
                count = len(lake.observations.read({"zone": ["DE"]}))
            finally:
                shutil.rmtree(folder)
        say(f"{task}: {len(chosen)} payloads, {count:,} rows, {min(seconds):.3f} s")
        rows += [Row.of(task, WHOLE, "seconds", seconds), Row.of(task, WHOLE, "processor_seconds", processors)]
        rows.append(Row(task, WHOLE, "rows", count))
    return rows


def _taken_in(lake: Lake, source: Entsoe, payloads: Sequence[RawPayload]) -> None:
    """What an ingest does of payloads, without receipts and gate."""
    for payload in payloads:
        lake.archive.keep(payload.content_hash, payload.name, payload.content, {"source": payload.source})
        arrived = source.parse(payload)
        where = {name: sorted(arrived[name].unique()) for name in ("zone", "quantity")}
        span = TimeRange(arrived["valid_time"].min(), arrived["valid_time"].max() + pd.Timedelta(hours=1))
        held = Observations(lake.observations.read(where, span))
        lake.observations.append(unseen(arrived, held, payload.retrieved_at))


def _payloads(year: dict[str, Float]) -> Iterator[RawPayload]:
    """Everything of a zone in the windows that are asked for: load first."""
    for item, process in (("load", "A16"), ("load_official", "A01")):
        yield _payload(_document("A65", process, [("", year["load"])], "PT60M", YEAR), item, "DE")
    for item, kind, process, windows in (
        ("generation", "A75", "A16", 12),
        ("wind_solar_official", "A69", "A01", 4),
        ("wind_solar_intraday", "A69", "A40", 4),
        ("wind_solar_current", "A69", "A18", 4),
    ):
        edges = np.linspace(0, len(year["load"]), windows + 1).astype(int)
        for first, last in itertools.pairwise(edges):
            span = TimeRange(*(YEAR.start + int(hour) * pd.Timedelta(hours=1) for hour in (first, last)))
            series = [(psr_type, year[name][first:last]) for name, psr_type in PSR_TYPES.items()]
            yield _payload(_document(kind, process, series, "PT60M", span), item, "DE")
    yield _payload(_document("A44", "", [("", year["load"] / 1000)], "PT60M", YEAR), "price", "DE")


def _document(
    kind: str, process: str, series: Sequence[tuple[str, Float]], resolution: str, window: TimeRange
) -> bytes:
    """A made-up document in the form of the recorded ones: a curve leaves out what repeats itself."""
    price = kind == "A44"
    value, domain = ("price.amount", "in_Domain") if price else ("quantity", "inBiddingZone_Domain")
    domain = "outBiddingZone_Domain" if kind == "A65" else domain
    unit = "<price_Measure_Unit.name>MWH</price_Measure_Unit.name><currency_Unit.name>EUR</currency_Unit.name>"
    unit = unit if price else "<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name>"
    parts = [f"<type>{kind}</type>", f"<process.processType>{process}</process.processType>" if process else ""]
    for psr_type, values in series:
        kept = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
        psr = f"<MktPSRType><psrType>{psr_type}</psrType></MktPSRType>" if psr_type else ""
        parts.append(
            f"<TimeSeries><{domain}.mRID>{EIC['price' if price else 'load']}</{domain}.mRID>{unit}"
            f"<curveType>A03</curveType>{psr}<Period><timeInterval><start>{window.start:%Y-%m-%dT%H:%MZ}</start>"
            f"<end>{window.end:%Y-%m-%dT%H:%MZ}</end></timeInterval><resolution>{resolution}</resolution>"
        )
        parts += [
            f"<Point>\n<position>{at + 1}</position>\n<{value}>{values[at]:.2f}</{value}>\n</Point>\n" for at in kept
        ]
        parts.append("</Period></TimeSeries>")
    name = "Publication_MarketDocument" if price else "GL_MarketDocument"
    return f'<{name} xmlns="urn:made-up">{"".join(parts)}</{name}>'.encode()


def _year(bench: Bench) -> dict[str, Float]:
    """Load, wind and solar of Germany in the year by hours [MW], what is missing filled by the hour before."""
    rows = smard(bench)
    rows = rows[(rows["valid_time"] >= YEAR.start) & (rows["valid_time"] < YEAR.end)]
    hours = pd.date_range(YEAR.start, YEAR.end, freq="h", inclusive="left")
    of = {}
    for name in ("load", *PSR_TYPES):
        found = rows[rows["quantity"] == name].sort_values("available_at").drop_duplicates("valid_time", keep="last")
        of[name] = found.set_index("valid_time")["value"].reindex(hours).ffill().bfill().to_numpy()
    return of


def _source(zone: str) -> Entsoe:
    return Entsoe(LiveSource(kind="entsoe", zones=(zone,)), [ZONES[zone]])


def _payload(content: bytes, item: str, zone: str) -> RawPayload:
    asked = {"item": item, "zones": [zone], "start": "2000-01-01T00:00Z", "end": "2100-01-01T00:00Z"}
    retrieved_at = pd.Timestamp("2026-01-01T00:00Z")
    return RawPayload("entsoe", f"{zone}-{item}.xml", content, {"kind": "entsoe"}, retrieved_at, asked=asked)


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def draw(rows: Sequence[Row], path: Path) -> None:
    """How many times as fast as entsoe-py, and the seconds of a year into the lake."""
    faster = [row for row in rows if row.metric == "times_faster"]
    lake = [row for row in rows if row.task.startswith("lake") and row.metric.endswith("seconds")]
    units = {"seconds": "on the wall", "processor_seconds": "of processors"}
    with picture(path, 2) as (left, right):
        labels = [f"{row.task.replace('_', ' ')}\n{row.model}" for row in faster]
        left.barh(labels, [row.value for row in faster], color=[colour(row.model) for row in faster])
        left.axvline(BARS["times_faster"], color=colour("official"), linewidth=1)
        left.invert_yaxis()
        title(left, "times as fast as entsoe-py; line: what is asked for")
        names = [f"{row.task.removeprefix('lake_')}\n{units[row.metric]}" for row in lake]
        right.bar(names, [row.value for row in lake], color=colour(WHOLE))
        right.axhline(BARS["lake"], color=colour("official"), linewidth=1)
        title(right, "a year of a zone from payload to Parquet, seconds")


if __name__ == "__main__":
    measure(run, draw)
