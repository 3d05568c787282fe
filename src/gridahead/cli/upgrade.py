"""`gridahead upgrade`: what an older release has stored, in the layout of this one."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer
from rich.text import Text

from gridahead.cli.console import err, print_json, say
from gridahead.cli.options import JsonOption, SettingsOption

app = typer.Typer()


@app.command()
def upgrade(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the lake of an older release in the layout of this one, with a backup beside it.

    Stop what writes to the lake before. A killed upgrade is called again.
    """
    from gridahead.operate.upgrade import upgrade as use_case
    from gridahead.settings.file import load_settings

    with err.status(Text("upgrading")) as line:
        done = use_case(load_settings(settings), dry_run=dry_run, on_progress=lambda step: line.update(Text(step)))
    if as_json:
        print_json(dataclasses.asdict(done))
    elif done.backup is None:
        say(f"{done.folder} has layout {done.to_layout} already" if done.layout else f"{done.folder} is empty", False)
    else:
        verb = "would be" if dry_run else "was"
        say(f"{done.folder} {verb} written anew, from layout {done.layout} to {done.to_layout}", False)
        say(f"Backup: {done.backup} ({done.bytes:,} bytes); delete it when all is well", False)
        say("Models of a release before are not read: run `gridahead train`", False)
