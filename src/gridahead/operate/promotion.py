"""Promotion as it happens: new versions are admitted, challengers tried, procedures tested, and what came of it stored.

Every change of an alias is recorded with its reason, in the words of `reports.promotion`, in the lake and with the
version, and can be undone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION
from gridahead.core.tables import PROCEDURES, Procedures
from gridahead.promotion.promote import move
from gridahead.promotion.refresh import may_refresh
from gridahead.promotion.refresh_test import compare_procedures
from gridahead.promotion.serving import is_trained_for
from gridahead.promotion.trial_findings import FirstChampion
from gridahead.promotion.version_trial import CRITERION, Outcome, outdone, try_version
from gridahead.registry.versions import Version
from gridahead.reports.promotion import outcome_reason, reasons
from gridahead.settings.model import Settings
from gridahead.settings.networks import AGGREGATE, BESIDE
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

TRIAL = "the trial"
"""Who decides where no person does."""
NEARLY = 1.03
"""So much larger may the loss of an aggregate be: on development years of eleven series it was up to 3 % above that of
the best of its networks, and up to 6 % below."""
_OUTCOMES = {"promote": "passed", "keep": "failed", "too_short": "too_short"}


def admit(workspace: Workspace, series: Series, candidates: Sequence[Version]) -> dict[str, Outcome]:
    """What becomes of new versions, by number.

    The best of them (`best_of`) serves if nothing has served before, or if what serves is lost or was not trained for
    the deadline of the settings: what is not asked any more is not to be compared with. So it does if neither it nor
    what serves has learnt a day of the series, and it knows more of them. Otherwise
    the champion trained again, if it is among them and its procedure has been tested, takes over if it is sane; and the
    best is the challenger: it serves if its trial promotes it, and forecasts along if not.
    """
    best = best_of(candidates, workspace.settings)
    champion = workspace.registry.holder(series, CHAMPION)
    unit = workspace.settings.unit_of(series)
    outcomes = {version.number: outdone(version, best, unit) for version in candidates if version is not best}
    deadline = workspace.settings.series_settings(series).deadline
    moved = None if champion is None or is_trained_for(champion, deadline) else deadline
    both_new = champion is not None and bool(champion.taught_by and best.taught_by)
    if champion is None or moved or both_new or not workspace.registry.sound(champion):
        first = Outcome(best, "first", (FirstChampion(len(candidates), champion, moved, both_new),), True)
        move(workspace, best, CHAMPION, "first", outcome_reason(first), TRIAL)
        outcomes[best.number] = first
    else:
        again = [version for version in candidates if version is not best and may_refresh(workspace, champion, version)]
        for version in again:
            outcomes[version.number] = _try(workspace, champion, version, along=False)
        champion = workspace.registry.holder(series, CHAMPION) or champion
        named = {"candidates": str(len(candidates)), "named_at": workspace.clock().isoformat()}
        workspace.registry.note(best, named)
        outcomes[best.number] = _try(workspace, champion, workspace.registry.version(series, best.number))
    for outcome in outcomes.values():
        _note(workspace, outcome)
    return outcomes


def best_of(candidates: Sequence[Version], settings: Settings) -> Version:
    """The version with the smallest loss on the validation days, or an aggregate that is nearly as good.

    What learns looks better on days of years that it has learnt than it will be in a year that is unlike them. An
    aggregate follows whoever turns out to be right, the reference forecasts among them, which no validation day shows.
    """
    aggregates = {name for name, parts in settings.ensembles.items() if set(parts) & set(BESIDE)}
    aggregates |= {f"{group.name}{AGGREGATE}" for group in settings.shared}

    def loss(version: Version) -> float:
        return version.validation[CRITERION] / (NEARLY if version.model in aggregates else 1.0)

    return min(candidates, key=loss)


def try_challenger(workspace: Workspace, series: Series) -> Outcome:
    """Hold the challenger's trial on all days that there are by now; it serves if that promotes it.

    Raises:
        ModelError: there is no challenger, or no champion to compare it with.
    """
    registry = workspace.registry
    challenger = registry.holder(series, CHALLENGER)
    if challenger is None:
        raise ModelError(
            str(series), f"has no challenger; train one with `gridahead train --series {series}`, or promote a version"
        )
    outcome = _try(workspace, registry.champion(series).about, challenger)
    _note(workspace, outcome)
    return outcome


def refresh_test(
    workspace: Workspace, series: Series, run: str, against: str, by: str, model: str | None = None
) -> Procedures:
    """The result of testing the procedure of training a model again, a row of the lake.

    Args:
        workspace: where the back-tests are.
        series: of which.
        run: a back-test in which the model was trained again weekly or monthly.
        against: one of the same days in which a model was kept as it is.
        by: who asks.
        model: which model of the first; the only one there without it.

    Raises:
        LakeError: there is no such back-test of the series, or they have no day in common.
        SettingsError: the two back-tests cannot be compared, or it is not clear which model is meant.
    """
    tested = compare_procedures(workspace, series, run, against, model)
    figures = tested.result.figures
    row = {
        "zone": series.zone,
        "quantity": series.quantity,
        "model": tested.model,
        "settings_hash": tested.settings_hash,
        "retrain": tested.retrain,
        "run": run,
        "against": against,
        "outcome": _OUTCOMES[tested.result.outcome],
        "days": int(figures["days"]),
        **{figure: figures.get(figure, float("nan")) for figure in ("ratio", "ratio_low", "ratio_high", "p")},
        "reason": "; ".join(reasons(tested.result.findings)),
        "decided_by": by,
        "decided_at": workspace.clock(),
    }
    procedures = Procedures(PROCEDURES.check(pd.DataFrame([row])))
    workspace.lake.procedures.append(procedures)
    return procedures


def _try(workspace: Workspace, champion: Version, challenger: Version, *, along: bool = True) -> Outcome:
    """What came of a trial; the challenger serves if it is promoted, and else forecasts along if that is wanted."""
    trial = try_version(workspace, champion, challenger)
    promoted = trial.result.outcome == "promote"
    outcome = Outcome(challenger, trial.result.outcome, trial.findings, promoted)
    if promoted:
        how = "refresh" if trial.period.refresh else "trial"
        move(workspace, challenger, CHAMPION, how, outcome_reason(outcome), TRIAL)
    elif along and CHALLENGER not in challenger.aliases:
        move(workspace, challenger, CHALLENGER, "trial", outcome_reason(outcome), TRIAL)
    workspace.registry.note(challenger, {"trial_figures": json.dumps(dict(trial.result.figures))})
    return outcome


def _note(workspace: Workspace, outcome: Outcome) -> None:
    reason = outcome_reason(outcome)
    tags = {"outcome": outcome.kind, "outcome_reasons": reason, "outcome_at": workspace.clock().isoformat()}
    workspace.registry.note(outcome.version, tags)
    log.info("%s %s: %s", outcome.version.series, outcome.version, reason)
