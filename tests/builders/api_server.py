"""`gridahead serve` as a process, with a forecast of tomorrow published, and tokens that are needed."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pandas as pd
from children import environment

from builders.rows import LOAD
from builders.servers import free_port
from builders.serving import fill_before, ready
from builders.web import live
from gridahead.core.time import now
from gridahead.operate.forecast import forecast
from gridahead.web.tokens import Tokens
from gridahead.workspace import Workspace

SETTINGS = """data_folder = "data"
mode = "live"
[[series]]
series = "DE/load"
deadline = "D-1T0000[UTC]"
gate_closure = "D-1T2359[UTC]"
[serve]
require_tokens = {closed}
requests_per_minute = {per_minute}
"""


@dataclass(frozen=True)
class ApiServer:
    """A server that is up."""

    port: int
    folder: Path
    reads: str
    writes: str
    expired: str
    child: subprocess.Popen

    @property
    def address(self) -> str:
        """What every address begins with."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, token: str | None = None, **options: object) -> httpx.Response:
        """The answer to a question; with the token that may read, unless another is given."""
        said = self.reads if token is None else token
        headers = {"Authorization": f"Bearer {said}"} if said else {}
        return httpx.get(f"{self.address}{path}", headers=headers, timeout=30, **options)  # type: ignore[arg-type]

    def raw(self, sent: bytes, seconds: float = 10.0) -> bytes:
        """What comes back for these bytes, until the server closes or says nothing more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.settimeout(seconds)
            received = b""
            try:
                connection.sendall(sent)
                while part := connection.recv(65_536):
                    received += part
            except (ConnectionError, TimeoutError):
                pass
            return received


@contextmanager
def api_server(folder: Path, per_minute: int = 0, *, closed: bool = True) -> Iterator[ApiServer]:
    """The server of an installation of a load up to now, whose forecast of tomorrow is published.

    Args:
        folder: of the installation.
        per_minute: requests of a token.
        closed: whether readers need one.
    """
    settings = SETTINGS.format(per_minute=per_minute, closed="true" if closed else "false")
    (folder / "settings.toml").write_text(settings)
    installed(folder)
    tokens = Tokens(folder / "data" / "tokens.json")
    reads, writes = tokens.add("a program"), tokens.add("a person", ["write"])
    past = Tokens(folder / "data" / "tokens.json", lambda: now() - pd.Timedelta(days=2))
    expired = past.add("a guest", expires_at=now() - pd.Timedelta(days=1))
    port = free_port()
    command = [sys.executable, "-m", "gridahead", "serve", "--port", str(port), "-s", str(folder / "settings.toml")]
    with (folder / "log").open("wb") as said:
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment())
    try:
        _wait(f"http://127.0.0.1:{port}/livez", child, folder / "log")
        yield ApiServer(port, folder, reads, writes, expired, child)
    finally:
        child.terminate()
        child.wait(20)


def installed(folder: Path) -> Workspace:
    """The workspace of the settings in a folder, with its data and the forecast of tomorrow."""
    at = now()
    tomorrow = at.date() + pd.Timedelta(days=1)
    made = ready(folder / "data", day=tomorrow, until=at.floor("h"))
    fill_before(made, LOAD, tomorrow)
    kept = live(made, at)
    workspace = Workspace.open(folder / "settings.toml")
    workspace.lake.observations.append(kept.lake.observations.read())
    forecast(workspace, LOAD, at.normalize())
    return workspace


def _wait(address: str, child: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        try:
            httpx.get(address)
            return
        except httpx.TransportError:
            assert child.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())
