"""The flows on every task runner that the settings offer: threads, processes, the workers of a Dask cluster."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.rows import LOAD
from builders.servers import dask_scheduler, dask_workers
from builders.serving import BY_CHAMPION, fill, serve

from gridahead.core.errors import PartialError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import now
from gridahead.workspace import Workspace

FI = Series("FI", "load")
SETTINGS = """
mode = "live"
data_folder = "data"
[[series]]
series = "NO2/load"
deadline = "D-1T1100[Europe/Berlin]"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
[[series]]
series = "FI/load"
deadline = "D-1T1100[Europe/Berlin]"
"""


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from prefect.settings import PREFECT_HOME, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    home = tmp_path_factory.mktemp("prefect")
    with temporary_settings({PREFECT_HOME: home}), prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Dask cluster with two workers."""
    folder = tmp_path_factory.mktemp("dask")
    with dask_scheduler(folder) as address, dask_workers(address, folder, 2):
        from distributed import Client

        with Client(address) as client:
            client.wait_for_workers(2, timeout=60)
        yield address


def settings_in(folder: Path, flows: str) -> Path:
    """Settings with two series that can be forecast, and before them one of which nothing is known."""
    file = folder / "settings.toml"
    file.write_text(f"{SETTINGS}[flows]\n{flows}\n")
    workspace = Workspace.open(file)
    for series in (LOAD, FI):
        serve(workspace, series)
        fill(workspace, series, workspace.settings.series[0].deadline.delivery_day(now()), until=now())
    return file


def forecast_of(file: Path) -> PartialError:
    """What is left of a run over all three."""
    from gridahead_flows.forecast import forecast_flow

    with pytest.raises(PartialError) as raised:
        forecast_flow(settings=str(file))
    return raised.value


def published_in(folder: Path) -> dict[str, str]:
    """The step of the ladder of every series that is out."""
    found = (json.loads(one.read_text()) for one in (folder / "data" / "published").glob("*/latest.json"))
    return {told["series"]: told["rung"] for told in found}


@pytest.mark.parametrize(
    "flows",
    [
        'runner = "threads"\nseries_per_task = 3',
        'runner = "processes"\nworkers = 2\nseries_per_task = 2',
        'runner = "dask"\nworkers = 2',
    ],
)
def test_a_series_that_fails_keeps_none_from_being_published(prefect_server: None, tmp_path: Path, flows: str) -> None:
    failed = forecast_of(settings_in(tmp_path, flows))
    assert failed.errors.keys() == {"NO2/load"}
    assert sorted(line.split(" ")[0] for line in failed.done) == ["DE/load", "FI/load"]
    out = published_in(tmp_path)
    assert out.keys() == {"DE/load", "FI/load"} and {*out.values()} <= BY_CHAMPION


def test_two_workers_of_a_cluster_forecast_for_a_run_that_only_tells_them_names(
    prefect_server: None, scheduler: str, tmp_path: Path
) -> None:
    from distributed import Client
    from distributed.diagnostics.task_stream import TaskStreamPlugin

    file = settings_in(tmp_path, f'runner = "dask"\ndask_address = "{scheduler}"')
    with Client(scheduler, set_as_default=False) as client:

        def watch(dask_scheduler: object) -> None:
            dask_scheduler.add_plugin(TaskStreamPlugin(dask_scheduler), name="watch")  # type: ignore[attr-defined]

        client.run_on_scheduler(watch)
        failed = forecast_of(file)
        worked = client.run_on_scheduler(
            lambda dask_scheduler: {one["worker"] for one in dask_scheduler.plugins["watch"].buffer}
        )
    assert failed.errors.keys() == {"NO2/load"}
    out = published_in(tmp_path)
    assert out.keys() == {"DE/load", "FI/load"} and {*out.values()} <= BY_CHAMPION
    assert len(worked) == 2


def test_a_cluster_that_is_not_there_is_told_before_anything_runs(prefect_server: None, tmp_path: Path) -> None:
    from gridahead_flows.forecast import forecast_flow

    file = settings_in(tmp_path, 'runner = "dask"\ndask_address = "tcp://127.0.0.1:9"')
    with pytest.raises(SettingsError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9.*`dask scheduler`"):
        forecast_flow(settings=str(file))
    assert published_in(tmp_path) == {}
