"""What is asked of services: their history; and what they answered, read once more."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from gridahead.cli.console import err, print_json, records, say, show
from gridahead.cli.lake import show_amendment
from gridahead.cli.options import ByOption, JsonOption, SettingsOption, open_workspace, parse_day
from gridahead.cli.panels import DATA, example

if TYPE_CHECKING:
    from gridahead.operate.backfill import OnProgress, Progress

app = typer.Typer()


@app.command(rich_help_panel=DATA, epilog=example("backfill --start 2024-01-01"))
def backfill(
    source: Annotated[str | None, typer.Option(help="Kind of a service; else every service of the settings.")] = None,
    zones: Annotated[str | None, typer.Option(help="Codes of zones, such as FR,BE; else all of the services.")] = None,
    start: Annotated[
        str | None, typer.Option(help="First local day, such as 2024-01-01; else `since` of the settings.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Last local day; else as far as there are values.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what the lake lacks of the history of services, and let the quality gate judge it.

    What is there is not asked for again; killed and started again it goes on. What a service fails to give is left out
    and named at the end.
    """
    first, last = (
        None if text is None else parse_day(text, option) for text, option in ((start, "--start"), (end, "--end"))
    )
    codes = [code.strip() for code in (zones or "").split(",") if code.strip()]
    workspace = open_workspace(settings)
    from gridahead.operate.backfill import backfill as use_case

    with backfill_progress(err) as on_progress:
        done = use_case(workspace, source=source, zones=codes, start=first, end=last, on_progress=on_progress)
    failed = [str(error) for error in done.failed]
    if as_json:
        print_json({"windows": done.windows, "series": records(done.series), "failed": failed})
    else:
        empty = "no values" if failed else "nothing new, all is up to date"
        show(records(done.series), False, "Back-filled", empty)
    if failed:
        # An error may stand for many windows, as where a key is missing.
        say(f"Of {done.windows:,} windows some are missing; the same command asks for them again", as_json)
    done.require(workspace.settings.quality.max_quarantined_share)


@app.command(rich_help_panel=DATA, epilog=example("reparse --dry-run"))
def reparse(
    source: Annotated[str | None, typer.Option(help="Only the source of that name, as `ingest` shows it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")] = False,
    by: ByOption = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the kept payloads again by the parsers of this release, and put right what an older one had made of them.

    Nothing is asked of any service. Forecasts, rulings and scores stay; what is right already does not change.
    """
    from gridahead.operate.amend import reparse as use_case

    workspace = open_workspace(settings)
    amendment = use_case(workspace, by=by or getpass.getuser(), only=source, dry_run=dry_run)
    show_amendment(amendment, "Would be read anew" if dry_run else "Read anew", as_json)
    if amendment.report is not None:
        amendment.report.require(workspace.settings.quality.max_quarantined_share)


@contextmanager
def backfill_progress(console: Console) -> Iterator[OnProgress]:
    """Something to report the windows of a back-fill to: a bar with the time that is left; silent elsewhere."""
    if not console.is_terminal:
        yield lambda progress: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Bars(*columns, console=console) as bars:
        task = bars.add_task("asking")

        def report(progress: Progress) -> None:
            line = f"{time_left(progress.left):<18} {progress.payload}"
            bars.update(task, total=progress.windows, completed=progress.done, description=line)

        yield report


def time_left(seconds: float | None) -> str:
    """How long something will take still, as a person says it."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"
