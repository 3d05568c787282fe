"""The flows in Prefect's own engine, on a temporary server."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gridahead.core.errors import GridaheadError, LakeError, ModelError, PartialError, SettingsError
from gridahead.core.grid import Series
from gridahead.settings.file import load_settings
from gridahead.settings.networks import SharedSettings
from gridahead.workspace import Workspace

pytestmark = pytest.mark.server  # of Prefect


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
    assert forecast_flow(settings=settings) == ["DE/load for 2025-12-31 by full"]
    assert score_flow(settings).endswith("report.html")


def test_training_where_nothing_has_changed_names_who_serves(prefect_server: None, done: Path) -> None:
    from gridahead_flows.train import train_flow

    settings = done / "settings.toml"
    registry = Workspace(load_settings(settings)).registry
    before = len(registry.versions(Series("DE", "load")))
    champion = registry.holder(Series("DE", "load"), "champion")
    assert train_flow(settings=str(settings)) == {"DE/load": str(champion)}
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
    assert flow.train_flow(settings=str(tmp_path / "settings.toml")) == {
        "DE/load": "champion of DE/load",
        "DE/solar": "alone v7",
        "DE/wind_onshore": "alone v7",
    }
    assert told == ["alone", "DE/load", "rival"]


def of_each_by(forecast: Callable[..., Any]) -> Callable[..., tuple[dict[Series, Any], dict[Series, GridaheadError]]]:
    """What stands for `forecast_each`: one series after the other is forecast by a function."""

    def each(
        workspace: Workspace, names: Sequence[Series], instant: object, *, day: object
    ) -> tuple[dict[Series, Any], dict[Series, GridaheadError]]:
        done, failed = dict[Series, Any](), dict[Series, GridaheadError]()
        for series in names:
            try:
                done[series] = forecast(workspace, series, instant, day=day)
            except GridaheadError as error:
                failed[series] = error
        return done, failed

    return each


def test_one_series_that_fails_does_not_keep_the_others_from_being_published(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridahead_flows import forecast as flow

    asked: list[str] = []

    def forecast(workspace: Workspace, series: Series, instant: object, *, day: object) -> SimpleNamespace:
        asked.append(str(series))
        if series == Series("NO2", "load"):
            raise ModelError("NO2/load", "no step of the ladder has an answer")
        manifest = {"delivery_day": "2025-12-31", "rung": "naive", "missing": "official forecast"}
        return SimpleNamespace(manifest=manifest)

    monkeypatch.setattr(flow, "forecast_each", of_each_by(forecast))
    (tmp_path / "settings.toml").write_text(TWO_DEADLINES)
    state = flow.forecast_flow(settings=str(tmp_path / "settings.toml"), return_state=True)
    assert state.is_failed() and sorted(asked) == ["DE/load", "NO2/load"]
    assert "NO2/load: no step of the ladder" in str(state.message)
    monkeypatch.setattr(flow, "series_meant", lambda workspace, series: ["DE/load"])
    state = flow.forecast_flow(settings=str(tmp_path / "settings.toml"), return_state=True)
    assert state.is_completed()  # a lower step of the ladder is no failure, and is told
    assert state.message == "DE/load for 2025-12-31 by naive, missing: official forecast"


def test_of_several_in_a_task_only_what_failed_is_tried_again(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridahead_flows import forecast as flow

    asked: list[str] = []

    def forecast(workspace: Workspace, series: Series, instant: object, *, day: object) -> SimpleNamespace:
        asked.append(str(series))
        if asked == ["NO2/load"]:
            raise LakeError("a 503", retryable=True)
        return SimpleNamespace(manifest={"delivery_day": "2025-12-31", "rung": "full", "missing": ""})

    monkeypatch.setattr(flow, "forecast_each", of_each_by(forecast))
    (tmp_path / "settings.toml").write_text(f"{TWO_DEADLINES}[flows]\nseries_per_task = 2\n")
    state = flow.forecast_flow(settings=str(tmp_path / "settings.toml"), return_state=True)
    assert asked == ["NO2/load", "DE/load", "NO2/load"]
    assert state.is_completed()
    assert state.message == "DE/load for 2025-12-31 by full; NO2/load for 2025-12-31 by full"


def test_one_series_that_cannot_be_trained_keeps_no_other_and_no_group_from_it(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridahead.operate.train import Candidate
    from gridahead_flows import train as flow

    def alone(workspace: object, series: Series) -> list[Candidate]:
        raise ModelError(f"{series}", "too few days")

    def together(workspace: object, group: SharedSettings) -> list[Candidate]:
        return [Candidate(one, group.name, "7", True, {}, 1, 0.1, "", known=False) for one in group.series]

    (tmp_path / "settings.toml").write_text(GROUPS)
    monkeypatch.setattr(flow, "train", alone)
    monkeypatch.setattr(flow, "train_shared", together)
    with pytest.raises(PartialError) as raised:
        flow.train_flow(settings=str(tmp_path / "settings.toml"))
    assert raised.value.errors.keys() == {"DE/load"}
    assert dict(raised.value.done) == {"DE/load": "rival v7", "DE/solar": "rival v7", "DE/wind_onshore": "alone v7"}


def test_a_champion_that_has_learnt_all_days_is_no_failure_of_the_run_that_looks_for_drift(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridahead_flows import score as flow

    def drift(workspace: Workspace, series: Series) -> None:
        raise ModelError("lstm v1", "has learnt until yesterday: its errors say nothing")

    monkeypatch.setattr(flow, "drift", drift)
    monkeypatch.setattr(flow, "score_each", lambda workspace, names: ({}, {}))
    monkeypatch.setattr(flow, "write_report", lambda settings: "report.html")
    (tmp_path / "settings.toml").write_text(TWO_DEADLINES)
    assert flow.score_flow(str(tmp_path / "settings.toml")) == "report.html"


@pytest.mark.parametrize("few", [0, 20])
def test_what_has_drifted_is_trained_again_whether_it_was_looked_at_alone_or_with_others(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    from gridahead_flows import score as flow

    def drift(workspace: Workspace, series: Series) -> SimpleNamespace:
        if series == Series("FR", "load"):
            raise LakeError("the lake has no FR/load")
        return SimpleNamespace(findings=[], alarm=True, retrain=series == Series("DE", "load"), unit="MW")

    again: list[str] = []
    monkeypatch.setattr(flow, "FEW", few)
    monkeypatch.setattr(flow, "drift", drift)
    monkeypatch.setattr(flow, "drift_sentence", lambda report: "has changed")
    monkeypatch.setattr(flow, "score_each", lambda workspace, names: ({}, {}))
    monkeypatch.setattr(flow, "write_report", lambda settings: "report.html")
    monkeypatch.setattr(flow, "_train_again", lambda drifted, settings: again.extend(drifted))
    third = '[[series]]\nseries = "FR/load"\ndeadline = "D-1T1100[Europe/Oslo]"\n'
    text = TWO_DEADLINES.replace("[schedule]", "[schedule]\nretrain_on_drift = true") + third
    (tmp_path / "settings.toml").write_text(text)
    assert flow.score_flow(str(tmp_path / "settings.toml")) == "report.html"
    assert again == ["DE/load"]


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

    from gridahead_flows.deployments import deploy
    from gridahead_flows.plan import plan

    (tmp_path / "settings.toml").write_text(text)
    names = deploy(plan(tmp_path / "settings.toml"))
    with get_client(sync_client=True) as client:
        there = {f"{client.read_flow(one.flow_id).name}/{one.name}": one for one in client.read_deployments()}
    assert sorted(there) == names
    return {
        name: {
            "pool": one.work_pool_name,
            "when": [_clock(each.schedule) for each in one.schedules],
            "parameters": one.parameters,
            "entrypoint": one.entrypoint,
            "form": (one.parameter_openapi_schema or {})["properties"],
        }
        for name, one in there.items()
    }


def automated() -> dict[str, Any]:
    """The automations that the server has, by name."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        there = client.read_automations()
    assert len({one.name for one in there}) == len(there)
    return {one.name: one for one in there}


def test_deployments_and_automations_follow_the_settings(prefect_server: None, tmp_path: Path) -> None:
    """Guard: a series whose deadline nobody else has is forecast once it is deployed, and no longer when it is gone."""
    from importlib import import_module

    before, automations = deployed(tmp_path, TWO_DEADLINES), automated()
    morning = "forecast/D-1T1100-Europe-Oslo"
    assert before[morning]["when"] == [("0 11 * * *", "Europe/Oslo")]
    assert before[morning]["parameters"]["deadline"] == "D-1T1100[Europe/Oslo]"
    assert before[morning]["form"]["series"]["items"]["enum"] == ["NO2/load", "DE/load"]
    assert all(told["description"] for told in before["backfill/by-hand"]["form"].values())
    assert before["train/scheduled"]["when"] == [("0 4 * * 1", "Europe/Oslo")]
    assert {one["pool"] for one in before.values()} == {"gridahead"}
    for one in before.values():
        module, _, name = str(one["entrypoint"]).rpartition(".")
        assert callable(getattr(import_module(module), name))
    added = deployed(tmp_path, TWO_DEADLINES + EVENING)
    assert added.keys() - before.keys() == {"forecast/D-1T1830-Europe-Berlin"}
    assert {name: one.id for name, one in automated().items()} == {name: one.id for name, one in automations.items()}
    assert deployed(tmp_path, TWO_DEADLINES).keys() == before.keys()


def test_a_work_pool_of_another_type_is_kept_as_somebody_has_made_it(prefect_server: None, tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    template = {
        "job_configuration": {"image": "{{ image }}"},
        "variables": {"properties": {"image": {"default": "own"}}},
    }
    with get_client(sync_client=True) as client:
        deployed(tmp_path, TWO_DEADLINES)
        client.delete_work_pool("gridahead")
        client.create_work_pool(WorkPoolCreate(name="gridahead", type="docker", base_job_template=template))
        assert {one["pool"] for one in deployed(tmp_path, TWO_DEADLINES).values()} == {"gridahead"}
        pool = client.read_work_pool("gridahead")
        assert (pool.type, pool.base_job_template["job_configuration"]) == ("docker", template["job_configuration"])
        client.delete_work_pool("gridahead")


def test_a_run_for_a_deadline_takes_what_is_due_of_the_series_that_have_it_by_now(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridahead_flows import forecast as flow

    asked: list[str] = []
    published = SimpleNamespace(manifest={"delivery_day": "", "rung": "full", "missing": ""})

    def forecast(workspace: Workspace, series: Series, instant: object, *, day: object) -> SimpleNamespace:
        asked.append(f"{series} {day}")
        return published

    def due_of(workspace: Workspace, series: Series, at: object) -> list[SimpleNamespace]:
        return [SimpleNamespace(day="tomorrow")] if series.zone == "DE" else []

    monkeypatch.setattr(flow, "forecast_each", of_each_by(forecast))
    monkeypatch.setattr(flow, "due_of", due_of)
    (tmp_path / "settings.toml").write_text(TWO_DEADLINES + EVENING)
    flow.forecast_flow(settings=str(tmp_path / "settings.toml"), deadline="D-1T1100[Europe/Oslo]")
    assert asked == ["DE/load tomorrow"]
    state = flow.forecast_flow(
        settings=str(tmp_path / "settings.toml"), deadline="D-1T0900[Europe/Oslo]", return_state=True
    )
    assert (state.is_completed(), state.message) == (True, "nothing is due that is not published")


def test_a_series_that_the_settings_do_not_have_is_told_before_anything_runs(
    prefect_server: None, tmp_path: Path
) -> None:
    from gridahead_flows.train import train_flow

    (tmp_path / "settings.toml").write_text(TWO_DEADLINES)
    with pytest.raises(SettingsError, match="DE/laod: no such series; did you mean 'DE/load'"):
        train_flow(["DE/laod"], str(tmp_path / "settings.toml"))


def test_a_killed_run_is_begun_again_once_for_each_time_it_is_killed_and_not_for_ever(
    prefect_server: None, tmp_path: Path
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Crashed, Failed

    from gridahead_flows.again import TIMES, begin_again

    deployed(tmp_path, TWO_DEADLINES)
    with get_client(sync_client=True) as client:
        train = client.read_deployment_by_name("train/scheduled")
        run = client.create_flow_run_from_deployment(train.id, parameters={"series": ["DE/load"]}).id
        assert begin_again(run) is None  # nobody has killed it
        for times in range(1, TIMES + 1):
            client.set_flow_run_state(run, Crashed(), force=True)
            again = begin_again(run)
            assert again is not None and begin_again(run) == again
            found = client.read_flow_run(again)
            assert found.parameters["series"] == ["DE/load"]
            assert sorted(found.tags) == [f"begun-again-{times}", "gridahead"]
            run = again
        client.set_flow_run_state(run, Crashed(), force=True)
        assert begin_again(run) is None
        forecast = client.read_deployment_by_name("forecast/by-hand")
        # What is due is published by the watch, and what has failed is for a person.
        endings: list[tuple[Any, Any]] = [(forecast, Crashed()), (train, Failed())]
        for of, ended in endings:
            other = client.create_flow_run_from_deployment(of.id).id
            client.set_flow_run_state(other, ended, force=True)
            assert begin_again(other) is None


@pytest.mark.parametrize(("closure", "tries"), [("D-0T0000[Europe/Oslo]", 2), ("D-6T0000[Europe/Oslo]", 1)])
def test_a_forecast_is_tried_again_for_as_long_as_it_can_reach_the_market(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closure: str, tries: int
) -> None:
    from gridahead.core.time import now
    from gridahead_flows import forecast as flow

    calls: list[int] = []
    day = now().date() + dt.timedelta(days=2)

    def forecast(workspace: Workspace, series: Series, instant: object, *, day: object) -> SimpleNamespace:
        calls.append(1)
        if len(calls) == 1:
            raise LakeError("a 503", retryable=True)
        return SimpleNamespace(manifest={"delivery_day": "", "rung": "full", "missing": ""})

    monkeypatch.setattr(flow, "forecast_each", of_each_by(forecast))
    monkeypatch.setattr(flow, "due_of", lambda workspace, series, at: [SimpleNamespace(day=day)])
    monkeypatch.setattr(flow.forecast_some, "retry_delay_seconds", 0)
    deadline = "D-7T0000[Europe/Oslo]" if tries == 1 else "D-1T1100[Europe/Oslo]"
    one = f'[[series]]\nseries = "NO2/load"\ndeadline = "{deadline}"\ngate_closure = "{closure}"\n'
    (tmp_path / "settings.toml").write_text(f'data_folder = "data"\n{one}')
    done = flow.forecast_flow(settings=str(tmp_path / "settings.toml"), deadline=deadline, return_state=True)
    assert (len(calls), done.is_completed()) == (tries, tries == 2)


def test_links_of_artifacts_open_where_there_is_an_address_and_are_paths_where_there_is_none(tmp_path: Path) -> None:
    from gridahead_flows.engine import open_workspace, page_link

    file = tmp_path / "settings.toml"
    file.write_text('data_folder = "data"')
    assert (
        page_link(open_workspace(str(file)), "report.html", "Page") == f"Page: `{tmp_path}/data/published/report.html`"
    )
    file.write_text('data_folder = "data"\n[serve]\npublic_url = "https://forecasts.example.org/"')
    link = page_link(open_workspace(str(file)), "DE.load/latest.csv", "Forecast")
    assert link == "[Forecast](https://forecasts.example.org/published/DE.load/latest.csv)"


def test_a_secret_comes_from_a_block_of_prefect_where_the_environment_has_none(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.blocks.system import Secret

    from gridahead_flows.engine import open_workspace

    file = tmp_path / "settings.toml"
    file.write_text('data_folder = "data"\n[schedule.secret_blocks]\nGRIDAHEAD_TEST_KEY = "entsoe"')
    monkeypatch.setenv("GRIDAHEAD_TEST_KEY", "of the environment")
    open_workspace(str(file))
    assert os.environ["GRIDAHEAD_TEST_KEY"] == "of the environment"
    monkeypatch.delenv("GRIDAHEAD_TEST_KEY")
    with pytest.raises(SettingsError, match="GRIDAHEAD_TEST_KEY is to be read from the secret block 'entsoe'"):
        open_workspace(str(file))
    Secret(value="of the block").save("entsoe")
    open_workspace(str(file))
    assert os.environ["GRIDAHEAD_TEST_KEY"] == "of the block"


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
