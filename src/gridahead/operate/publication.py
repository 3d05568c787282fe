"""Publication of a forecast: its files, its manifest, the pointers to it, and last the lake.

What is published is what counts. A lake that cannot be written must not stop it: it is told, and the next catch-up
appends from the published files what the lake has not got. The forecasts of many series are one batch of the lake.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

import pandas as pd

from gridahead.core.errors import GridaheadError
from gridahead.core.files import alone
from gridahead.core.grid import Series
from gridahead.core.runs import BY_HAND
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import among, series_names
from gridahead.forecasting.paths import Paths
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import Published, newest_of, publish
from gridahead.forecasting.slot import Slot
from gridahead.lake.lake import Lake
from gridahead.operate.slots import is_live
from gridahead.reading.known import official_known
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)

PATIENCE_S = 300
"""How long a forecast waits for another of the same series [s]; one takes seconds, one that hangs is no reason to."""


def alone_with(workspace: Workspace, series: Series) -> AbstractContextManager[None]:
    """Forecast and publish a series while nobody else on this machine does."""
    return alone(
        workspace.settings.data_folder / "locks" / f"{series.slug}.forecast",
        lambda: log.info("%s: somebody else forecasts it; this one begins when that has ended", series),
        at_most_s=PATIENCE_S,
    )


def hand_out(
    workspace: Workspace, slot: Slot, forecasts: Forecasts, about: Mapping[str, object], paths: Paths | None = None
) -> Published:
    """Publish the forecast of a slot and point at it; `keep` keeps it in the lake.

    Args:
        workspace: where it is published.
        slot: of it.
        forecasts: its rows.
        about: further lines of its manifest.
        paths: of the whole day, where there are any.

    Raises:
        LakeError: the folder of what is published cannot be written.
    """
    settings, at = workspace.settings, workspace.clock()
    timezone, live = settings.zone(slot.series.zone).timezone, is_live(workspace)
    published = publish(
        settings.published_place,
        forecasts,
        timezone,
        about,
        settings.unit_of(slot.series),
        _official(workspace, slot.series, forecasts),
        at=at,
        slot=slot,
        live=live,
        csv_style=settings.published.csv_style,
        with_xlsx=settings.published.is_made(settings.published.xlsx, len(settings.series)),
        paths=paths,
    )
    renew_pointers(settings.published_place, slot.series, at if live else None)
    front = newest_of(settings.published_place, slot.series, slot.day)
    if front is not None and front.manifest["rung"] == BY_HAND != published.manifest["rung"]:
        log.warning("%s: the correction of %s by hand stays in front of it", slot.series, slot.day)
        published = replace(published, behind=str(front.manifest["forecast_id"]))
    return published


def _official(workspace: Workspace, series: Series, forecasts: Forecasts) -> pd.Series | None:
    """The official forecast of the same units as it was known at the issue time [MW]; None where it cannot be read."""
    mtu, issued = Mtu(forecasts["mtu"].iloc[0]), pd.Timestamp(forecasts["issue_time"].iloc[0])
    try:
        known = official_known(workspace, series, TimeRange.spanning(forecasts["valid_time"]), issued, mtu)
    except Exception:  # a column of a table is no reason to withhold a forecast
        log.exception("%s: published without the official forecast beside it", series)
        return None
    return known.set_index("valid_time")["value"]


def keep_published(lake: Lake, forecasts: Sequence[Forecasts]) -> str:
    """Keep forecasts that are out; why the lake does not have them yet, and nothing where it has."""
    try:
        keep(lake, forecasts)
    except (GridaheadError, OSError) as error:
        names = ", ".join(sorted({name for rows in forecasts for name in series_names(rows).unique()}))
        log.error("%s: published, but the lake does not have it yet: %s", names, error)
        return str(error)
    return ""


def keep(lake: Lake, forecasts: Sequence[Forecasts]) -> list[bool]:
    """Append forecasts to the lake in one batch, but for those that are there; of each, whether it was appended.

    Args:
        lake: which.
        forecasts: each of one series, run, model and issue time.
    """
    if not forecasts:
        return []
    key = [name for name in lake.forecasts.table.key if name not in ("valid_time", "quantile")]
    made = pd.concat([rows[key].iloc[:1] for rows in forecasts], ignore_index=True)
    where = {name: sorted(made[name].astype(str).unique()) for name in key if name != "issue_time"}
    span = TimeRange.spanning(pd.concat([rows["valid_time"] for rows in forecasts]))
    stored = lake.forecasts.read(where, span, columns=key)
    is_new = [bool(one) for one in ~among(made, stored, key)]
    new = [rows for rows, wanted in zip(forecasts, is_new, strict=True) if wanted]
    if new:
        lake.forecasts.append(pd.concat(new, ignore_index=True))
    return is_new
