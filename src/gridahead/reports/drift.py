"""Drift in words and for machines: what has changed, what follows, and what could not be looked at."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from gridahead.monitoring.drift import Drift


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
    return [{"kind": finding.kind, "level": finding.level, "finding": finding.words} for finding in drift.findings]


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
                name: None if isinstance(value, float) and np.isnan(value) else value
                for name, value in asdict(finding).items()
            }
            for finding in drift.findings
        ],
    }
