"""`gridahead revisions`: how much the values of a series moved after they came, and how late."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridahead.cli import complete
from gridahead.cli.console import print_json, say, show
from gridahead.cli.options import JsonOption, SettingsOption, known_series, open_workspace, parse_range
from gridahead.cli.panels import LOOK_CLOSER, example

app = typer.Typer()


@app.command(rich_help_panel=LOOK_CLOSER, epilog=example("revisions DE/load --start 2025-01-01 --end 2025-07-01"))
def revisions(
    series: Annotated[str, typer.Argument(help="ZONE/QUANTITY, such as DE/load.", autocompletion=complete.series)],
    start: Annotated[
        str | None, typer.Option(help="First valid time; without an offset, in local time of the series.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="End: valid times before it.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The picture, a .png; else beside what is published of the series."),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how much the values of a series moved between their first and their newest vintage, and how late.

    Ages count from the start of the unit that a value describes. Only recorded vintages say when they came: what moved
    without is counted in the whole and in no age.
    """
    workspace = open_workspace(settings)
    chosen = known_series(workspace, series)
    time_range = parse_range(start, end, workspace.settings.zone(chosen.zone).timezone)
    from gridahead.operate.revisions import revised
    from gridahead.reports.revisions import revisions_notes, revisions_record, revisions_rows, revisions_sentence

    done = revised(workspace, chosen, time_range, output)
    if as_json:
        print_json(revisions_record(done.revisions) | {"picture": done.picture and str(done.picture)})
        return
    if done.revisions.by_age:
        show(revisions_rows(done.revisions), False, f"{chosen}: what changed, by the age of the value")
    for line in (f"{chosen}: {revisions_sentence(done.revisions)}", *revisions_notes(done.revisions)):
        say(line, False)
    if done.picture:
        say(f"Picture: {done.picture}", False)
