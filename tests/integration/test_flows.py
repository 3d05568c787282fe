"""The flows in Prefect's own engine, on a temporary server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gridahead.config import SharedSettings
from gridahead.grid import Series
from gridahead.pipeline.workspace import Workspace
from gridahead.settings_file import load_settings

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from prefect.settings import PREFECT_HOME, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    sys.path.insert(0, str(FLOWS))
    home = tmp_path_factory.mktemp("prefect")
    with temporary_settings({PREFECT_HOME: home}), prefect_test_harness(server_startup_timeout=120):
        yield
    sys.path.remove(str(FLOWS))


def test_the_flows_do_what_the_commands_do(prefect_server: None, done: Path) -> None:
    from compact import compact_flow
    from forecast import forecast_flow
    from ingest import ingest_flow
    from score import score_flow
    from validate import validate_flow

    settings = str(done / "settings.toml")
    assert ingest_flow(settings) == 0
    assert validate_flow(settings) >= 0
    assert compact_flow(settings) > 0
    assert forecast_flow(settings=settings)[0].endswith("DE.load/2025-12-30T1000Z")
    assert score_flow(settings).endswith("report.html")


def test_training_where_nothing_has_changed_names_who_serves(prefect_server: None, done: Path) -> None:
    from train import train_flow

    settings = done / "settings.toml"
    registry = Workspace(load_settings(settings)).registry
    before = len(registry.versions(Series("DE", "load")))
    champion = registry.holder(Series("DE", "load"), "champion")
    assert train_flow(str(settings)) == {"DE/load": str(champion)}
    assert len(registry.versions(Series("DE", "load"))) == before


GROUPS = """
data_folder = "data"
[training]
workers = 1
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
models = ["lstm"]
[[series]]
series = "DE/solar"
deadline = "D-1T1100[Europe/Berlin]"
models = []
[[series]]
series = "DE/wind_onshore"
deadline = "D-1T1100[Europe/Berlin]"
models = []
[[shared]]
name = "rival"
model = "gru"
series = ["DE/load", "DE/solar"]
[[shared]]
name = "alone"
model = "gru"
series = ["DE/solar", "DE/wind_onshore"]
"""


def test_groups_without_rivals_are_trained_beside_the_series_and_those_with_rivals_after_them(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import train as flow

    from gridahead.pipeline.train import Candidate

    told = []

    def trained(series: Series, model: str) -> Candidate:
        champion = model != "rival"
        return Candidate(series, model, "7", champion, {"validation_pinball": 1.0}, 1, 0.1, "", known=False)

    def alone(workspace: object, series: Series) -> list[Candidate]:
        told.append(str(series))
        return [trained(series, "lstm")]

    def together(workspace: object, group: SharedSettings) -> list[Candidate]:
        told.append(group.name)
        return [trained(series, group.name) for series in group.series]

    (tmp_path / "settings.toml").write_text(GROUPS)
    monkeypatch.setattr(flow, "train", alone)
    monkeypatch.setattr(flow, "train_shared", together)
    monkeypatch.setattr(Workspace, "registry", SimpleNamespace(holder=lambda series, alias: f"{alias} of {series}"))
    assert flow.train_flow(str(tmp_path / "settings.toml")) == {
        "DE/load": "champion of DE/load", "DE/solar": "alone v7", "DE/wind_onshore": "alone v7"
    }  # fmt: skip
    assert told == ["alone", "DE/load", "rival"]


def test_one_series_that_fails_does_not_keep_the_others_from_being_published(prefect_server: None, done: Path) -> None:
    from forecast import forecast_flow

    from gridahead.errors import ModelError

    published = done / "data/published/DE.load/2025-12-20T1000Z/manifest.json"
    with pytest.raises(ModelError, match="DE/solar: has no champion"):
        forecast_flow("2025-12-20T10:00Z", ["DE/solar", "DE/load"], str(done / "settings.toml"))
    assert published.exists()


def test_every_deployment_names_a_flow_that_exists() -> None:
    import yaml

    deployments = yaml.safe_load((FLOWS.parent / "prefect.yaml").read_text())["deployments"]
    assert len(deployments) >= 6
    for deployment in deployments:
        file, _, function = deployment["entrypoint"].partition(":")
        assert f"def {function}(" in (FLOWS.parent / file).read_text()
        assert all(schedule["timezone"] for schedule in deployment.get("schedules", []))
