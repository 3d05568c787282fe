"""Drift in words and for machines: what has changed, what follows, and what could not be looked at."""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np

from gridahead.core.units import Unit, power
from gridahead.monitoring.drift import Drift
from gridahead.monitoring.findings import ENOUGH, CoverageChange, DriftFinding, InputChange, LossChange, TooLittle


def drift_sentence(drift: Drift) -> str:
    """The outcome in a sentence, with the way out."""
    return f"{_changes(drift)}{_not_looked_at(drift)}"


def _changes(drift: Drift) -> str:
    to_train = dict.fromkeys(finding.subject for finding in drift.findings if finding.retrain)
    alarms = [finding for finding in drift.findings if finding.level == "alarm" and not finding.retrain]
    changed = dict.fromkeys(finding.subject for finding in alarms)
    watched = dict.fromkeys(finding.subject for finding in drift.findings if finding.level == "watch")
    span = f"from {drift.first} to {drift.last}"
    parts = []
    if to_train:
        parts.append(f"drift {span} of {', '.join(to_train)}: train it again")
    if changed:
        parts.append(f"the official forecast {', '.join(changed)} has changed {span}: it errs more than it did")
    if watched and not parts:
        parts.append(f"{', '.join(watched)} unusual {span}, not yet drift: look again in some days")
    return "; ".join(parts) or f"no drift {span}"


def _not_looked_at(drift: Drift) -> str:
    """What could not be looked at, so that silence is not taken for good news."""
    if drift.champion is None:
        return "; errors: there is no champion yet that could make any"
    if any(finding.kind == "error" and not np.isnan(finding.value) for finding in drift.findings):
        return ""
    return f"; errors: too few forecasts of {drift.champion} of these days have an outturn to say anything"


def drift_rows(drift: Drift) -> list[dict[str, object]]:
    """The findings of a drift as rows of a table, one each."""
    return [
        {"kind": finding.kind, "level": finding.level, "finding": drift_words(finding, drift.unit)}
        for finding in drift.findings
    ]


def drift_record(drift: Drift) -> dict[str, Any]:
    """The drift of a series as plain values, for JSON."""
    return {
        "series": str(drift.series),
        "first": str(drift.first),
        "last": str(drift.last),
        "champion": drift.champion,
        "alarm": drift.alarm,
        "words": drift_sentence(drift),
        "findings": [
            {
                "subject": finding.subject,
                "kind": finding.kind,
                "level": finding.level,
                "words": drift_words(finding, drift.unit),
                "value": _plain(finding.value),
                "limit": _plain(finding.limit),
            }
            for finding in drift.findings
        ],
    }


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value


def drift_words(finding: DriftFinding, unit: Unit) -> str:
    """A finding in a sentence: what was compared, and where an alarm begins.

    Args:
        finding: which.
        unit: of a loss.
    """
    return f"{finding.subject}: {_change(finding, unit)}"


def _change(finding: DriftFinding, unit: Unit) -> str:
    change, limit = finding.change, finding.limit
    match change:
        case LossChange():
            figure = "mean error" if finding.kind == "official" else "loss"
            rise = "" if change.rising_since is None else f"; it began to rise on {change.rising_since}"
            return (
                f"over {change.days} days the {figure} is {power(change.mean_mw, unit)}, {change.ratio:.2f} times what "
                f"its season had before; the sum of the excess reached {finding.value:.1f}, an alarm begins at "
                f"{limit:.1f}{rise}"
            )
        case CoverageChange():
            return (
                f"the 80 % interval covers {change.share:.0%} over {change.days} days, {change.share_before:.0%} in "
                f"the same season before; an alarm begins {100 * limit:.0f} points away"
            )
        case InputChange():
            direction = "higher" if change.is_higher else "lower"
            return (
                f"recent values are {finding.value:.2f} spreads from the most similar of {change.years} former years, "
                f"mostly {direction}; an alarm begins at {limit:.2f}"
            )
        case TooLittle():
            return f"too little to compare ({_missing(finding, change)})"
    assert_never(change)


def _missing(finding: DriftFinding, change: TooLittle) -> str:
    if finding.kind != "input":
        return f"{change.recent} recent days, {change.before} before"
    return f"{change.recent} recent values" if change.recent < ENOUGH else "no former year"
