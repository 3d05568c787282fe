"""The procedure of training a model again is tested by two back-tests, and what came of it is kept."""

import numpy as np
import pandas as pd
import pytest
from builders.backtests import FIRST, LAST, here, workspace_of
from builders.rows import LOAD

from gridahead.backtest import run as module
from gridahead.backtest.run import backtest
from gridahead.core.errors import LakeError, SettingsError
from gridahead.evaluation.significance import Comparison
from gridahead.operate.promotion import refresh_test
from gridahead.promotion import trial
from gridahead.promotion.refresh import passed
from gridahead.registry.versions import Version
from gridahead.training.identity import settings_hash
from gridahead.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """Back-tests of six days: trained again after three, never, from the weights before, and of two models."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "worker_pool", here)
        made = workspace_of(tmp_path_factory.mktemp("procedure"), refit=False)
        for name, models, how in (
            ("weekly", ("tiny", "naive"), {"retrain": "weekly"}),
            ("never", ("tiny",), {}),
            ("flat", ("flat",), {}),
            ("warm", ("tiny",), {"retrain": "weekly", "warm": True}),
            ("two", ("tiny", "ridge"), {"retrain": "weekly"}),
        ):
            backtest(made, LOAD, FIRST, LAST, models, name, lambda event: None, **how)
        return made


def version(workspace, model="tiny", **tags):
    spec, _ = workspace.inputs(LOAD)
    hashed = {"settings_hash": settings_hash(workspace.settings, model, spec)}
    return Version(LOAD, "2", "run", pd.Timestamp("2025-06-01T00:00Z"), (), {"model": model} | hashed | tags)


def mean_crps(workspace, run):
    """By hand: twice the pinball loss, the levels .1, .5 and .9 standing for 0 to .3, to .7, to 1."""
    rows = workspace.lake.read_forecasts(LOAD, run).query("model == 'tiny'")
    _, observations = workspace.inputs(LOAD)
    load = observations[observations["quantity"] == "load"].set_index("valid_time")["value"]
    short = load.loc[rows["valid_time"]].to_numpy() - rows["value_mw"].to_numpy()
    level = rows["quantile"].to_numpy()
    loss = np.where(short > 0, level, level - 1) * short
    return sum(2 * share * loss[level == one].mean() for one, share in ((0.1, 0.3), (0.5, 0.4), (0.9, 0.3)))


def test_few_days_are_no_test_and_the_row_says_what_was_compared(workspace):
    (row,) = refresh_test(workspace, LOAD, "backtest/weekly", "backtest/never", "ana").to_dict("records")
    assert (row["model"], row["retrain"], row["outcome"], row["days"]) == ("tiny", "weekly", "too_short", 6)
    assert (row["run"], row["against"], row["decided_by"]) == ("backtest/weekly", "backtest/never", "ana")
    assert "18 months are needed" in row["reason"]
    assert np.isnan(row["ratio"])
    assert not passed(workspace, version(workspace))


def test_the_losses_are_those_of_the_two_back_tests_and_the_newest_outcome_counts(workspace, monkeypatch):
    monkeypatch.setattr(trial, "PROCEDURE_MONTHS", 0)
    monkeypatch.setattr(trial, "steady_comparison", lambda again, kept: Comparison(-9.0, 1e-6))
    (row,) = refresh_test(workspace, LOAD, "backtest/weekly", "backtest/never", "ana").to_dict("records")
    weekly, never = (mean_crps(workspace, run) for run in ("backtest/weekly", "backtest/never"))
    assert row["ratio"] == pytest.approx(weekly / never)
    assert row["outcome"] == "passed"
    assert passed(workspace, version(workspace))
    assert not passed(workspace, version(workspace, "flat"))
    assert not passed(workspace, version(workspace, settings_hash="other code"))
    monkeypatch.setattr(trial, "steady_comparison", lambda again, kept: Comparison(9.0, 1e-6))
    assert refresh_test(workspace, LOAD, "backtest/weekly", "backtest/never", "ana")["outcome"].item() == "failed"
    assert not passed(workspace, version(workspace))


def test_the_older_model_may_have_another_name(workspace):
    assert refresh_test(workspace, LOAD, "backtest/weekly", "backtest/flat", "ana")["days"].item() == 6


@pytest.mark.parametrize(
    ("run", "against", "model", "error", "message"),
    [
        ("never", "never", None, SettingsError, "was never trained again; back-test it with --retrain weekly"),
        ("warm", "never", None, SettingsError, "began with the weights of the former fold"),
        ("weekly", "two", None, SettingsError, "was trained again as well"),
        ("two", "never", None, SettingsError, "say with --model which model of two is meant; it has ridge, tiny"),
        ("two", "never", "ridge", SettingsError, "no network of the settings"),
        ("monthly", "never", None, LakeError, "there is no monthly of DE/load"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(workspace, run, against, model, error, message):
    with pytest.raises(error) as found:
        refresh_test(workspace, LOAD, f"backtest/{run}", f"backtest/{against}", "ana", model)
    assert message in str(found.value).replace("backtest/", "")
