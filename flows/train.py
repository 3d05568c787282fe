"""Every week: fit the candidates of every series; the better one serves."""

from __future__ import annotations

import os
from typing import Any

from engine import open_workspace
from prefect import flow, task, unmapped
from prefect.artifacts import create_table_artifact
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from gridahead.grid import Series
from gridahead.pipeline.train import train


@task(name="train", task_run_name="train {series}")
def train_series(series: str, settings: str | None) -> str:
    """Fit in a process of its own, record, promote; gives the champion."""
    done = train(open_workspace(settings), Series.parse(series))
    rows = [{"model": one.model, "version": one.version, **one.validation, "champion": one.champion} for one in done]
    key = "trained-" + series.lower().replace("/", "-").replace("_", "-")
    create_table_artifact(rows, key=key, description=f"Candidates of {series}; the validation days decide.")
    return next(f"{one.model} v{one.version}" for one in done if one.champion)


SIDE_BY_SIDE: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=os.cpu_count())


@flow(name="train", task_runner=SIDE_BY_SIDE)
def train_flow(settings: str | None = None) -> dict[str, str]:
    """The candidates of every series; one series a core at a time."""
    workspace = open_workspace(settings)
    _ = workspace.tracking  # the database is made once, before several series need it
    names = [str(entry.series) for entry in workspace.settings.series]
    champions = train_series.map(names, settings=unmapped(settings)).result()
    return dict(zip(names, champions, strict=True))


if __name__ == "__main__":
    train_flow()
