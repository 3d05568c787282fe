"""Does the preset `accurate` forecast German load of 2025 as well as the best that the benchmarks have found by hand?

Settings are a user's, with `models = "accurate"` and nothing else about models: `with_official` is issued at 11:00 on
the day before, `evening` at 18:30, when the official wind and solar forecast is out as well, and `own` at 11:00 without
any official forecast. `with_official` is there for 2023 and 2024 as well. Each year is forecast by what was learnt from
all days since 2020 before it: `ingest` with the gate, `train`, and a back-test of the champion, fitted once, whose
intervals and weights follow the newest days, as in operation. `served` is that champion.

The bars: an MAE of at most 1,210, 1,060 and 1,230 MW in 2025, at most 0.77 of the corrected official forecast's at
11:00, no more than the better official forecast's on holidays and bridge days, and a training of at most 12 minutes by
the clock of two idle cores. Of ratios and shares `low` and `high` bound a 95 % interval from blocks of days. n counts
hours, days for ratios.

A task that is done is kept, and a second call goes on with the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from bands import COVERAGE, HELD, held_rows
from common import TRIALS, Bench, Row, measure, say
from datasets import SAMPLE
from one_year import REFERENCES, back_tested, timed
from one_year_scores import MAE_RATIO, OFFICIALS, SERVED, mae_ratio, ratio, scored_tables, served_tables
from one_year_tasks import LOAD, QUICK_EPOCHS, WIND_SOLAR, Table, Task, german
from pictures import colour, intervals, picture, title

from gridahead.core.grid import ZONES, Series
from gridahead.core.runs import CHAMPION, OFFICIAL_CORRECTED
from gridahead.evaluation.sample import POINT
from gridahead.features.day_kinds import day_kind
from gridahead.reports.palette import LIGHT
from gridahead.workspace import Workspace

FOLDERS = TRIALS / "accurate"
"""A folder a task with its settings, lake and models."""
LEARNT_FROM = dt.date(2020, 1, 1)
BACK_TESTED = (CHAMPION, "ridge", *REFERENCES)
"""LightGBM and the networks alone are in `smard_load_2025`: to fit them once more would cost as much as the rest."""
LIMITS_MAE = {"with_official": 1210.0, "evening": 1060.0, "own": 1230.0}
TO_CORRECTED, LIMIT_TO_CORRECTED = "mae_ratio_to_corrected", 0.77
ON_HOLIDAYS = "on holidays and bridge days"
HOLIDAYS = frozenset({"holiday", "bridge_day"})


@dataclass(frozen=True)
class Year(Task):
    """A year of German load, forecast from a time of day and with or without official forecasts."""

    use_official: bool = True
    preset: str = "accurate"

    @property
    def inputs(self) -> tuple[Series, ...]:
        """What is read."""
        return (LOAD, WIND_SOLAR, *((LOAD.official, WIND_SOLAR.official) if self.use_official else ()))

    def write(self, table: Table, bench: Bench, folder: Path) -> Path:
        """Put the settings into a folder; gives them. The source is the folder of files from the portal."""
        folder.mkdir(parents=True, exist_ok=True)
        portal = bench.data / "smard" if bench.data else SAMPLE
        settings = folder / "settings.toml"
        settings.write_text(self._settings(portal.resolve(), bench.quick), encoding="utf-8")
        return settings

    def _settings(self, portal: Path, quick: bool) -> str:
        lines = [
            'data_folder = "data"',
            "[[sources]]",
            'kind = "smard"',
            f'folder = "{portal}"',
            "[[series]]",
            f'series = "{LOAD}"',
            f'deadline = "D-1{self.deadline}[{self.timezone}]"',
            f'models = "{self.preset}"',
            f'past_covariates = ["{WIND_SOLAR}"]',
            f'future_covariates = ["{WIND_SOLAR.official}"]' if self.use_official else "use_official = false",
            "[training]",
            f"holdout_start = {self.first}",
            *([f"epochs = {QUICK_EPOCHS}"] if quick else []),
        ]
        return "\n".join(lines) + "\n"


def _year(name: str, year: int = 2025, at: str = "T1100", *, use_official: bool = True) -> Year:
    read = partial(german, series=LOAD)
    first = dt.date(year, 1, 1)
    place = (LOAD, "Europe/Berlin", "DE")
    return Year(name, *place, first, at, "T1000", read, learnt_from=LEARNT_FROM, use_official=use_official)


TASKS = (
    _year("with_official"),
    _year("evening", at="T1830"),
    _year("own", use_official=False),
    _year("with_official 2024", 2024),
    _year("with_official 2023", 2023),
)


def run(bench: Bench) -> list[Row]:
    """All tasks one after the other; quick: the first, two epochs, four weeks."""
    rows = bench.each(TASKS[:1] if bench.quick else TASKS, _of_task)
    return [*rows, *held_rows(rows, SERVED)]


def _of_task(task: Year, bench: Bench) -> list[Row]:
    """The rows of a task, from a folder that begins empty."""
    return timed(task, bench, FOLDERS / task.name.replace(" ", "-"), _measured)


def _measured(task: Task, table: Table, workspace: Workspace) -> list[Row]:
    """Take in, train, back-test, score: the year, and its holidays alone."""
    measured = task.measured(table)
    rows, champion, forecasts = back_tested(task, measured, workspace, BACK_TESTED)
    tables = served_tables(forecasts, champion, measured)
    rows += scored_tables(task.name, tables, len(measured), task.timezone)
    rows.append(mae_ratio(task.name, tables, TO_CORRECTED, [OFFICIAL_CORRECTED], task.timezone))
    rows += on_holidays(task, tables)
    for row in rows:
        if row.model == SERVED and row.metric in ("mae", TO_CORRECTED, COVERAGE, f"{MAE_RATIO} {ON_HOLIDAYS}"):
            say(f"{task.name}: {row.metric} {row.value:,.3f}")
    return rows


def on_holidays(task: Task, tables: dict[str, pd.DataFrame]) -> list[Row]:
    """The mean absolute errors of every model on holidays and bridge days, and the ratio to the better official one.

    Args:
        task: which.
        tables: by model, quantiles and `outturn` by `valid_time`, on the same times.
    """
    times = pd.DatetimeIndex(next(iter(tables.values()))["valid_time"]).tz_convert(task.timezone)
    kinds = {day: day_kind(day, ZONES[task.series.zone]) for day in set(times.date)}
    special = np.array([kinds[day] in HOLIDAYS for day in times.date])
    days = times.date[special]
    errors = {
        name: (table[POINT] - table["outturn"]).abs()[special].groupby(days).sum().to_numpy(float)
        for name, table in tables.items()
    }
    hours = int(special.sum())
    if not hours:
        return []
    better = min(OFFICIALS, key=lambda name: errors[name].sum())
    return [
        *(Row(task.name, name, f"mae {ON_HOLIDAYS}", float(e.sum() / hours), n=hours) for name, e in errors.items()),
        ratio(task.name, SERVED, f"{MAE_RATIO} {ON_HOLIDAYS}", errors[SERVED], errors[better]),
    ]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The MAE of every model in 2025 by task beside the bar, and the share of outturns inside the band by year."""
    found = {(row.task, row.model, row.metric): row for row in rows}
    shown = [task for task in LIMITS_MAE if (task, SERVED, "mae") in found]
    with picture(path, len(shown) + 1, width=3.6, height=3.6) as (*panels, bands):
        for axes, task in zip(panels, shown, strict=True):
            errors = sorted(
                (row for row in rows if (row.task, row.metric) == (task, "mae")), key=lambda row: -row.value
            )
            for n, row in enumerate(errors):
                axes.barh(n, row.value, 0.7, color=colour(row.model))
                axes.text(row.value, n, f"  {row.value:,.0f}", va="center", fontsize=8)
            axes.axvline(LIMITS_MAE[task], color=LIGHT["ink"], linewidth=1)
            axes.set_yticks(range(len(errors)), [row.model for row in errors], fontsize=8)
            axes.set_xlim(0, 1.18 * errors[0].value)
            title(axes, f"{task}: MAE [MW]")
        covered = [row for row in rows if (row.model, row.metric) == (SERVED, COVERAGE)]
        intervals(bands, covered, HELD[COVERAGE], "Share of outturns inside\nthe 80 % band")


if __name__ == "__main__":
    measure(run, draw)
