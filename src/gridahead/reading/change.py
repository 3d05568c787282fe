"""What has changed since the forecast of the day before, and why: as it was computed when the forecast was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

SINCE = "since_yesterday"
"""The line of a manifest that has it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One group of inputs that has moved a forecast."""

    name: str
    """Of the input, such as `DE/load_official`, or what else it is, such as `time has passed`."""
    effect_mw: float
    """By how much the mean of the common hours moved by it."""


@dataclass(frozen=True, slots=True)
class SinceYesterday:
    """How the hours that both forecasts have moved, and by which inputs."""

    since: pd.Timestamp
    """Issue time of the forecast before, UTC."""
    start: pd.Timestamp
    end: pd.Timestamp
    before_mw: float
    """Mean of the median over the common hours, as it was forecast before."""
    now_mw: float
    causes: tuple[Cause, ...]
    """The largest first; they sum to the difference."""

    @property
    def difference_mw(self) -> float:
        """By how much the mean of the common hours has moved."""
        return self.now_mw - self.before_mw


def since_yesterday(manifest: Mapping[str, Any]) -> SinceYesterday | None:
    """What a manifest says of it; None where nothing was computed."""
    said = manifest.get(SINCE)
    if not isinstance(said, Mapping):
        return None
    return SinceYesterday(
        since=pd.Timestamp(said["since"]),
        start=pd.Timestamp(said["start"]),
        end=pd.Timestamp(said["end"]),
        before_mw=float(said["before_mw"]),
        now_mw=float(said["now_mw"]),
        causes=tuple(Cause(str(one["name"]), float(one["effect_mw"])) for one in said["causes"]),
    )


def in_manifest(change: SinceYesterday) -> dict[str, object]:
    """The same as a line of a manifest."""
    return {
        "since": change.since.isoformat(),
        "start": change.start.isoformat(),
        "end": change.end.isoformat(),
        "before_mw": _exact_enough(change.before_mw),
        "now_mw": _exact_enough(change.now_mw),
        "causes": [{"name": cause.name, "effect_mw": _exact_enough(cause.effect_mw)} for cause in change.causes],
    }


def _exact_enough(megawatts: float) -> float:
    """Six digits, whatever the size: a house has thousandths of a megawatt."""
    return float(f"{megawatts:.6g}")
