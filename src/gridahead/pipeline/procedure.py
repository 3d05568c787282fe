"""The procedure of training a model again and again: tested once, by back-tests, not every model that comes of it.

A model that is trained again every week differs so little from the one before that half a year of days could not tell
whether it is better. So the procedure is tested: a back-test in which the model is trained again weekly or monthly, for
18 months or more, against one in which it was kept as it is. Where that has passed, a model of the same settings and
code that has learnt newer days takes over after a short trial.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from gridahead.errors import LakeError, SettingsError
from gridahead.grid import Series
from gridahead.pipeline.backtest import kept_forecasts
from gridahead.pipeline.kept import PREFIX, Kept
from gridahead.pipeline.outturn import outturn
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.daily import daily_losses
from gridahead.scoring.evaluate import REFERENCES
from gridahead.scoring.promotion import not_inferior
from gridahead.tables import PROCEDURES, Forecasts, Observations, Procedures
from gridahead.timeline import now

_OUTCOMES = {"promote": "passed", "keep": "failed", "too_short": "too_short"}


def refresh_test(
    workspace: Workspace, series: Series, run: str, against: str, by: str, model: str | None = None
) -> Procedures:
    """Test the procedure of training a model again, and record the outcome; gives its row.

    Args:
        workspace: where the back-tests are.
        series: of which.
        run: a back-test in which the model was trained again weekly or monthly.
        against: one of the same days in which a model was kept as it is.
        by: who asks.
        model: which model of the first; the only one there without it.

    Raises:
        LakeError: there is no such back-test of the series, or they have no day in common.
        SettingsError: the first was not trained again, began with former weights, or is of other settings; or it is
            not clear which model is meant.
    """
    first, observations = kept_forecasts(workspace, run, series)
    second, _ = kept_forecasts(workspace, against, series)
    name = _model(first, run, model)
    other = _model(second, against, name if name in set(second["model"]) else None)
    told = _described(workspace, run, series)
    if told["retrain"] == "never" or told["warm"]:
        how = "began with the weights of the former fold" if told["warm"] else "was never trained again"
        raise SettingsError(f"the model of {run} {how}; back-test it with --retrain weekly, without --warm")
    if name not in told["settings_hashes"]:
        raise SettingsError(f"{name} of {run} is no network of the settings, so it can never be the champion")
    if _described(workspace, against, series)["retrain"] != "never":
        raise SettingsError(f"the model of {against} was trained again as well; back-test it with --retrain never")
    losses = _losses(workspace, series, first[first["model"] == name], second[second["model"] == other], observations)
    decision = not_inferior(losses["again"], losses["kept"], workspace.settings.promotion)
    figures = decision.figures
    row = {
        "zone": series.zone, "quantity": series.quantity, "model": name,
        "settings_hash": told["settings_hashes"][name], "retrain": told["retrain"], "run": run, "against": against,
        "outcome": _OUTCOMES[decision.verdict], "days": int(figures["days"]),
        **{figure: figures.get(figure, float("nan")) for figure in ("ratio", "ratio_low", "ratio_high", "p")},
        "reason": "; ".join(decision.reasons), "decided_by": by, "decided_at": now(),
    }  # fmt: skip
    found = Procedures(PROCEDURES.check(pd.DataFrame([row])))
    workspace.lake.procedures.append(found)
    return found


def _model(rows: Forecasts, run: str, wanted: str | None) -> str:
    """The model that is meant, of those that a back-test has forecast with."""
    names = sorted(set(rows["model"]) - set(REFERENCES))
    if wanted is None and len(names) == 1:
        return str(names[0])
    if wanted not in names:
        raise SettingsError(f"say with --model which model of {run} is meant; it has {', '.join(names) or 'none'}")
    return str(wanted)


def _described(workspace: Workspace, run: str, series: Series) -> dict[str, Any]:
    told = Kept(workspace.settings.data_folder, run).described(series)
    assert told is not None, "its forecasts were found by it"
    return told


def _losses(
    workspace: Workspace, series: Series, again: pd.DataFrame, kept: pd.DataFrame, observations: Observations
) -> pd.DataFrame:
    """By day, the losses of both on the hours that both have [MW]."""
    common = set(again["valid_time"]) & set(kept["valid_time"])
    if not common:
        raise LakeError(f"the two back-tests of {series} have no day in common; run them over the same days")
    both = [
        rows[rows["valid_time"].isin(common)].assign(model=name, run=PREFIX + "refresh")
        for rows, name in ((again, "again"), (kept, "kept"))
    ]
    seen = outturn(observations, series).dropna(subset="value")
    losses = daily_losses(Forecasts(pd.concat(both, ignore_index=True)), seen, workspace.settings.zone(series.zone))
    return losses.pivot_table(index="day", columns="model", values="crps")
