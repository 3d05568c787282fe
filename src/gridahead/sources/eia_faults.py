"""Hours by which generation of balancing authorities is stamped wrongly in EIA-930.

An authority that stamps the beginning of an hour where the form wants its end is an hour early. Demand is not moved:
on 2015 to 2020 that of PJM goes best with that of NYIS, ISNE, DUK and CPLE as it is (correlation 0.87 to 0.92, an hour
off 0.85 to 0.91), while the centre of its solar generation of 2022-07-10 lies 0.7 h before noon and 0.3 h behind it
once moved.

Source: the tables of open-grid-emissions (singularity-energy, `manual_930_adjust`), as of 2023 and 2024.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class StampFault:
    """Generation of one authority, of whose stamps so many hours are missing."""

    respondent: str
    since: str | None
    """First stamp that is wrong, as EIA has it; the first of all unless given."""
    until: str | None
    """First stamp that is right again; never, as far as is known, unless given."""
    hours: int
    """To be added to the stamps."""
    clock: str = ""
    """A time zone whose local time was stamped as UTC: its offset is added as well."""


STAMP_FAULTS = (
    StampFault("CISO", None, "2022-06-14T07", 1),
    StampFault("CISO", "2022-06-15T07", "2022-06-16T07", 1),
    StampFault("CISO", "2023-11-01T00", "2024-12-01T00", -1),
    StampFault("PJM", None, None, 1),
    StampFault("SC", None, "2020-12-31T00", 0, "America/New_York"),
    StampFault("TEPC", None, "2021-11-01T00", 1),
)
LONGEST_SHIFT = pd.Timedelta(hours=5)
"""The offset of the Eastern clock in winter is the largest of them."""


def corrected(stamps: pd.DatetimeIndex, respondent: str) -> pd.DatetimeIndex:
    """The stamps of an authority's generation as they should be."""
    shift = np.zeros(len(stamps), dtype="timedelta64[us]")
    for fault in STAMP_FAULTS:
        if fault.respondent == respondent:
            wrong = np.ones(len(stamps), dtype=bool)
            if fault.since is not None:
                wrong &= stamps >= pd.Timestamp(fault.since, tz="UTC")
            if fault.until is not None:
                wrong &= stamps < pd.Timestamp(fault.until, tz="UTC")
            shift[wrong] = np.timedelta64(fault.hours, "h")
            if fault.clock:
                local = stamps[wrong].tz_convert(fault.clock).tz_localize(None)
                shift[wrong] += (local - stamps[wrong].tz_localize(None)).to_numpy()
    return (stamps + pd.TimedeltaIndex(shift)).as_unit("us")
