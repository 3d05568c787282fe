"""The daily forecast as it is operated: Prefect's server, the deployments of the settings, and a worker."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest
from builders.rows import LOAD
from builders.servers import CHECKOUT, prefect_server, prefect_worker
from builders.serving import BY_CHAMPION, fill, serve

from gridahead.core.time import now
from gridahead.forecasting.slot import due_day
from gridahead.workspace import Workspace

DEPLOYMENT = "forecast/by-hand"
SETTINGS = """
mode = "live"
data_folder = "data"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
"""
PATIENCE_SECONDS = 240


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A version that serves, and a load up to this hour."""
    file = tmp_path_factory.mktemp("operation") / "settings.toml"
    file.write_text(SETTINGS)
    made = Workspace.open(file)
    serve(made, LOAD)
    fill(made, LOAD, made.settings.series[0].deadline.delivery_day(now()), until=now())
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prefect's folder."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="module")
def api(workspace: Workspace, home: Path) -> Iterator[httpx.Client]:
    """Prefect's server, to which the settings are deployed, with a worker."""
    with prefect_server(home) as surroundings:
        surroundings["GRIDAHEAD_SETTINGS"] = str(workspace.settings.data_folder.parent / "settings.toml")
        deploy = [sys.executable, "-m", "gridahead_flows", "deploy"]
        said = subprocess.run(deploy, env=surroundings, cwd=CHECKOUT, check=True, capture_output=True, text=True)
        assert DEPLOYMENT in said.stdout
        with (
            prefect_worker(surroundings, "gridahead", home / "worker.log"),
            httpx.Client(base_url=surroundings["PREFECT_API_URL"] + "/", timeout=30) as client,
        ):
            yield client


def run_of(api: httpx.Client, **parameters: str) -> dict:
    """A run of the deployment as it came out."""
    deployment = api.get(f"deployments/name/{DEPLOYMENT}").raise_for_status().json()
    told = {**deployment["parameters"], **parameters}
    run = api.post(f"deployments/{deployment['id']}/create_flow_run", json={"parameters": told}).json()
    end = time.monotonic() + PATIENCE_SECONDS
    while run["state_type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") and time.monotonic() < end:
        time.sleep(1)
        run = api.get(f"flow_runs/{run['id']}").raise_for_status().json()
    return run


def words_of(api: httpx.Client, run: dict) -> str:
    """What a run has logged, as the server has it: lines come in batches, some of them after the run has ended."""
    asked = {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "sort": "TIMESTAMP_ASC"}
    end, said = time.monotonic() + 30, ""
    while "Finished in state" not in said and time.monotonic() < end:
        time.sleep(0.5)
        lines = api.post("logs/filter", json=asked).raise_for_status().json()
        said = "\n".join(line["message"] for line in lines)
    return said


@pytest.fixture(scope="module")
def run(api: httpx.Client) -> dict:
    """A run with the parameters of the form."""
    return run_of(api)


def test_a_run_publishes_the_delivery_day_that_is_due_and_leaves_nothing_pickled(api, workspace, run, home):
    assert run["state_type"] == "COMPLETED", words_of(api, run)
    told = json.loads((workspace.settings.published_folder / LOAD.slug / "latest.json").read_text())
    day = due_day(workspace.settings.series[0].deadline, pd.Timestamp(run["expected_start_time"]))
    assert (told["delivery_day"], told["model_version"]) == (str(day), "1")
    assert told["rung"] in BY_CHAMPION
    assert run["state"]["message"].startswith(f"DE/load for {day} by {told['rung']}")
    assert not list(home.glob("storage/**/*"))
    assert set(workspace.lake.forecasts.read()["run"]) == {"live"}


def test_what_the_library_logs_and_the_artifact_are_on_the_pages_of_the_server(api, run):
    assert "issued " in words_of(api, run)
    asked = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
    artifacts = {one["key"]: one["data"] for one in api.post("artifacts/filter", json=asked).raise_for_status().json()}
    assert artifacts.keys() == {"published-de-load", "report"}
    told = artifacts["published-de-load"]
    assert "- **delivery_day**: " in told and any(f"- **rung**: {rung}" in told for rung in BY_CHAMPION)
    assert "file://" not in "".join(artifacts.values())


def test_a_run_that_cannot_forecast_has_failed_with_the_reason(api, workspace):
    failed = run_of(api, issue_time="2024-06-01T09:00:00Z")
    assert failed["state_type"] == "FAILED"
    assert "DE/load" in words_of(api, failed)
