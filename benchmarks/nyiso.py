"""The load of New York against the operator's own forecasts as they were issued: by zone, and up to six days ahead.

Eleven zones a day ahead, and their total one to six days ahead; learnt 2014 to 2017, tested on every delivery day of
2018. The operator's forecasts have their true issue time: at nine o'clock so many days before a delivery day, a model
reads what had been published by then and no more, and `official` and `official_corrected` are of that same lead. For
each task files and settings are written as a user writes them; then come `ingest` with the gate, `train` with the
defaults, and a back-test of the champion, fitted once. `served` is that champion, chosen on days before the test.

The bar is the MAE of `served` over that of `official_corrected`, and over that of the better of the two officials: over
the zones a mean of at most 0.93 of the corrected, none above 1.01 of the better; of the total at most 0.95 of the
corrected at every lead. Of ratios `low` and `high` bound a 95 % interval from blocks of days; in the row `mean of the
zones` they are the smallest and largest zone. n counts scored hours, days for ratios.

A task that is done is kept, and a second call goes on with the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from bands import BELOW_MEDIAN, COVERAGE, HELD, held_rows
from common import TRIALS, Bench, Row, measure, say
from nyiso_tasks import QUICK, TASKS, TOTAL, ZONES, Ahead
from one_year import back_tested, timed
from one_year_scores import SERVED, figure_rows, mae_ratio, served_tables
from one_year_tasks import Table, Task
from pictures import colour, intervals, picture, title

from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED
from gridahead.reports.palette import LIGHT
from gridahead.workspace import Workspace

FOLDERS = TRIALS / "nyiso"
"""A folder a task with its files, settings, lake and models."""
TO_CORRECTED, TO_BETTER = "mae_ratio_to_corrected", "mae_ratio_to_better_official"
LIMIT_MEAN, LIMIT_EACH, LIMIT_TOTAL = 0.93, 1.01, 0.95


def run(bench: Bench) -> list[Row]:
    """All tasks one after the other, and the mean of the zones; quick: three of them, two epochs, four weeks."""
    rows = bench.each(QUICK if bench.quick else TASKS, _of_task)
    return [*rows, *together(rows)]


def _of_task(task: Ahead, bench: Bench) -> list[Row]:
    """The rows of a task, from a folder that begins empty."""
    return timed(task, bench, FOLDERS / task.name.replace(" ", "-"), _measured)


def _measured(task: Task, table: Table, workspace: Workspace) -> list[Row]:
    """Take in, train, back-test the champion, score."""
    measured = task.measured(table)
    rows, champion, forecasts = back_tested(task, measured, workspace)
    found = scored(task, served_tables(forecasts, champion, measured), len(measured))
    for row in found:
        if row.metric in (TO_CORRECTED, TO_BETTER):
            say(f"{task.name}: {row.metric} {row.value:.3f}")
    return [*rows, *found]


def scored(task: Task, tables: Mapping[str, pd.DataFrame], measured: int) -> list[Row]:
    """The figures of every model, and the ratios of the served one.

    Args:
        task: which.
        tables: by model, quantiles and `outturn` a valid time, on the times that all have.
        measured: hours with an outturn.
    """
    opponents = {TO_CORRECTED: [OFFICIAL_CORRECTED], TO_BETTER: [OFFICIAL, OFFICIAL_CORRECTED]}
    ratios = [mae_ratio(task.name, tables, metric, each, task.timezone) for metric, each in opponents.items()]
    return [*figure_rows(task.name, tables, measured, task.timezone), *ratios]


def together(rows: Sequence[Row]) -> list[Row]:
    """Mean of ratios and shares over the zones, between the smallest and the largest."""
    zones = {task.name for task in ZONES}
    means = []
    for metric in (TO_CORRECTED, TO_BETTER, COVERAGE, BELOW_MEDIAN):
        values = [row.value for row in rows if row.task in zones and (row.model, row.metric) == (SERVED, metric)]
        if values:
            mean = float(np.mean(values))
            means.append(Row("mean of the zones", SERVED, metric, mean, min(values), max(values), len(values)))
    return [*means, *held_rows(rows, SERVED)]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The ratio of every zone beside the bar, the error of the total by lead, and the coverage of all."""
    by_name = {(row.task, row.model, row.metric): row for row in rows}
    zones = [task.name for task in ZONES if (task.name, SERVED, TO_CORRECTED) in by_name]
    total = [task for task in TOTAL if (task.name, SERVED, TO_CORRECTED) in by_name]
    with picture(path, 3, width=4.4, height=4.2) as (ratios, leads, bands):
        words = "A day ahead: MAE over that of the\ncorrected official forecast"
        intervals(ratios, [by_name[name, SERVED, TO_CORRECTED] for name in zones], (LIMIT_MEAN,), words)
        for name, words in ((OFFICIAL, "official"), (OFFICIAL_CORRECTED, "official, corrected"), (SERVED, "served")):
            errors = [by_name[task.name, name, "mae"].value for task in total]
            shade = colour(name)
            leads.plot([task.lead_days for task in total], errors, "o-", color=shade, label=words)
        leads.set_ylim(bottom=0)
        leads.set_xlabel("days ahead")
        leads.set_xticks([task.lead_days for task in total])
        leads.legend(frameon=False, fontsize=8)
        title(leads, "The total of New York:\nmean absolute error [MW]")
        names = [*zones, *(task.name for task in total)]
        bands.barh(
            range(len(names)), [by_name[name, SERVED, COVERAGE].value for name in names], 0.6, color=colour("gridahead")
        )
        for limit in HELD[COVERAGE]:
            bands.axvline(limit, color=LIGHT["ink"], linewidth=1)
        bands.set_yticks(range(len(names)), names, fontsize=8)
        bands.invert_yaxis()
        title(bands, "Share of outturns inside\nthe 80 % band")


if __name__ == "__main__":
    measure(run, draw)
