"""`gridahead backup` and `gridahead restore`: everything that an installation keeps, by one command each."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gridahead.cli.console import err, print_json, say
from gridahead.cli.options import JsonOption, SettingsOption, open_workspace
from gridahead.cli.panels import SET_UP, example

if TYPE_CHECKING:
    from gridahead.operate.backup import OnCount

app = typer.Typer()


@app.command(rich_help_panel=SET_UP, epilog=example("backup /mnt/backup"))
def backup(
    dest: Annotated[str, typer.Argument(help="A folder, or an address such as s3://bucket/backup.")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy settings, lake, published forecasts, models, raw payloads and MLflow's file, while work goes on.

    What a former backup there has is not copied again. `gridahead restore DEST` puts it back.
    """
    from gridahead.operate.backup import backup as use_case
    from gridahead.settings.place import find_settings

    file = find_settings(settings)
    with _counting("copying") as on_count:
        done = use_case(open_workspace(file), file, dest, on_count)
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    say(f"Backup {done.name} in {done.place}: {done.files:,} files, {done.bytes:,} bytes, {done.added:,} new", False)
    say(done.note, False)


@app.command(rich_help_panel=SET_UP, epilog=example("restore /mnt/backup --settings settings.toml"))
def restore(
    source: Annotated[str, typer.Argument(help="Where `gridahead backup` has put it.")],
    settings: Annotated[
        Path, typer.Option("--settings", "-s", help="Settings file; written from the backup if it is not there.")
    ] = Path("settings.toml"),
    at: Annotated[
        str | None, typer.Option("--at", help="Which backup, such as 2026-11-30T031500Z; the newest.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Move aside what is there already.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup back, where the settings say; every file is checked by its hash before anything is written."""
    from gridahead.operate.restore import restore as use_case

    with _counting("putting back") as on_count:
        done = use_case(source, settings.absolute(), at, force=force, on_count=on_count)
    if as_json:
        print_json(dataclasses.asdict(done))
        return
    say(f"Backup {done.name} is back: {done.files:,} files, {done.bytes:,} bytes, as {done.settings} says", False)
    for aside in done.aside:
        say(f"What was there before lies in {aside}", False)
    say(done.next_step, False)
    if done.aside:
        # It may hold what came after the backup: only a person can say that nobody needs it.
        say("Nothing reads what was there before. Once all is as you expect, remove it:", False)
        say(f"rm -r {shlex.join(map(str, done.aside))}", False)


@contextmanager
def _counting(verb: str) -> Iterator[OnCount]:
    """A bar for a person at a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
        task = bars.add_task(verb, total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of)
