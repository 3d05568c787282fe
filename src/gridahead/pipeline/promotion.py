"""Promotion: which version serves, on what evidence, and who decided so. Every change is recorded and can be undone.

The gate looks at days that neither version had learnt: out-of-fold answers of validation days that both fits have in
common, and days that the champion has forecast live while the challenger forecast along. Days from `holdout_start` on
decide nothing. It can be asked every day: the test is computed anew from all evidence since the challenger's first day,
and errs no more often for that. A champion that was merely trained again takes over after a short trial, if training
again has once been tested as a procedure (`pipeline.procedure`).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gridahead.errors import ModelError
from gridahead.grid import Series
from gridahead.pipeline.evidence import HONEST, Evidence, gather
from gridahead.pipeline.refresh import may_refresh, refreshes, same_procedure, way_to_pass
from gridahead.pipeline.serving import reconcile, record
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.promotion import Decision, decide, gate_days, sane
from gridahead.tables import Promotions
from gridahead.timeline import now
from gridahead.training.versions import CHALLENGER, CHAMPION, Alias, Version
from gridahead.units import PowerUnit, power

log = logging.getLogger(__name__)

CRITERION = "validation_pinball"
"""The whole distribution is what we publish, so the whole distribution decides. Never a figure of the holdout."""
GATE = "the gate"
"""Who decides where nobody does."""


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a version, and whether it serves now."""

    version: Version
    verdict: str
    """first, promote, keep, too_short, or outdone by another candidate of the same training."""
    reasons: tuple[str, ...]
    serves: bool

    @property
    def words(self) -> str:
        """All of it in one line."""
        return "; ".join(self.reasons)


def admit(workspace: Workspace, series: Series, candidates: Sequence[Version]) -> dict[str, Verdict]:
    """What becomes of new versions, by number.

    The best of them on the validation days serves if nothing has served before, or if what serves is lost. Otherwise
    the champion trained again, if it is among them and its procedure has been tested, takes over if it is sane; and the
    best is the challenger: it serves if the gate says so, and forecasts along if not.
    """
    best = min(candidates, key=lambda one: one.validation[CRITERION])
    champion = workspace.registry.holder(series, CHAMPION)
    unit = workspace.settings.unit_of(series)
    verdicts = {one.number: _outdone(one, best, unit) for one in candidates if one is not best}
    if champion is None or not workspace.registry.sound(champion):
        before = "nothing served before" if champion is None else f"the weights of {champion} are lost"
        reason = f"first champion: the best of {len(candidates)} on the validation days, as {before}"
        _move(workspace, best, CHAMPION, "first", reason, GATE)
        verdicts[best.number] = Verdict(best, "first", (reason,), True)
    else:
        again = [one for one in candidates if one is not best and may_refresh(workspace, champion, one)]
        for version in again:
            verdicts[version.number] = _challenge(workspace, champion, version, along=False)
        champion = workspace.registry.holder(series, CHAMPION) or champion
        named = {"candidates": str(len(candidates)), "named_at": now().isoformat()}
        workspace.registry.note(best, named)
        verdicts[best.number] = _challenge(workspace, champion, workspace.registry.version(series, best.number))
    for one in verdicts.values():
        _note(workspace, one)
    return verdicts


def judge(workspace: Workspace, series: Series) -> Verdict:
    """Ask the gate about the challenger, on all days that there are by now; it serves if the gate says so.

    Raises:
        ModelError: there is no challenger, or no champion to compare it with.
    """
    registry = workspace.registry
    challenger = registry.holder(series, CHALLENGER)
    if challenger is None:
        raise ModelError(
            str(series), f"has no challenger; train one with `gridahead train --series {series}`, or promote a version"
        )
    verdict = _challenge(workspace, registry.champion(series).about, challenger)
    _note(workspace, verdict)
    return verdict


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


def gate(workspace: Workspace, champion: Version, challenger: Version) -> tuple[Decision, Evidence | None]:
    """What the figures say of a challenger, and the evidence that they are of."""
    tested = may_refresh(workspace, champion, challenger)
    holdout = workspace.settings.training.holdout_start
    # Those of the same procedure are of one line, so that it cannot tell them apart.
    found = gather(
        workspace, champion.series, [champion, challenger], runs=HONEST, before=holdout,
        lines=not same_procedure(champion, challenger),
    )  # fmt: skip
    if found is None:
        reason = (
            f"period too short to tell: there is no day that {champion} and {challenger} have both forecast without "
            f"having learnt it{_before(holdout)}"
        )
        decision = Decision("too_short", (reason,), {"days": 0.0})
    else:
        days = gate_days(found.losses, str(champion), str(challenger))
        candidates = int(challenger.tags.get("candidates", "1"))
        promotion = workspace.settings.promotion
        decision = sane(days, promotion) if tested else decide(days, promotion, candidates)
    if not tested and refreshes(champion, challenger) and decision.verdict != "promote":
        decision = replace(decision, reasons=(*decision.reasons, way_to_pass(challenger)))
    return decision, found


def _before(holdout: dt.date | None) -> str:
    return "" if holdout is None else f"; days from training.holdout_start = {holdout} on decide nothing"


def _challenge(workspace: Workspace, champion: Version, challenger: Version, *, along: bool = True) -> Verdict:
    """What the gate says; the challenger serves if it says so, and else forecasts along if that is wanted."""
    decision, found = gate(workspace, champion, challenger)
    how = "refresh" if may_refresh(workspace, champion, challenger) else "gate"
    days = [] if found is None else found.days
    span = f"against {champion}, {len(days)} days from {days[0]} to {days[-1]}" if days else f"against {champion}"
    reasons = (f"{'trained again, ' if how == 'refresh' else ''}{span}{_named(challenger)}", *decision.reasons)
    if decision.verdict == "promote":
        _move(workspace, challenger, CHAMPION, how, "; ".join(reasons), GATE)
    elif along and CHALLENGER not in challenger.aliases:
        _move(workspace, challenger, CHALLENGER, "gate", "; ".join(reasons), GATE)
    workspace.registry.note(challenger, {"gate_figures": json.dumps(dict(decision.figures))})
    return Verdict(challenger, decision.verdict, reasons, decision.verdict == "promote")


def _named(challenger: Version) -> str:
    """When it was named, and of how many it was the best."""
    if "named_at" not in challenger.tags:
        return ""
    return f", named on {challenger.tags['named_at'][:10]} as the best of {challenger.tags['candidates']}"


def _outdone(version: Version, best: Version, unit: PowerUnit) -> Verdict:
    ours, theirs = version.validation[CRITERION], best.validation[CRITERION]
    reason = (
        f"outdone by {best} of the same training: pinball {power(ours, unit)} against {power(theirs, unit)} on the "
        "validation days"
    )
    return Verdict(version, "outdone", (reason,), False)


def _note(workspace: Workspace, verdict: Verdict) -> None:
    said = {"verdict": verdict.verdict, "verdict_reasons": verdict.words, "verdict_at": now().isoformat()}
    workspace.registry.note(verdict.version, said)
    log.info("%s %s: %s", verdict.version.series, verdict.version, verdict.words)


def _move(workspace: Workspace, version: Version, alias: Alias, how: str, reason: str, by: str) -> Version:
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
