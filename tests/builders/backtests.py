"""A small lake of made-up load and back-tests of it whose networks are trained in the process of the test."""

import datetime as dt
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from builders.rows import LOAD
from builders.windows import made_load
from gridahead.backtest.plan import Plan
from gridahead.backtest.results import SeriesResult
from gridahead.backtest.run import backtests
from gridahead.backtest.store import BacktestStore
from gridahead.core.tables import Observations
from gridahead.settings.model import Settings
from gridahead.settings.networks import ModelSettings
from gridahead.training.workers import WorkerPool
from gridahead.workspace import Workspace

DAYS = 104
FIRST, LAST = dt.date(2025, 4, 4), dt.date(2025, 4, 9)
"""A Friday and the Wednesday after: two weeks, so two folds where models are trained weekly."""
MONDAY = dt.date(2025, 4, 7)
TINY = ModelSettings(cell="gru", hidden=4, decoder_hidden=4, members=1, anchor="week")
FLAT = TINY.model_copy(update={"anchor": "level"})


class Here(WorkerPool):
    """Runs jobs in this process; starting others takes seconds."""

    def __init__(self) -> None:
        self.jobs = 0

    def begin(self):
        """It has begun."""

    def run(self, jobs, progress):
        self.jobs += len(jobs)
        return [job(progress) for job in jobs]


SHOP = Here()


@contextmanager
def here(_workers):
    yield SHOP


def workspace_of(folder: Path, observations: Observations | None = None, **training) -> Workspace:
    """A lake with these observations, and settings with networks small enough for a test."""
    said = {
        "validation_days": 14,
        "context_days": 8,
        "epochs": 1,
        "warm_epochs": 1,
        "workers": 1,
        "refit": True,
        "quantiles": (0.1, 0.5, 0.9),
        **training,
    }
    entry = {"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]"}
    settings = Settings.model_validate(
        {"data_folder": folder, "series": [entry], "models": {"tiny": TINY, "flat": FLAT}}
        | {"ensembles": {"pair": ("tiny", "flat")}}
        | {"training": said}
    )
    workspace = Workspace(settings)
    workspace.lake.observations.append(made_load(DAYS) if observations is None else observations)
    return workspace


def run_backtest(
    workspace: Workspace, *models: str, first=FIRST, last=LAST, retrain="weekly", warm=False
) -> SeriesResult:
    """A back-test called `t`."""
    plan = Plan("t", first, last, models, retrain, warm)
    return backtests(workspace, [LOAD], plan, lambda event: None)[0]


def forecasts(workspace: Workspace) -> pd.DataFrame:
    """What it has left in the lake, without when it was made."""
    rows = workspace.lake.read_forecasts(LOAD, "backtest/t")
    return rows.sort_values(["model", "valid_time", "quantile"], ignore_index=True).drop(columns="made_at")


def bundles(workspace: Workspace) -> dict[tuple[str, str], str]:
    """Content of every model, by name and first day of its fold."""
    store = BacktestStore(workspace.settings.data_folder, "backtest/t")
    return {(record.asked, record.first): record.bundle for record in store.records(LOAD)}


def poisoned(observations: Observations, after: pd.Timestamp, garbage: float) -> Observations:
    """The same rows, but for the values that were not available at an instant; and all of them revised after it."""
    late = observations["available_at"] > after
    changed = observations.assign(value=np.where(late, garbage, observations["value"]))
    revisions = observations[~late].assign(
        value=garbage, available_at=after + pd.Timedelta(microseconds=1), availability="recorded"
    )
    return Observations(pd.concat([changed, revisions], ignore_index=True))
