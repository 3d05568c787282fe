"""The flows in Prefect's own engine, on a temporary server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.settings.file import load_settings
from gridahead.settings.networks import SharedSettings
from gridahead.workspace import Workspace


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from prefect.settings import PREFECT_HOME, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    home = tmp_path_factory.mktemp("prefect")
    with temporary_settings({PREFECT_HOME: home}), prefect_test_harness(server_startup_timeout=120):
        yield


def test_the_flows_do_what_the_commands_do(prefect_server: None, done: Path) -> None:
    from gridahead_flows.compact import compact_flow
    from gridahead_flows.forecast import forecast_flow
    from gridahead_flows.ingest import ingest_flow
    from gridahead_flows.score import score_flow
    from gridahead_flows.validate import validate_flow

    settings = str(done / "settings.toml")
    assert ingest_flow(settings) == 0
    assert validate_flow(settings) >= 0
    assert compact_flow(settings) > 0
    assert forecast_flow(settings=settings)[0].endswith("DE.load/2025-12-30T1000Z")
    assert score_flow(settings).endswith("report.html")


def test_training_where_nothing_has_changed_names_who_serves(prefect_server: None, done: Path) -> None:
    from gridahead_flows.train import train_flow

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
    from gridahead.operate.train import Candidate
    from gridahead_flows import train as flow

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
        "DE/load": "champion of DE/load",
        "DE/solar": "alone v7",
        "DE/wind_onshore": "alone v7",
    }
    assert told == ["alone", "DE/load", "rival"]


def test_one_series_that_fails_does_not_keep_the_others_from_being_published(prefect_server: None, done: Path) -> None:
    from gridahead_flows.forecast import forecast_flow

    published = done / "data/published/DE.load/2025-12-20T1000Z/manifest.json"
    with pytest.raises(ModelError, match="DE/solar: has no champion"):
        forecast_flow("2025-12-20T10:00Z", ["DE/solar", "DE/load"], str(done / "settings.toml"))
    assert published.exists()


TWO_DEADLINES = """
data_folder = "data"
[schedule]
train = "0 4 * * 1"
[[series]]
series = "NO2/load"
deadline = "D-1T1100[Europe/Oslo]"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Oslo]"
"""
EVENING = """
[[series]]
series = "DE/solar"
deadline = "D-1T1830[Europe/Berlin]"
"""


def _clock(schedule: object) -> tuple[str, str | None]:
    from prefect.client.schemas.schedules import CronSchedule

    assert isinstance(schedule, CronSchedule)
    return schedule.cron, schedule.timezone


def deployed(tmp_path: Path, text: str) -> dict[str, dict[str, Any]]:
    """What the server has after the settings were deployed, by the name of flow and deployment."""
    from prefect.client.orchestration import get_client

    from gridahead_flows.deployments import deploy, deployments

    (tmp_path / "settings.toml").write_text(text)
    names = deploy(deployments(tmp_path / "settings.toml"))
    with get_client(sync_client=True) as client:
        there = {f"{client.read_flow(one.flow_id).name}/{one.name}": one for one in client.read_deployments()}
    assert sorted(there) == names
    return {
        name: {
            "pool": one.work_pool_name,
            "when": [_clock(each.schedule) for each in one.schedules],
            "parameters": one.parameters,
            "entrypoint": one.entrypoint,
        }
        for name, one in there.items()
    }


def test_deployments_follow_the_settings(prefect_server: None, tmp_path: Path) -> None:
    """Guard: a series whose deadline nobody else has is forecast once it is deployed, and no longer when it is gone."""
    from importlib import import_module

    before = deployed(tmp_path, TWO_DEADLINES)
    morning = "forecast/D-1T1100-Europe-Oslo"
    assert before[morning]["when"] == [("0 11 * * *", "Europe/Oslo")]
    assert before[morning]["parameters"]["deadline"] == "D-1T1100[Europe/Oslo]"
    assert before["train/scheduled"]["when"] == [("0 4 * * 1", "Europe/Oslo")]
    assert {one["pool"] for one in before.values()} == {"gridahead"}
    for one in before.values():
        module, _, name = str(one["entrypoint"]).rpartition(".")
        assert callable(getattr(import_module(module), name))
    added = deployed(tmp_path, TWO_DEADLINES + EVENING)
    assert added.keys() - before.keys() == {"forecast/D-1T1830-Europe-Berlin"}
    assert deployed(tmp_path, TWO_DEADLINES).keys() == before.keys()


def test_a_run_for_a_deadline_takes_the_series_that_have_it_by_now(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridahead_flows import forecast as flow

    asked: list[str] = []
    published = SimpleNamespace(manifest={}, folder=tmp_path)

    def forecast(workspace: Workspace, series: Series, instant: object) -> SimpleNamespace:
        asked.append(str(series))
        return published

    monkeypatch.setattr(flow, "forecast", forecast)
    (tmp_path / "settings.toml").write_text(TWO_DEADLINES + EVENING)
    flow.forecast_flow(settings=str(tmp_path / "settings.toml"), deadline="D-1T1100[Europe/Oslo]")
    assert asked == ["NO2/load", "DE/load"]


@pytest.mark.parametrize(("error", "tries"), [(LakeError("a 503", retryable=True), 2), (LakeError("no key"), 1)])
def test_a_task_is_tried_again_where_its_error_says_that_this_helps(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: LakeError, tries: int
) -> None:
    from gridahead_flows import compact as flow

    calls: list[int] = []

    def once(workspace: object) -> list[object]:
        calls.append(1)
        if len(calls) == 1:
            raise error
        return []

    monkeypatch.setattr(flow, "compact_lake", once)
    monkeypatch.setattr(flow.compact_tables, "retry_delay_seconds", 0)
    (tmp_path / "settings.toml").write_text('data_folder = "data"')
    done = flow.compact_flow(str(tmp_path / "settings.toml"), return_state=True)
    assert (len(calls), done.is_completed()) == (tries, tries == 2)
