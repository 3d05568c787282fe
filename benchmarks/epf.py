"""Are our price forecasts better than the published ones of deep networks and of LEAR, and than fev-bench's?

Nord Pool, PJM and Germany by the protocol of Lago et al.: six years of prices with two forecasts that are known a day
ahead, the last 104 weeks are forecast, 24 hours at a time. For each market a file and a settings file are written as a
user writes them; then come `ingest` with the gate and a back-test, issued at 11:00 on the day before. What those papers
learn anew every day, we learn before each half of a year, for what it costs: on the year before the test a regression
that learnt every four weeks was at most 1.4 % better than one that learnt every quarter; one that learnt once was 5 %
worse in Germany, and no worse in the others.
Models and their training are the defaults, the transformation of prices was chosen on that year too.

`served` is the aggregate that serves by the defaults, with LightGBM among its experts; `ensemble` is recurrent alone.
DNN and LEAR are the ensembles that the authors have published, on the same hours: opponents, which no model of ours
reads. `rmae` is over the error of the same hour last week, `diebold_mariano_p_to_…` two-sided on the errors of days.
`sql` is of the last 20 days, as fev-bench has it: a coarse test. n counts hours, days for ratios.

Source: Lago, Marcjasz, De Schutter and Weron (2021), "Forecasting day-ahead electricity prices: A review of
state-of-the-art algorithms, best practices and an open-access benchmark", Applied Energy 293.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from common import TRIALS, Bench, Row, measure, say
from epf_scores import scored
from epf_tasks import EXOGENOUS, MARKETS, PUBLISHED, SERVES, Market
from one_year import taken_in
from peer_jobs import core_seconds
from pictures import colour, picture, title

from gridahead.backtest.plan import Plan
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.run import backtests
from gridahead.core.grid import Series
from gridahead.core.tables import Forecasts
from gridahead.reports.palette import LIGHT
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

MODELS = (SERVES, "ensemble", "lightgbm", "ridge", "naive")
FOLDERS = TRIALS / "epf"
"""A folder a market with its file, settings and lake; a stretch that is done is there when the benchmark goes on."""


def run(bench: Bench) -> list[Row]:
    """All markets one after the other, and their mean; quick: four weeks of the first after one year, two epochs."""
    markets = MARKETS[:1] if bench.quick else MARKETS
    rows = bench.each(markets, _market)
    return [*rows, *together(rows)]


def _market(market: Market, bench: Bench) -> list[Row]:
    """The rows of a market."""
    folder = FOLDERS / f"{market.name}{'_quick' if bench.quick else ''}"
    table = market.table(bench)
    stretches = market.stretches(table, bench.quick)
    begun, own = core_seconds(), time.process_time()
    workspace = Workspace(load_settings(market.write(table, stretches, folder, bench.quick)))
    inputs = (market.series, *(Series(market.series.zone, name) for name in EXOGENOUS))
    rows, parts = taken_in(market.name, inputs, workspace), []
    for stretch in stretches:
        say(f"{market.name}: {stretch.first} to {stretch.last}")
        backtests(
            workspace, [market.series], Plan(stretch.name, stretch.first, stretch.last, MODELS), lambda _step: None
        )
        parts.append(kept_forecasts(workspace, f"backtest/{stretch.name}", market.series)[0])
    forecasts = Forecasts(pd.concat(parts, ignore_index=True))
    seconds = core_seconds() - begun + time.process_time() - own
    rows += scored(market.name, forecasts, table, market.timezone)
    for row in rows:
        if row.metric == "mae":
            say(f"{market.name}: {row.model} {row.value:.3f}")
    return [*rows, Row(market.name, "gridahead", "core_seconds", seconds)]


def together(rows: Sequence[Row]) -> list[Row]:
    """The mean over the markets of what has no unit, with the smallest and the largest."""
    means = []
    for model in dict.fromkeys(row.model for row in rows):
        for metric in ("rmae", "sql", "coverage_80"):
            values = [row.value for row in rows if (row.model, row.metric) == (model, metric)]
            if len(values) > 1:
                means.append(Row("mean", model, metric, float(np.mean(values)), min(values), max(values), len(values)))
    return means


def draw(rows: Sequence[Row], path: Path) -> None:
    """A panel a market: the mean absolute error of every model, with the share of outturns in its central 80 %."""
    value = {(row.task, row.model, row.metric): row.value for row in rows}
    markets = [task for task in dict.fromkeys(row.task for row in rows) if task != "mean"]
    with picture(path, len(markets), width=4.2, height=3.0) as panels:
        for axes, market in zip(panels, markets, strict=True):
            shown = sorted(
                (row for row in rows if (row.task, row.metric) == (market, "mae")), key=lambda row: -row.value
            )
            for n, row in enumerate(shown):
                axes.barh(n, row.value, 0.7, color=LIGHT["soft"] if row.model in PUBLISHED else colour(row.model))
                covered = value.get((market, row.model, "coverage_80"))
                words = f"  {row.value:.2f}" + (f" ({covered:.0%})" if covered else "")
                axes.text(row.value, n, words, va="center", fontsize=8)
            axes.set_yticks(range(len(shown)), [row.model for row in shown], fontsize=8)
            axes.set_xlim(0, 1.3 * shown[0].value)
            axes.grid(visible=False)
            currency = next(one.currency for one in MARKETS if one.name == market)
            title(axes, f"{market}: MAE [{currency}/MWh]\n(inside the 80 % band); grey: published")


if __name__ == "__main__":
    measure(run, draw)
