"""`gridahead serve`: the status page, the probes, the figures and what is published, over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from gridahead.cli.console import say
from gridahead.cli.options import SettingsOption, open_workspace
from gridahead.cli.panels import EVERY_DAY, example

app = typer.Typer()


@app.command(rich_help_panel=EVERY_DAY, epilog=example("serve --port 8080"))
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; else that of `[serve]`, 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; else that of `[serve]`, 8080; 0 takes a free one.")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Show over HTTP whether all is in order, figures for Prometheus and what is published; changes nothing.

    /status for people, /healthz (503 when a forecast is late), /livez, /metrics, /published/report.html.
    """
    from gridahead.web.server import serve as use_case

    workspace = open_workspace(settings)
    chosen = workspace.settings.serve
    where = f"{host or chosen.host}:{chosen.port if port is None else port}"
    say(f"Serving on http://{where}/status; Ctrl-C ends it", False)
    use_case(workspace, host, port)
