"""A workspace that is watched: a clock that a test sets, channels that keep what they were told, a lake in memory."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field

import pandas as pd

from builders.rows import LOAD
from gridahead.core.errors import PublicationError
from gridahead.core.grid import Series
from gridahead.core.runs import BACKFILLED
from gridahead.core.time import Mtu, delivery_range
from gridahead.forecasting.publish import folder_of, home_of
from gridahead.operate.checking import Usage
from gridahead.operate.slots import due_slot
from gridahead.operate.watch import watch
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

DAY = dt.date(2025, 12, 31)
"""A Wednesday; its forecast is due at 10:00 UTC of the day before, and the gate closes at 11:00."""
ROOM = 50 * 10**9


def utc(text: str) -> pd.Timestamp:
    """An instant of 2025, such as 12-30T10:00."""
    return pd.Timestamp(f"2025-{text}Z")


FI, START = Series("FI", "load"), utc("12-30T09:00")


@dataclass
class World:
    """What is outside: the time, the disk, whoever is told."""

    folder: object
    zones: tuple = ("DE",)
    channels: tuple = ({"url": "mailto://localhost", "name": "mail"},)
    alerts: dict = field(default_factory=dict)
    sources: tuple = ()
    mode: str = "live"
    now: pd.Timestamp = START
    free: int = ROOM
    told: list = field(default_factory=list)
    """Of each message its channel, title and text."""
    down: set = field(default_factory=set)
    """Channels that take nothing."""
    beats: list = field(default_factory=list)

    def __post_init__(self):
        series = [
            {"series": f"{zone}/load", "deadline": "D-1T1100[Europe/Berlin]", "gate_closure": "D-1T1200[Europe/Berlin]"}
            for zone in self.zones
        ]
        said = {
            "data_folder": self.folder,
            "lake": f"memory://{uuid.uuid4().hex}",
            "series": series,
            "mode": self.mode,
            "sources": list(self.sources),
            "serve": {"public_url": "https://forecasts.example.org"},
            "alerts": {"channels": list(self.channels), "heartbeat_url": "https://hc.example/1", **self.alerts},
        }
        self.workspace = Workspace(Settings.model_validate(said), clock=lambda: self.now)

    def named(self, *zones, channels=None):
        """From now on the settings name these zones, and these channels, alone."""
        settings = self.workspace.settings
        kept = tuple(entry for entry in settings.series if entry.series.zone in zones)
        alerts = settings.alerts if channels is None else settings.alerts.model_copy(update={"channels": channels})
        changed = settings.model_copy(update={"series": kept, "alerts": alerts})
        self.workspace = Workspace(changed, clock=lambda: self.now)

    def send(self, channel, title, text):
        if channel.title in self.down:
            raise PublicationError(channel.title, "connection refused", retryable=True)
        self.told.append((channel.title, title, text))

    def ping(self, url, *, healthy):
        self.beats.append(healthy)

    def watch(self, at=None):
        """One watch, at an instant if one is given; returns what it found and the messages of it."""
        self.now = self.now if at is None else utc(at) if isinstance(at, str) else at
        before = len(self.told)
        watched = watch(self.workspace, self.send, self.ping, lambda path: Usage(10 * ROOM, 0, self.free))
        return watched, self.told[before:]

    def every(self, first, last, minutes=10):
        """All messages of watches from an instant to another."""
        before = len(self.told)
        for at in pd.date_range(utc(first), utc(last), freq=f"{minutes}min"):
            self.watch(at)
        return self.told[before:]

    def publish(self, at, series=LOAD, day=DAY, rung="full", missing="", issued=None):
        """A forecast is published at an instant, as far as a watch looks at it."""
        slot = due_slot(self.workspace, series, day)
        issue = utc(issued or at)
        manifest = {
            "series": str(series),
            "delivery_day": str(day),
            "delivery": [str(delivery_range(day, "Europe/Berlin").start), str(slot.end)],
            "issue_time": issue.isoformat(),
            "published_at": utc(at).isoformat(),
            "gate_closure": slot.gate_closure.isoformat(),
            "timezone": "Europe/Berlin",
            "model": "gru",
            "model_version": "3",
            "rung": rung,
            "missing": missing,
        }
        home = home_of(self.workspace.settings.published_folder, series, day, issue)
        home.write("manifest.json", json.dumps(manifest).encode())
        folder_of(self.workspace.settings.published_folder, series).write("latest.json", json.dumps(manifest).encode())

    def make_up_for(self, day=DAY, series=LOAD):
        """A forecast is made after the gate of a day has closed, for the scores."""
        times = delivery_range(day, "Europe/Berlin").times(Mtu.PT60M)
        about = {"run": BACKFILLED, "zone": series.zone, "quantity": series.quantity, "model": "gru", "mtu": "PT60M"}
        about |= {
            "issue_time": times[0] - pd.Timedelta(hours=13),
            "model_version": "3",
            "rung": "full",
            "data_hash": "0",
        }
        rows = pd.DataFrame({"valid_time": times, "quantile": 0.5, "value_mw": 1000.0}).assign(
            **about, made_at=self.now
        )
        self.workspace.lake.forecasts.append(rows)
