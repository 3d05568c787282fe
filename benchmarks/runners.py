"""How long do the forecasts of many series take on each task runner: threads, processes, one and two workers of Dask?

Every series is a load of its own that a version forecasts which costs next to nothing: what is measured is what a run
does around a model, which is reading, windows, checks, publication, and what Prefect adds. The cluster is there before
the run, as one of several hosts is; processes are started by the run, as in operation. Page and report are left out.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from common import CHECKOUT, Bench, Row, measure, say
from pictures import picture, title

sys.path.append(str(CHECKOUT / "tests"))
from builders.servers import dask_scheduler, dask_workers
from builders.serving import BASE, fill, serve
from distributed import Client
from prefect import flow
from prefect.settings import PREFECT_HOME, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from gridahead.core.time import now
from gridahead.reports.palette import LIGHT
from gridahead.settings.flows import FlowSettings
from gridahead.workspace import Workspace
from gridahead_flows.forecast import side_by_side

SERIES, QUICK = 48, 4
"""Forecasts of a run: a minute of one core today, in which starting processes is small."""
TIMES = 5
SETTINGS = """
mode = "live"
data_folder = "data"
[[sources]]
kind = "file"
path = "none.csv"
zone_column = "zone"
zones = ["*"]
quantity = "load"
time_column = "time"
value_column = "value"
timezone = "UTC"
[[series]]
series = "*/load"
deadline = "D-1T1100[Europe/Berlin]"
"""
ZONE = '[[zones]]\ncode = "{code}"\ntimezone = "Europe/Berlin"\n'
ONE, TWO = "one Dask worker", "two Dask workers"


def run(bench: Bench) -> list[Row]:
    """Seconds of a run, and how much faster than one worker two are."""
    number, times = (QUICK, 1) if bench.quick else (SERIES, TIMES)
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, prefect_server(Path(folder)):
        file = installation(Path(folder), number)
        with clusters(Path(folder)) as addresses:
            kinds = {
                "threads": FlowSettings(),
                "two processes": FlowSettings(runner="processes", workers=2),
                **{name: FlowSettings(runner="dask", dask_address=address) for name, address in addresses.items()},
            }
            for name, chosen in kinds.items():
                seconds_of_a_run(file, chosen)  # whoever works imports everything once
                say(f"{name}: {times} runs of {number} series")
                seconds[name] = []
            for _ in range(times):  # one after the other, so that what else the machine does meets all alike
                for name, chosen in kinds.items():
                    seconds[name].append(seconds_of_a_run(file, chosen))
    task = f"{number} series"
    faster = [one / two for one, two in zip(seconds[ONE], seconds[TWO], strict=True)]
    rows = [Row.of(task, name, "seconds", found) for name, found in seconds.items()]
    return [*rows, Row.of(task, TWO, "times_as_fast_as_one", faster)]


def seconds_of_a_run(file: Path, chosen: FlowSettings, issue_time: dt.datetime | None = None) -> float:
    """How long a run takes over every series of the settings, as of now unless an issue time is given [s]."""
    wanted = [(str(entry.series), None) for entry in Workspace.open(file).settings.series]

    @flow(name="forecasts")
    def forecasts() -> float:
        begun = time.perf_counter()
        published, failed = side_by_side(wanted, issue_time, chosen, str(file))
        assert len(published) == len(wanted) and not failed, failed
        return time.perf_counter() - begun

    return forecasts()


def installation(folder: Path, number: int) -> Path:
    """Settings of so many loads, each with a version that serves and data up to this hour."""
    codes = [f"Z{one:03}" for one in range(number)]
    file = folder / "settings.toml"
    file.write_text("".join([SETTINGS, *(ZONE.format(code=code) for code in codes)]))
    workspace = Workspace.open(file)
    BASE.update(dict.fromkeys(codes, 10_000))
    for entry in workspace.settings.series:
        serve(workspace, entry.series)
        fill(workspace, entry.series, entry.deadline.delivery_day(now()), until=now())
    return file


@contextmanager
def clusters(folder: Path) -> Iterator[dict[str, str]]:
    """Clusters of one and of two workers, by their names; gives the addresses of their schedulers."""
    found: dict[str, str] = {}
    with ExitStack() as stack:
        for workers, name in enumerate((ONE, TWO), start=1):
            place = folder / f"cluster-{workers}"
            place.mkdir()
            found[name] = stack.enter_context(dask_scheduler(place))
            stack.enter_context(dask_workers(found[name], place, workers))
            client: Any = Client(found[name], set_as_default=False)  # type: ignore[no-untyped-call]
            with client:
                client.wait_for_workers(workers, timeout=120)
        yield found


@contextmanager
def prefect_server(folder: Path) -> Iterator[None]:
    """A server of Prefect for this run alone."""
    with temporary_settings({PREFECT_HOME: folder / "prefect"}), prefect_test_harness(server_startup_timeout=120):
        yield


def draw(rows: Sequence[Row], path: Path) -> None:
    """Seconds of each runner."""
    with picture(path) as (chart,):
        found = [row for row in rows if row.metric == "seconds"]
        chart.barh([row.model for row in found], [row.value for row in found], color=LIGHT["model"])
        chart.invert_yaxis()
        title(chart, f"Seconds of a run over {found[0].task}")


if __name__ == "__main__":
    measure(run, draw)
