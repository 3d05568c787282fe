"""Revisions of a series, with their picture beside what is published of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.monitoring.revisions import Revisions, revisions
from gridahead.reports.drawing import with_licence
from gridahead.reports.revisions_picture import revisions_picture
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class Revised:
    """The revisions of a series, and where their picture lies."""

    revisions: Revisions
    picture: Path | None
    """None where no vintage says when it came: there is nothing to draw."""


def revised(
    workspace: Workspace, series: Series, time_range: TimeRange | None = None, output: Path | None = None
) -> Revised:
    """How much the values of a series moved and how late, drawn where a vintage says when it came.

    Args:
        workspace: whose lake.
        series: which.
        time_range: of valid times; all of them without it.
        output: the picture, a file that ends in .png; beside what is published of the series without it.

    Raises:
        SettingsError: the output is no .png.
        LakeError: there are no such values.
    """
    if output is not None and output.suffix.lower() != ".png":
        raise SettingsError(f"--output {output}: the picture is a PNG; name a file that ends in .png")
    found = revisions(workspace, series, time_range)
    if not found.by_age:
        return Revised(found, None)
    picture = output or workspace.settings.published_folder / series.slug / "revisions.png"
    workspace.put_page(picture, with_licence(revisions_picture(found), workspace.settings.attribution_of(series)))
    return Revised(found, picture)
