"""Promotion: which version serves, on what evidence, and who decided so. Every change is recorded and can be undone.

The trial of a challenger looks at days that neither version had learnt: out-of-fold answers of validation days that
both fits have in common, and days that the champion has forecast live while the challenger forecast along. Days from
`holdout_start` on decide nothing. It can be held every day: it is computed anew from all evidence since the
challenger's first day, and errs no more often for that. A champion that was merely trained again takes over after a
short trial, if training again has once been tested as a procedure (`promotion.refresh_test`).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION, UNLEARNT, Role
from gridahead.core.tables import Promotions
from gridahead.core.time import now
from gridahead.core.units import PowerUnit, power
from gridahead.promotion.evidence import Evidence, gather
from gridahead.promotion.refresh import may_refresh, refreshes, same_procedure, way_to_pass
from gridahead.promotion.serving import reconcile, record
from gridahead.promotion.trial import TrialOutcome, TrialResult, decide, sane, trial_days
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

OutcomeKind = TrialOutcome | Literal["first", "outdone"]
"""`first`: nothing served before; `outdone` by another candidate of the same training."""
CRITERION = "validation_pinball"
"""The whole distribution is what we publish, so the whole distribution decides. Never a figure of the holdout."""
TRIAL = "the trial"
"""Who decides where no person does."""


@dataclass(frozen=True)
class Outcome:
    """What came of a version's trial, and whether it serves now."""

    version: Version
    kind: OutcomeKind
    reasons: tuple[str, ...]
    serves: bool

    @property
    def reason(self) -> str:
        """All reasons in one line, as the registry and the lake keep them."""
        return "; ".join(self.reasons)


def admit(workspace: Workspace, series: Series, candidates: Sequence[Version]) -> dict[str, Outcome]:
    """What becomes of new versions, by number.

    The best of them on the validation days serves if nothing has served before, or if what serves is lost. Otherwise
    the champion trained again, if it is among them and its procedure has been tested, takes over if it is sane; and the
    best is the challenger: it serves if its trial promotes it, and forecasts along if not.
    """
    best = min(candidates, key=lambda version: version.validation[CRITERION])
    champion = workspace.registry.holder(series, CHAMPION)
    unit = workspace.settings.unit_of(series)
    outcomes = {version.number: _outdone(version, best, unit) for version in candidates if version is not best}
    if champion is None or not workspace.registry.sound(champion):
        before = "nothing served before" if champion is None else f"the weights of {champion} are lost"
        reason = f"first champion: the best of {len(candidates)} on the validation days, as {before}"
        _move(workspace, best, CHAMPION, "first", reason, TRIAL)
        outcomes[best.number] = Outcome(best, "first", (reason,), True)
    else:
        again = [version for version in candidates if version is not best and may_refresh(workspace, champion, version)]
        for version in again:
            outcomes[version.number] = _try(workspace, champion, version, along=False)
        champion = workspace.registry.holder(series, CHAMPION) or champion
        named = {"candidates": str(len(candidates)), "named_at": now().isoformat()}
        workspace.registry.note(best, named)
        outcomes[best.number] = _try(workspace, champion, workspace.registry.version(series, best.number))
    for outcome in outcomes.values():
        _note(workspace, outcome)
    return outcomes


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


def promote(workspace: Workspace, series: Series, number: str, reason: str, by: str) -> Version:
    """Let a version serve because a person says so; gives the version.

    Raises:
        ModelError: there is no such version, it serves already, or nobody says why.
    """
    if not reason.strip():
        raise ModelError(str(series), "a promotion by a person needs a reason; say it with --reason")
    reconcile(workspace, series)
    version = workspace.registry.version(series, number)
    if CHAMPION in version.aliases:
        raise ModelError(str(series), f"{version} serves already; `gridahead models list` shows who else there is")
    return _move(workspace, version, CHAMPION, "person", reason, by)


def rollback(workspace: Workspace, series: Series, reason: str, by: str) -> Version:
    """Let the champion before serve again; gives it. Done twice, it is the one before that.

    Raises:
        ModelError: there was none before.
    """
    reconcile(workspace, series)
    champion = workspace.registry.champion(series).about
    served = served_so_far(workspace.lake.read_promotions(series))
    if len(served) < 2 or served[-1] != champion.number:
        raise ModelError(
            str(series), f"{champion} has no champion before it to go back to; promote a version by its number instead"
        )
    return _move(workspace, workspace.registry.version(series, served[-2]), CHAMPION, "rollback", reason, by)


def served_so_far(promotions: Promotions) -> list[str]:
    """The champions one after the other, the present one last; a rollback takes the last one off."""
    served: list[str] = []
    for how, number in promotions.loc[promotions["alias"] == CHAMPION, ["how", "to_version"]].itertuples(index=False):
        if how == "rollback":
            served.pop()
        else:
            served.append(str(number))
    return served


def trial(workspace: Workspace, champion: Version, challenger: Version) -> tuple[TrialResult, Evidence | None]:
    """What the figures say of a challenger, and the evidence that they are of."""
    tested = may_refresh(workspace, champion, challenger)
    holdout = workspace.settings.training.holdout_start
    # Those of the same procedure are of one line, so that it cannot tell them apart.
    evidence = gather(
        workspace,
        champion.series,
        [champion, challenger],
        runs=UNLEARNT,
        before=holdout,
        lines=not same_procedure(champion, challenger),
    )
    if evidence is None:
        reason = (
            f"period too short to tell: there is no day that {champion} and {challenger} have both forecast without "
            f"having learnt it{_before(holdout)}"
        )
        result = TrialResult("too_short", (reason,), {"days": 0.0})
    else:
        days = trial_days(evidence.losses, str(champion), str(challenger))
        candidates = int(challenger.tags.get("candidates", "1"))
        promotion = workspace.settings.promotion
        result = sane(days, promotion) if tested else decide(days, promotion, candidates)
    if not tested and refreshes(champion, challenger) and result.outcome != "promote":
        result = replace(result, reasons=(*result.reasons, way_to_pass(challenger)))
    return result, evidence


def _before(holdout: dt.date | None) -> str:
    return "" if holdout is None else f"; days from training.holdout_start = {holdout} on decide nothing"


def _try(workspace: Workspace, champion: Version, challenger: Version, *, along: bool = True) -> Outcome:
    """Hold a trial; the challenger serves if it is promoted, and else forecasts along if that is wanted."""
    result, evidence = trial(workspace, champion, challenger)
    how = "refresh" if may_refresh(workspace, champion, challenger) else "trial"
    days = [] if evidence is None else evidence.days
    span = f"against {champion}, {len(days)} days from {days[0]} to {days[-1]}" if days else f"against {champion}"
    reasons = (f"{'trained again, ' if how == 'refresh' else ''}{span}{_named(challenger)}", *result.reasons)
    if result.outcome == "promote":
        _move(workspace, challenger, CHAMPION, how, "; ".join(reasons), TRIAL)
    elif along and CHALLENGER not in challenger.aliases:
        _move(workspace, challenger, CHALLENGER, "trial", "; ".join(reasons), TRIAL)
    workspace.registry.note(challenger, {"trial_figures": json.dumps(dict(result.figures))})
    return Outcome(challenger, result.outcome, reasons, result.outcome == "promote")


def _named(challenger: Version) -> str:
    """When it was named, and of how many it was the best."""
    if "named_at" not in challenger.tags:
        return ""
    return f", named on {challenger.tags['named_at'][:10]} as the best of {challenger.tags['candidates']}"


def _outdone(version: Version, best: Version, unit: PowerUnit) -> Outcome:
    ours, theirs = version.validation[CRITERION], best.validation[CRITERION]
    reason = (
        f"outdone by {best} of the same training: pinball {power(ours, unit)} against {power(theirs, unit)} on the "
        "validation days"
    )
    return Outcome(version, "outdone", (reason,), False)


def _note(workspace: Workspace, outcome: Outcome) -> None:
    tags = {"outcome": outcome.kind, "outcome_reasons": outcome.reason, "outcome_at": now().isoformat()}
    workspace.registry.note(outcome.version, tags)
    log.info("%s %s: %s", outcome.version.series, outcome.version, outcome.reason)


def _move(workspace: Workspace, version: Version, alias: Role, how: str, reason: str, by: str) -> Version:
    """Give an alias to a version, and record who did so; who serves does not forecast along besides."""
    registry = workspace.registry
    before = registry.holder(version.series, alias)
    # Recorded first: a change that nobody can trace is worse than a record of one that was cut short.
    moved = (before.number if before else "", version.number)
    since = record(workspace, version.series, alias, how, moved, reason, by)
    registry.note(version, {f"{alias}_since": f"{since:%Y-%m-%d %H:%M UTC} by {by} ({how}): {reason}"})
    changed = registry.give(version, alias)
    if alias == CHAMPION and CHALLENGER in version.aliases:
        registry.take(version.series, CHALLENGER)
    log.info("%s: %s is %s, decided by %s: %s", version.series, version, alias, by, reason)
    return changed
