"""Is what would serve after one year of data better than a regression and a corrected official forecast?

Thirteen series: German load, and wind and solar together (2025), Belgian solar power (2024), the demand of five US
authorities (July 2019 to June 2020) and the load of five zones of New York (2018). For each a file and a settings file
are written as a user writes them, with the year before the test and the context of its first day; then come `ingest`
with the gate, `train` with the defaults, and a back-test of the champion over the test year. `served` is that champion:
what the training itself chose on days before the test, fitted once.

Three bars: the MAE of `served` over that of the better official forecast, the published one or the same corrected by
its own recent error, is in the mean at most 0.98 and nowhere above 1.02; its CRPS is below that of ridge and of the
corrected official forecast; and from 74 to 86 % of outturns are inside the 80 % band. Of ratios and shares `low` and
`high` bound a 95 % interval from blocks of days; in the row `mean of all` they are the smallest and largest series. n
counts scored units, days for ratios. Scored is what was published as measured, whatever the gate says of it, but for
hours that EIA's data set itself calls anomalous.

A series that is done is kept, and a second call goes on with the next.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from bands import COVERAGE
from common import TRIALS, Bench, Row, measure, say
from one_year_scores import (
    LIMIT_EACH,
    LIMIT_MEAN,
    LIMITS_COVERAGE,
    MAE_RATIO,
    OPPONENTS,
    RATIO,
    SERVED,
    scored,
    together,
)
from one_year_tasks import QUICK, TASKS, Table, Task
from peer_jobs import core_seconds
from pictures import intervals, picture

from gridahead.backtest.plan import Plan
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.run import backtests
from gridahead.core.errors import QualityError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION
from gridahead.core.tables import Forecasts
from gridahead.core.vintages import identities
from gridahead.lake.lake import Lake
from gridahead.models.tabular import TABULAR
from gridahead.operate.ingest import ingest
from gridahead.operate.train import Candidate, train_all
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

REFERENCES = ("official", "official_corrected", "naive")
MODELS = (CHAMPION, *TABULAR, *REFERENCES)
FOLDERS = TRIALS / "one_year"
"""A folder a series with its file, settings, lake and models."""
NAME = "year"


def run(bench: Bench) -> list[Row]:
    """All series one after the other, and their mean; quick: one of each data set, two epochs, four weeks."""
    rows = bench.each(QUICK if bench.quick else TASKS, _series)
    return [*rows, *together(rows)]


def _series(task: Task, bench: Bench) -> list[Row]:
    """The rows of a series, from a folder that begins empty."""
    return timed(task, bench, FOLDERS / task.series.slug, _measured)


def timed(task: Task, bench: Bench, folder: Path, measured: Callable[[Task, Table, Workspace], list[Row]]) -> list[Row]:
    """What is measured of a task in a folder that begins empty, and how long a core has worked for it.

    Args:
        task: which.
        bench: what the run was asked for.
        folder: for its files, settings, lake and models.
        measured: gives the rows, from the table of the task and the workspace of its settings.
    """
    shutil.rmtree(folder, ignore_errors=True)
    table = task.table(bench)
    begun, own, clock = core_seconds(), time.process_time(), time.perf_counter()
    rows = measured(task, table, Workspace(load_settings(task.write(table, bench, folder))))
    seconds = core_seconds() - begun + time.process_time() - own
    say(f"{task.name}: {seconds:.0f} s of one core, {time.perf_counter() - clock:.0f} s in all")
    return [*rows, Row(task.name, "gridahead", "core_seconds", seconds)]


def _measured(task: Task, table: Table, workspace: Workspace) -> list[Row]:
    """Take in, train, back-test the champion, score."""
    measured = task.measured(table)
    rows, champion, forecasts = back_tested(task, measured, workspace)
    found = scored(task.name, forecasts, champion, measured, task.timezone)
    for row in found:
        if row.metric in (MAE_RATIO, RATIO, COVERAGE) and row.model == SERVED:
            say(f"{task.name}: {row.metric} {row.value:.3f}")
    return [*rows, *found]


def back_tested(
    task: Task, measured: pd.Series, workspace: Workspace, models: tuple[str, ...] = MODELS
) -> tuple[list[Row], str, Forecasts]:
    """What a user gets of a task: rows on gate and training, which model serves, and its forecasts beside all others.

    Args:
        task: which.
        measured: the outturn of the days that are forecast, by valid time [MW].
        workspace: of the settings that the task has written.
        models: that are back-tested.
    """
    rows = taken_in(task.name, task.inputs, workspace)
    say(f"{task.name}: training")
    begun = time.perf_counter()
    candidates = train_all(workspace, [task.series])
    rows.append(Row(task.name, "gridahead", "training_seconds", time.perf_counter() - begun))
    champion = next(one for one in candidates if one.champion)
    rows += _validation(task, candidates)
    say(f"{task.name}: {champion.model} serves; back-test")
    last = measured.index[-1].tz_convert(task.timezone).date()
    backtests(workspace, [task.series], Plan(NAME, task.first, last, models), lambda _step: None)
    forecasts, _ = kept_forecasts(workspace, f"backtest/{NAME}", task.series)
    return rows, champion.model, forecasts


def taken_in(task: str, inputs: Sequence[Series], workspace: Workspace) -> list[Row]:
    """Ingest and gate; the shares of rows that the gate withholds, by series.

    Where that is more than the settings allow, a user is told so by an error; the rest is in the lake and is used here.

    Args:
        task: its name.
        inputs: what is read of it.
        workspace: of the settings that it has written.
    """
    try:
        ingest(workspace).require(workspace.settings.quality.max_quarantined_share)
    except QualityError as error:
        say(f"{task}: the gate refuses: {error}")
    # From the lake, for a run that was stopped has nothing new to judge when it goes on.
    return [withheld(task, one, workspace.lake) for one in inputs]


def withheld(task: str, series: Series, lake: Lake) -> Row:
    """The share of the rows of an input that the gate withholds."""
    rows, verdicts = lake.read_observations(series), lake.read_verdicts(series)
    out = identities(verdicts[verdicts["severity"] == "quarantine"]).unique()
    return Row(task, str(series), "withheld_share", len(out) / len(rows), n=len(rows))


def _validation(task: Task, candidates: Sequence[Candidate]) -> list[Row]:
    """What the choice was made by, and who was chosen."""
    losses = [
        Row(task.name, one.model, "validation_pinball", one.validation["validation_pinball"]) for one in candidates
    ]
    return [*losses, *(Row(task.name, one.model, "serves", float(one.champion)) for one in candidates)]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The ratios of every series with their intervals, and the coverage of the served model, beside the bars."""
    served = {(row.task, row.metric): row for row in rows if row.model == SERVED}
    names = [task for task, metric in served if metric == RATIO]
    panels = (
        (MAE_RATIO, (LIMIT_MEAN, LIMIT_EACH), "MAE over that of the\nbetter official forecast"),
        (RATIO, (1.0,), f"CRPS over that of the better of\n{' and '.join(OPPONENTS)}"),
        (COVERAGE, LIMITS_COVERAGE, "Share of outturns inside\nthe 80 % band"),
    )
    with picture(path, len(panels), width=4.6, height=4.2) as all_axes:
        for axes, (metric, limits, words) in zip(all_axes, panels, strict=True):
            intervals(axes, [served[name, metric] for name in names], limits, words)


if __name__ == "__main__":
    measure(run, draw)
