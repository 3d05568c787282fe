"""What is not in order at one moment, in words that a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from gridahead.core.time import lasting
from gridahead.settings.alerts import SEVERITIES, AlertSeverity

ConditionKind = Literal[
    "missing",
    "late",
    "degraded",
    "silent",
    "failing",
    "gate",
    "waiting",
    "coverage",
    "crashed",
    "disk",
    "database",
    "registry",
    "lake",
    "check",
]
"""missing, late, degraded: of a forecast; silent: nothing new of a series; failing: a source whose ingests fail; gate,
waiting: the quality gate withholds too much, or batches are not judged; coverage: of the published band; crashed: a
run; disk: it fills; database: it does not get the forecasts; registry: it lacks what is exported; lake: out of reach;
check: a check itself failed."""
KINDS: tuple[ConditionKind, ...] = get_args(ConditionKind)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is not in order now."""

    kind: ConditionKind
    severity: AlertSeverity
    subject: str
    """The series, source, run or folder."""
    since: pd.Timestamp
    what: str
    """What happened, in a sentence."""
    advice: str
    """What a person does about it."""
    meanwhile: str = ""
    """What is published in the meantime, and by which rung."""
    cause: str = ""
    """What several conditions have in common; they are told together."""
    page: str = ""
    """The page that shows it, below the public address."""
    part: str = ""
    """Tells conditions of one subject from another, such as a delivery day."""
    depth: int = 0
    """How far down the ladder a forecast has fallen: to fall further is worse, at the same severity."""

    @property
    def incident(self) -> str:
        """What it is of, the same for as long as it lasts."""
        return " ".join(filter(None, (self.kind, self.subject, self.part)))


def worse(one: AlertSeverity, other: AlertSeverity) -> bool:
    """Whether the first severity is above the other."""
    return SEVERITIES.index(one) > SEVERITIES.index(other)


def clock_time(instant: pd.Timestamp, timezone: str = "UTC") -> str:
    """An instant as a person of that place reads it, with the place."""
    return f"{instant.tz_convert(timezone):%a %d %b %Y, %H:%M} ({timezone})"


def span_words(span: pd.Timedelta) -> str:
    """How long, and never a negative time."""
    return lasting(max(span, pd.Timedelta(0)))
