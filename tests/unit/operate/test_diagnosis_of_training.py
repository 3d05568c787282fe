"""A diagnosis comes after the registration; and what trains, forecasts and explains leaves torch as it was."""

import logging
import re

import pytest
import torch
from builders.backtests import SHOP, workspace_of
from builders.rows import LOAD

from gridahead.explain.gradients import model_gradients
from gridahead.models.determinism import switches
from gridahead.operate import explain as module
from gridahead.operate.explain import explain_forecast
from gridahead.operate.forecast import forecast
from gridahead.operate.train import train
from gridahead.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """One tiny network for each of two names; the gradients of the second cannot be measured."""
    settings = workspace_of(tmp_path_factory.mktemp("trained")).settings
    entry = settings.series[0].model_copy(update={"models": ("tiny", "flat")})
    return Workspace(settings.model_copy(update={"series": (entry,)}))


@pytest.fixture(scope="module")
def candidates(workspace):
    torch.set_num_threads(2)
    before, messages = switches(), []

    def unknown_cell(model, windows):
        if model.name == "flat":
            raise NotImplementedError("no step of this cell is known")
        return model_gradients(model, windows)

    class Kept(logging.Handler):
        def emit(self, record):
            messages.append(record.getMessage())

    handler = Kept()
    module.log.addHandler(handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "model_gradients", unknown_cell)
        made = train(workspace, LOAD, lambda epoch: None, SHOP)
    module.log.removeHandler(handler)
    assert switches() == before
    return {one.model: one for one in made}, messages


def test_a_network_whose_gradients_cannot_be_measured_is_registered_and_serves(workspace, candidates):
    made, messages = candidates
    versions = {one.model: one for one in workspace.registry.versions(LOAD)}
    assert set(versions) == set(made) == {"tiny", "flat"}
    assert sum(one.champion for one in made.values()) == 1
    (message,) = messages
    for part in ("DE/load flat v", "the model itself is kept", "no step of this cell", "gridahead diagnose"):
        assert part in message
    assert workspace.tracking.file(versions["flat"].run_id, "gradients.png") is None


def test_the_gradients_of_the_other_are_with_its_run(workspace, candidates):
    version = next(one for one in workspace.registry.versions(LOAD) if one.model == "tiny")
    metrics = workspace.tracking.client.get_run(version.run_id).data.metrics
    assert {"gradient_memory_hours", "gradient_oldest_relative", "step_jacobian_sigma"} <= set(metrics)
    assert {"forget_gate_hours_p10", "forget_gate_hours_median", "forget_gate_hours_p90"} <= set(metrics)
    by_lag = workspace.tracking.client.get_metric_history(version.run_id, "gradient_norm_by_lag")
    assert sorted(one.step for one in by_lag) == list(range(8))
    assert workspace.tracking.file(version.run_id, "gradients.png").read_bytes().startswith(b"\x89PNG")


def test_a_forecast_and_its_explanation_leave_torch_as_it_was(workspace, candidates):
    torch.set_num_threads(2)
    before = switches()
    issued = forecast(workspace, LOAD).manifest["issue_time"]
    explained = explain_forecast(workspace, LOAD)
    assert explained.explanation.issue_time.isoformat() == issued
    assert re.fullmatch(
        r"<Explanation of DE/load, \d{4}-\d\d-\d\d, issued \S+, by \w+ v1>", repr(explained.explanation)
    )
    assert explained.picture.read_bytes().startswith(b"\x89PNG")
    assert switches() == before
    torch.set_num_threads(1)
