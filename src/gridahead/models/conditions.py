"""Under which conditions a forecast is made: when it is issued, how old the newest outturn is, what has not come.

Intervals are calibrated for each of them, on the days that judge with just that missing: a forecast without the
official one, or on an outturn of last week, is less certain, and by how much is measured. Which condition a window is
in shows in what of it is not known: whoever asks need not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import delivery_range
from gridahead.features.missing import covariates, official_inputs
from gridahead.features.normal import Scores
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.calibration import calibrate, units_of_block

AGES = (6, 24, 72, 168)
"""Where the classes of the age of the newest outturn begin [h more than usual]: a part of a day, days, half a week, a
week and all that is older."""
USED_SHARE = 0.1
"""An input of which usually less is known at the issue time is never missed."""
MISSED_SHARE = 0.5
"""Of what is usually known of an input; below it, it is missing."""

Issued = Literal["deadline", "late", "intraday"]
"""By its deadline, after it, or when the delivery day has begun."""


class Condition(NamedTuple):
    """What an issue time has to do with; as it is without a value given, nothing is missing at the deadline."""

    issued: Issued = "deadline"
    age: int = 0
    """The class of the newest outturn's age: 0 is as usual, then as in `AGES`."""
    official: bool = False
    """Whether the official forecast is missing."""
    covariates: bool = False
    """Whether another input is missing."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing, whenever it is issued."""
        return self[1:] == COMPLETE[1:]

    def covers(self, other: Condition) -> bool:
        """Whether at least as much is missing as under another condition, at the same kind of issue time."""
        return self.issued == other.issued and all(mine >= its for mine, its in zip(self[1:], other[1:], strict=True))

    def distance(self, other: Condition) -> int:
        """How unlike another condition it is: what is missing counts more than when it is issued."""
        official, others = self.official != other.official, self.covariates != other.covariates
        return 10 * official + 4 * others + 2 * abs(self.age - other.age) + (self.issued != other.issued)


COMPLETE = Condition()


@dataclass(frozen=True)
class Conditions:
    """The calibrations of a model for what is not as usual."""

    usual_age: float = 0.0
    """Of the newest outturn at an issue time [h]."""
    scores: Mapping[Condition, Scores] = field(default_factory=dict)
    """(B, Q) from which score each level is published, as in the calibration for complete inputs."""

    def published(
        self, answers: Array, windows: Windows, complete: Scores, levels: tuple[float, ...], usual: Mapping[str, float]
    ) -> Array:
        """Quantiles (N, H, Q) [MW], each window calibrated for the condition that it is in.

        Args:
            answers: (N, H, Q) [MW] of the model for N windows.
            windows: N of them.
            complete: the calibration for complete inputs.
            levels: Q levels.
            usual: the share of each input that was known in training.
        """
        units = units_of_block(windows.spec)
        published = calibrate(answers, complete, levels, units)
        for condition, rows in self.grouped(windows, usual):
            scores = self.scores.get(condition, complete)
            published[rows] = calibrate(answers[rows], scores, levels, units)
        return published

    def grouped(self, windows: Windows, usual: Mapping[str, float]) -> Iterator[tuple[Condition, npt.NDArray[Any]]]:
        """The conditions of some windows, or the next ones that have a calibration, and the rows in each."""
        if not self.scores:
            return
        found = conditions_of(windows, self.usual_age, usual)
        for condition in dict.fromkeys(found):
            rows = np.array([n for n, one in enumerate(found) if one == condition])
            yield min((COMPLETE, *self.scores), key=condition.distance), rows

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a bundle."""
        return {
            "usual_age": self.usual_age,
            "scores": [{**condition._asdict(), "scores": scores.tolist()} for condition, scores in self.scores.items()],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any] | None) -> Conditions:
        """The same from what `to_dict` gives; none of a bundle that was made before there were any."""
        if stored is None:
            return cls()
        rows = [dict(row) for row in stored["scores"]]
        scores = [np.array(row.pop("scores")) for row in rows]
        return cls(stored["usual_age"], {Condition(**row): own for row, own in zip(rows, scores, strict=True)})


NONE = Conditions()
"""Everything is calibrated as with complete inputs."""


def conditions_of(windows: Windows, usual_age: float, usual: Mapping[str, float]) -> list[Condition]:
    """The condition of each of N windows.

    Args:
        windows: N of them.
        usual_age: of the newest outturn at an issue time [h].
        usual: the share of each input that was known in training, as `Windows.known_share` gives it.
    """
    spec = windows.spec
    ages = np.searchsorted(AGES, ages_of(windows) - usual_age, side="right").tolist()
    official = _missing(windows, official_inputs(spec)[:1], usual)
    others = _missing(windows, covariates(spec), usual)
    return [
        Condition(*parts) for parts in zip(issued_when(windows), ages, official.tolist(), others.tolist(), strict=True)
    ]


def incomplete(windows: Windows, usual_age: float, usual: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """(N,) whether something is missing in each window; the arguments are those of `conditions_of`."""
    return np.array([not one.is_complete for one in conditions_of(windows, usual_age, usual)], bool)


def usual_age_of(windows: Windows) -> float:
    """How old the newest outturn usually is at the issue times of some windows [h]."""
    return float(np.median(ages_of(windows)))


def ages_of(windows: Windows) -> npt.NDArray[np.float64]:
    """The age of the newest outturn at each issue time, (N,) [h]; that of the whole context where nothing is known."""
    known = ~np.isnan(windows.target_past)
    units = np.where(known.any(axis=1), known[:, ::-1].argmax(axis=1), known.shape[1])
    return np.asarray(units / windows.spec.mtu.per_hour)


def usually_there(spec: WindowSpec, usual: Mapping[str, float]) -> tuple[bool, bool]:
    """Whether an official forecast and covariates are usually known at the issue time, so that they can be missed."""
    official, others = official_inputs(spec)[:1], covariates(spec)
    return tuple(  # type: ignore[return-value]  # two of them
        any(_share(series, spec, usual) >= USED_SHARE for series in group) for group in (official, others)
    )


def _share(series: Series, spec: WindowSpec, usual: Mapping[str, float]) -> float:
    """The share of an input that is usually known: of the delivery day where it is read ahead, else of the last day."""
    return usual.get(f"{series} ahead" if series in spec.ahead else str(series), 0.0)


def _missing(windows: Windows, inputs: tuple[Series, ...], usual: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """(N,) whether any of the inputs is known less than it usually is."""
    spec, missing = windows.spec, np.zeros(len(windows), bool)
    for series in inputs:
        if (share := _share(series, spec, usual)) < USED_SHARE:
            continue
        if series in spec.ahead:
            known = ~np.isnan(windows.input_ahead(series)) & windows.delivery
            own = known.sum(axis=1) / np.maximum(windows.delivery.sum(axis=1), 1)
        else:
            own = (~np.isnan(windows.input_past(series)[:, -spec.steps_per_day :])).mean(axis=1)
        missing |= own < MISSED_SHARE * share
    return missing


def issued_when(windows: Windows) -> list[Issued]:
    """Whether each window is of the deadline, of later, or of the delivery day itself."""
    spec, when = windows.spec, []
    for day, issued in zip(windows.days, windows.issue_time.tolist(), strict=True):
        at = pd.Timestamp(issued, unit="us", tz="UTC")
        if at <= spec.deadline.for_delivery(day):
            when.append("deadline")
        else:
            when.append("late" if at <= delivery_range(day, spec.zone.timezone).start else "intraday")
    return when  # type: ignore[return-value]  # strings of its own
