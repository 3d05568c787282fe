"""`gridahead serve`: pages, probes, figures and the API over HTTP; and the tokens of those who may ask."""

from __future__ import annotations

from typing import Annotated

import typer

from gridahead.cli.console import print_json, say, show
from gridahead.cli.options import JsonOption, SettingsOption, open_workspace, parse_instant
from gridahead.cli.panels import EVERY_DAY, example
from gridahead.core.errors import SettingsError

app = typer.Typer()
serving = typer.Typer(invoke_without_command=True)
tokens = typer.Typer(no_args_is_help=True, help="Make, list and end the tokens of those who may read or write.")
app.add_typer(serving, name="serve", rich_help_panel=EVERY_DAY)
serving.add_typer(tokens, name="token")

NameArgument = Annotated[str, typer.Argument(help="Whose it is, or what for.")]


@serving.callback(epilog=example("serve --port 8080"))
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; else that of `[serve]`, 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; else that of `[serve]`, 8080; 0 takes a free one.")
    ] = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="Ask readers for no token, as a proxy in front asks for passwords.")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Show over HTTP what is forecast, whether all is in order, and what is published; with an API for programs.

    / for people, /docs/api for programs, /healthz (503 when a forecast is late), /livez, /metrics. On another address
    than 127.0.0.1 readers need a token: `gridahead serve token add NAME`.
    """
    if context.invoked_subcommand is not None:
        return
    from gridahead.web.memory import keep_little

    keep_little()
    from gridahead.web.server import serve as use_case

    workspace = open_workspace(settings)
    chosen = workspace.settings.serve
    where = f"{host or chosen.host}:{chosen.port if port is None else port}"
    say(f"Serving on http://{where}/; Ctrl-C ends it", False)
    use_case(workspace, host, port, require_tokens=False if is_open else None)


@tokens.command("add", epilog=example("serve token add excel"))
def add(
    name: NameArgument,
    scope: Annotated[str, typer.Option(help="read, or write: who may write may read as well.")] = "read",
    expires: Annotated[
        str | None, typer.Option(help="From when it is refused, such as 2027-01-01; never without it.")
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(help="Only of these series: DE/load, a pattern such as '*/load', or a zone; may be repeated."),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Only of zones of this group of the zone table; may be repeated.")
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it, for the only time: what is kept is its hash.

    With --series or --group it sees these series and no others, wherever a token is needed to read; with both, what is
    of these series and of these groups.
    """
    from gridahead.web.share import checked_part
    from gridahead.web.tokens import SCOPES, Tokens

    workspace = open_workspace(settings)
    scopes = [one for one in SCOPES if one == scope]
    if not scopes:
        raise SettingsError(f"--scope {scope}: a token may {' or '.join(SCOPES)}")
    ends = parse_instant(expires, "--expires", "UTC")
    patterns, groups = checked_part(workspace.settings, series or (), group or ())
    said = Tokens.of(workspace.settings, workspace.clock).add(name, scopes, ends, patterns, groups)
    if as_json:
        told = {"name": name, "scope": scope, "expires_at": ends and ends.isoformat(), "token": said}
        print_json({**told, "series": patterns, "groups": groups})
        return
    say(said, False)
    say("Keep it: it cannot be shown again. Send it as `Authorization: Bearer TOKEN`.", True)


@tokens.command("list", epilog=example("serve token list"))
def list_tokens(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """List the tokens: whose, what they may do, and until when; never the tokens themselves."""
    from gridahead.web.tokens import Tokens

    workspace = open_workspace(settings)
    lines = [
        {
            "name": token.name,
            "may": " and ".join(token.scopes),
            "series": ", ".join(token.series) or "all",
            "groups": ", ".join(token.groups) or "all",
            "made": token.made_at,
            "ends": token.expires_at or "never",
            "expired": token.is_over(workspace.clock()),
        }
        for token in Tokens.of(workspace.settings, workspace.clock).all()
    ]
    show(lines, as_json, "Tokens", "none; `gridahead serve token add NAME` makes one")


@tokens.command("revoke", epilog=example("serve token revoke excel"))
def revoke(name: NameArgument, settings: SettingsOption = None) -> None:
    """End a token: a server that runs refuses it from the next request on."""
    from gridahead.web.tokens import Tokens

    workspace = open_workspace(settings)
    Tokens.of(workspace.settings, workspace.clock).revoke(name)
    say(f"{name} is revoked", False)
