"""The learnt limits of the rules: learnt from the accepted history of each series, kept, and renewed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import Limits, Observations
from gridahead.core.vintages import among
from gridahead.lake.lake import Lake
from gridahead.quality.limits import learn
from gridahead.workspace import Workspace

RENEWED_AFTER = pd.Timedelta(days=30)
"""A month changes what is usual of a series, a season at most by a third; an hourly gate must not read ten years."""

GROWN = 0.5
"""A history that is longer by half gives other limits: of one day that is half a day later."""

_KEY = ["zone", "quantity"]


def limits_for(lake: Lake, new: Observations, anew: Collection[Series] = ()) -> Limits:
    """The newest limits of every series, without those learnt from a shorter history than what is to be inspected.

    What is left out, the gate learns from the rows themselves: ten years are not judged by the limits of one day.

    Args:
        lake: where they are kept.
        new: what is to be inspected.
        anew: series of which they are left out in any case.
    """
    limits = lake.read_limits()
    limits = Limits(limits[~among(limits, _pairs(anew), _KEY)].reset_index(drop=True))
    if limits.empty or new.empty:
        return limits
    inspected = new.groupby(_KEY)["valid_time"].agg(lambda times: times.max() - times.min()).rename("span")
    spans = limits[_KEY].join(inspected, on=_KEY)["span"]
    shorter = limits["learned_until"] - limits["learned_from"] < spans
    return Limits(limits[~shorter].reset_index(drop=True))


def _pairs(series: Collection[Series]) -> pd.DataFrame:
    return pd.DataFrame([(entry.zone, entry.quantity) for entry in series], columns=_KEY, dtype="str")


def relearn(workspace: Workspace, series: Sequence[Series], at: pd.Timestamp, *, all_of_them: bool = False) -> None:
    """Learn the limits of those series that have none, old ones, or ones from a history that has grown much since.

    Args:
        workspace: where the accepted history is read and the limits are kept.
        series: which.
        at: the present.
        all_of_them: whether to learn them anew in any case.
    """
    lake = workspace.lake
    due = list(series) if all_of_them or not series else _due(lake, series, at)
    if not due:
        return
    history = lake.read_accepted(*due)
    if not history.empty:
        lake.limits.append(learn(history, workspace.settings, at))


def _due(lake: Lake, series: Sequence[Series], at: pd.Timestamp) -> list[Series]:
    learnt = (
        lake.read_limits(*series)
        .groupby(_KEY)
        .agg(at=("learned_at", "max"), since=("learned_from", "min"), until=("learned_until", "max"))
    )
    age = at - learnt["at"]
    grown = age > GROWN * (learnt["until"] - learnt["since"])
    fresh = set(learnt.index[~grown & (age <= RENEWED_AFTER)])
    return [entry for entry in series if (entry.zone, entry.quantity) not in fresh]
