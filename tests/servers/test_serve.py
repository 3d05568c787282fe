"""`gridahead serve` as a process: asked over HTTP, looked at in Chromium, told to stop."""

import http.client
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pandas as pd
import pytest
from builders.browser import browser, look
from builders.servers import free_port
from builders.serving import ready
from children import environment

from gridahead.core.time import now
from gridahead.workspace import Workspace

SETTINGS = """data_folder = "data"
mode = "live"
[[series]]
series = "DE/load"
deadline = "{deadline}"
gate_closure = "{closure}"
"""


def settings_due(at: pd.Timestamp) -> str:
    """Settings by which the forecast of tomorrow was due an hour ago, its gate still open, at any hour of a day."""
    tomorrow = at.normalize() + pd.Timedelta(days=1)
    times = {"deadline": at - pd.Timedelta(hours=1), "closure": at + pd.Timedelta(hours=2)}
    return SETTINGS.format(
        **{name: f"D-{(tomorrow - one.normalize()).days}T{one:%H%M}[UTC]" for name, one in times.items()}
    )


@dataclass
class Served:
    """A server that is up."""

    address: str
    child: subprocess.Popen
    folder: Path


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The server of an installation with a load up to now, and no forecast."""
    (tmp_path / "settings.toml").write_text(settings_due(now()))
    kept = ready(tmp_path / "data", day=now().date(), until=now().floor("h"))
    own = kept.lake.observations.read()
    Workspace.open(tmp_path / "settings.toml").lake.observations.append(own)
    port = free_port()
    command = [sys.executable, "-m", "gridahead", "serve", "--port", str(port), "-s", str(tmp_path / "settings.toml")]
    with (tmp_path / "log").open("wb") as said:
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment())
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/livez")
                break
            except httpx.TransportError:
                assert child.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.1)
        yield Served(address, child, tmp_path)
    finally:
        child.kill()
        child.wait()


def test_a_process_answers_and_ends_in_order_when_it_is_told_to(served):
    answer = httpx.get(f"{served.address}/healthz")
    assert answer.status_code == 503
    assert "DE/load: the forecast for" in answer.json()["reasons"][0]
    assert "gridahead_forecast_late" in httpx.get(f"{served.address}/metrics").text
    assert "server" not in answer.headers
    assert httpx.head(f"{served.address}/status").content == b""
    assert httpx.get(f"{served.address}/livez", headers={"Host": "evil.example.net"}).status_code == 421
    assert raw(served, "/published/../../settings.toml") == 404
    assert raw(served, "/published/..%2f..%2fsettings.toml") == 404
    served.child.send_signal(signal.SIGTERM)
    assert served.child.wait(10) == 0
    assert "Traceback" not in (served.folder / "log").read_text()


def raw(served: Served, path: str) -> int:
    """The status of a path that no client has tidied."""
    host, port = re.findall(r"//(.*):(\d+)", served.address)[0]
    connection = http.client.HTTPConnection(host, int(port))
    connection.putrequest("GET", path)
    connection.endheaders()
    return connection.getresponse().status


def test_the_page_fits_a_telephone_and_a_desk_and_asks_nobody(served):
    with browser() as chromium:
        for width in (390, 1280):
            for dark in (False, True):
                seen = look(chromium, f"{served.address}/status", width, dark=dark)
                assert (seen.console, seen.failed, seen.wide, seen.mute) == ([], [], [], [])
                assert seen.page <= width
                assert all(one.startswith((served.address, "data:")) for one in seen.asked)
