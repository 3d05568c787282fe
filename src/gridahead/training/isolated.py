"""Fits in a process of their own, so that several run side by side.

One torch thread a process: on small recurrent networks two threads in one process are slower than one, and collapse
when anything else runs. Denormal numbers are flushed to zero: gradients far back in time become denormal, and every
product with them is many times slower.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextvars import copy_context
from functools import partial
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, TypeVar

import torch

from gridahead.config import ModelSettings, TrainingSettings
from gridahead.grid import Series
from gridahead.models.bundle import TrainedModel
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.fit import Fit, Split, fit
from gridahead.training.shared import fit_shared

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
"""glibc then keeps freed memory instead of returning it page by page: 45 % less time on large batches."""

T = TypeVar("T")

_here: tuple[Queue[Epoch | None], Any] | None = None


def fit_all(
    parts: Split,
    models: Mapping[str, ModelSettings],
    settings: TrainingSettings,
    workers: int,
    progress: Progress,
    *,
    starts: Mapping[str, TrainedModel] | None = None,
    checkpoints: Path | None = None,
) -> list[Fit]:
    """Fit every model to the same windows, `workers` at a time, in the order given.

    Killed and started again with the same arguments, it goes on where it was: every fit has a folder of checkpoints,
    and all of them are there until the last one is done.

    Args:
        parts: training and validation windows of one series.
        models: by name.
        settings: the same for all.
        workers: processes; each gets its copy of the windows once.
        progress: called in this process.
        starts: whose weights to begin with, by name.
        checkpoints: a folder for this call alone; emptied when all is done.

    Raises:
        ModelError: a fit went wrong.
    """
    jobs = [
        partial(_fit, name, config, settings, (starts or {}).get(name), checkpoints and checkpoints / name)
        for name, config in models.items()
    ]
    return _apart(parts, jobs, workers, progress, checkpoints)


def fit_shared_apart(
    name: str,
    series: Mapping[Series, Split],
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    *,
    checkpoints: Path | None = None,
) -> list[Fit]:
    """`fit_shared` in a process of its own; the checkpoints are removed when it is done."""
    job = partial(_fit_shared, name, config, settings, checkpoints)
    return _apart(series, [job], 1, progress, checkpoints)[0]


def _apart(
    given: Any, jobs: Sequence[Callable[[Any, Progress], T]], workers: int, progress: Progress, checkpoints: Path | None
) -> list[T]:
    """What the jobs make of what is given to every process once."""
    reports: Queue[Epoch | None] = multiprocessing.get_context("spawn").Queue()
    # In a copy of this context, so that a log line of a fit is filed under the flow run that asked for the fit.
    listener = threading.Thread(target=copy_context().run, args=(_listen, reports, progress), daemon=True)
    listener.start()
    try:
        with processes(min(workers, len(jobs)), _start, reports, given) as pool:
            done = list(pool.map(_run, jobs))
    finally:
        reports.put(None)
        listener.join()
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return done


def one_thread() -> None:
    """Let torch use one thread: to be called before a network runs, so that sums have the same order everywhere."""
    torch.set_num_threads(1)


def for_training() -> None:
    """Make this process one that trains: one thread, denormal numbers are zero."""
    one_thread()
    torch.set_flush_denormal(True)


def processes(workers: int, prepare: Callable[..., None] | None = None, *given: Any) -> ProcessPoolExecutor:
    """New processes to train in, that keep their memory; each begins by preparing what it is given, if anything."""
    for name, value in KEEP_MEMORY.items():
        os.environ.setdefault(name, value)
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin, (prepare, given))


def _begin(prepare: Callable[..., None] | None, given: Sequence[Any]) -> None:
    for_training()
    if prepare:
        prepare(*given)


def _start(reports: Queue[Epoch | None], given: Any) -> None:
    global _here  # the only way to hand something to a worker once, and not with every job
    _here = reports, given


def _run(job: Callable[[Any, Progress], T]) -> T:
    assert _here is not None
    reports, given = _here
    return job(given, reports.put)


def _fit(
    name: str, config: ModelSettings, settings: TrainingSettings, start: TrainedModel | None, checkpoints: Path | None,
    parts: Split, progress: Progress,
) -> Fit:  # fmt: skip
    return fit(name, parts, config, settings, progress, start=start, checkpoints=checkpoints)


def _fit_shared(
    name: str, config: ModelSettings, settings: TrainingSettings, checkpoints: Path | None,
    series: Mapping[Series, Split], progress: Progress,
) -> list[Fit]:  # fmt: skip
    return fit_shared(name, series, config, settings, progress, checkpoints=checkpoints)


def _listen(reports: Queue[Epoch | None], progress: Progress) -> None:
    while (epoch := reports.get()) is not None:
        progress(epoch)
