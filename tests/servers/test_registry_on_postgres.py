"""MLflow's server on PostgreSQL: a fit is recorded, registered, promoted, exported and loaded over it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import psycopg2
import pytest
from builders.fits import issue_time, register
from builders.registry import workspace_at
from builders.rows import LOAD
from builders.servers import mlflow_server, postgres
from builders.windows import made_windows

from gridahead.core.runs import CHALLENGER, CHAMPION
from gridahead.models.base import predict_each
from gridahead.operate.forecast import forecast
from gridahead.promotion.promote import promote, rollback
from gridahead.registry.registry import Registry
from gridahead.registry.runs import Tracking
from gridahead.workspace import Workspace


class Remote(Tracking):
    """The record of fits behind a server's address."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.uri, self.client = folder, address, mlflow.MlflowClient(address)
        self.experiment_id = self._experiment_id()


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as address:
        yield address


@pytest.fixture(scope="module")
def workspace(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Versions 1 and 2 in MLflow's server, of which 2 serves and 1 has served before."""
    folder = tmp_path_factory.mktemp("postgres") / "data"
    settings = workspace_at(folder).settings
    with mlflow_server(database, settings.mlflow_folder / "artifacts", folder / "server.log") as address:
        made = Workspace(
            settings, registry_of=lambda one: Registry(Remote(settings.mlflow_folder, address), one.exports)
        )
        for seed in (1, 2):
            version = register(made, seed)
            promote(made, LOAD, version.number, f"reason {seed}", "Ada")
        yield made


def test_what_the_registry_knows_is_in_postgres(workspace, database):
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version FROM model_versions WHERE name = 'DE.load' ORDER BY version")
        assert cursor.fetchall() == [(1,), (2,)]
        cursor.execute("SELECT alias, version FROM registered_model_aliases WHERE name = 'DE.load'")
        assert cursor.fetchall() == [("champion", 2)]
    assert not workspace.database.path.exists()


def test_a_run_has_parameters_and_figures_and_a_version_its_tags(workspace):
    version = workspace.registry.version(LOAD, CHAMPION)
    run = workspace.registry.client.get_run(version.run_id)
    assert run.data.params["window.deadline"] == "D-1T1100[Europe/Berlin]"
    assert run.data.metrics["validation_pinball"] == version.validation["validation_pinball"] == 2.5
    assert [one.number for one in workspace.registry.versions(LOAD)] == ["2", "1"]
    workspace.registry.note(version, {"trial": "passed"})
    assert workspace.exports.version(LOAD, "2").tags["trial"] == "passed"


def test_the_champion_is_loaded_to_the_bit_from_the_exports_and_from_the_server(workspace):
    champion, windows = workspace.registry.champion(LOAD), made_windows()
    answers = predict_each(champion.model, windows)
    with workspace.registry.tracking.active():
        served = mlflow.pyfunc.load_model("models:/DE.load@champion")
    given = {name: getattr(windows, name) for name in ("past", "future", "valid_time", "delivery")}
    assert np.array_equal(served.predict(given), answers)


def test_a_bundle_that_is_gone_comes_back_from_what_the_server_keeps(workspace):
    champion = workspace.registry.version(LOAD, CHAMPION)
    before = forecast(workspace, LOAD, issue_time(workspace)).manifest
    shutil.rmtree(workspace.exports.folder / "bundles" / champion.tags["bundle"])
    assert forecast(workspace, LOAD, issue_time(workspace)).manifest == before
    assert workspace.registry.sound(champion)


def test_who_serves_is_changed_and_changed_back_for_another_process_too(workspace):
    address = workspace.registry.tracking.uri
    other = Registry(Remote(workspace.settings.mlflow_folder, address), workspace.exports)
    rollback(workspace, LOAD, "the former was better", "Ada")
    assert other.aliases(LOAD)[CHAMPION] == "1"
    assert forecast(workspace, LOAD, issue_time(workspace)).manifest["model_version"] == "1"
    promote(workspace, LOAD, "2", "no, it was not", "Ada")
    assert other.aliases(LOAD) == {CHAMPION: "2"} and other.holder(LOAD, CHALLENGER) is None
