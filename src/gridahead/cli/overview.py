"""`gridahead status` and `gridahead models list` on 80 columns: a block a series or version, with ages and marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.cli.console import records, say, show, show_blocks
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, FULL
from gridahead.core.time import Mtu, lasting, now
from gridahead.core.units import per, significant
from gridahead.settings.model import Settings

if TYPE_CHECKING:
    from gridahead.operate.status import Status
    from gridahead.registry.versions import Version

FINE, LOOK, ABSENT = "✓", "!", "✗"
HOUR = pd.Timedelta(hours=1)
Line = tuple[str, str]


def show_status(settings: Settings, status: Status, *, wide: bool) -> None:
    """A block a series of the settings and a line of what else is there; wide tables of everything if wanted."""
    if wide:
        _show_all(status)
        return
    stored = {str(row["series"]): row for row in status.lake.to_dict("records")}
    newest = {str(row["series"]): row for row in status.forecasts}
    names = [str(entry.series) for entry in settings.series] or list(status.serving)
    blocks = [
        (
            name,
            [
                _held(stored.get(name), settings.quality.stale_after_hours),
                _serves(status.serving.get(name), settings, name),
                _published(newest.get(name)),
            ],
        )
        for name in names
    ]
    show_blocks("", blocks)
    if others := sorted(set(stored) - set(names)):
        say(f"Also in the lake: {', '.join(others)}", False)
    if not stored:
        say("The lake is empty; run `gridahead ingest`", False)
    elif not names:
        say("The settings name no series; add [[series]]", False)
    elif blocks:
        say("Everything: `gridahead status --wide`", False)


def _show_all(status: Status) -> None:
    show(records(status.lake), False, "Lake", "empty; run `gridahead ingest`")
    columns = ("model", "version", "learnt_until", "validation_mae", "champion_since")
    serving = [{"series": name, **{key: about.get(key) for key in columns}} for name, about in status.serving.items()]
    show(serving, False, "Serving", "no champion yet; run `gridahead train`")
    shown = ("series", "forecast_id", "issue_time", "age", "model", "model_version", "rung")
    aged = [{**row, "age": lasting(now() - pd.Timestamp(str(row["issue_time"])))} for row in status.forecasts]
    forecasts = [{key: row.get(key) for key in shown} for row in aged]
    show(forecasts, False, "Newest forecasts", "none published; run `gridahead forecast`")


def _held(row: Mapping[Any, Any] | None, stale_after_hours: float) -> Line:
    if row is None:
        return ABSENT, "lake: nothing yet; run `gridahead ingest`"
    end = pd.Timestamp(row["last"]) + Mtu(row["mtu"].rpartition(", ")[2]).delta  # the newest of several
    mark = FINE if now() - end <= pd.Timedelta(hours=stale_after_hours) else LOOK
    return mark, f"lake: until {end:%Y-%m-%d %H:%M} UTC ({ago(end)}), {row['rows']:,} rows, {row['mtu']}"


def _serves(about: Mapping[str, str] | None, settings: Settings, name: str) -> Line:
    if about is None:
        return ABSENT, f"no champion yet; run `gridahead train --series {name}`"
    unit = settings.unit_of(Series.parse(name))
    error = (
        f", MAE {significant(per(float(about['validation_mae']), unit))} {unit}" if "validation_mae" in about else ""
    )
    learnt = pd.Timestamp(about["learnt_until"], tz="UTC")
    return FINE, f"serves: {about['model']} v{about['version']}, learnt until {learnt:%Y-%m-%d} ({ago(learnt)}){error}"


def _published(manifest: Mapping[str, Any] | None) -> Line:
    if manifest is None:
        return ABSENT, "no forecast yet; run `gridahead forecast`"
    issued, end = pd.Timestamp(str(manifest["issue_time"])), pd.Timestamp(str(manifest["delivery"][1]))
    rung = str(manifest["rung"])
    mark = LOOK if rung != FULL or end <= now() else FINE
    why = "" if rung == FULL else f", {manifest['missing'] or rung}"
    past = ", its day is over" if end <= now() else ""
    by = f"{manifest['model']} v{manifest['model_version']}"
    return mark, f"forecast: issued {issued:%Y-%m-%d %H:%M} UTC ({ago(issued)}) by {by}{past}{why}"


def show_versions(versions: Sequence[Version], settings: Settings) -> None:
    """A block a version: what it is for, how good it was on its validation days, and what came of its trial."""
    if not versions:
        say("Models: none yet; run `gridahead train`", False)
        return
    show_blocks("", [(_heading(version), _about(version, settings)) for version in versions])
    say("All figures: `gridahead models list --wide`", False)


def _heading(version: Version) -> str:
    return f"{version.series} {version}" + (f", {' and '.join(version.aliases)}" if version.aliases else "")


def _about(version: Version, settings: Settings) -> list[Line]:
    unit = settings.unit_of(version.series)
    named = {
        name.removeprefix("validation_"): significant(per(value, unit)) for name, value in version.validation.items()
    }
    figures = ", ".join(f"{name} {value} {unit}" for name, value in named.items())
    mark = FINE if CHAMPION in version.aliases else " "
    lines = [(mark, f"made {ago(version.created_at)}, learnt until {version.tags['learnt_until']}")]
    if figures:
        lines.append(("", f"on its validation days: {figures}"))
    if "outcome" in version.tags:
        reasons = version.tags.get("outcome_reasons", "") if version.aliases else ""
        lines.append(("", ": ".join(filter(None, (version.tags["outcome"], reasons)))))
    return lines


def ago(instant: pd.Timestamp) -> str:
    """How long before now, or until then, in the unit that a person would use."""
    span = now() - instant
    distance = lasting(abs(span)) if abs(span) >= HOUR else "less than 1 h"
    return f"{distance} ago" if span >= pd.Timedelta(0) else f"in {distance}"
