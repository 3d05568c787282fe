"""What the check of a whole series gives: where a fault runs through it, and the figures that show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.quality.curves import Curve
from gridahead.settings.quality_rules import RULE_BY_NAME

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SeriesFault:
    """A fault that a check of a whole series has found."""

    where: Mask
    """(T,) the instants of the curve that are faulty."""
    measured: float
    limit: float
    """In the unit of `measured`; the rule fails where more was measured."""
    note: str
    """What the reason adds."""


SeriesCheck = Callable[[Curve], Sequence[SeriesFault]]
"""Checks all of a series; finds no fault in a sound one."""

CHECKS: dict[str, SeriesCheck] = {}
"""By the name of the rule."""


def checks(rule: str) -> Callable[[SeriesCheck], SeriesCheck]:
    """Make a function the check of a rule that is declared in `settings.quality_rules`."""

    def register(check: SeriesCheck) -> SeriesCheck:
        CHECKS[RULE_BY_NAME[rule].name] = check
        return check

    return register
