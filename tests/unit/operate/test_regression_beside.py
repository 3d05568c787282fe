"""Beside networks a regression is fitted and exported, which answers without them; its faults stop no training."""

import datetime as dt
import json
import shutil

import pytest
from builders.ladder import put, slot_for, workspace_of
from builders.rows import LOAD
from builders.windows import made_load

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.runs import RIDGE
from gridahead.operate import regression as module
from gridahead.operate.answer import climb
from gridahead.registry.fallbacks import fallback
from gridahead.registry.versions import Version
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
    module.keep_regression(workspace, days)
    return workspace, days


def test_it_is_known_by_the_last_day_it_has_learnt_and_is_no_version_of_the_registry(prepared):
    workspace, days = prepared
    version = fallback(workspace.exports, LOAD)
    assert version is not None and str(version) == f"ridge v{days.days[-1]}" == "ridge v2025-05-04"
    assert version.last_day_seen == version.last_day_learnt == days.days[-1]
    assert workspace.exports.versions(LOAD) == [] and workspace.exports.newest_of(LOAD) == 0
    assert module.has_regression(workspace, LOAD)


def test_where_no_network_is_it_forecasts(prepared):
    workspace, _ = prepared
    said = climb(workspace, slot_for(workspace, LOAD, LAST), {})
    assert (said.rung, said.model) == (RIDGE, "ridge v2025-05-04")
    assert said.missing == "no champion; no previous version"
    learnt = climb(workspace, slot_for(workspace, LOAD, LAST - dt.timedelta(days=1)), {})
    assert learnt.rung != RIDGE and "regression ridge v2025-05-04 has learnt this day" in learnt.missing


def test_one_that_is_fitted_already_is_not_fitted_again(prepared, monkeypatch):
    workspace, days = prepared
    before = fallback(workspace.exports, LOAD)
    assert before is not None
    monkeypatch.setattr(module, "fit_fallback", None)
    again = module.keep_regression(workspace, days, workspace.exports.load(before).model)
    assert (
        again is not None and again.tags["bundle"] == before.tags["bundle"] and module.has_regression(workspace, LOAD)
    )


def test_what_goes_wrong_with_it_is_said_and_the_networks_are_trained_all_the_same(prepared, monkeypatch, caplog):
    workspace, days = prepared

    def full(*_):
        raise LakeError("no space left")

    monkeypatch.setattr(module, "fit_fallback", full)
    module.keep_regression(workspace, days)
    assert "DE/load: no regression stands by: no space left" in caplog.text


def kept(workspace):
    """The regression that stands by."""
    version = fallback(workspace.exports, LOAD)
    assert version is not None
    return version


def unreadable(workspace):
    (workspace.exports.folder / LOAD.slug).write("fallback.json", b"{")


def without_weights(workspace):
    digest = kept(workspace).tags["bundle"]
    shutil.rmtree(workspace.settings.data_folder / "models" / "bundles" / digest)


def never_there(workspace):
    (workspace.settings.data_folder / "models" / LOAD.slug / "fallback.json").unlink()


@pytest.fixture
def trained(prepared, monkeypatch):
    """The same with a version of a network, as a series has that was trained; windows are not built again."""
    workspace, days = prepared
    monkeypatch.setattr(module, "split", lambda *_: days)
    tags = {"series": str(LOAD), "model": "lstm", "learnt_until": str(LAST), "validation_days": "x", "bundle": "gone"}
    workspace.exports.put(Version(LOAD, "1", "run-1", workspace.clock(), (), tags))
    yield workspace
    (workspace.settings.data_folder / "models" / LOAD.slug / "1.json").unlink()


@pytest.mark.parametrize("break_it", [unreadable, without_weights, never_there])
def test_a_repair_fits_a_regression_anew_that_is_damaged_or_gone(trained, break_it):
    assert module.mend_regressions(trained) == ([], [])
    tags = kept(trained).tags
    break_it(trained)
    made, without = module.mend_regressions(trained)
    assert ([*map(str, made)], without) == (["ridge v2025-05-04"], [])
    assert kept(trained).tags == tags  # the same to the bit
    assert climb(trained, slot_for(trained, LOAD, LAST), {}).rung == RIDGE


def test_a_repair_names_the_series_for_which_no_regression_can_be_fitted(trained, monkeypatch):
    def too_little(*_):
        raise ModelError(str(LOAD), "has too few days")

    monkeypatch.setattr(module, "fit_fallback", too_little)
    whole = trained.exports.record(LOAD, "fallback.json")
    unreadable(trained)
    assert module.mend_regressions(trained) == ([], [LOAD])
    trained.exports.keep_record(LOAD, "fallback.json", whole)


@pytest.mark.parametrize("text", ["{", json.dumps({"number": "1"}), json.dumps({"tags": 1, "created_at": "x"})])
def test_a_damaged_record_of_it_names_the_way_out_which_writes_it_anew(prepared, text):
    workspace, _ = prepared
    home = workspace.exports.folder / LOAD.slug
    whole = home.read("fallback.json")
    home.write("fallback.json", text.encode())
    with pytest.raises(ModelError, match="`gridahead train --series DE/load` writes it again"):
        fallback(workspace.exports, LOAD)
    assert not module.has_regression(workspace, LOAD)
    home.write("fallback.json", whole)
    assert module.has_regression(workspace, LOAD)


def test_where_nothing_was_trained_no_regression_is_to_be_mended(prepared):
    workspace, _ = prepared
    never_there(workspace)
    assert module.mend_regressions(workspace) == ([], [])
