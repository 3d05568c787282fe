"""The trial of one version against another on the days that neither had learnt, and what becomes of a version.

A trial looks at out-of-fold forecasts of validation days that both fits have in common, and at days that the champion
has forecast live while the challenger forecast along. Days from `holdout_start` on decide nothing. It can be held every
day: it is computed anew from all evidence since the challenger's first day, and errs no more often for that. A champion
that was merely trained again takes over after a short trial, if training again has once been tested as a procedure
(`promotion.refresh_test`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gridahead.core.runs import UNLEARNT
from gridahead.core.units import Unit
from gridahead.promotion.evidence import gather
from gridahead.promotion.refresh import may_refresh, refreshes, same_procedure
from gridahead.promotion.trial import TrialResult, decide, sane, trial_days
from gridahead.promotion.trial_findings import (
    NoCommonDay,
    OutcomeFinding,
    Outdone,
    TrialOutcome,
    TrialPeriod,
    UntestedProcedure,
)
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace

OutcomeKind = TrialOutcome | Literal["first", "outdone"]
"""`first`: nothing served before; `outdone` by another candidate of the same training."""
CRITERION = "validation_pinball"
"""The whole distribution is what we publish, so the whole distribution decides. Never a figure of the holdout."""


@dataclass(frozen=True)
class Outcome:
    """What came of a version's trial, and whether it serves now."""

    version: Version
    kind: OutcomeKind
    findings: tuple[OutcomeFinding, ...]
    serves: bool


@dataclass(frozen=True)
class VersionTrial:
    """The trial of a version against the champion: its period, and its result."""

    period: TrialPeriod
    result: TrialResult
    findings: tuple[OutcomeFinding, ...]
    """Of the period and of the result, and what would make another trial shorter."""


def try_version(workspace: Workspace, champion: Version, challenger: Version) -> VersionTrial:
    """The trial of a challenger on all days that there are by now; it changes nothing."""
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
        result = TrialResult("too_short", (NoCommonDay(champion, challenger, holdout),), {"days": 0.0})
    else:
        days = trial_days(evidence.losses, str(champion), str(challenger))
        candidates = int(challenger.tags.get("candidates", "1"))
        promotion = workspace.settings.promotion
        result = sane(days, promotion) if tested else decide(days, promotion, candidates)
    common = [] if evidence is None else evidence.days
    period = TrialPeriod(
        champion=champion,
        days=len(common),
        first=common[0] if common else None,
        last=common[-1] if common else None,
        refresh=tested,
        named_on=challenger.tags["named_at"][:10] if "named_at" in challenger.tags else None,
        best_of=challenger.tags["candidates"] if "named_at" in challenger.tags else None,
    )
    untested = not tested and refreshes(champion, challenger) and result.outcome != "promote"
    way_out = (UntestedProcedure(challenger),) if untested else ()
    return VersionTrial(period, result, (period, *result.findings, *way_out))


def outdone(version: Version, best: Version, unit: Unit) -> Outcome:
    """The outcome of a version of a training whose best is another."""
    finding = Outdone(best, version.validation[CRITERION], best.validation[CRITERION], unit)
    return Outcome(version, "outdone", (finding,), False)
