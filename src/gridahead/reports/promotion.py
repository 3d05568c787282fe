"""Promotions in words and for machines: what came of a trial, and of the test of a procedure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridahead.promotion.promote import Outcome


def outcome_sentence(outcome: Outcome) -> str:
    """Whether a version serves now, and why."""
    return f"{outcome.version}: {'serves now' if outcome.serves else 'does not serve'}. {outcome.reason}"


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """The outcome of a trial as plain values, for JSON."""
    return {
        "series": str(outcome.version.series),
        "version": outcome.version.number,
        "outcome": outcome.kind,
        "serves": outcome.serves,
        "reasons": list(outcome.reasons),
    }


def procedure_sentence(row: Mapping[str, Any]) -> str:
    """What came of testing a procedure, from its row in the lake."""
    return (
        f"{row['zone']}/{row['quantity']} {row['model']}, trained again {row['retrain']}: {row['outcome']}. "
        f"{row['reason']}"
    )
