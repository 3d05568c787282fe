"""What a card says of a series, gathered for the server: from the newest days, never from all that is in the lake."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from gridahead.core.grid import Series
from gridahead.operate.due import absent_of
from gridahead.operate.slots import is_live
from gridahead.reading.card import Card
from gridahead.reports.views import Absent, QualityLine, SeriesView
from gridahead.web.facts import Freshness
from gridahead.workspace import Workspace


def view_of(workspace: Workspace, card: Card, fresh: Iterable[Freshness], withheld: int) -> SeriesView:
    """A card with what only a page says beside it.

    Args:
        workspace: whose.
        card: of the series.
        fresh: how new the data are.
        withheld: values that wait in quarantine.
    """
    settings, series = workspace.settings, card.series
    slots = absent_of(workspace, series, card.at) if is_live(workspace) else []
    return SeriesView(
        card=card,
        quality=_quality(series, fresh, withheld),
        absent=tuple(Absent(slot.day, slot.deadline, slot.gate_closure) for slot in slots),
        links={
            "All its days and errors": f"../series/{series}",
            "Its models": f"../models/{series}",
            "Quarantine": "../quality",
        },
        stale_after_hours=settings.quality.stale_after_hours,
        coverage_alarm=settings.promotion.coverage_alarm,
    )


def _quality(series: Series, fresh: Iterable[Freshness], withheld: int) -> QualityLine | None:
    """How new the outturn is; how complete years of it are is on the page of quality, which is written every day."""
    ends: list[pd.Timestamp] = [line.end for line in fresh if line.series == str(series)]
    if not ends:
        return None
    return QualityLine(start=max(ends), end=max(ends), expected=0, present=0, quarantined=withheld)
