"""Settings of small networks on files of made-up load: of an installation whose services are started as processes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.time import now

ZONE = "Europe/Berlin"
"""Whose clocks the load and the deadlines follow."""
_HEAD = """
mode = "live"
data_folder = "data"
lake = "s3://gridahead/lake?endpoint_override=s3:8333&scheme=http"
[models.lstm]
hidden = 8
decoder_hidden = 8
members = 1
[training]
context_days = 8
validation_days = 14
epochs = {epochs}
patience = {epochs}
workers = 1
"""
_SERIES = """
[[sources]]
kind = "file"
path = "{zone}.csv"
zone = "{zone}"
quantity = "load"
time_column = "time"
value_column = "load"
timezone = "UTC"
[[series]]
series = "{zone}/load"
deadline = "{deadline}"
gate_closure = "{closure}"
models = ["lstm"]
"""


def small_settings(gates: Mapping[str, tuple[str, str]], epochs: int, more: str = "") -> str:
    """The text of settings with the load of some zones.

    Args:
        gates: by zone its deadline and its gate closure, such as D-1T1100[Europe/Berlin].
        epochs: of a training.
        more: further lines.
    """
    series = (_SERIES.format(zone=zone, deadline=due, closure=closure) for zone, (due, closure) in gates.items())
    return "".join([_HEAD.format(epochs=epochs), more, *series])


def write_load(folder: Path, *zones: str) -> None:
    """Ninety days of load up to this hour, of every zone another, in the files of these settings."""
    times = pd.date_range(end=now().floor("h"), periods=90 * 24, freq="h")
    local = times.tz_convert(ZONE)
    for number, zone in enumerate(zones, 1):
        wave = 10_000 * number + 2_000 * np.sin(2 * np.pi * (local.hour - 6) / 24) - 1_000 * (local.dayofweek >= 5)
        load = wave + 50 * np.sin(np.arange(len(times)))
        pd.DataFrame({"time": times.strftime("%Y-%m-%d %H:%M"), "load": load}).to_csv(
            folder / f"{zone}.csv", index=False
        )
