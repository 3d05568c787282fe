"""How far the lake goes, series by series, without reading the years before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import VOID
from gridahead.lake.store import Store

SPANS = (pd.Timedelta(days=14), pd.Timedelta(days=400))
"""How far back it is looked at first: what is fresh shows at once, and only what is not is looked for further."""
AHEAD = pd.Timedelta(days=60)
"""Official forecasts and weather lie ahead of the present, a week as a rule."""
_COLUMNS = ("zone", "quantity", "valid_time", "available_at", "availability", "value", "mtu", "source")


@dataclass(frozen=True, slots=True)
class Freshness:
    """The newest value of a series."""

    series: Series
    until: pd.Timestamp
    """The end of the market time unit of the newest value."""
    came: pd.Timestamp
    """When the newest vintage of any of its values became known."""
    source: str
    mtu: Mtu

    @property
    def at(self) -> pd.Timestamp:
        """As of when it is fresh: of what is known ahead, when it came; else until when there are values."""
        return min(self.until, self.came)


def freshness(store: Store, series: Collection[Series], at: pd.Timestamp) -> dict[Series, Freshness]:
    """The newest value of each series; a series without one is left out.

    Args:
        store: of the observations.
        series: which.
        at: the present.

    Raises:
        LakeError: the lake cannot be read.
    """
    found: dict[Series, Freshness] = {}
    ranges = [TimeRange(at - span, at + AHEAD) for span in SPANS]
    for time_range in (*ranges, None):
        missing = [one for one in series if one not in found]
        if not missing:
            break
        found |= _newest(store, missing, time_range)
    return found


def _newest(store: Store, series: Collection[Series], time_range: TimeRange | None) -> dict[Series, Freshness]:
    where = {"zone": sorted({one.zone for one in series}), "quantity": sorted({one.quantity for one in series})}
    rows = store.read(where, time_range, columns=_COLUMNS)
    rows = rows[(rows["availability"] != VOID) & rows["value"].notna()]
    found = {}
    for (zone, quantity), held in rows.groupby(["zone", "quantity"], sort=False):
        one = Series(str(zone), str(quantity))
        if one in series:
            last = held[held["valid_time"] == held["valid_time"].max()].iloc[0]
            until = last["valid_time"] + Mtu(last["mtu"]).delta
            found[one] = Freshness(one, until, held["available_at"].max(), str(last["source"]), Mtu(last["mtu"]))
    return found
