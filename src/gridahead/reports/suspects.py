"""The inputs of a forecast that the quality gate doubts, in the few words that are kept with it."""

from __future__ import annotations

from collections.abc import Iterable

from gridahead.quarantine.inputs_in_doubt import SuspectInput

_FOLLOWS = {"quarantine": "in quarantine", "flag": "flagged"}


def suspects_sentence(suspects: Iterable[SuspectInput]) -> str:
    """How many values of which inputs are in doubt, and by which rules; empty where none are."""
    return "; ".join(
        f"{suspect.count} values of {suspect.series} {_FOLLOWS[suspect.severity]} ({', '.join(suspect.rules)})"
        for suspect in suspects
    )
