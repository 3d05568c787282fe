"""The ladder: rungs from the best to the simplest, each of which has a forecast or a reason why not.

A rung needs only what the rungs above it may have lost. What goes wrong in one ends that one: the next is tried, and
the reason stands beside its forecast.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gridahead.core.errors import GridaheadError

log = logging.getLogger(__name__)

Made = TypeVar("Made", covariant=True)


class NoAnswerError(GridaheadError):
    """A rung has no forecast: names it and says why, in few plain words that stand beside that of a lower one."""


@dataclass(frozen=True)
class Step(Generic[Made]):
    """A rung, and how its forecast is made."""

    name: str
    """What it is called where nobody expected what went wrong, such as champion."""
    make: Callable[[str], Made]
    """Gives the forecast; is told what the rungs above lacked. Raises `NoAnswerError`, or whatever goes wrong."""


def highest_answer(label: str, steps: Sequence[Step[Made]]) -> tuple[Made | None, tuple[str, ...]]:
    """What the highest rung that has a forecast says, and why each rung above has none; None if no rung has one.

    Args:
        label: the series, for the log.
        steps: from the top.
    """
    lost: list[str] = []
    for step in steps:
        try:
            return step.make("; ".join(lost)), tuple(lost)
        except NoAnswerError as error:
            cause = "" if error.__cause__ is None else f" ({error.__cause__})"
            log.warning("%s: %s%s", label, error, cause)
            lost.append(str(error))
        except Exception as error:  # whatever it is, the rungs below may not need what is broken
            log.exception("%s: %s fails", label, step.name)
            lost.append(f"{step.name} fails with {type(error).__name__}")
    return None, tuple(lost)
