"""How long does a year of back-test take, and can its forecasts be made again?

1. `year`: German load, every day of 2025, issued at 11:00 on the day before, with the LSTM, the GRU, the official and
   the naive forecast; the networks are fitted once.
2. `monthly`: the LSTM alone, fitted anew before every month.
3. `two series`: the first again with another series of the same values beside it; `ratio` is to twice the first.
4. `reproduce`: forecasts of the first and second, spread over the year, made again from the lake; `same` counts those
   that agree in all bits.

The networks are those of `flows/settings.toml`, two processes train. Seconds on the wall, from the lake to the scores.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from common import CHECKOUT, TRIALS, Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title

from gridahead.backtest.plan import Plan, Retrain
from gridahead.backtest.run import backtests
from gridahead.core.grid import Series
from gridahead.core.runs import REFERENCES
from gridahead.core.tables import Observations
from gridahead.core.vintages import of_series
from gridahead.operate.reproduce import forecast_list, reproduce
from gridahead.reports.palette import LIGHT
from gridahead.settings.file import load_settings
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

LOAD, COPY = Series("DE", "load"), Series("AT", "load")
"""The other series is the same load under another zone, so that twice the work is exactly twice."""
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
MODELS = ("lstm", "gru", *REFERENCES)
WORKERS = 2
AGAIN = 20
"""Forecasts that are made again."""
BARS = {"year": 60.0, "monthly": 720.0}
"""What is asked for, in seconds; and two series at 1.1 times twice one."""
LIMIT = 1.1


def run(bench: Bench) -> list[Row]:
    """All four parts; quick: two months and two epochs."""
    TRIALS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="backtest-", dir=TRIALS))
    try:
        return _measured(_workspace(bench, folder), dt.date(2025, 2, 28) if bench.quick else LAST)
    finally:
        shutil.rmtree(folder)


def _workspace(bench: Bench, folder: Path) -> Workspace:
    """The settings of the checkout over a lake with both series."""
    settings = load_settings(CHECKOUT / "flows" / "settings.toml")
    quick: dict[str, Any] = {"epochs": 2} if bench.quick else {}
    training = settings.training.model_copy(update={"workers": WORKERS, "device": "cpu", **quick})
    load = settings.series_settings(LOAD)
    entries = (load, load.model_copy(update={"series": COPY}))
    changes = {"data_folder": folder, "lake": None, "sources": (), "series": entries, "training": training}
    workspace = Workspace(Settings.model_validate(settings.model_dump() | changes))
    rows = smard(bench)
    both = pd.concat([of_series(rows, LOAD), of_series(rows, LOAD.official)])
    workspace.lake.observations.append(Observations(pd.concat([both, both.assign(zone=COPY.zone)], ignore_index=True)))
    return workspace


def _measured(workspace: Workspace, last: dt.date) -> list[Row]:
    year = _seconds(workspace, [LOAD], "year", last, MODELS)
    monthly = _seconds(workspace, [LOAD], "monthly", last, ("lstm",), "monthly")
    two = _seconds(workspace, [LOAD, COPY], "two", last, MODELS)
    rows = [
        Row("year", "gridahead", "seconds", year),
        Row("monthly", "gridahead", "seconds", monthly),
        Row("two series", "gridahead", "seconds", two),
        Row("two series", "gridahead", "ratio", two / (2 * year)),
    ]
    return [*rows, *_again(workspace)]


def _seconds(
    workspace: Workspace,
    series: Sequence[Series],
    name: str,
    last: dt.date,
    models: tuple[str, ...],
    retrain: Retrain = "never",
) -> float:
    """How long one back-test takes; each has a name of its own, so that nothing is there already."""
    begun = time.perf_counter()
    walked = backtests(workspace, series, Plan(name, FIRST, last, models, retrain), lambda _step: None)
    seconds = time.perf_counter() - begun
    say(f"{name}: {seconds:.0f} s, {sum(one.folds for one in walked)} folds")
    return seconds


def _again(workspace: Workspace) -> list[Row]:
    known = pd.concat([forecast_list(workspace, f"backtest/{name}", [LOAD]) for name in ("year", "monthly")])
    chosen = known["id"].iloc[:: max(1, len(known) // AGAIN)].head(AGAIN)
    begun = time.perf_counter()
    done = [reproduce(workspace, one) for one in chosen]
    seconds = (time.perf_counter() - begun) / len(done)
    same = sum(one.same for one in done)
    return [
        Row("reproduce", "gridahead", "same", same, n=len(done)),
        Row("reproduce", "gridahead", "seconds", seconds, n=len(done)),
    ]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Seconds beside what is asked for."""
    told = {row.task: row.value for row in rows if row.metric == "seconds" and row.task != "reproduce"}
    bars = {**BARS, "two series": LIMIT * 2 * told["year"]}
    with picture(path, width=7, height=2.6) as (axes,):
        axes.barh(list(told), list(told.values()), 0.5, color=colour("lstm"))
        for place, (task, seconds) in enumerate(told.items()):
            axes.plot([bars[task]] * 2, [place - 0.35, place + 0.35], color=LIGHT["ink"], linewidth=1.5)
            axes.annotate(f"{seconds:.0f} s", (seconds, place), (4, 0), textcoords="offset points", va="center")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.margins(x=0.12)
        title(axes, "A year of back-test on two cores [s]; the line is what is asked for")


if __name__ == "__main__":
    measure(run, draw)
