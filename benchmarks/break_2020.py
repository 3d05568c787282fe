"""What does adaptation bring after a break? Five US authorities before and after the spring of 2020.

The series of `one_year` that are tested from July 2019 to June 2020: nobody who learnt the year before could know that
shops and offices would close. From March on, demand is lower and its day has another shape. The champion is forecast as
operation does it, weights and intervals following the newest days (`served`), and once more without anything that
follows (`served, as it is`: the weights and the calibration that the validation days have left). Both are the same
networks, fitted once. What `one_year` has left of a series is read, if this code has made it; else it is made likewise.

Each period is compared with the official forecast that was better in it, the published one or the corrected one, which
follows its own error of late. Of ratios `low` and `high` bound a 95 % interval from blocks of days, in the rows of all
series they are the smallest and largest series. n counts days for ratios, hours for the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bands import BELOW_MEDIAN, COVERAGE, below, inside
from common import TRIALS, Bench, Row, measure, say
from one_year import FOLDERS, NAME, back_tested, timed
from one_year_scores import OFFICIALS, SERVED, daily_crps, daily_errors, figures, ratio, served_tables
from one_year_tasks import AMERICAN, FILE, Table, Task
from pictures import colour, picture, title

from gridahead.backtest.environment import made_with
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.store import BacktestStore, FoldRecord
from gridahead.core.runs import CHAMPION, backtest_run
from gridahead.core.tables import Forecasts
from gridahead.core.time import days_between, delivery_days
from gridahead.evaluation.sample import LOWER, POINT, UPPER, levels_of
from gridahead.features.windows import build_windows
from gridahead.forecasting.issue import issue
from gridahead.models.base import predict_each
from gridahead.models.storage import load
from gridahead.reports.palette import LIGHT
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

BREAK = pd.Timestamp("2020-03-01")
"""Chosen before any result. California stayed at home from 19 March, Arizona and Florida from 1 and 3 April."""
BEFORE, AFTER = "July 2019 to February 2020", "March to June 2020"
AS_IT_IS = "served, as it is"
COMPARED = (SERVED, AS_IT_IS, "ridge", "lightgbm")
TO_OFFICIAL = "{}_ratio_to_better_official"
BY_ADAPTATION = "{}_ratio_to_as_it_is"
LOSSES = {"mae": daily_errors, "crps": daily_crps}
QUICK = replace(AMERICAN[0], first=dt.date(2020, 2, 16))
"""Two weeks before the break and two after it."""


def run(bench: Bench) -> list[Row]:
    """All authorities and their mean; quick: one of them, two epochs, four weeks around the break."""
    tasks = (QUICK,) if bench.quick else AMERICAN
    rows = bench.each(tasks, of_series)
    return [*rows, *together(rows)]


def of_series(task: Task, bench: Bench) -> list[Row]:
    """The rows of an authority, from what `one_year` has left of it, or from a folder that begins empty."""
    folder = FOLDERS / task.series.slug
    if not bench.quick and is_done(folder, task):
        say(f"{task.name}: the back-test of one_year is there")
        return _scored(task, task.table(bench), workspace_in(folder))
    return timed(task, bench, TRIALS / bench.name / task.series.slug, _measured)


def workspace_in(folder: Path) -> Workspace:
    """That of the settings in a folder of a task."""
    return Workspace(load_settings(folder / "settings.toml"))


def is_done(folder: Path, task: Task) -> bool:
    """Whether the whole back-test of a task is in its folder, made by this code."""
    if not (folder / FILE).exists():
        return False
    store = BacktestStore(workspace_in(folder).settings.data_folder, backtest_run(NAME))
    records = store.records(task.series) if store.described(task.series) else []
    return bool(records) and all(record.made_with == made_with() for record in records)


def _measured(task: Task, table: Table, workspace: Workspace) -> list[Row]:
    rows, _, _ = back_tested(task, task.measured(table), workspace)
    return [*rows, *_scored(task, table, workspace)]


def _scored(task: Task, table: Table, workspace: Workspace) -> list[Row]:
    """Ask the champion of the back-test once more without adaptation, and score both beside the others."""
    forecasts, _ = kept_forecasts(workspace, backtest_run(NAME), task.series)
    record = of_champion(workspace, task)
    told = Forecasts(pd.concat([forecasts, as_it_is(workspace, task, record)], ignore_index=True))
    rows = scored(task.name, told, record.model, task.measured(table), task.timezone)
    for row in rows:
        if row.model in (SERVED, AS_IT_IS) and row.metric == TO_OFFICIAL.format("crps"):
            say(f"{row.task}: CRPS of {row.model} over that of the better official forecast {row.value:.3f}")
    return rows


def of_champion(workspace: Workspace, task: Task) -> FoldRecord:
    """What the newest call of the back-test says of its champion."""
    store = BacktestStore(workspace.settings.data_folder, backtest_run(NAME))
    newest = (store.described(task.series) or {})["records"]
    return next(one for one in store.records(task.series) if one.asked == CHAMPION and one.id in newest)


def as_it_is(workspace: Workspace, task: Task, record: FoldRecord) -> Forecasts:
    """What the champion of a back-test would have forecast on its days if nothing followed what came in."""
    model = load(BacktestStore(workspace.settings.data_folder, backtest_run(NAME)).bundle(record.bundle))
    days = days_between(dt.date.fromisoformat(record.first), dt.date.fromisoformat(record.last))
    _, observations = workspace.inputs(task.series)
    windows = build_windows(observations, model.spec, days)
    return issue(
        windows,
        predict_each(model, windows),
        model.quantiles,
        run=backtest_run(NAME),
        model=AS_IT_IS,
        version=record.version,
        made_at=workspace.clock(),
        known_share=model.known_share,
    )


def scored(task: str, forecasts: Forecasts, champion: str, measured: pd.Series, timezone: str) -> list[Row]:
    """The rows of an authority: of each period, and of each month what its band holds.

    Args:
        task: its name.
        forecasts: of all models over the same days, those of `AS_IT_IS` among them.
        champion: the model among them that serves; its rows are called `served`.
        measured: outturn by valid time [MW], without what does not count.
        timezone: of its delivery days.
    """
    tables = served_tables(forecasts, champion, measured)
    days = delivery_days(tables[SERVED]["valid_time"], timezone).to_numpy()
    rows: list[Row] = []
    for period, chosen in ((BEFORE, days < BREAK), (AFTER, days >= BREAK)):
        rows += _of_period(f"{task}, {period}", {name: table[chosen] for name, table in tables.items()}, timezone)
    return rows + [row for name in (SERVED, AS_IT_IS) for row in of_months(task, name, tables[name], days)]


def _of_period(task: str, tables: Mapping[str, pd.DataFrame], timezone: str) -> list[Row]:
    """Scores of every model, ratios to the better official forecast, and what adaptation does to both losses."""
    levels = levels_of(tables[SERVED])
    rows = [row for name, table in tables.items() for row in figures(task, name, table, levels, timezone)]
    for loss, of_days in LOSSES.items():
        daily = {name: of_days(tables[name], timezone) for name in (*COMPARED, *OFFICIALS)}
        better, metric = min(OFFICIALS, key=lambda name: daily[name].sum()), TO_OFFICIAL.format(loss)
        rows += [ratio(task, name, metric, daily[name], daily[better]) for name in COMPARED]
        rows.append(ratio(task, SERVED, BY_ADAPTATION.format(loss), daily[SERVED], daily[AS_IT_IS]))
    return rows


def of_months(task: str, model: str, table: pd.DataFrame, days: np.ndarray) -> list[Row]:
    """The shares of outturns inside the 80 % band and below the median in every month."""
    months = pd.DatetimeIndex(days).strftime("%Y-%m")
    return [
        Row(task, model, f"{metric} of {month}", float(each.mean()), n=len(each))
        for metric, counted in ((COVERAGE, inside(table)), (BELOW_MEDIAN, below(table, POINT)))
        for month, each in counted.groupby(months.to_numpy())
    ]


def together(rows: Sequence[Row]) -> list[Row]:
    """The mean of every ratio and share over the authorities, between the smallest and the largest."""
    groups: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        if "ratio" in row.metric or row.metric.startswith((COVERAGE, BELOW_MEDIAN)):
            _, _, period = row.task.partition(", ")
            name = f"mean of all, {period}" if period else "mean of all"
            groups.setdefault((name, row.model, row.metric), []).append(row.value)
    return [Row(*key, float(np.mean(each)), min(each), max(each), len(each)) for key, each in groups.items()]


SHADES = {
    SERVED: colour("gridahead"),
    AS_IT_IS: LIGHT["soft"],
    "ridge": colour("ridge"),
    "lightgbm": colour("lightgbm"),
}


def draw(rows: Sequence[Row], path: Path) -> None:
    """Ratios before and after, and by month what the band holds and how many outturns are below the median."""
    with picture(path, 3, width=4.4, height=3.6) as (ratios, *by_month):
        _draw_ratios(ratios, {(row.task, row.model, row.metric): row for row in rows})
        for axes, (metric, nominal, words) in zip(
            by_month,
            (
                (COVERAGE, UPPER - LOWER, "Share of outturns inside\nthe 80 % band"),
                (BELOW_MEDIAN, POINT, "Share of outturns below\nthe median"),
            ),
            strict=True,
        ):
            for name in (SERVED, AS_IT_IS):
                of = {
                    row.metric.rpartition(" ")[2]: row.value
                    for row in rows
                    if (row.task, row.model) == ("mean of all", name) and row.metric.startswith(f"{metric} of ")
                }
                axes.plot(list(of), list(of.values()), "o-", color=SHADES[name], label=name, markersize=4)
            axes.axhline(nominal, color=LIGHT["ink"], linewidth=1)
            axes.tick_params(axis="x", rotation=60, labelsize=8)
            title(axes, words)
        by_month[0].legend(fontsize=8, frameon=False)


def _draw_ratios(axes: Any, found: Mapping[tuple[str, str, str], Row]) -> None:
    names: list[str] = []
    for model in COMPARED:
        for period in (BEFORE, AFTER):
            row = found[f"mean of all, {period}", model, TO_OFFICIAL.format("crps")]
            axes.plot(row.value, len(names), "o", color=SHADES[model], fillstyle="full" if period == AFTER else "none")
            axes.plot([row.low, row.high], [len(names)] * 2, color=SHADES[model], linewidth=1.5)
            names.append(f"{model}, {'after' if period == AFTER else 'before'}")
    axes.axvline(1.0, color=LIGHT["ink"], linewidth=1)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    title(axes, "CRPS over that of the\nbetter official forecast")


if __name__ == "__main__":
    measure(run, draw)
