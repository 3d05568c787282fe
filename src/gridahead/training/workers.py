"""Fits in processes of their own, so that several run side by side.

The processes are loky's: they do not import the program that starts them, which with Prefect, MLflow and pictures takes
seconds of every training in every process. What loky does not do stands here: they end when the program is killed, and
report their epochs to whoever asked for them.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, TypeVar

from joblib.externals.loky import process_executor
from joblib.externals.loky.backend import get_context

from gridahead.core.grid import Series
from gridahead.models.bundle import TrainedModel
from gridahead.settings.networks import ModelSettings, SharedSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.fit import Fit, fit
from gridahead.training.newcomers import Newcomer
from gridahead.training.out_of_memory import ended_early, out_of_memory
from gridahead.training.shared import fit_shared
from gridahead.training.split import Split

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
"""glibc then keeps freed memory instead of returning it page by page: 45 % less time on large batches."""

_LOOK_SECONDS = 1.0
"""How often it is looked whether a process that has yet to report, or the one that started it, is still there."""

_LAST = -100
"""Among the things that multiprocessing does at the end of a process; its queues are flushed at -5."""

T = TypeVar("T")

Report = tuple[int, Epoch | None] | None
"""The number of a call and an epoch of its fits, None at the end of one of them; None when nothing more will come."""
_reports: Queue[Report] | None = None


def fit_all(
    split: Split,
    models: Mapping[str, ModelSettings],
    settings: TrainingSettings,
    workers: int | WorkerPool,
    progress: Progress,
    *,
    starts: Mapping[str, TrainedModel] | None = None,
    checkpoints: Path | None = None,
) -> list[Fit]:
    """Fit every model to the same windows, `workers` at a time, in the order given.

    Killed and started again with the same arguments, it goes on where it was: every fit has a folder of checkpoints,
    and all of them are there until the last one is done.

    Args:
        split: the windows of one series.
        models: by name.
        settings: the same for all.
        workers: processes, or those of a pool that is open.
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
    return _in_workers(split, jobs, workers, progress, checkpoints)


def fit_shared_in_worker(
    group: SharedSettings,
    series: Mapping[Series, Split],
    newcomers: Mapping[Series, Newcomer],
    config: ModelSettings,
    settings: TrainingSettings,
    progress: Progress,
    *,
    checkpoints: Path | None = None,
) -> list[list[Fit]]:
    """`fit_shared` in a process of its own; the checkpoints are removed when it is done."""
    job = partial(_fit_shared, group, config, settings, checkpoints)
    return _in_workers((series, newcomers), [job], 1, progress, checkpoints)[0]


def _in_workers(
    data: Any,
    jobs: Sequence[Callable[[Any, Progress], T]],
    workers: int | WorkerPool,
    progress: Progress,
    checkpoints: Path | None,
) -> list[T]:
    """The result of each job on the data; the checkpoints are removed when all are done."""
    with nullcontext(workers) if isinstance(workers, WorkerPool) else worker_pool(min(workers, len(jobs))) as pool:
        results = pool.run([partial(job, data) for job in jobs], progress)
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return results


@contextmanager
def worker_pool(workers: int) -> Iterator[WorkerPool]:
    """Processes to train in, for fits that are asked for one after the other or from several threads."""
    reports: Queue[Report] = get_context("loky").Queue()
    executor = processes(workers, _connect, reports)
    pool = WorkerPool(executor, reports)
    listener = threading.Thread(target=pool.listen, daemon=True)
    listener.start()
    try:
        yield pool
    finally:
        broken = pool.broken
        executor.shutdown()
        if broken:  # a process that was killed in the middle of a report holds the queue for ever
            reports.cancel_join_thread()
        else:
            reports.put(None)
            listener.join()


class WorkerPool:
    """Processes that train; their epochs are passed on to whoever asked for the fit."""

    def __init__(self, executor: Executor, reports: Queue[Report]) -> None:
        self._executor, self._reports = executor, reports
        self._numbers = itertools.count()
        self._calls: dict[int, _Call] = {}
        self._begun = False

    @property
    def broken(self) -> bool:
        """Whether a process has ended that should not have."""
        try:
            return self._begun and not self._executor.submit(_imported)
        except BrokenProcessPool:
            return True

    def begin(self) -> None:
        """Start the processes now, not with the first job: they import torch while the caller reads data."""
        self._begun = True
        self._executor.submit(_imported)

    def run(self, jobs: Sequence[Callable[[Progress], T]], progress: Progress) -> list[T]:
        """The results of the jobs, in their order; every epoch of theirs has been passed to `progress` by then.

        Raises:
            ModelError: memory ran out, or a process was killed.
        """
        self._begun = True
        # In a copy of this context, so that a log line of a fit is filed under the flow run that asked for the fit.
        context = copy_context()
        call = _Call(lambda epoch: context.run(progress, epoch), threading.Semaphore(0))
        number = next(self._numbers)
        self._calls[number] = call
        futures: list[Future[T]] = []
        try:
            futures += (self._executor.submit(_run, job, number) for job in jobs)
            results = [future.result() for future in futures]
            for _ in jobs:
                while not call.ended.acquire(timeout=_LOOK_SECONDS):
                    if self.broken:  # its last reports are lost, the results are here
                        return results
        except BrokenProcessPool as error:
            raise ended_early(error) from error
        finally:
            del self._calls[number]
            for future in futures:
                future.cancel()
        return results

    def listen(self) -> None:
        """Pass on what is reported, until nothing more will be."""
        while (report := self._reports.get()) is not None:
            number, epoch = report
            call = self._calls.get(number)
            if call is None:  # it has failed
                continue
            if epoch is None:
                call.ended.release()
            else:
                call.progress(epoch)


@dataclass(frozen=True)
class _Call:
    """One call of `WorkerPool.run`."""

    progress: Progress
    ended: threading.Semaphore
    """Counts the jobs that have reported everything."""


def processes(workers: int, prepare: Callable[..., None] | None = None, *arguments: Any) -> Executor:
    """New processes to train in, that keep their memory; each begins by preparing what it is given, if anything."""
    environment = {name: os.environ.get(name, value) for name, value in KEEP_MEMORY.items()}
    executor: Executor = process_executor.ProcessPoolExecutor(
        workers,
        context=get_context("loky"),
        initializer=_begin,
        initargs=(os.getpid(), prepare, arguments),
        env=environment,
    )
    return executor


def _begin(parent: int, prepare: Callable[..., None] | None, arguments: Sequence[Any]) -> None:
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    Finalize(None, _leave, exitpriority=_LAST)
    # loky takes memory that grows by 300 MB for a leak, and replaces the process; a fit keeps more than that.
    process_executor._USE_PSUTIL = False
    if prepare:
        prepare(*arguments)


def _leave() -> None:
    """At once: to take apart an interpreter that holds torch and pandas lasts a second or two, and somebody waits."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _end_with_parent(parent: int) -> None:
    """A parent that is killed closes nothing, and a busy process of loky's trains on without it."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _imported() -> None:
    """Nothing: to be asked for it, a process has imported this module, and torch."""


def _connect(reports: Queue[Report]) -> None:
    global _reports  # the only way to hand something to a worker once, and not with every job
    _reports = reports


def _run(job: Callable[[Progress], T], number: int) -> T:
    assert _reports is not None
    try:
        return job(partial(_report, _reports, number))
    except (MemoryError, RuntimeError) as error:
        if (memory_error := out_of_memory(error)) is None:
            raise
        raise memory_error from error
    finally:
        _reports.put((number, None))


def _report(reports: Queue[Report], number: int, epoch: Epoch) -> None:
    reports.put((number, epoch))


def _fit(
    name: str,
    config: ModelSettings,
    settings: TrainingSettings,
    start: TrainedModel | None,
    checkpoints: Path | None,
    split: Split,
    progress: Progress,
) -> Fit:
    return fit(name, split, config, settings, progress, start=start, checkpoints=checkpoints)


def _fit_shared(
    group: SharedSettings,
    config: ModelSettings,
    settings: TrainingSettings,
    checkpoints: Path | None,
    given: tuple[Mapping[Series, Split], Mapping[Series, Newcomer]],
    progress: Progress,
) -> list[list[Fit]]:
    series, newcomers = given
    return fit_shared(
        group.name,
        series,
        config,
        settings,
        progress,
        fine_tune=group.fine_tune,
        beside=group.beside,
        newcomers=newcomers,
        checkpoints=checkpoints,
    )
