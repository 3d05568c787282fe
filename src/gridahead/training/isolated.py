"""Fits in a process of their own, so that several run side by side.

One torch thread a process: on small recurrent networks two threads in one process are slower than one, and collapse
when anything else runs. Denormal numbers are flushed to zero: gradients far back in time become denormal, and every
product with them is many times slower.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, TypeVar

import torch

from gridahead.config import ModelSettings, TrainingSettings
from gridahead.grid import Series
from gridahead.models.bundle import TrainedModel
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.fit import Fit, fit
from gridahead.training.memory import ended_early, out_of_memory
from gridahead.training.shared import fit_shared
from gridahead.training.split import Split

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
"""glibc then keeps freed memory instead of returning it page by page: 45 % less time on large batches."""

_LOOK_SECONDS = 1.0
"""How often it is looked whether a process that has yet to report is still there."""

_LAST = -100
"""Among the things that multiprocessing does at the end of a process; its queues are flushed at -5."""

T = TypeVar("T")

Report = tuple[int, Epoch | None] | None
"""Who asked for a fit, and an epoch of it, None at its end; None when nothing more will come."""
_reports: Queue[Report] | None = None


def fit_all(
    parts: Split,
    models: Mapping[str, ModelSettings],
    settings: TrainingSettings,
    workers: int | Workshop,
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
        workers: processes, or those of a workshop that is open.
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
    given: Any,
    jobs: Sequence[Callable[[Any, Progress], T]],
    workers: int | Workshop,
    progress: Progress,
    checkpoints: Path | None,
) -> list[T]:
    """What the jobs make of what is given to each; the checkpoints are removed when all is done."""
    with nullcontext(workers) if isinstance(workers, Workshop) else workshop(min(workers, len(jobs))) as shop:
        done = shop.run([partial(job, given) for job in jobs], progress)
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return done


@contextmanager
def workshop(workers: int) -> Iterator[Workshop]:
    """Processes to train in, for fits that are asked for one after the other or from several threads."""
    apart = _Apart()
    reports: Queue[Report] = apart.Queue()
    with processes(workers, _start, reports, context=apart) as pool:
        shop = Workshop(pool, reports, apart.started)
        listener = threading.Thread(target=shop.listen, daemon=True)
        listener.start()
        try:
            yield shop
        finally:
            pool.shutdown(cancel_futures=True)
            if shop.broken:  # who was killed in the middle of a report holds the queue for ever
                reports.cancel_join_thread()
            else:
                reports.put(None)
                listener.join()


class Workshop:
    """Processes that train, and the ear that hears what they report."""

    def __init__(self, pool: ProcessPoolExecutor, reports: Queue[Report], processes: Sequence[SpawnProcess]) -> None:
        self._pool, self._reports, self._processes = pool, reports, processes
        self._tickets = itertools.count()
        self._asked: dict[int, _Asked] = {}

    @property
    def broken(self) -> bool:
        """Whether a process has ended that should not have."""
        return any(one.exitcode for one in self._processes)

    def begin(self) -> None:
        """Start the processes now, not with the first job: they import torch while the caller reads data."""
        self._pool.submit(one_thread)

    def run(self, jobs: Sequence[Callable[[Progress], T]], progress: Progress) -> list[T]:
        """What the jobs give, in their order; `progress` has heard of every epoch of theirs when this returns.

        Raises:
            ModelError: memory ran out, or a process was killed.
        """
        # In a copy of this context, so that a log line of a fit is filed under the flow run that asked for the fit.
        context = copy_context()
        asked = _Asked(lambda epoch: context.run(progress, epoch), threading.Semaphore(0))
        ticket = next(self._tickets)
        self._asked[ticket] = asked
        try:
            done = list(self._pool.map(_run, jobs, repeat(ticket)))
            for _ in jobs:
                while not asked.ended.acquire(timeout=_LOOK_SECONDS):
                    if self.broken:  # its last reports are lost, what was made is here
                        return done
        except BrokenProcessPool as error:
            raise ended_early(self._processes) from error
        finally:
            del self._asked[ticket]
        return done

    def listen(self) -> None:
        """Pass on what is reported, until nothing more will be."""
        while (report := self._reports.get()) is not None:
            ticket, epoch = report
            asked = self._asked.get(ticket)
            if asked is None:  # its call has failed
                continue
            if epoch is None:
                asked.ended.release()
            else:
                asked.progress(epoch)


@dataclass(frozen=True)
class _Asked:
    """One call of `Workshop.run`."""

    progress: Progress
    ended: threading.Semaphore
    """Counts the jobs that have reported everything."""


def one_thread() -> None:
    """Let torch use one thread: to be called before a network runs, so that sums have the same order everywhere."""
    torch.set_num_threads(1)


def for_forecasts() -> None:
    """Make this thread one that forecasts: the same bits, whatever it has done before."""
    one_thread()
    torch.set_flush_denormal(False)


def for_training() -> None:
    """Make this process one that trains: one thread, denormal numbers are zero."""
    one_thread()
    torch.set_flush_denormal(True)


def processes(
    workers: int, prepare: Callable[..., None] | None = None, *given: Any, context: SpawnContext | None = None
) -> ProcessPoolExecutor:
    """New processes to train in, that keep their memory; each begins by preparing what it is given, if anything."""
    for name, value in KEEP_MEMORY.items():
        os.environ.setdefault(name, value)
    context = context or multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, _begin, (prepare, given))


_HIDDEN = threading.Lock()
"""Held while the program cannot be found, so that it is found again whoever else starts a process meanwhile."""


class _ApartProcess(SpawnProcess):
    """A process that does not import the program that starts it.

    A spawned one does, in case its job is defined there. Jobs of a workshop are not, and a flow or a benchmark brings
    Prefect, MLflow and pictures: seconds of every training, in every process.
    """

    def start(self) -> None:
        program: dict[str, Any] = vars(sys.modules["__main__"])
        with _HIDDEN:
            found: dict[str, Any] = {name: program[name] for name in ("__spec__", "__file__") if name in program}
            program |= dict.fromkeys(found)  # by these names a spawned process finds the program
            try:
                super().start()
            finally:
                program |= found


class _Apart(SpawnContext):
    """Makes such processes, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[_ApartProcess] = []

    def Process(self, *given: Any, **named: Any) -> _ApartProcess:  # type: ignore[override]  # noqa: N802
        """A new one."""
        self.started.append(_ApartProcess(*given, **named))
        return self.started[-1]


def _begin(prepare: Callable[..., None] | None, given: Sequence[Any]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    Finalize(None, _leave, exitpriority=_LAST)
    for_training()
    if prepare:
        prepare(*given)


def _leave() -> None:
    """At once: to take apart an interpreter that holds torch and pandas lasts a second or two, and somebody waits."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def _end_with_parent() -> None:
    """A parent that is killed closes nothing: its processes would wait for their next job for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _start(reports: Queue[Report]) -> None:
    global _reports  # the only way to hand something to a worker once, and not with every job
    _reports = reports


def _run(job: Callable[[Progress], T], ticket: int) -> T:
    assert _reports is not None
    try:
        return job(partial(_report, _reports, ticket))
    except (MemoryError, RuntimeError) as error:
        if (said := out_of_memory(error)) is None:
            raise
        raise said from error
    finally:
        _reports.put((ticket, None))


def _report(reports: Queue[Report], ticket: int, epoch: Epoch) -> None:
    reports.put((ticket, epoch))


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
