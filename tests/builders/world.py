"""The outside world of a simulated operation: a clock that is set, publishers whose data grow, and an inbox.

The load of DE comes in files that grow by the hour, its official forecast in a file a delivery day; that of FR comes
from a service on this machine. All values are those of `builders.generators`.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pandas as pd

from builders.generators import energy_charts, values
from builders.http_faults import Reply
from builders.replay import Asked

HOUR, MINUTE = pd.Timedelta(hours=1), pd.Timedelta(minutes=1)
BERLIN = "Europe/Berlin"
LAG = pd.Timedelta(minutes=20)
"""After the end of an hour its value is in the file."""
OFFICIAL_AT = "10:00"
"""Local time of the day before at which the official forecast of DE is out."""
HISTORY_DAYS = 420
"""A year to learn, and the weeks that the gate looks back."""
TICK = pd.Timedelta(milliseconds=1)


@dataclass
class Clock:
    """Tells the time that it was set to; every look at it takes a millisecond, so that no two are at once."""

    at: pd.Timestamp
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __call__(self) -> pd.Timestamp:
        with self._lock:
            self.at += TICK
            return self.at

    def set(self, at: pd.Timestamp) -> None:
        """Go on to an instant; never back."""
        with self._lock:
            self.at = max(self.at, at)


@dataclass
class World:
    """What publishers have at the present, and what is wrong with it."""

    folder: Path
    clock: Clock
    first: pd.Timestamp
    """From when on files grow; what was before is history."""
    wrong: dict[str, str] = field(default_factory=dict)
    """By publisher (`load`, `official`, `service`, `forecasts`), the fault of its data."""
    since: dict[str, pd.Timestamp] = field(default_factory=dict)
    """When that began."""
    spoilt: set[pd.Timestamp] = field(default_factory=set)
    """Hours of the load of DE that were delivered wrong."""

    def __post_init__(self) -> None:
        begin = (self.first - pd.Timedelta(days=HISTORY_DAYS)).floor("D")
        hours = pd.date_range(begin, self.first, freq="h", inclusive="left")
        self.loads.mkdir(parents=True)
        self.officials.mkdir()
        _write(self.loads / "before.csv", hours, "load", "load", 1.0)
        day = self.first.tz_convert(BERLIN).normalize()
        known = pd.date_range(begin, (day + pd.DateOffset(days=1)).tz_convert("UTC"), freq="h", inclusive="left")
        _write(self.officials / "before.csv", known, "forecast", "load_official", 1.0)
        self._next_official = day.date() + dt.timedelta(days=1)

    @property
    def loads(self) -> Path:
        """The folder with the load of DE."""
        return self.folder / "load"

    @property
    def officials(self) -> Path:
        """The folder with its official forecasts."""
        return self.folder / "official"

    def publish(self) -> None:
        """Bring every file up to the present."""
        self._loads()
        self._officials()

    def known_hours(self, at: pd.Timestamp) -> pd.DatetimeIndex:
        """The hours of the load of DE that are in the growing file by then."""
        return pd.date_range(self.first, (at - LAG).floor("h"), freq="h", inclusive="left")

    def _loads(self) -> None:
        wrong, path = self.wrong.get("load"), self.loads / "grown.csv"
        hidden = self.loads.with_name("load-away")
        if wrong == "down":
            if self.loads.exists():
                self.loads.rename(hidden)
            return
        if hidden.exists():
            hidden.rename(self.loads)
        hours = self.known_hours(self.clock.at)
        if wrong == "silent":
            hours = hours[hours < (self.since["load"] - HOUR).floor("h")]
        if not len(hours):
            return
        _write(path, hours, "load", "load", 1.0)
        if wrong == "kilowatts":
            off = hours[hours >= (self.since["load"] - HOUR).floor("h")]
            self.spoilt |= set(off)
            factors = [1000.0 if hour in self.spoilt else 1.0 for hour in hours]
            _write(path, hours, "load", "load", factors)
        elif wrong == "truncated":
            path.write_bytes(path.read_bytes()[:-9])
        elif wrong == "garbage":
            path.write_bytes(b"\x00\xff<html>Service temporarily unavailable</html>\xfe" * 50)

    def _officials(self) -> None:
        """The file of a delivery day, once it is out."""
        while True:
            day = self._next_official
            out = pd.Timestamp(f"{day - dt.timedelta(days=1)} {OFFICIAL_AT}", tz=BERLIN)
            if self.clock.at < out.tz_convert("UTC") or self.wrong.get("official") == "late":
                return
            self._next_official = day + dt.timedelta(days=1)
            if self.wrong.get("official") == "missing":
                continue
            begin, end = (pd.Timestamp(one, tz=BERLIN).tz_convert("UTC") for one in (day, self._next_official))
            hours = pd.date_range(begin, end, freq="h", inclusive="left")
            _write(self.officials / f"{day}.csv", hours, "forecast", "load_official", 1.0)

    def answer(self, asked: Asked) -> Reply | None:
        """What the service answers now."""
        wrong = self.wrong.get("service")
        is_forecast = asked.path == "/public_power_forecast"
        if wrong == "down":
            return Reply(b"<html><title>Service Unavailable</title></html>", "text/html", 503)
        if wrong == "slow":
            time.sleep(2 * PATIENCE)
        if wrong == "garbage":
            return Reply(b"\x00\xff not what was asked for", "application/octet-stream")
        if is_forecast and self.wrong.get("forecasts") == "missing":
            return Reply(b'{"detail": "Not Found"}', status=404)
        reply = energy_charts(lambda: self.clock.at)(asked)
        if reply is not None and reply.status == 200 and wrong == "kilowatts" and not is_forecast:
            told = json.loads(reply.content)
            for power in told["production_types"]:
                power["data"] = [1000 * value for value in power["data"]]
            return Reply(json.dumps(told).encode())
        return reply


PATIENCE = 0.4
"""Seconds that the service is waited for."""


def _write(path: Path, hours: pd.DatetimeIndex, column: str, quantity: str, factor: Any) -> None:
    frame = pd.DataFrame({"time": hours.strftime("%Y-%m-%d %H:%M"), column: values("DE", quantity, hours) * factor})
    path.write_text(frame.to_csv(index=False, float_format="%.1f"))


class Inbox:
    """A web hook that keeps what it is told, and an address that an outside watcher has for signs of life."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.beats: list[bool] = []
        self.is_down = False

    def __enter__(self) -> Self:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                if not inbox.is_down:
                    inbox.messages.append(json.loads(content))
                self._end(503 if inbox.is_down else 200)

            def do_GET(self) -> None:
                inbox.beats.append(not self.path.endswith("/fail"))
                self._end(200)

            def _end(self, status: int) -> None:
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_port}"
