"""Fits in a process of their own, so that several run side by side.

One torch thread a process: on small recurrent networks two threads in one process are slower than one, and collapse
when anything else runs. Denormal numbers are flushed to zero: gradients far back in time become denormal, and every
product with them is many times slower.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextvars import copy_context
from itertools import repeat
from multiprocessing.queues import Queue

import torch

from gridahead.config import ModelSettings, TrainingSettings
from gridahead.training.fit import Fit, Split, fit
from gridahead.training.loop import Epoch, Progress

_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
"""glibc then keeps freed memory instead of returning it page by page: 45 % less time on large batches."""

_here: tuple[Queue[Epoch | None], Split] | None = None


def fit_all(
    parts: Split, models: Mapping[str, ModelSettings], settings: TrainingSettings, workers: int, progress: Progress
) -> list[Fit]:
    """Fit every model to the same windows, `workers` at a time, in the order given.

    Args:
        parts: training and validation windows of one series.
        models: by name.
        settings: the same for all.
        workers: processes; each gets its copy of the windows once.
        progress: called in this process.

    Raises:
        ModelError: a fit went wrong.
    """
    for name, value in _KEEP_MEMORY.items():
        os.environ.setdefault(name, value)
    context = multiprocessing.get_context("spawn")
    reports: Queue[Epoch | None] = context.Queue()
    # In a copy of this context, so that a log line of a fit is filed under the flow run that asked for the fit.
    listener = threading.Thread(target=copy_context().run, args=(_listen, reports, progress), daemon=True)
    listener.start()
    try:
        with ProcessPoolExecutor(min(workers, len(models)), context, _start, (reports, parts)) as pool:
            return list(pool.map(_run, models, models.values(), repeat(settings)))
    finally:
        reports.put(None)
        listener.join()


def one_thread() -> None:
    """Let torch use one thread: to be called before a network runs, so that sums have the same order everywhere."""
    torch.set_num_threads(1)


def _start(reports: Queue[Epoch | None], parts: Split) -> None:
    global _here  # the only way to hand something to a worker once, and not with every job
    _here = reports, parts
    one_thread()
    torch.set_flush_denormal(True)


def _run(name: str, config: ModelSettings, settings: TrainingSettings) -> Fit:
    assert _here is not None
    reports, parts = _here
    return fit(name, parts, config, settings, reports.put)


def _listen(reports: Queue[Epoch | None], progress: Progress) -> None:
    while (epoch := reports.get()) is not None:
        progress(epoch)
