"""Promotions in words and for machines: what came of a trial, and of the test of a procedure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import numpy as np

from gridahead.core.runs import REFERENCE_WORDS
from gridahead.core.units import power
from gridahead.promotion.trial_findings import (
    Calibrated,
    FirstChampion,
    Improvement,
    Luck,
    NoCommonDay,
    NotCompared,
    NotWorseThanReference,
    OutcomeFinding,
    Outdone,
    ProcedureRatio,
    RefreshRatio,
    ShortProcedure,
    TooFewDays,
    TrialPeriod,
    Uncalibrated,
    UnknownCalibration,
    UntestedProcedure,
    WorseThanReference,
)
from gridahead.promotion.version_trial import Outcome
from gridahead.registry.versions import Version


def outcome_sentence(outcome: Outcome) -> str:
    """Whether a version serves now, and why."""
    return f"{outcome.version}: {'serves now' if outcome.serves else 'does not serve'}. {outcome_reason(outcome)}"


def outcome_reason(outcome: Outcome) -> str:
    """All reasons in one line, as the registry and the lake keep them."""
    return "; ".join(reasons(outcome.findings))


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """The outcome of a trial as plain values, for JSON."""
    return {
        "series": str(outcome.version.series),
        "version": outcome.version.number,
        "outcome": outcome.kind,
        "serves": outcome.serves,
        "reasons": reasons(outcome.findings),
    }


def procedure_sentence(row: Mapping[str, Any]) -> str:
    """What came of testing a procedure, from its row in the lake."""
    return (
        f"{row['zone']}/{row['quantity']} {row['model']}, trained again {row['retrain']}: {row['outcome']}. "
        f"{row['reason']}"
    )


def reasons(findings: Iterable[OutcomeFinding]) -> list[str]:
    """A sentence, without its full stop, for each thing that a trial found."""
    return [_reason(finding) for finding in findings]


def _reason(finding: OutcomeFinding) -> str:
    match finding:
        case TooFewDays(days, needed):
            return f"period too short to tell: {days} days, at least {needed} are needed"
        case NoCommonDay():
            return _no_common_day(finding)
        case Improvement():
            return _improvement(finding)
        case RefreshRatio(ratio, limit, days):
            bound = "at most" if finding.allowed else "more than"
            return f"its loss is {ratio:.3f} times the champion's over the newest {days} days, {bound} {limit:g}"
        case ShortProcedure() | ProcedureRatio():
            return _procedure(finding)
        case Calibrated() | Uncalibrated() | UnknownCalibration():
            return _calibration(finding)
        case WorseThanReference() | NotWorseThanReference() | NotCompared():
            return _against_reference(finding)
        case TrialPeriod() | UntestedProcedure() | FirstChampion() | Outdone():
            return _of_version(finding)
    assert_never(finding)


def _no_common_day(finding: NoCommonDay) -> str:
    start = finding.holdout_start
    holdout = "" if start is None else f"; days from training.holdout_start = {start} on decide nothing"
    return (
        f"period too short to tell: there is no day that {finding.champion} and {finding.challenger} have both "
        f"forecast without having learnt it{holdout}"
    )


def _improvement(finding: Improvement) -> str:
    size, ends = ("smaller", (finding.low, finding.high))
    if finding.share < 0:
        size, ends = "larger", (-finding.high, -finding.low)
    summary = (
        f"{_percent(abs(finding.share))} {size} loss than the champion over {finding.days} days "
        f"(95 % interval {_percent(ends[0])} to {_percent(ends[1])})"
    )
    luck = _luck(finding.luck)
    match finding.outcome:
        case "keep":
            return f"not better by the margin of {_percent(finding.margin)}: {summary}"
        case "promote":
            return f"better: {summary}; {luck}"
        case "too_short":
            return f"period too short to tell: {summary}, which luck can explain: {luck}{_days_to_see(finding)}"
    assert_never(finding.outcome)


def _luck(luck: Luck) -> str:
    best_of = f", as the best of {luck.candidates}" if luck.candidates > 1 else ""
    return (
        f"e-value {luck.e_value:,.1f} of {luck.e_needed:,.0f} needed{best_of}, p = {luck.p_megawatts:.3f} of "
        f"{luck.p_limit:g} in power"
    )


def _days_to_see(finding: Improvement) -> str:
    """What could be seen after how many days, if days go on to scatter as they did."""
    parts = [f"{100 * gain:g} % after about {days:,.0f}" for gain, days in finding.days_to_see]
    return f"; a true improvement of {', '.join(parts)} days would show" if parts else ""


def _procedure(finding: ShortProcedure | ProcedureRatio) -> str:
    if isinstance(finding, ShortProcedure):
        span = "" if finding.first is None else f", from {finding.first} to {finding.last}"
        return (
            f"period too short to tell: {finding.days} days in common{span}; {finding.months_needed} months are "
            "needed, nine of ten days of them. Back-test a longer period"
        )
    p = "" if np.isnan(finding.p) else f", p = {finding.p:.3f} of {finding.alpha:g}"
    return (
        f"trained again the loss is {finding.ratio:.3f} times that without (95 % interval {finding.low:.3f} to "
        f"{finding.high:.3f}) over {finding.days} days; at most {finding.limit:g} is "
        f"{'shown' if finding.shown else 'not shown'}{p}"
    )


def _calibration(finding: Calibrated | Uncalibrated | UnknownCalibration) -> str:
    match finding:
        case Calibrated(coverage):
            return f"calibrated: its 80 % interval covers {_percent(coverage)}"
        case Uncalibrated(coverage, low, high):
            return (
                f"not calibrated: its 80 % interval covers {_percent(coverage)}, outside {_percent(low)} to "
                f"{_percent(high)} by more than luck explains"
            )
        case UnknownCalibration(days):
            return f"its calibration is not known: only {days} days have an 80 % interval"
    assert_never(finding)


def _against_reference(finding: WorseThanReference | NotWorseThanReference | NotCompared) -> str:
    forecast = f"the {REFERENCE_WORDS[finding.reference]} forecast"
    match finding:
        case WorseThanReference():
            by = "more than luck explains" if finding.beyond_luck else "more than is tolerated"
            where = {"all": "altogether", "holidays": "on holidays"}.get(finding.part, f"in {finding.part}")
            return (
                f"worse than {forecast} {where}: {_percent(finding.excess)} larger loss over {finding.days} days, {by}"
            )
        case NotWorseThanReference():
            return (
                f"not worse than {forecast} in {', '.join(finding.parts)}: at most {finding.worst_ratio:.2f} times its "
                f"loss ({finding.worst_part})"
            )
        case NotCompared():
            return f"not compared with {forecast}: there are too few days of it"
    assert_never(finding)


def _of_version(finding: TrialPeriod | UntestedProcedure | FirstChampion | Outdone) -> str:
    match finding:
        case TrialPeriod():
            return _period(finding)
        case UntestedProcedure(version):
            return _way_to_pass(version)
        case FirstChampion(candidates):
            return f"first champion: chosen of {candidates} on the validation days, as {_before(finding)}"
        case Outdone(best, loss_mw, best_loss_mw, unit) if loss_mw < best_loss_mw:
            return (
                f"second to {best} of the same training, which follows whoever is right of late: pinball "
                f"{power(loss_mw, unit)} against {power(best_loss_mw, unit)} on the validation days"
            )
        case Outdone(best, loss_mw, best_loss_mw, unit):
            return (
                f"outdone by {best} of the same training: pinball {power(loss_mw, unit)} against "
                f"{power(best_loss_mw, unit)} on the validation days"
            )
    assert_never(finding)


def _before(first: FirstChampion) -> str:
    """Why nobody was there to be compared with."""
    if first.before is None:
        return "nothing served before"
    if first.both_new:
        return f"{first.before} has learnt no day of the series either, and knew fewer of them"
    if first.deadline is None:
        return f"the weights of {first.before} are lost"
    return f"{first.before} is trained for {first.before.tags['deadline']}, and the deadline is {first.deadline}"


def _period(period: TrialPeriod) -> str:
    again = "trained again, " if period.refresh else ""
    span = f", {period.days} days from {period.first} to {period.last}" if period.days else ""
    named = "" if period.named_on is None else f", named on {period.named_on} as the best of {period.best_of}"
    return f"{again}against {period.champion}{span}{named}"


def _way_to_pass(version: Version) -> str:
    """What to run, so that a model that was merely trained again has less to show."""
    run = f"gridahead backtest --series {version.series} --model {version.model}"
    return (
        "it is the champion trained again, and that procedure has not passed its test: over 18 months or more run "
        f"`{run} --retrain weekly --name weekly` and `{run} --retrain never --name never`, then `gridahead models "
        f"refresh-test --series {version.series} --run backtest/weekly --against backtest/never`"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
