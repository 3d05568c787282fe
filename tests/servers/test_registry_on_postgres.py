"""MLflow's server on PostgreSQL behind a password, everything else on S3: trained, registered, promoted, forecast.

The server keeps artifacts for those who ask it, on S3 as well. In the end it is killed, and forecasts go on.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import psycopg2
import pyarrow.fs as pafs
import pytest
from builders.fits import issue_time, register
from builders.registry import OBSERVATIONS, day
from builders.rows import LOAD
from builders.servers import behind_password, mlflow_server, postgres
from builders.store_proxy import BUCKET, Proxy, address, object_store
from builders.windows import made_windows
from children import environment

from gridahead.core.errors import ModelError
from gridahead.core.runs import CHALLENGER, CHAMPION
from gridahead.forecasting.publish import latest_manifest
from gridahead.lake.folder import Folder
from gridahead.models.base import predict_each
from gridahead.operate.forecast import forecast
from gridahead.operate.registry_sync import registry_sync
from gridahead.operate.repair import repair
from gridahead.operate.train import train
from gridahead.promotion.promote import promote, rollback
from gridahead.settings.stores import STORES
from gridahead.workspace import Workspace

PASSWORD = "kept-to-ourselves"
SETTINGS = """
data_folder = "data"
{places}
[mlflow]
tracking_uri = "{mlflow}"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
models = ["gru"]
[models.gru]
cell = "gru"
hidden = 4
decoder_hidden = 4
members = 1
[training]
quantiles = [0.1, 0.5, 0.9]
context_days = 8
holdout_start = {holdout}
validation_days = 30
epochs = 1
workers = 1
"""
REGISTER = """
import sys, time
from pathlib import Path
from builders.fits import fit_of
from gridahead.registry.runs import Tracking
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.workspace import Workspace

home, own, other = Path(sys.argv[1]), *sys.argv[2:]
record = Tracking.record

def when_both_are_here(*given):
    (home / own).touch()
    while not (home / other).exists():
        time.sleep(0.01)
    return record(*given)

Tracking.record = when_both_are_here
registry = Workspace.open(home / "settings.toml").registry
made = registry.register(fit_of(7), ModelSettings(cell="gru"), TrainingSettings(), "settings 7")
print(made.version.number, made.is_new)
"""


def patient(store: Proxy, prefix: str) -> str:
    """An address that waits for a store on a busy machine."""
    return address(store, prefix, attempts=5).replace("request_timeout=1", "request_timeout=30")


@dataclass(frozen=True)
class Installation:
    """Where everything is, and how the server is killed."""

    home: Path
    database: str
    store: Proxy
    server: ExitStack

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.home / "settings.toml")

    def on_s3(self, prefix: str) -> Folder:
        return Folder.at(patient(self.store, prefix))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Versions 1 and 2 in MLflow's server, of which 2 serves and 1 has served before."""
    home = tmp_path_factory.mktemp("installed")
    with postgres() as database, object_store() as store, ExitStack() as server, pytest.MonkeyPatch.context() as patch:
        s3 = {"MLFLOW_S3_ENDPOINT_URL": f"http://{store.address}", "AWS_DEFAULT_REGION": "eu-central-1"}
        at = server.enter_context(mlflow_server(database, f"s3://{BUCKET}/mlflow", home / "server.log", s3))
        door = server.enter_context(behind_password(at, "ada", PASSWORD))
        patch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
        patch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        places = "\n".join(f'{name} = "{patient(store, f"/{name}")}"' for name in (*STORES, "published"))
        (home / "settings.toml").write_text(SETTINGS.format(places=places, mlflow=door, holdout=day(101)))
        made = Installation(home, database, store, server)
        made.workspace.lake.observations.append(OBSERVATIONS)
        for seed in (1, 2):
            promote(made.workspace, LOAD, register(made.workspace, seed).number, f"reason {seed}", "Ada")
        yield made


@pytest.fixture
def workspace(installed: Installation) -> Workspace:
    return installed.workspace


def test_what_the_registry_knows_is_in_postgres_and_nothing_but_copies_is_here(installed):
    with psycopg2.connect(installed.database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version FROM model_versions WHERE name = 'DE.load' ORDER BY version")
        assert cursor.fetchall() == [(1,), (2,)]
        cursor.execute("SELECT alias, version FROM registered_model_aliases WHERE name = 'DE.load'")
        assert cursor.fetchall() == [("champion", 2)]
    assert {path.name for path in (installed.home / "data").iterdir()} <= {"cache", "locks"}
    assert installed.on_s3("/mlflow").names("weights.safetensors", below=True)


def test_a_run_has_parameters_and_figures_and_a_version_its_tags(workspace):
    version = workspace.registry.version(LOAD, CHAMPION)
    run = workspace.registry.client.get_run(version.run_id)
    assert run.data.params["window.deadline"] == "D-1T1100[Europe/Berlin]"
    assert run.data.metrics["validation_pinball"] == version.validation["validation_pinball"] == 2.5
    workspace.registry.note(version, {"trial": "passed"})
    assert workspace.exports.version(LOAD, "2").tags["trial"] == "passed"
    workspace.tracking.keep_text(version.run_id, "card.html", "a card")
    assert workspace.tracking.file(version.run_id, "card.html").read_text() == "a card"


def test_the_champion_is_loaded_to_the_bit_from_the_exports_and_from_the_server(workspace):
    champion, windows = workspace.registry.champion(LOAD), made_windows()
    answers = predict_each(champion.model, windows)
    with workspace.registry.tracking.active():
        served = mlflow.pyfunc.load_model("models:/DE.load@champion")
    given = {name: getattr(windows, name) for name in ("past", "future", "valid_time", "delivery")}
    assert np.array_equal(served.predict(given), answers)


def test_who_may_not_come_in_is_told_what_to_set_and_no_password_is_shown(installed, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "another-one")
    with pytest.raises(ModelError, match="does not let us in: set MLFLOW_TRACKING_USERNAME and ") as refusal:
        _ = installed.workspace.registry
    assert "another-one" not in str(refusal.value)


def lost_bundle(installed: Installation, version) -> Folder:
    """The bundle of a version in the exports; what is copied of it here is deleted."""
    cached = installed.workspace.exports.bundle(version)
    for file in cached.iterdir():
        file.unlink()
    cached.rmdir()
    return installed.on_s3("/exports") / "bundles" / version.tags["bundle"]


def test_a_bundle_that_is_gone_comes_back_from_what_the_server_keeps(installed, workspace):
    champion = workspace.registry.version(LOAD, CHAMPION)
    bundle = lost_bundle(installed, champion)
    for name in bundle.names(below=True):
        bundle.delete(name)
    with pytest.raises(ModelError, match="Let `gridahead models repair` fetch it"):
        workspace.exports.bundle(champion)
    assert registry_sync(workspace) == []
    assert workspace.exports.bundle(champion).is_dir()
    assert repair(workspace).lost == ()


def test_weights_that_are_altered_in_the_exports_and_in_the_servers_copy_are_refused(installed, workspace):
    version = workspace.registry.version(LOAD, "1")
    copy = installed.on_s3("/mlflow") / version.tags["copy"]
    sound, altered = copy.read("weights.safetensors"), bytearray(copy.read("weights.safetensors"))
    altered[-1] ^= 1
    bundle = lost_bundle(installed, version)
    for place in (bundle, copy):
        place.write("weights.safetensors", bytes(altered))
    with pytest.raises(ModelError, match="gru v1: the bundle in"):
        workspace.exports.load(version)
    assert not workspace.registry.sound(version)
    copy.write("weights.safetensors", sound)
    assert workspace.registry.sound(version)
    assert bundle.read("weights.safetensors") == sound


def test_who_serves_is_changed_and_changed_back_for_another_process_too(installed, workspace):
    rollback(workspace, LOAD, "the former was better", "Ada")
    assert installed.workspace.registry.aliases(LOAD)[CHAMPION] == "1"
    assert forecast(workspace, LOAD, issue_time(workspace)).manifest["model_version"] == "1"
    promote(workspace, LOAD, "2", "no, it was not", "Ada")
    assert installed.workspace.registry.aliases(LOAD) == {CHAMPION: "2"}
    assert workspace.registry.holder(LOAD, CHALLENGER) is None


def test_two_hosts_that_register_the_same_at_once_register_it_once(installed, workspace):
    command = [sys.executable, "-c", REGISTER, str(installed.home)]
    both = [
        subprocess.Popen([*command, *names], stdout=subprocess.PIPE, env=environment())
        for names in (("one", "two"), ("two", "one"))
    ]
    said = sorted(child.communicate()[0].decode().split() for child in both)
    made = [one for one in workspace.registry.versions(LOAD) if one.tags["settings_hash"] == "settings 7"]
    assert [one.number for one in made] == [said[0][0]] == [said[1][0]]
    assert sorted(is_new for _, is_new in said) == ["False", "True"]
    assert workspace.exports.newest_of(LOAD) == int(made[0].number)


def test_what_is_trained_serves_and_goes_on_when_the_server_is_killed(installed, workspace):
    (candidate,) = train(workspace, LOAD)
    promote(workspace, LOAD, candidate.version, "to see it serve", "Ada")
    published = forecast(workspace, LOAD, issue_time(workspace))
    assert published.manifest["model_version"] == candidate.version
    installed.server.close()
    again = installed.workspace
    assert not forecast(again, LOAD, issue_time(again)).changed
    assert (latest_manifest(again.settings.published_place, LOAD) or {})["model_version"] == candidate.version
    with pytest.raises(ModelError, match=r"does not answer.*forecasts go on without it") as error:
        registry_sync(again)
    assert error.value.retryable and PASSWORD not in str(error.value)
    assert rollback(again, LOAD, "the former was better", "Ada").number == "2"
    assert forecast(again, LOAD, issue_time(again)).manifest["model_version"] == "2"


def test_the_credentials_of_the_store_and_the_server_are_nowhere_on_disk(installed):
    here = [path for path in installed.home.rglob("*") if path.is_file()]
    assert all(PASSWORD.encode() not in path.read_bytes() for path in here)
    selector = pafs.FileSelector(f"{BUCKET}/exports", recursive=True)
    names = [about.path for about in installed.on_s3("/").filesystem.get_file_info(selector)]
    assert any(name.endswith("serving.json") for name in names)
