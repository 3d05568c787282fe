"""The server over a workspace of a test's own, asked without a network; and as a process of its own."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
from starlette.types import ASGIApp

from builders.serving import ready
from gridahead.operate.forecast import forecast
from gridahead.web.app import application
from gridahead.web.runs import Run, Runs
from gridahead.web.state import Watch
from gridahead.workspace import Workspace

AT = pd.Timestamp("2025-03-18T10:30Z")
"""Half an hour after the deadline of the builders' delivery day, 11:00 in Berlin."""
LAST = (Run("ingest", "completed", AT - pd.Timedelta(minutes=24), 12.5), Run("forecast", "crashed", AT, 3.0))
RUNS = Runs(LAST, running=1, late=2)


def live(workspace: Workspace, at: pd.Timestamp = AT) -> Workspace:
    """The same workspace in operation, at an instant."""
    settings = workspace.settings.model_copy(update={"mode": "live"})
    return replace(workspace, settings=settings, clock=lambda: at)


def operated(folder: Path, *zones: str, published: bool = True, at: pd.Timestamp = AT) -> Workspace:
    """A workspace in operation whose forecasts of the builders' day are published, or not yet."""
    workspace = live(ready(folder, *zones, until=at.floor("h")), at)
    if published:
        for entry in workspace.settings.series:
            forecast(workspace, entry.series, entry.deadline.for_delivery(pd.Timestamp("2025-03-19").date()))
    return workspace


def ask(
    workspace: Workspace,
    path: str,
    method: str = "GET",
    host: str = "localhost",
    seconds: float = 0,
    body: bytes = b"",
    **headers: str,
) -> httpx.Response:
    """The answer of the server to one request."""

    watch = Watch(workspace, seconds, lambda: RUNS)
    return ask_app(application(workspace, watch), path, method, host, body, **headers)


def ask_app(
    app: ASGIApp, path: str, method: str = "GET", host: str = "localhost", body: bytes = b"", **headers: str
) -> httpx.Response:
    """The answer of a server that has been put together to one request."""

    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{host}") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, content=body, headers=named)

    return asyncio.run(answer())


class Client:
    """Asks a server of its own again and again, without a network."""

    def __init__(self, workspace: Workspace, *, closed: bool = False) -> None:
        self._transport = httpx.ASGITransport(application(workspace, closed=closed), raise_app_exceptions=False)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to any request."""

        async def answer() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://localhost") as client:
                return await client.request(method, path, **options)

        return asyncio.run(answer())

    def get(self, path: str, headers: dict[str, str] | None = None, **parameters: object) -> httpx.Response:
        """The answer to a question."""
        return self.ask("GET", path, headers=headers, params=parameters or None)
