"""What `gridahead forecast` prints of what it has published: the day, issue time, model, how much, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.cli.console import print_json, say
from gridahead.core.runs import FULL, TAUGHT_BY, maker
from gridahead.core.time import MOST_LEAD_DAYS, lasting, now
from gridahead.core.units import power
from gridahead.reports.trust import correction_words, late_words, rung_words, sums_words
from gridahead.reports.wording import taught_words

if TYPE_CHECKING:
    from gridahead.forecasting.publish import Published

FAR = pd.Timedelta(days=MOST_LEAD_DAYS)
"""Deadlines are no longer before delivery: a day that begins later than this follows from wrong dates."""


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
                {
                    **published.manifest,
                    "folder": str(published.folder),
                    "changed": published.changed,
                    "note": note(published.manifest, newest),
                }
                for published in done
            ]
        )
        return
    for published in done:
        for line in lines_of(published, newest):
            say(line, False)


def lines_of(published: Published, newest: bool) -> list[str]:
    """The day, the issue time and the model, the median, the files, and the reasons against trusting it."""
    manifest, folder = published.manifest, published.folder
    median: Mapping[str, Any] = manifest["median"]  # type: ignore[assignment]
    zone = str(manifest["timezone"])
    first, end = _delivery(manifest)
    local, issued = (instant.tz_convert(zone) for instant in (first, pd.Timestamp(str(manifest["issue_time"]))))
    unit, peak = manifest["unit"], pd.Timestamp(str(median["peak_at"])).tz_convert(zone)
    lines = [
        f"{manifest['series']}: {local:%A}, {manifest['delivery_day']}, by the clock of {zone} "
        f"({(end - first) / pd.Timedelta(hours=1):g} hours)",
        f"  issued as of {issued:%Y-%m-%d %H:%M} ({issued.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC) by "
        f"{maker(str(manifest['model']), str(manifest['model_version']))}"
        f"{'' if published.changed else '; published before, unchanged'}",
        f"  P50: mean {power(median['mean_mw'], unit)}, peak {power(median['peak_mw'], unit)} "  # type: ignore[arg-type]
        f"at {peak:%H:%M}",
        f"  files: {folder / str(manifest['csv'])}, {manifest['parquet']} and manifest.json beside it",
    ]
    if manifest["rung"] != FULL:
        lines.append(f"  ! {rung_words(str(manifest['rung']), str(manifest['missing']))}")
    if correction := correction_words(manifest):
        lines.append(f"  ! {correction}")
    if sums := sums_words(manifest):
        lines.append(f"  {sums}" if sums.startswith("made") else f"  ! {sums}")
    if others := manifest.get(TAUGHT_BY):
        lines.append(f"  ! {taught_words(int(str(others)))}")
    if late := late_words(manifest):
        lines.append(f"  ! out {late}")
    if published.behind:
        day = manifest["delivery_day"]
        lines.append(
            f"  ! the correction {published.behind} by hand stays in front of it; `gridahead correct "
            f"{manifest['series']} --day {day} --withdraw --reason …` takes it back"
        )
    if published.unmade:
        lines.append(f"  ! without an XLSX, which could not be made: {published.unmade}")
    if published.unkept:
        lines.append(f"  ! not in the lake yet, `gridahead catch-up` puts it there: {published.unkept}")
    if published.unsunk:
        lines.append(f"  ! not in the database yet: {published.unsunk}")
    if remark := note(manifest, newest):
        lines.append(f"  ! {remark}")
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
