"""What came of making a forecast again: whether all bits are the same, and a class for each kind of difference."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series
from gridahead.forecasting.inputs import OtherShape, OtherValues


@dataclass(frozen=True, slots=True)
class NotMade:
    """The forecast cannot be made again; its model or its data are gone, for example."""

    error: GridaheadError


@dataclass(frozen=True, slots=True)
class OtherContent:
    """The registered model has another content than the forecast was published with."""

    model: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OtherEnvironment:
    """The model was made with other releases, or on another machine."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OtherInputs:
    """What would be read now has another fingerprint than what was read."""

    before: str
    after: str
    were_kept: bool
    """Whether the inputs were kept, so that it is known which hours differ."""


@dataclass(frozen=True, slots=True)
class OtherAdaptation:
    """What the last days ask for is another adaptation of the forecast than it was."""

    before: str
    """Moves, width and weights, as the manifest has them."""
    after: str


@dataclass(frozen=True, slots=True)
class OtherLength:
    """The forecast has another number of values, or values of other hours."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class OtherNumbers:
    """Values of the forecast differ in some bits."""

    count: int
    """Of such values."""
    of: int
    most_mw: float
    """The largest difference."""
    before_adaptation: bool = False
    """Whether these are the values that the model answered, before adaptation."""


@dataclass(frozen=True, slots=True)
class OtherPaths:
    """Values of the paths differ in some bits, or they are of other days."""

    count: int
    """Of such values."""
    of: int


@dataclass(frozen=True, slots=True)
class OtherMember:
    """A forecast with which it was made to add up is not the same when it is made again."""

    series: Series
    id: str


Difference = (
    NotMade
    | OtherContent
    | OtherEnvironment
    | OtherInputs
    | OtherShape
    | OtherValues
    | OtherAdaptation
    | OtherLength
    | OtherNumbers
    | OtherPaths
    | OtherMember
)


@dataclass(frozen=True)
class Reproduction:
    """What came of making a forecast again."""

    id: str
    run: str
    series: Series
    model: str
    version: str
    issue_time: pd.Timestamp
    count: int
    """Of values: market time units times quantiles."""
    differences: tuple[Difference, ...]
    """In the data, the model or the numbers; none if all bits are the same."""

    @property
    def same(self) -> bool:
        """Whether all bits are the same."""
        return not self.differences
