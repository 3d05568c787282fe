"""Work that kills itself with SIGKILL at a chosen file operation, run in processes of their own."""

from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd

from children.dying import Interruption, When, interrupt
from gridahead.core.grid import Series
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import Mtu, TimeRange
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import publish
from gridahead.operate import validate
from gridahead.operate.ingest import ingest
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

BERLIN = "Europe/Berlin"
LOAD = Series("DE", "load")
AT = pd.Timestamp("2025-12-30T10:00:05Z")


def run(work: str, folder: Path, at: int, when: When, tally: Path) -> None:
    """Do the work and die at operation `at`, or finish and leave the number of operations in `tally`."""
    interruption = Interruption(at, when)
    interrupt(interruption)
    WORK[work](folder)
    tally.write_text(str(interruption.count))


def ingest_all(folder: Path) -> None:
    """Take in every payload of a folder with settings, and judge what is new.

    Without the page of the inspection, so that most kills are in the lake.
    """
    with mock.patch.object(validate, "write_inspection_page"):
        ingest(Workspace(load_settings(folder / "settings.toml")))


def publish_all(folder: Path) -> None:
    """Publish two delivery days, then the second of them again with other numbers."""
    for day, level in (("2025-12-30", 50_000.0), ("2025-12-31", 50_000.0), ("2025-12-31", 51_000.0)):
        publish(folder / "published", forecast_of(day, level), BERLIN, {"run_id": "abc"}, at=AT)
        renew_pointers(folder / "published", LOAD, AT)


def forecast_of(day: str, level: float) -> Forecasts:
    """A made-up forecast, issued at 11:00 of the day before."""
    start = pd.Timestamp(day, tz=BERLIN)
    times = TimeRange(start, start + pd.Timedelta(days=1)).times(Mtu.PT60M)
    cells = [(time, q, level + n + 1_000 * q) for n, time in enumerate(times) for q in (0.1, 0.5, 0.9)]
    told: dict[str, Any] = {
        "run": "live",
        "zone": "DE",
        "quantity": "load",
        "model": "gru",
        "issue_time": start - pd.Timedelta(hours=13),
        "mtu": "PT60M",
        "model_version": "3",
        "rung": "full",
        "data_hash": f"{level:.0f}",
        "made_at": start + pd.Timedelta(seconds=level),
    }
    frame = pd.DataFrame(cells, columns=["valid_time", "quantile", "value_mw"]).assign(**told)
    return Forecasts(FORECASTS.check(frame))


WORK = {"ingest": ingest_all, "publish": publish_all}
