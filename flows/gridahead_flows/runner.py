"""Where the tasks of a flow run, by `[flows]` of the settings: threads, processes, or the workers of a Dask cluster.

What a task is told is the path of the settings and names: whoever runs it opens lake and registry itself.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from gridahead.core.errors import GridaheadError, ModelError, SettingsError
from gridahead.settings.flows import FlowSettings

if TYPE_CHECKING:
    from distributed.deploy.cluster import Cluster

CONNECT_SECONDS = 10
"""How long a scheduler may take to answer, on a network of one's own."""


def runner_of(chosen: FlowSettings, threads: int, workers: int | None = None) -> TaskRunner[Any]:
    """The task runner of the settings; it is entered by who submits.

    Args:
        chosen: `[flows]` of the settings.
        threads: with `runner = "threads"`, how many there are.
        workers: processes, or workers of a cluster that is started here; one a core unless given.

    Raises:
        SettingsError: Dask is not installed, or no scheduler answers at its address.
    """
    if chosen.runner == "threads":
        return ThreadPoolTaskRunner(max_workers=threads)
    if chosen.runner == "processes":
        return ProcessPoolTaskRunner(max_workers=workers)
    return _on_dask(chosen.dask_address, workers or multiprocessing.cpu_count())


def _on_dask(address: str | None, workers: int) -> TaskRunner[Any]:
    try:
        from distributed import Client
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise SettingsError(
            "[flows] runner = \"dask\" needs prefect-dask, which is not installed here: pip install 'gridahead[dask]'; "
            'or choose runner = "processes"'
        ) from error
    if address is None:
        # It enters whatever it has called.
        return DaskTaskRunner(cluster_class=_cluster, cluster_kwargs={"workers": workers})  # type: ignore[arg-type]
    try:
        with Client(address, timeout=CONNECT_SECONDS, set_as_default=False):  # type: ignore[no-untyped-call]
            pass
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"[flows] dask_address: no Dask scheduler answers at {address}: {error}. Start one with `dask scheduler`, "
            f"and on every host `dask worker {address} --no-nanny --nthreads 1`; or leave dask_address out"
        ) from error
    return DaskTaskRunner(address=address)


@contextmanager
def _cluster(workers: int) -> Iterator[Cluster]:
    """Workers of Dask on this machine, of one thread each, for as long as they are needed.

    Fits run in processes of their own, which workers may start only where they are no daemons.
    """
    import dask
    from distributed import LocalCluster

    daemons = dask.config.set({"distributed.worker.daemon": False})
    cluster = partial(LocalCluster, n_workers=workers, threads_per_worker=1, dashboard_address=None)
    with daemons, cluster() as started:
        yield started


def require_processes() -> None:
    """Say how workers are to be started where they may not start the processes that fits run in.

    Raises:
        SettingsError: this process is one of them.
    """
    if multiprocessing.current_process().daemon:
        raise SettingsError(
            "this Dask worker may start no processes, and fits run in processes of their own; start it with "
            "`dask worker … --no-nanny`, or with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
        )


def outcomes_of(futures: Sequence[tuple[str, PrefectFuture[Any]]]) -> list[Any]:
    """The result or the `GridaheadError` of each task, when all of them have ended: one that fails ends no other.

    Args:
        futures: of the tasks, each with what it works on in words.

    Raises:
        Exception: one that is none of ours.
    """
    outcomes = [_outcome(name, future) for name, future in futures]
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, GridaheadError):
            raise outcome
    return outcomes


def _outcome(name: str, future: PrefectFuture[Any]) -> Any:
    try:
        return future.result()
    except Exception as error:
        # The other is Dask's, which may not be installed.
        if not isinstance(error, BrokenExecutor) and type(error).__name__ != "KilledWorker":
            return error
        reason = "the process that worked on it has ended before it had, as one does that finds no memory"
        return ModelError(name, f"{reason}; give it more, or run fewer side by side ([flows] workers)")
