"""How long what is derived or superseded is kept; sizes in docs/sizing.md."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gridahead.settings.section import Section

Days = Annotated[int, Field(ge=1)] | None


class RetentionSettings(Section):
    """What `gridahead lake thin` deletes.

    Observations, published forecasts in the lake, scores, rulings and promotions always stay: they are small, and
    nothing else can tell what was known when.
    """

    published_days: Annotated[int, Field(ge=30)] | None = None
    """Files of delivery days that are older are deleted; their rows stay in the lake. Without it all are kept: 15 MB a
    year and series with one forecast a day, 24 times as much with `intraday`."""
    inputs_days: Days = None
    """What models read is kept so long, to name the hour of an input that has changed since. Forecasts can be
    reproduced from the lake without it. Without it for ever: 1 to 10 MB a year and series, 24 times as much with
    `intraday`."""
    shadow_days: Annotated[int, Field(ge=400)] | None = None
    """Forecasts of challengers, which nobody has read, are kept so long; trials look back a year at most. Without it
    for ever: as much as the published ones."""
    checkpoint_days: Days = 30
    """A training that has not gone on for so long will not: its checkpoints, of some megabytes each, are deleted."""
