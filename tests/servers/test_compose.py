"""docker-compose.yml, started as processes: the pipeline runs through it, and parts of it are killed."""

import json
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pandas as pd
import psycopg2
import pyarrow.fs
import pytest
import yaml
from builders.compose import Installation, Process, resolved
from builders.servers import CHECKOUT
from builders.small_networks import ZONE, small_settings, write_load

from gridahead.core.time import now
from gridahead.workspace import Workspace

T = TypeVar("T")
ALWAYS = ("postgres", "s3", "prefect", "mlflow", "worker", "page")
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
PATIENCE_SECONDS = 600
OPEN_UNTIL = f"D-0T0000[{ZONE}]"
WATCHED = """
[schedule]
watch = "* * * * *"
lost_after_seconds = 60
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The file as docker-compose reads it."""
    return resolved(tmp_path_factory.mktemp("read"))


def test_docker_compose_accepts_the_file_and_nothing_in_it_is_secret_open_or_without_limit(said):
    """Guard: `resolved` fails where docker-compose, which checks the file against the specification, does."""
    written = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    for name, about in said["services"].items():
        assert all(str(port).startswith("127.0.0.1:") for port in about.get("ports", [])), name
        assert re.search(r":\d+\.\d+|:local$", about["image"]), f"{name} is not pinned: {about['image']}"
        assert about["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert about["logging"]["options"]["max-size"], name
        assert "no-new-privileges:true" in about["security_opt"], name
        assert about["restart"] == ("unless-stopped" if name in ALWAYS else "no"), name
        assert name in ("s3", "buckets", "deploy") or "healthcheck" in about, name
    for name, about in written.items():
        secrets = {key: value for key, value in (about.get("environment") or {}).items() if "PASSWORD" in key}
        assert all(str(value).startswith("${") for value in secrets.values()), name


def test_nothing_of_ours_runs_as_root_and_the_image_knows_its_commit(said):
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    assert "USER gridahead" in lines and "GIT_COMMIT" in said["services"]["worker"]["build"]["args"]
    assert ".git" in (CHECKOUT / ".dockerignore").read_text().split()
    assert ".env" in (CHECKOUT / ".dockerignore").read_text().split()
    assert ".env" in (CHECKOUT / ".gitignore").read_text().split()


def write_settings(installation: Installation, *, deadline: str, epochs: int = 2) -> None:
    text = small_settings({"DE": (deadline, OPEN_UNTIL)}, epochs, WATCHED)
    (installation.own / "settings.toml").write_text(installation.here(text, "worker"))


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """The services of the file, healthy, with small settings of one series that was due at midnight."""
    folder = Path(tempfile.mkdtemp(prefix="compose-"))  # not below pytest's folder, which other users may not enter
    folder.chmod(0o755)
    made = Installation(folder, resolved(folder), more={"OMP_NUM_THREADS": "1"})
    made.own.mkdir(parents=True)
    write_settings(made, deadline=f"D-1T0000[{ZONE}]")
    write_load(made.own, "DE")
    try:
        made.up()
        yield made
    finally:
        made.down()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def api(installation: Installation) -> Iterator[httpx.Client]:
    """Prefect's API, with the password of .env."""
    user, _, password = installation.environment("worker")["PREFECT_API_AUTH_STRING"].partition(":")
    address = installation.environment("worker")["PREFECT_API_URL"] + "/"
    transport = httpx.HTTPTransport(retries=30)
    with httpx.Client(base_url=address, auth=(user, password), timeout=60, transport=transport) as client:
        yield client


@pytest.fixture(scope="module")
def workspace(installation: Installation) -> Iterator[Workspace]:
    """The data of the installation, as the workers have them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in installation.environment("worker").items():
            if name.startswith(("AWS_", "MLFLOW_")):
                patch.setenv(name, value)
        yield Workspace.open(installation.own / "settings.toml")


def begin(api: httpx.Client, deployment: str, **parameters: object) -> str:
    """Start a run; gives its id."""
    made = api.get(f"deployments/name/{deployment}").raise_for_status().json()
    told = {"parameters": {**made["parameters"], **parameters}}
    return str(api.post(f"deployments/{made['id']}/create_flow_run", json=told).raise_for_status().json()["id"])


def until(found: Callable[[], T | None], what: str, installation: Installation, every: float = 1) -> T:
    """What a question comes to give that is not nothing."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(every)
    said = "\n".join(f"--- {key}\n{installation.words(*key)}" for key in installation.processes if key[0] == "worker")
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}\n{said}")


def ended(api: httpx.Client, run: str, installation: Installation) -> dict[str, Any]:
    """A run once it has ended."""

    def state() -> dict[str, Any] | None:
        found = api.get(f"flow_runs/{run}").raise_for_status().json()
        return found if found["state_type"] in ENDED else None

    return until(state, f"run {run} ends", installation)


def runs_of(api: httpx.Client, flow: str, tag: str | None = None) -> list[dict[str, Any]]:
    """Runs of a flow, the newest first."""
    asked: dict[str, Any] = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC"}
    if tag is not None:
        asked["flow_runs"] = {"tags": {"all_": [tag]}}
    return list(api.post("flow_runs/filter", json=asked).raise_for_status().json())


def worker_of(installation: Installation, run: str) -> tuple[str, int]:
    """The worker whose process has a run."""
    return until(lambda: installation.worker_of(run), f"a worker has taken run {run}", installation)


def kill(installation: Installation, key: tuple[str, int]) -> Process:
    """A machine goes away, with all that runs on it."""
    process = installation.processes[key]
    process.kill(signal.SIGKILL)
    return process


def issues(workspace: Workspace) -> list[dict[str, Any]]:
    """The manifests of what is published."""
    found = sorted((workspace.settings.published_folder / "DE.load").rglob("manifest.json"))
    return [json.loads(file.read_text()) for file in found]


def newest(workspace: Workspace) -> dict[str, Any]:
    """The manifest with the newest issue time."""
    return max(issues(workspace), key=lambda issue: pd.Timestamp(issue["issue_time"]))


def registered(installation: Installation) -> list[int]:
    """Versions in MLflow's database."""
    address = installation.environment("mlflow")["MLFLOW_BACKEND_STORE_URI"]
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version FROM model_versions WHERE name = 'DE.load' ORDER BY version")
        return [version for (version,) in cursor.fetchall()]


def test_the_pipeline_runs_through_all_of_it(installation, api, workspace):
    run = ended(api, begin(api, "pipeline/by-hand"), installation)
    assert run["state_type"] == "COMPLETED", f"{run['state']['message']}\n{installation.words('worker', 0)}"
    day = now().tz_convert(ZONE).date() + pd.Timedelta(days=1)
    # The watch may have published before the training was over, by a lower step of the ladder.
    assert (str(day), "1") in {(issue["delivery_day"], issue["model_version"]) for issue in issues(workspace)}
    assert registered(installation) == [1]
    store = pyarrow.fs.S3FileSystem(
        endpoint_override=installation.address("s3", 8333), scheme="http", access_key="any", secret_key="any"
    )
    for bucket in ("gridahead", "mlflow"):
        assert store.get_file_info(pyarrow.fs.FileSelector(bucket, recursive=True)), f"nothing is in {bucket}"


def test_the_page_shows_it_and_prefect_asks_for_the_password(installation, api, workspace):
    page = httpx.get(f"http://{installation.address('page', 8080)}/published/DE.load/latest.csv", timeout=60)
    assert page.status_code == 200 and page.text.count("\n") > 23
    assert httpx.get(f"{api.base_url}flow_runs/count", timeout=60).status_code in (401, 405)
    anonymous = httpx.post(f"{api.base_url}flow_runs/filter", json={}, timeout=60)
    assert anonymous.status_code == 401


def test_a_deadline_changed_in_the_settings_counts_before_anything_is_deployed_again(installation, api, workspace):
    """The scheduled run finds no series of its deadline and says so; the watch publishes what is due."""
    deadline = pd.Timestamp(newest(workspace)["issue_time"]).tz_convert(ZONE) + pd.Timedelta(minutes=1)
    before = len(issues(workspace))
    write_settings(installation, deadline=f"D-1T{deadline:%H%M}[{ZONE}]")
    run = ended(api, begin(api, "forecast/D-1T0000-Europe-Berlin"), installation)
    assert run["state_type"] == "COMPLETED"
    until(lambda: len(issues(workspace)) > before, "the watch publishes for the new deadline", installation)
    asked = {"artifacts": {"key": {"any_": ["deployments"]}}}
    assert "deploy` brings" in api.post("artifacts/filter", json=asked).json()[0]["data"]


def test_a_worker_killed_in_a_forecast_is_made_up_for_by_the_watch(installation, api, workspace):
    before = len(issues(workspace))
    run = begin(api, "forecast/by-hand")
    key = worker_of(installation, run)
    until(lambda: api.get(f"flow_runs/{run}").json()["state_type"] == "RUNNING", "it runs", installation, every=0.1)
    kill(installation, key)
    killed_at = now()
    # Of a deadline that nothing is published for yet: what was issued in this minute would count for it.
    deadline = max(killed_at, pd.Timestamp(newest(workspace)["issue_time"])).tz_convert(ZONE).floor("min")
    deadline += pd.Timedelta(minutes=1)
    write_settings(installation, deadline=f"D-1T{deadline:%H%M}[{ZONE}]")
    until(lambda: len(issues(workspace)) > before, "the watch publishes", installation)
    assert (now() - killed_at).total_seconds() < 300
    lost = ended(api, run, installation)
    assert lost["state_type"] == "CRASHED" and "no sign of life" in lost["state"]["message"]
    assert pd.Timestamp(newest(workspace)["issue_time"]) >= deadline
    times = [issue["issue_time"] for issue in issues(workspace)]
    assert len(set(times)) == len(times)
    installation.start(*key)
    installation.wait_healthy(*key)  # what comes next may take its servers away


def test_a_training_killed_with_its_worker_is_taken_over_and_registered_once(installation, api, workspace):
    write_settings(installation, deadline=f"D-1T0000[{ZONE}]", epochs=150)
    run = begin(api, "train/scheduled")
    key = worker_of(installation, run)
    folder = workspace.settings.checkpoint_folder
    until(lambda: list(folder.rglob("*.*")), "there is a checkpoint", installation)
    kill(installation, key)
    assert ended(api, run, installation)["state_type"] == "CRASHED"
    (again,) = until(lambda: runs_of(api, "train", "begun-again-1"), "it is begun again", installation)
    assert ended(api, again["id"], installation)["state_type"] == "COMPLETED"
    assert registered(installation) == [1, 2]
    installation.start(*key)
    installation.wait_healthy(*key)  # what comes next may take its servers away


def test_prefect_killed_and_postgres_restarted_the_next_forecast_is_published(installation, api, workspace):
    before = len(issues(workspace))
    kill(installation, ("prefect", 0))
    installation.processes["postgres", 0].kill(signal.SIGINT)
    for service in ("postgres", "prefect"):
        installation.start(service)
        installation.wait_healthy(service)
    installation.wait_healthy("mlflow")
    run = ended(api, begin(api, "forecast/by-hand"), installation)
    assert run["state_type"] == "COMPLETED"
    assert len(issues(workspace)) > before
    for replica in (0, 1):
        installation.wait_healthy("worker", replica)
