"""Beside networks a regression is fitted and exported, which answers without them; its faults stop no training."""

import datetime as dt
import json

import pytest
from builders.ladder import put, slot_for, workspace_of
from builders.rows import LOAD
from builders.windows import made_load

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.runs import RIDGE
from gridahead.operate import train as module
from gridahead.operate.answer import climb
from gridahead.registry.fallbacks import fallback
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import split

LAST = dt.date(2025, 5, 5)
"""Of 120 days."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A workspace with its split, and the regression that was fitted on it."""
    workspace = workspace_of(tmp_path_factory.mktemp("regression"), "DE/load")
    put(workspace, made_load(121))
    spec, observations = workspace.inputs(LOAD)
    settings = TrainingSettings(context_days=8, validation_days=30, holdout_start=LAST)
    days = split(observations, spec, settings)
    module._keep_regression(workspace, days)
    return workspace, days


def test_it_is_known_by_the_last_day_it_has_learnt_and_is_no_version_of_the_registry(prepared):
    workspace, days = prepared
    version = fallback(workspace.exports, LOAD)
    assert version is not None and str(version) == f"ridge v{days.days[-1]}" == "ridge v2025-05-04"
    assert version.last_day_seen == version.last_day_learnt == days.days[-1]
    assert workspace.exports.versions(LOAD) == [] and workspace.exports.newest_of(LOAD) == 0
    assert module._has_regression(workspace, LOAD)


def test_where_no_network_is_it_forecasts(prepared):
    workspace, _ = prepared
    said = climb(workspace, slot_for(workspace, LOAD, LAST), {})
    assert (said.rung, said.model) == (RIDGE, "ridge v2025-05-04")
    assert said.missing == "no champion; no previous version"
    learnt = climb(workspace, slot_for(workspace, LOAD, LAST - dt.timedelta(days=1)), {})
    assert learnt.rung != RIDGE and "regression ridge v2025-05-04 has learnt this day" in learnt.missing


def test_what_goes_wrong_with_it_is_said_and_the_networks_are_trained_all_the_same(prepared, monkeypatch, caplog):
    workspace, days = prepared

    def full(*_):
        raise LakeError("no space left")

    monkeypatch.setattr(module, "fit_fallback", full)
    module._keep_regression(workspace, days)
    assert "DE/load: no regression stands by: no space left" in caplog.text


@pytest.mark.parametrize("text", ["{", json.dumps({"number": "1"}), json.dumps({"tags": 1, "created_at": "x"})])
def test_a_damaged_record_of_it_names_the_way_out_which_writes_it_anew(prepared, text):
    workspace, _ = prepared
    home = workspace.exports.folder / LOAD.slug
    whole = home.read("fallback.json")
    home.write("fallback.json", text.encode())
    with pytest.raises(ModelError, match="`gridahead train --series DE/load` writes it again"):
        fallback(workspace.exports, LOAD)
    assert not module._has_regression(workspace, LOAD)
    home.write("fallback.json", whole)
    assert module._has_regression(workspace, LOAD)
