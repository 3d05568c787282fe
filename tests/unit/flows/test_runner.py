"""Where tasks run by the settings, and what is said where they cannot."""

import multiprocessing
import sys
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pydantic
import pytest
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner
from prefect_dask.task_runners import DaskTaskRunner

from gridahead.core.errors import LakeError, ModelError, SettingsError
from gridahead.settings.flows import FlowSettings
from gridahead_flows import runner
from gridahead_flows.forecast import forecast_some
from gridahead_flows.runner import outcomes_of, require_processes, runner_of
from gridahead_flows.train import train_group, train_series


def of(**said: Any) -> Any:
    return runner_of(FlowSettings.model_validate(said), 8, said.get("workers"))


def test_each_kind_of_the_settings_has_its_runner():
    assert of() == ThreadPoolTaskRunner(max_workers=8)
    assert of(runner="processes", workers=3) == ProcessPoolTaskRunner(max_workers=3)
    dask = of(runner="dask", workers=3)
    assert isinstance(dask, DaskTaskRunner)
    assert dask.cluster_kwargs == {"workers": 3}


def test_where_dask_is_not_installed_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(SettingsError, match=r"pip install 'gridahead\[dask\]'; or choose runner = \"processes\""):
        of(runner="dask")
    assert of(runner="processes", workers=1)  # the way out


def test_where_no_scheduler_answers_the_commands_are_named(monkeypatch):
    monkeypatch.setattr(runner, "CONNECT_SECONDS", 1)
    with pytest.raises(SettingsError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9.*`dask scheduler`"):
        of(runner="dask", dask_address="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ({"dask_address": "tcp://a:8786"}, "dask_address counts with runner"),
        ({"runner": "dask", "dask_address": "tcp://a:8786", "workers": 2}, "leave out workers or dask_address"),
        ({"runner": "dask", "workers": 0}, "greater than or equal to 1"),
        ({"series_per_task": 0}, "greater than or equal to 1"),
        ({"runner": "ray"}, "'threads', 'processes' or 'dask'"),
    ],
)
def test_what_cannot_be_meant_is_refused(said, finding):
    with pytest.raises(pydantic.ValidationError, match=finding):
        FlowSettings.model_validate(said)


@pytest.mark.parametrize("task", [forecast_some, train_series, train_group])
def test_tasks_travel_to_another_process(task):
    assert cloudpickle.loads(cloudpickle.dumps(task)).name == task.name


def _future(outcome: object) -> Any:
    def result() -> object:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return SimpleNamespace(result=result)


def test_all_outcomes_are_told_also_that_a_process_has_ended():
    error = LakeError("a 503", retryable=True)
    found = outcomes_of(
        [("DE/load", _future(["out"])), ("FI/load", _future(error)), ("NO2/load", _future(BrokenProcessPool("ended")))]
    )
    assert found[:2] == [["out"], error]
    assert isinstance(found[2], ModelError)
    assert str(found[2]).startswith("NO2/load: the process that worked on it has ended")


def test_an_error_that_is_none_of_ours_is_raised_when_all_have_ended():
    asked = []
    late = SimpleNamespace(result=lambda: asked.append("late"))
    with pytest.raises(ZeroDivisionError):
        outcomes_of([("a", _future(ZeroDivisionError())), ("b", late)])  # type: ignore[list-item]
    assert asked == ["late"]


def test_a_worker_that_may_start_no_processes_is_told_how_to_be_started(monkeypatch):
    require_processes()
    monkeypatch.setattr(multiprocessing, "current_process", lambda: SimpleNamespace(daemon=True))
    with pytest.raises(SettingsError, match="--no-nanny"):
        require_processes()
