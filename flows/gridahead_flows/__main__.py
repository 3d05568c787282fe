"""`python -m gridahead_flows deploy [SETTINGS]`: the schedule of a settings file, on the server of PREFECT_API_URL."""

from __future__ import annotations

from typing import Annotated

import typer

from gridahead.cli.main import guarded
from gridahead.settings.file import load_settings
from gridahead_flows.deployments import POOL, deploy
from gridahead_flows.plan import plan

app = typer.Typer(no_args_is_help=True, help="The schedule of a settings file in Prefect.")


@app.command("deploy")
def deploy_settings(
    settings: Annotated[
        str | None, typer.Argument(help="Settings file; else settings.toml or flows/settings.toml.")
    ] = None,
) -> None:
    """Create or renew work pool, deployments and automations, and delete those that the settings no longer ask for."""
    chosen = load_settings(settings)
    for name in deploy(plan(settings), chosen.schedule.lost_after_seconds):
        typer.echo(name)
    if chosen.mode == "demo":
        typer.echo('The schedules are paused: they count with mode = "live" in the settings.')
    typer.echo(f"Run them with `prefect worker start --pool {POOL}`.")


@app.callback()
def _main() -> None:
    """A group, though it has one command."""


if __name__ == "__main__":
    guarded(app)
