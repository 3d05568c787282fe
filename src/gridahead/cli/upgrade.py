"""`gridahead upgrade`: what an older release has stored, in the layout and with the names of this one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from gridahead.cli.console import err, print_json, say
from gridahead.cli.options import JsonOption, SettingsOption
from gridahead.cli.panels import SET_UP, example

if TYPE_CHECKING:
    from gridahead.operate.upgrade import Upgrade

app = typer.Typer()


@app.command(rich_help_panel=SET_UP, epilog=example("upgrade --dry-run"))
def upgrade(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write settings, lake and models of an older release as this one reads them, with a backup beside each.

    Stop what writes to the data folder before. A killed upgrade is called again.
    """
    from gridahead.operate.upgrade import upgrade as use_case
    from gridahead.operate.upgrade import upgrade_settings

    read, file, former = upgrade_settings(settings, dry_run=dry_run)
    with err.status(Text("upgrading")) as line:
        done = use_case(read, dry_run=dry_run, on_progress=lambda step: line.update(Text(step)))
    if as_json:
        backup = None if former is None else str(former)
        print_json({**dataclasses.asdict(done), "settings": str(file), "settings_backup": backup})
    else:
        _tell(done, file, former, "would be" if dry_run else "was")


def _tell(done: Upgrade, file: Path, former: Path | None, verb: str) -> None:
    if former is not None:
        say(f"{file} {verb} written with the names of today; as it was before: {former}", False)
    if done.backup is None:
        say(f"{done.folder} has layout {done.to_layout} already" if done.layout else f"{done.folder} is empty", False)
    else:
        say(f"{done.folder} {verb} written anew, from layout {done.layout} to {done.to_layout}", False)
        say(f"Backup: {done.backup} ({done.bytes:,} bytes); delete it when all is well", False)
        say("The next `gridahead train` trains anew what a release before has trained; until then that serves", False)
    if done.models_backup is not None:
        say(f"Models: {done.models} versions; their records as they were before: {done.models_backup}", False)
    for version in done.unreadable:
        say(f"{version.series} {version.version} cannot be read by this release: {version.reason}", False)
        say(f"Train another: {version.way_out}", False)
