"""How far back the trained networks remember: in MLflow for every fit, on the command line for the one that serves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.explain.diagnosis import diagnose
from gridahead.reports.diagnosis import diagnosis_rows, memory_sentence
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

LOAD = Series("DE", "load")


@pytest.fixture
def workspace(done: Path) -> Workspace:
    return Workspace(load_settings(done / "settings.toml"))


def test_every_fit_is_logged_with_its_gradients_and_their_picture(workspace: Workspace) -> None:
    for model in ("lstm", "gru"):
        run_id = workspace.registry.newest(LOAD, model).run_id
        client = workspace.tracking.client
        assert "gradients.png" in [one.path for one in client.list_artifacts(run_id)]
        by_lag = client.get_metric_history(run_id, "gradient_norm_by_lag")
        assert sorted(one.step for one in by_lag) == list(range(14)), "two weeks in steps of a day"
        assert all(one.value > 0 for one in by_lag)
        metrics = client.get_run(run_id).data.metrics
        assert 0 <= metrics["clip_rate"] <= 1
        assert 0 < metrics["gradient_memory_hours"] <= 14 * 24
        assert 0 < metrics["forget_gate_hours_p10"] <= metrics["forget_gate_hours_p90"]
        assert metrics["step_jacobian_sigma"] > 0


def test_diagnose_measures_the_champion_for_machines_and_draws_it(gridahead_command, workspace: Workspace) -> None:
    code, output = gridahead_command("diagnose", "--series", "DE/load", "--json")
    assert code == 0
    (found,) = json.loads(output)
    champion = workspace.registry.champion(LOAD)
    assert (found["series"], found["model"], found["version"]) == ("DE/load", champion.model.name, champion.version)
    assert found["lag_hours"] == [24 * day for day in range(14)]
    assert len(found["gradient_norm_by_lag"]) == len(found["step_jacobian_sigma_by_lag"]) == 14
    assert 0 <= found["clip_rate"] <= 1
    assert found["gradient_norm"] > 0
    assert len(found["forget_gate_hours"]) == 12
    assert Path(found["picture"]).read_bytes().startswith(b"\x89PNG")


def test_diagnose_says_it_in_words(workspace: Workspace) -> None:
    (found,) = diagnose(workspace, LOAD, "gru")
    assert found.title.startswith("DE/load gru v")
    assert "the loss on the delivery day reaches back" in memory_sentence(found.gradients)
    values = {row["measure"]: row["value"] for row in diagnosis_rows(found)}
    assert values["reads"] == "14 days in steps of 24 hours"
    assert values["clipped in training"].endswith("% of the steps")
    assert "10 to 90 % of the units" in values["forget gates keep"]


def test_diagnose_of_a_model_that_was_never_trained_names_those_that_were(workspace: Workspace) -> None:
    with pytest.raises(ModelError, match=r"DE/load rnn: has never been trained; there are gru, lstm"):
        diagnose(workspace, LOAD, "rnn")
