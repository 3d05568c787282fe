"""The procedure of training a model again and again: tested once, by back-tests, not every model that comes of it.

A model that is trained again every week differs so little from the one before that half a year of days could not tell
whether it is better. So the procedure is tested: a back-test in which the model is trained again weekly or monthly, for
18 months or more, against one in which it was kept as it is. Where that has passed, a model of the same settings and
code that has learnt newer days takes over after a short trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.store import BacktestStore
from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.runs import REFERENCES, backtest_run
from gridahead.core.tables import Forecasts, Observations
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.outturn import outturn
from gridahead.promotion.trial import TrialResult, not_inferior
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class ProcedureTest:
    """The test of a procedure: of which model and settings, how often that is trained again, and what came of it."""

    model: str
    settings_hash: str
    retrain: str
    result: TrialResult


def compare_procedures(
    workspace: Workspace, series: Series, run: str, against: str, model: str | None = None
) -> ProcedureTest:
    """The test of the procedure of training a model again, from two back-tests.

    Args:
        workspace: where the back-tests are.
        series: of which.
        run: a back-test in which the model was trained again weekly or monthly.
        against: one of the same days in which a model was kept as it is.
        model: which model of the first; the only one there without it.

    Raises:
        LakeError: there is no such back-test of the series, or they have no day in common.
        SettingsError: the first was not trained again, began with former weights, or is of other settings; or it is
            not clear which model is meant.
    """
    first, observations = kept_forecasts(workspace, run, series)
    second, _ = kept_forecasts(workspace, against, series)
    name = _model(first, run, model)
    kept_name = _model(second, against, name if name in set(second["model"]) else None)
    about = _described(workspace, run, series)
    if about["retrain"] == "never" or about["warm"]:
        how = "began with the weights of the former fold" if about["warm"] else "was never trained again"
        raise SettingsError(f"the model of {run} {how}; back-test it with --retrain weekly, without --warm")
    if name not in about["settings_hashes"]:
        raise SettingsError(f"{name} of {run} is no network of the settings, so it can never be the champion")
    if _described(workspace, against, series)["retrain"] != "never":
        raise SettingsError(f"the model of {against} was trained again as well; back-test it with --retrain never")
    losses = _losses(
        workspace, series, first[first["model"] == name], second[second["model"] == kept_name], observations
    )
    result = not_inferior(losses["again"], losses["kept"], workspace.settings.promotion)
    return ProcedureTest(name, about["settings_hashes"][name], about["retrain"], result)


def _model(rows: Forecasts, run: str, model: str | None) -> str:
    """The model that is meant, of those that a back-test has forecast with."""
    names = sorted(set(rows["model"]) - set(REFERENCES))
    if model is None and len(names) == 1:
        return str(names[0])
    if model not in names:
        raise SettingsError(f"say with --model which model of {run} is meant; it has {', '.join(names) or 'none'}")
    return str(model)


def _described(workspace: Workspace, run: str, series: Series) -> dict[str, Any]:
    about = BacktestStore(workspace.settings.data_folder, run).described(series)
    assert about is not None, "its forecasts were found by it"
    return about


def _losses(
    workspace: Workspace, series: Series, again: pd.DataFrame, kept: pd.DataFrame, observations: Observations
) -> pd.DataFrame:
    """By day, the losses of both on the hours that both have [MW]."""
    common = set(again["valid_time"]) & set(kept["valid_time"])
    if not common:
        raise LakeError(f"the two back-tests of {series} have no day in common; run them over the same days")
    both = [
        rows[rows["valid_time"].isin(common)].assign(model=name, run=backtest_run("refresh"))
        for rows, name in ((again, "again"), (kept, "kept"))
    ]
    measured = outturn(observations, series, workspace.clock()).dropna(subset="value")
    losses = daily_losses(Forecasts(pd.concat(both, ignore_index=True)), measured, workspace.settings.zone(series.zone))
    return losses.pivot_table(index="day", columns="model", values="crps")
