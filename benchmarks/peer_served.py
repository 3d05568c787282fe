"""What a user of gridahead gets on the tasks of the comparison with peers: nothing is said about models.

The settings are a user's, with the same history that the others learn. `ingest` with the gate, `train`, and a back-test
of the champion over the year, fitted once like everybody else; its intervals and weights follow the newest days, as in
operation.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from accurate import LEARNT_FROM
from accurate import TASKS as GERMAN_LOAD
from common import TRIALS, Bench, say
from one_year import back_tested
from one_year_tasks import BELGIAN, GERMAN, Task
from peer_jobs import Answer, core_seconds
from peer_scores import SERVED
from peer_tasks import Prepared

from gridahead.core.runs import CHAMPION
from gridahead.core.tables import Forecasts
from gridahead.core.vintages import micros
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

TASKS: Mapping[str, Task] = {
    "load": replace(GERMAN_LOAD[0], preset="quick"),
    "wind_solar": replace(GERMAN[1], learnt_from=LEARNT_FROM),
    "solar": replace(BELGIAN, learnt_from=LEARNT_FROM),
}
"""By the name of the task of the comparison. The files of all three begin in 2020."""


def served(prepared: Prepared, bench: Bench) -> Answer:
    """The forecasts of the champion, on the windows of the comparison, from a folder that begins empty."""
    begun, own = core_seconds(), time.process_time()
    task = TASKS[prepared.task.name]
    folder = TRIALS / "peers_served" / prepared.task.name
    shutil.rmtree(folder, ignore_errors=True)
    table = task.table(bench)
    workspace = Workspace(load_settings(task.write(table, bench, folder)))
    _, champion, forecasts = back_tested(task, task.measured(table), workspace, (CHAMPION,))
    seconds = core_seconds() - begun + time.process_time() - own
    say(f"{task.name}: {SERVED} ({champion}) took {seconds:.0f} s of one core")
    return Answer(on_windows(forecasts, prepared.test), seconds)


def on_windows(forecasts: Forecasts, windows: Windows) -> Quantiles:
    """(N, H, Q) [MW] the quantiles of one model on the units of the delivery days; NaN on all others."""
    rows = forecasts.assign(at=micros(forecasts["valid_time"]))
    table = rows.pivot(index="at", columns="quantile", values="value_mw").sort_index(axis=1)
    found = table.reindex(windows.valid_time.ravel()).to_numpy("float32").reshape(*windows.valid_time.shape, -1)
    return np.where(windows.delivery[..., np.newaxis], found, np.float32(np.nan))
