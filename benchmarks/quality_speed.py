"""How long does the quality gate take, and how much of it is Great Expectations?

A year of 30 hourly series, and one hour of 40 series with the weeks before it as context: real German series in copies
of their zone, judged by limits learnt before. Seconds of one thread without the start of the process; the import of
Great Expectations, which each process pays once, stands beside. Median, least and most of the repetitions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from common import Bench, Row, measure
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.tables import OBSERVATIONS, Limits, Observations
from gridahead.quality.gate import CONTEXT_DAYS, inspect
from gridahead.quality.gx.validator import Validator
from gridahead.quality.limits import learn
from gridahead.quality.report import ALL, QualityReport
from gridahead.settings.model import Settings
from gridahead.settings.zones import ZoneSettings

SERIES = (
    "load",
    "load_official",
    "residual_load",
    "residual_load_official",
    "wind_solar",
    "wind_solar_official",
    "wind_onshore",
    "wind_offshore",
)
START, END = pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2025-01-01", tz="UTC")
NONE = Observations(OBSERVATIONS.empty())


def run(bench: Bench) -> list[Row]:
    """Seconds of both tasks."""
    imported = seconds(Validator)
    rows = smard(Bench(bench.name))
    rows = Observations(rows[(rows["valid_time"] >= START) & (rows["valid_time"] < END)])
    year = copies(rows, SERIES[:6], 5)
    hourly = copies(rows, SERIES, 5)
    until = END - pd.Timedelta(days=60)
    known = hourly[(hourly["valid_time"] < until) & (hourly["valid_time"] >= until - pd.Timedelta(days=CONTEXT_DAYS))]
    new = hourly[hourly["valid_time"] == until]
    repeats = 1 if bench.quick else bench.seeds
    return [
        Row("start", "great_expectations", "seconds", imported),
        *timed("a year of 30 series", Observations(year), NONE, learn(Observations(year), settings()), repeats),
        *timed("an hour of 40 series", Observations(new), Observations(known), learnt(hourly, until), repeats),
    ]


def learnt(rows: pd.DataFrame, until: pd.Timestamp) -> Limits:
    """Limits from what comes before."""
    return learn(Observations(rows[rows["valid_time"] < until]), settings())


def copies(rows: pd.DataFrame, names: Sequence[str], zones: int) -> pd.DataFrame:
    """The named series in so many zones."""
    some = rows[rows["quantity"].isin(names)]
    return pd.concat([some.assign(zone=f"Z{zone}") for zone in range(zones)], ignore_index=True)


def settings() -> Settings:
    """The zones of the copies."""
    zones = tuple(ZoneSettings(code=f"Z{zone}", timezone="Europe/Berlin") for zone in range(5))
    return Settings(data_folder=Path("unused"), zones=zones)


def timed(task: str, new: Observations, known: Observations, limits: Limits, repeats: int) -> list[Row]:
    """Seconds in all, and of Great Expectations."""
    reports = [
        inspect(new, known, settings(), decided_at=pd.Timestamp(new["valid_time"].max()), limits=limits)
        for _ in range(repeats)
    ]
    whole, share = ([figure(report, name) for report in reports] for name in ("seconds", "great_expectations_seconds"))
    return [Row.of(task, "gate", "seconds", whole), Row.of(task, "great_expectations", "seconds", share)]


def figure(report: QualityReport, name: str) -> float:
    """A figure of the whole inspection."""
    of_all = report.metrics[(report.metrics["zone"] == ALL) & (report.metrics["metric"] == name)]
    return float(of_all["value"].iloc[0])


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def draw(rows: Sequence[Row], path: Path) -> None:
    """Both tasks, with the share of Great Expectations."""
    found = {(row.task, row.model): row.value for row in rows}
    tasks = [task for task, model in found if model == "gate"]
    with picture(path) as (chart,):
        chart.bar(tasks, [found[task, "gate"] for task in tasks], 0.5, color=colour("gridahead"), label="rules")
        shares = [found[task, "great_expectations"] for task in tasks]
        chart.bar(tasks, shares, 0.5, color=colour("darts"), label="Great Expectations")
        chart.legend(frameon=False)
        title(chart, "Seconds of the quality gate")


if __name__ == "__main__":
    measure(run, draw)
