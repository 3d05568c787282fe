"""Do the forecasts of the zones of New York and of their total err less once they are made to add up?

The eleven zones and the total a day ahead, forecast on every delivery day of 2018 as of nine o'clock on the day before.
One settings file has them all, with `[[sums]]` over them. Each series is forecast by the regression that stands beside
every champion, which has learnt from 2016 on and takes seconds: networks for twelve series take an hour of a core
(`nyiso`), and what adding up is worth is another question than what a model is. It is back-tested from eight weeks
before the year on, fitted once, and adapted to the newest days as in operation; then the product's own function makes
each day add up by the errors that were known at its issue time.

`alone` is each series as it is forecast, `reconciled` the same once it adds up, `sum of the zones` the medians of the
zones, added: a total without a forecast of its own. A ratio is that of the losses of `reconciled` over those of
`alone`, with a 95 % interval from blocks of days; in the row `mean of the zones` it lies between the smallest and the
largest zone.
`apart_mw` is by how much the total and the sum of the zones differ at most. n counts scored hours, days for ratios.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from bands import COVERAGE
from common import TRIALS, Bench, Row, measure, say
from datasets import dataset
from nyiso_tasks import ACTUAL, AT, CODES, FIRST, LEARNT_FROM_QUICK, TIMEZONE, VINTAGES
from one_year_scores import common_quantiles, daily_crps, daily_errors, figures, ratio
from one_year_tasks import CONTEXT_DAYS, QUICK_DAYS
from peer_jobs import core_seconds
from pictures import intervals, picture

from gridahead.backtest.plan import Plan
from gridahead.backtest.run import backtests
from gridahead.backtest.sums import of_model, reconciled_backtest
from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, Forecasts
from gridahead.core.time import TimeRange, delivery_range
from gridahead.evaluation.sample import levels_of
from gridahead.forecasting.sums import WINDOW_DAYS
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

FOLDER = TRIALS / "sums"
TOTAL = Series("NYISO", "load")
ZONES = tuple(Series(code, "load") for code in CODES.values())
SERIES = (*ZONES, TOTAL)
MODEL = "ridge"
LEARNT_FROM = dt.date(2016, 1, 1)
LAG = pd.Timedelta(hours=2)
"""From the beginning of an hour until its load is known."""
LEADS = (1, 2)
"""Days ahead of the operator's forecasts that are taken in: of all others none is the newest at nine o'clock."""
ALONE, RECONCILED, BOTTOM_UP = "alone", "reconciled", "sum of the zones"
MAE_RATIO, CRPS_RATIO, APART = "mae_ratio", "crps_ratio", "apart_mw"
SETTINGS = """data_folder = "data"
{zones}{series}[[sums]]
total = "{total}"
parts = ["*/load"]
reconcile = "mint"
[training]
holdout_start = {holdout}
workers = 1
"""
ZONE = """[[zones]]
code = "{zone}"
timezone = "{timezone}"
country = "US"
"""
BLOCK = """[[series]]
series = "{series}"
deadline = "D-1{at}[{timezone}]"
mtu = "PT60M"
"""


def run(bench: Bench) -> list[Row]:
    """A back-test of all series, and every day of it made to add up; quick: four weeks, learnt from one year."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    begun, own = core_seconds(), time.process_time()
    last = FIRST + dt.timedelta(days=QUICK_DAYS - 1) if bench.quick else dt.date(FIRST.year, 12, 31)
    first = FIRST if bench.quick else FIRST - dt.timedelta(days=WINDOW_DAYS)
    workspace = workspace_of(first)
    measured = fill(workspace, bench, last)
    say("back-test")
    plan = Plan("year", first, last, (MODEL,))
    backtests(workspace, SERIES, plan, lambda _step: None)
    say("reconciled")
    rows = before_and_after(workspace, plan.run, measured)
    seconds = core_seconds() - begun + time.process_time() - own
    say(f"{seconds:.0f} s of one core")
    return [*rows, Row("New York", "gridahead", "core_seconds", seconds)]


def workspace_of(first: dt.date) -> Workspace:
    """The settings in their folder, opened; nothing from the first day on may be learnt."""
    FOLDER.mkdir(parents=True)
    zones = "".join(ZONE.format(zone=one.zone, timezone=TIMEZONE) for one in SERIES)
    series = "".join(BLOCK.format(series=one, at=AT, timezone=TIMEZONE) for one in SERIES)
    settings = FOLDER / "settings.toml"
    settings.write_text(SETTINGS.format(zones=zones, series=series, total=TOTAL, holdout=first), encoding="utf-8")
    return Workspace(load_settings(settings))


def fill(workspace: Workspace, bench: Bench, last: dt.date) -> pd.DataFrame:
    """Put what was measured and forecast into the lake; gives the former, a column a zone [MW]."""
    learnt = LEARNT_FROM_QUICK if bench.quick else LEARNT_FROM
    begin = delivery_range(learnt - dt.timedelta(days=CONTEXT_DAYS + 1), TIMEZONE).start
    span = TimeRange(begin, delivery_range(last, TIMEZONE).end)
    columns = {**CODES, "NYISO": TOTAL.zone}
    measured = pd.read_parquet(dataset(bench, ACTUAL), columns=["time", *columns])
    measured = _within(measured.rename(columns={"time": "valid_time", **columns}), span)
    told = pd.read_parquet(dataset(bench, VINTAGES), columns=["issue_time", "valid_time", "lead_day", *columns])
    told = _within(told[told["lead_day"].isin(LEADS)].rename(columns=columns), span)
    for one in SERIES:
        times = measured["valid_time"]
        _append(workspace, one, times, times + LAG, measured[one.zone])
        _append(workspace, one.official, told["valid_time"], told["issue_time"], told[one.zone])
    return measured.set_index("valid_time")


def _within(rows: pd.DataFrame, span: TimeRange) -> pd.DataFrame:
    return rows[(rows["valid_time"] >= span.start) & (rows["valid_time"] < span.end)]


def _append(
    workspace: Workspace, series: Series, valid_time: pd.Series, available_at: pd.Series, value: pd.Series
) -> None:
    """Rows of the lake; what was published counts as it was, whatever a gate would say."""
    frame = pd.DataFrame({"valid_time": valid_time, "available_at": available_at, "value": value.astype("float64")})
    said = {"zone": series.zone, "quantity": series.quantity, "availability": "assumed", "unit": "MW", "mtu": "PT60M"}
    rows = frame.dropna().assign(**said, source="nyiso", batch="nyiso")
    workspace.lake.observations.append(OBSERVATIONS.check(rows.drop_duplicates(["valid_time", "available_at"])))


def before_and_after(workspace: Workspace, run_name: str, measured: pd.DataFrame) -> list[Row]:
    """The rows of every series, alone and reconciled, on the days of the year."""
    year = delivery_range(FIRST, TIMEZONE).start
    alone = {one: _since(of_model(workspace, run_name, one, MODEL), year) for one in SERIES}
    reconciled = reconciled_backtest(workspace, run_name, TOTAL, MODEL)
    together = {one: _since(rows, year) for one, rows in reconciled.items()}
    rows = [row for one in SERIES for row in of_series(one, alone[one], together[one], measured[one.zone])]
    rows += [Row("New York", ALONE, APART, apart(alone)), Row("New York", RECONCILED, APART, apart(together))]
    return [*rows, bottom_up(alone, measured[TOTAL.zone]), *mean_of_zones(rows)]


def _since(rows: Forecasts, begin: pd.Timestamp) -> Forecasts:
    return Forecasts(rows[rows["valid_time"] >= begin])


def of_series(series: Series, alone: Forecasts, together: Forecasts, measured: pd.Series) -> list[Row]:
    """Error, CRPS and bands of a series before and after, and the ratios, on the hours that both have."""
    both = pd.concat([alone.assign(model=ALONE), together.assign(model=RECONCILED)], ignore_index=True)
    tables = common_quantiles(Forecasts(both), measured.dropna())
    levels = levels_of(tables[ALONE])
    rows = [row for name, table in tables.items() for row in figures(series.zone, name, table, levels, TIMEZONE)]
    for metric, daily in ((MAE_RATIO, daily_errors), (CRPS_RATIO, daily_crps)):
        found = ratio(series.zone, RECONCILED, metric, *(daily(tables[name], TIMEZONE) for name in (RECONCILED, ALONE)))
        say(f"{series.zone}: {metric} {found.value:.4f}")
        rows.append(found)
    return rows


def medians(forecasts: Mapping[Series, Forecasts]) -> pd.DataFrame:
    """A column a series, a row a valid time [MW]."""
    found = {one: rows[rows["quantile"] == 0.5].set_index("valid_time")["value_mw"] for one, rows in forecasts.items()}
    return pd.DataFrame(found)


def apart(forecasts: Mapping[Series, Forecasts]) -> float:
    """By how much the total and the sum of the zones differ at most [MW]."""
    wide = medians(forecasts)
    return float((wide[TOTAL] - wide[list(ZONES)].sum(axis=1)).abs().max())


def bottom_up(forecasts: Mapping[Series, Forecasts], measured: pd.Series) -> Row:
    """The error of the added medians of the zones as a forecast of the total [MW]."""
    added = medians(forecasts)[list(ZONES)].sum(axis=1, skipna=False)
    errors = (added - measured).abs().dropna()
    return Row(TOTAL.zone, BOTTOM_UP, "mae", float(errors.mean()), n=len(errors))


def mean_of_zones(rows: Sequence[Row]) -> list[Row]:
    """Ratios and coverage as means over the zones, between the smallest and the largest."""
    zones, means = {one.zone for one in ZONES}, []
    wanted = ((RECONCILED, MAE_RATIO), (RECONCILED, CRPS_RATIO), (ALONE, COVERAGE), (RECONCILED, COVERAGE))
    for model, metric in wanted:
        found = [row.value for row in rows if row.task in zones and (row.model, row.metric) == (model, metric)]
        means.append(Row("mean of the zones", model, metric, float(np.mean(found)), min(found), max(found), len(found)))
    return means


def draw(rows: Sequence[Row], path: Path) -> None:
    """The ratios of every zone and of the total beside one."""
    panels = ((MAE_RATIO, "Made to add up: MAE over\nthat of each series alone"), (CRPS_RATIO, "The same of the CRPS"))
    by_name = {(row.task, row.metric): row for row in rows if row.model == RECONCILED}
    with picture(path, len(panels), width=4.6, height=4.2) as all_axes:
        for axes, (metric, words) in zip(all_axes, panels, strict=True):
            intervals(axes, [by_name[one.zone, metric] for one in SERIES], (1.0,), words)


if __name__ == "__main__":
    measure(run, draw)
