"""`gridahead history`: forecasts, official forecasts and what came, as Parquet for others."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from gridahead.cli import complete
from gridahead.cli.console import say, show
from gridahead.cli.options import JsonOption, SeriesOption, SettingsOption, known_series, open_workspace, parse_range
from gridahead.cli.panels import DATA, example
from gridahead.core.runs import LIVE

app = typer.Typer()


@app.command(rich_help_panel=DATA, epilog=example("history --series DE/load --output history"))
def history(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder; what has not changed in it stays.")],
    series: SeriesOption = None,
    run: Annotated[
        str, typer.Option(help="Of which run: live, backfilled, shadow or backtest/NAME.", autocompletion=complete.runs)
    ] = LIVE,
    start: Annotated[str | None, typer.Option(help="First valid time; UTC without an offset.")] = None,
    end: Annotated[str | None, typer.Option(help="End: valid times before it.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write forecasts as they were issued, the official ones of that time and what came: Parquet, a file a year.

    Beside the files of every series are dictionary.md and dictionary.json: what the columns mean, and their units.
    """
    from gridahead.operate.history import DICTIONARY, export_history

    workspace = open_workspace(settings)
    chosen = [known_series(workspace, name) for name in series or ()]
    done = export_history(workspace, output, chosen, run=run, time_range=parse_range(start, end, "UTC"))
    show([dataclasses.asdict(one) for one in done], as_json, "History", "nothing")
    if not as_json:
        say(f"What the columns mean: {output / DICTIONARY}.md", False)
