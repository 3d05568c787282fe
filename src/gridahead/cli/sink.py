"""`gridahead sink …`: the database that has every published forecast as well."""

from __future__ import annotations

import dataclasses

import typer

from gridahead.cli.console import show
from gridahead.cli.options import JsonOption, SeriesOption, SettingsOption, known_series, open_workspace
from gridahead.cli.panels import DATA, example

app = typer.Typer(
    name="sink",
    no_args_is_help=True,
    rich_help_panel=DATA,
    help="Look after the database of `[published] database`, which has every forecast for BI tools.",
)


@app.command(epilog=example("sink sync"))
def sync(series: SeriesOption = None, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Make its tables equal to the lake: write what they lack, mark what was taken back, delete what is gone.

    Every forecast and every catch-up does the same for its series; a run that was killed or could not reach the
    database is made good by the next one.
    """
    from gridahead.operate.sink import sync as use_case

    workspace = open_workspace(settings)
    done = use_case(workspace, [known_series(workspace, name) for name in series or ()])
    show([dataclasses.asdict(one) for one in done], as_json, "Database", "no series")


@app.callback()
def _group() -> None:
    """Say that the group has commands, though it has one only."""
