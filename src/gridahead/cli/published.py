"""What `gridahead forecast` says of what it has published: for which day, as of when, by whom, how much, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.cli.console import print_json, say
from gridahead.core.runs import FULL
from gridahead.core.time import lasting, now
from gridahead.core.units import power

if TYPE_CHECKING:
    from gridahead.forecasting.publish import Published

FAR = pd.Timedelta(days=7)
"""Deadlines are a day or two before delivery: a day that begins later than this follows from wrong dates."""


def show_published(done: Iterable[Published], *, as_json: bool, newest: bool) -> None:
    """A few lines for every forecast.

    Args:
        done: what was published.
        as_json: for machines, all of the manifest besides.
        newest: whether the delivery day is the newest that the lake allows, and not of a wanted issue time.
    """
    if as_json:
        print_json(
            [
                {**one.manifest, "folder": str(one.folder), "changed": one.changed, "note": note(one.manifest, newest)}
                for one in done
            ]
        )
        return
    for one in done:
        for line in lines_of(one, newest):
            say(line, False)


def lines_of(one: Published, newest: bool) -> list[str]:
    """The day, the issue time and the model, the median, the files, and what speaks against it."""
    told, folder = one.manifest, one.folder
    median: Mapping[str, Any] = told["median"]  # type: ignore[assignment]
    zone = str(told["timezone"])
    first, end = _delivery(told)
    local, issued = (instant.tz_convert(zone) for instant in (first, pd.Timestamp(str(told["issue_time"]))))
    unit, peak = told["unit"], pd.Timestamp(str(median["peak_at"])).tz_convert(zone)
    lines = [
        f"{told['series']}: {local:%A}, {told['delivery_day']}, by the clock of {zone} "
        f"({(end - first) / pd.Timedelta(hours=1):g} hours)",
        f"  issued as of {issued:%Y-%m-%d %H:%M} ({issued.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC) by {told['model']} "
        f"v{told['model_version']}{'' if one.changed else '; published before, unchanged'}",
        f"  P50: mean {power(median['mean_mw'], unit)}, peak {power(median['peak_mw'], unit)} "  # type: ignore[arg-type]
        f"at {peak:%H:%M}",
        f"  files: {folder / str(told['csv'])}, {told['parquet']} and manifest.json beside it",
    ]
    if told["rung"] != FULL:
        lines.append(f"  ! degraded: {told['rung']}")
    if said := note(told, newest):
        lines.append(f"  ! {said}")
    return lines


def note(manifest: Mapping[str, object], newest: bool) -> str | None:
    """What a reader must know of the delivery day who takes it for tomorrow; None where it is to come soon."""
    first, end = _delivery(manifest)
    if end <= now():
        ask = "; it is the newest for which the lake has inputs, `gridahead ingest` newer values for one to come"
        return f"this day is over, it ended {lasting(now() - end)} ago{ask if newest else ''}"
    if first <= now():
        return f"this day has begun, {lasting(now() - first)} ago"
    if first - now() > FAR:
        return f"this day begins in {lasting(first - now())} only; are the dates right that `gridahead status` shows?"
    return None


def _delivery(manifest: Mapping[str, object]) -> tuple[pd.Timestamp, pd.Timestamp]:
    delivery: Any = manifest["delivery"]
    return pd.Timestamp(delivery[0]), pd.Timestamp(delivery[1])
