"""`gridahead sources`: which services there are, and whether those of the settings answer."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from gridahead.cli.console import out, show, show_blocks
from gridahead.cli.options import JsonOption, SettingsOption, open_workspace
from gridahead.cli.panels import DATA, example

app = typer.Typer()
sources = typer.Typer(
    invoke_without_command=True,
    help="List the services that can be asked, and what each needs.",
    epilog=example("sources"),
)
app.add_typer(sources, name="sources", rich_help_panel=DATA)


@sources.callback()
def _list(
    context: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="The page of them, as in docs/sources.md.")] = False,
    as_json: JsonOption = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    if markdown:
        from gridahead.operate.sources_page import sources_page

        typer.echo(sources_page(), nl=False)
        return
    from gridahead.operate.sources import services

    rows = [dataclasses.asdict(service) for service in services()]
    if as_json or not out.is_terminal:
        show(rows, as_json, "Services")
        return
    show_blocks(
        "", [(row["kind"], [(name, str(row[name])) for name in row if name != "kind" and row[name]]) for row in rows]
    )


@sources.command(epilog=example("sources check smard_live"))
def check(
    kind: Annotated[str | None, typer.Argument(help="Kind of a service; else every service of the settings.")] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask each service of the settings for its smallest window, and say what is wrong: key, host or zone."""
    workspace = open_workspace(settings)
    from gridahead.operate.sources import check as use_case
    from gridahead.operate.sources import require

    checked = use_case(workspace, kind)
    show([dataclasses.asdict(one) for one in checked], as_json, "Services of the settings")
    require(checked)
