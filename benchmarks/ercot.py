"""Is what has learnt ERCOT's load better than foundation models that read it without having learnt it?

The 30 windows of a published comparison: ten days each in spring 2020, winter 2022 and summer 2023, every day forecast
at 00 UTC for its 24 hours, from the load alone. Opponents read the last 512 hours. Those called zero-shot have never
learnt ERCOT, SARIMA and Prophet are fitted to the 512 hours, and fracast, whose weights are in its wheel, is run here
in an environment of its own. Ours, and LightGBM beside them, have learnt the history before each ten days, once: 60
days, three years, and three and a half. It is no comparison of equals, and the rows say who has learnt.

Settings are those of a user whose days are those of UTC: a zone in UTC, a value known as soon as its hour has ended
(as the windows have it), a forecast due when the day begins, D-0T0000[UTC]. Models and their training are the defaults.
The naive forecast has to have the published score in all windows, or this would not be the same protocol. n counts
hours.

Source: arXiv 2602.10848, its code and scores by window under the MIT licence; load of the EIA's wholesale data.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import TRIALS, Bench, Row, measure, say
from datasets import dataset
from one_year_scores import SERVED, figures, served_tables
from peer_jobs import FRACAST, core_seconds, forecast, write_job
from pictures import colour, picture, title

from gridahead.backtest.plan import Plan
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.run import backtests
from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.tables import Forecasts
from gridahead.core.time import days_between
from gridahead.evaluation.metrics import mae
from gridahead.evaluation.sample import POINT, levels_of
from gridahead.features.windows import build_windows
from gridahead.operate.ingest import ingest
from gridahead.reports.palette import LIGHT
from gridahead.settings.file import load_settings
from gridahead.settings.networks import preset
from gridahead.workspace import Workspace

SERIES = Series("ERCOT_UTC", "load")
SERVES = preset("quick", "load")[-1]
"""What serves by the settings of a user who names no models."""
MODELS = (SERVES, "ensemble", "lightgbm", "ridge", "naive")
DAYS, QUICK_EPOCHS = 10, 2
CONTEXT_HOURS, HOURS = 512, 24
FRACAST_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
PUBLISHED = {
    "Moirai-2": "Moirai-2, zero-shot",
    "Chronos-Bolt": "Chronos-Bolt, zero-shot",
    "Chronos-2": "Chronos-2, zero-shot",
    "TTM": "TTM, zero-shot",
    "SARIMA": "SARIMA on 512 h",
    "Prophet": "Prophet on 512 h",
    "SeasonalNaive": "SeasonalNaive, published",
}
"""What figures call the models of the published comparison."""
FOLDER = TRIALS / "ercot"


@dataclass(frozen=True)
class Period:
    """Ten windows, one a day."""

    name: str
    """As the published scores call it."""
    first: dt.date

    @property
    def last(self) -> dt.date:
        """The day of the last window."""
        return self.first + dt.timedelta(days=DAYS - 1)


PERIODS = (
    Period("covid_2020", dt.date(2020, 3, 15)),
    Period("winter_2022", dt.date(2022, 12, 1)),
    Period("summer_2023", dt.date(2023, 7, 1)),
)
SETTINGS = f"""\
data_folder = "data"
[[zones]]
code = "{SERIES.zone}"
timezone = "UTC"
country = "US"
[[sources]]
kind = "file"
path = "load.csv"
zone = "{SERIES.zone}"
quantity = "load"
time_column = "time"
timezone = "UTC"
value_column = "load_mw"
publication_lag_minutes = 0
[[series]]
series = "{SERIES}"
deadline = "D-0T0000[UTC]"
[training]
holdout_start = {PERIODS[0].first}
"""


def run(bench: Bench) -> list[Row]:
    """All periods one after the other, and the mean of their windows; quick: the first alone, two epochs."""
    periods = PERIODS[:1] if bench.quick else PERIODS
    rows = bench.each(periods, _period)
    return [*rows, *together(rows)]


def _period(period: Period, bench: Bench) -> list[Row]:
    """The rows of a period."""
    begun, own = core_seconds(), time.process_time()
    workspace, load = _workspace(bench)
    say(f"{period.name}: {', '.join(MODELS)}")
    plan = Plan(f"ercot_{period.name}", period.first, period.last, MODELS)
    backtests(workspace, [SERIES], plan, lambda _step: None)
    forecasts, _ = kept_forecasts(workspace, plan.run, SERIES)
    seconds = core_seconds() - begun + time.process_time() - own
    rows = [*_ours(period, forecasts, load), *published(period, bench), _fracast(period, workspace, bench)]
    check_protocol(period, rows)
    for row in rows:
        if row.metric == "mae":
            say(f"{period.name}: {row.model} {row.value:,.0f} MW")
    return [*rows, Row(period.name, "gridahead", "core_seconds", seconds)]


def _workspace(bench: Bench) -> tuple[Workspace, pd.Series]:
    """The workspace with the load in its lake, and the load as it is in the file [MW]."""
    folder = FOLDER.with_name("ercot_quick") if bench.quick else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    rows = pd.read_parquet(dataset(bench, "ercot/ercot_load_2020_2023.parquet"))
    stamps = pd.DatetimeIndex(rows["time"])
    rows.assign(time=stamps.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(folder / "load.csv", index=False)
    more = f"epochs = {QUICK_EPOCHS}\n" if bench.quick else ""
    (folder / "settings.toml").write_text(SETTINGS + more, encoding="utf-8")
    workspace = Workspace(load_settings(folder / "settings.toml"))
    ingest(workspace).require(workspace.settings.quality.max_quarantined_share)
    load = pd.Series(rows["load_mw"].to_numpy(float), stamps.tz_localize("UTC"))
    return workspace, load


def _ours(period: Period, forecasts: Forecasts, load: pd.Series) -> list[Row]:
    """The figures of what has learnt ERCOT."""
    tables = served_tables(forecasts, SERVES, load)
    levels = levels_of(tables[SERVED])
    if (hours := len(tables[SERVED])) != DAYS * HOURS:
        raise ModelError(str(SERIES), f"was forecast by all models for {hours} hours of {period.name}, not for 240")
    return [row for name, table in tables.items() for row in figures(period.name, name, table, levels, "UTC")]


def published(period: Period, bench: Bench) -> list[Row]:
    """The published mean absolute errors of the ten windows, from 512 hours."""
    scores = pd.read_parquet(dataset(bench, "ercot/ercot_foundation_model_scores.parquet"))
    chosen = (scores["context_length"] == CONTEXT_HOURS) & (scores["horizon"] == HOURS)
    means = scores[chosen & (scores["period"] == period.name)].groupby("model")["mae"].mean()
    return [Row(period.name, name, "mae", float(means[model]), n=DAYS * HOURS) for model, name in PUBLISHED.items()]


def _fracast(period: Period, workspace: Workspace, bench: Bench) -> Row:
    """The mean absolute error of fracast, which reads what the others read."""
    spec, observations = workspace.inputs(SERIES)
    windows = build_windows(observations, spec, days_between(period.first, period.last))
    with tempfile.TemporaryDirectory() as scratch:
        job = write_job(Path(scratch), observations, windows, FRACAST_LEVELS, bench.quick)
        answer = forecast(FRACAST, job, f"ercot_{period.name}", windows, FRACAST_LEVELS)
    median = answer.quantiles[..., FRACAST_LEVELS.index(POINT)]
    error = mae(median[windows.delivery], windows.target[windows.delivery])
    return Row(period.name, FRACAST.name, "mae", error, n=int(windows.delivery.sum()))


def check_protocol(period: Period, rows: Sequence[Row]) -> None:
    """Our naive forecast has the published score, or no other figure could be compared either.

    Raises:
        ModelError: it has another.
    """
    value = {row.model: row.value for row in rows if row.metric == "mae"}
    ours, theirs = value["naive"], value[PUBLISHED["SeasonalNaive"]]
    if abs(ours - theirs) > 1:
        raise ModelError("naive", f"has an error of {ours:.1f} MW in {period.name}, published is {theirs:.1f}")


def together(rows: Sequence[Row]) -> list[Row]:
    """The mean of all windows, between the smallest and the largest period; each has as many."""
    means = []
    for model in dict.fromkeys(row.model for row in rows):
        for metric in ("mae", "crps", "coverage_80", "below_median"):
            found = [row for row in rows if (row.model, row.metric) == (model, metric)]
            if found:
                values = [row.value for row in found]
                hours = sum(row.n for row in found)
                means.append(Row("all", model, metric, float(np.mean(values)), min(values), max(values), hours))
    return means


def draw(rows: Sequence[Row], path: Path) -> None:
    """The mean absolute error of every model over all windows, and in each period."""
    shown = sorted((row for row in rows if (row.task, row.metric) == ("all", "mae")), key=lambda row: -row.value)
    with picture(path, width=7.2, height=4.2) as (axes,):
        for n, row in enumerate(shown):
            learnt = row.model in (*MODELS, SERVED) and row.model != "naive"
            axes.barh(n, row.value, 0.7, color=colour(row.model) if learnt else LIGHT["soft"])
            axes.text(0, n, f" {row.value:,.0f}", va="center", fontsize=8, color="white")
            for one in rows:
                if (one.model, one.metric) == (row.model, "mae") and one.task != "all":
                    axes.plot(one.value, n, "|", color=LIGHT["ink"], markersize=7)
        axes.set_yticks(range(len(shown)), [row.model for row in shown], fontsize=8)
        axes.set_xlim(0, 1.15 * max(row.high or row.value for row in shown))
        axes.grid(visible=False)
        title(
            axes, "ERCOT's load, 30 windows: MAE [MW], and that of each ten days (strokes).\nGrey has not learnt ERCOT"
        )


if __name__ == "__main__":
    measure(run, draw)
