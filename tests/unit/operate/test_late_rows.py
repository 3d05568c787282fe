"""From the file to the windows: what operation did not know at an issue time, a back-test of it does not read."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.grid import ZONES, Series
from gridahead.core.time import Deadline, Mtu
from gridahead.features.windows import WindowSpec, build_windows
from gridahead.operate.ingest import ingest
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

START = pd.Timestamp("2025-03-01T00:00Z")
SILENT = pd.Timestamp("2025-03-20T09:00Z")
HOUR = pd.Timedelta(hours=1)


class Job:
    """Files of two zones that grow, taken in at instants of a test."""

    def __init__(self, folder):
        self.folder, self.present = folder, START
        sources = [
            {
                "kind": "file",
                "path": folder / f"{zone}.csv",
                "zone": zone,
                "quantity": "load",
                "time_column": "time",
                "value_column": "load",
                "timezone": "UTC",
            }
            for zone in ("DE", "FR")
        ]
        self.workspace = Workspace(
            Settings.model_validate({"data_folder": folder / "data", "sources": sources}), clock=lambda: self.present
        )

    def take_in(self, at: pd.Timestamp, until: dict[str, pd.Timestamp], revised: float = 0.0) -> None:
        self.present = at
        for zone, end in until.items():
            times = pd.date_range(START, end, freq="h", inclusive="left")
            values = 50_000 + 5_000 * np.sin(2 * np.pi * times.hour / 24) + 100.0 * (times.dayofweek > 4)
            values = np.where(times == START + HOUR, values + revised, values)
            (self.folder / f"{zone}.csv").write_text(pd.DataFrame({"time": times, "load": values}).to_csv(index=False))
        assert not ingest(self.workspace).failed

    def context(self, issued: pd.Timestamp, zone: str = "DE") -> np.ndarray:
        """The last 72 hours before an issue time as a back-test reads them."""
        series = Series(zone, "load")
        deadline = Deadline.parse("D-1T0900[UTC]")
        spec = WindowSpec(series, ZONES[zone], Mtu.PT60M, deadline, 8, use_official=False)
        rows = self.workspace.lake.read_vintages(series)
        day = (issued + pd.Timedelta(days=1)).date()
        return build_windows(rows, spec, [day], issue_times=[issued]).past[0, -72:, 0]


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path)


def test_after_three_days_of_silence_a_back_test_sees_what_operation_saw(job):
    both = {"DE": SILENT, "FR": SILENT}
    job.take_in(SILENT + HOUR, both)
    after = SILENT + pd.Timedelta(days=3)
    for hour in range(1, 4):  # France goes on
        job.take_in(SILENT + hour * pd.Timedelta(days=1), {**both, "FR": SILENT + pd.Timedelta(days=hour)})
    seen = {zone: job.context(after + HOUR, zone) for zone in both}
    assert np.isnan(seen["DE"][1:]).all()
    job.take_in(after + 6 * HOUR, dict.fromkeys(both, after + 5 * HOUR))
    for zone, then in seen.items():
        np.testing.assert_array_equal(job.context(after + HOUR, zone), then)
    assert not np.isnan(job.context(after + 6 * HOUR, "DE")[:-2]).any()
    rows = job.workspace.lake.read_observations(Series("DE", "load"))
    late = rows[(rows["valid_time"] >= SILENT) & (rows["valid_time"] < after + 4 * HOUR)]
    assert set(late["availability"]) == {"recorded"} and set(late["available_at"]) == {after + 6 * HOUR}


def test_a_history_that_is_taken_in_at_first_keeps_the_assumed_clock_and_so_does_an_older_one(job):
    job.take_in(SILENT + pd.Timedelta(days=90), {"DE": SILENT - pd.Timedelta(days=5), "FR": SILENT})
    job.take_in(SILENT + pd.Timedelta(days=91), {"DE": SILENT, "FR": SILENT}, revised=500.0)
    rows = job.workspace.lake.read_observations()
    recorded = rows[rows["availability"] == "recorded"]
    assert set(recorded["valid_time"]) == {START + HOUR} and len(recorded) == 2  # revisions, seen on that day
    assert (rows["availability"] == "assumed").sum() == 2 * len(
        pd.date_range(START, SILENT, freq="h", inclusive="left")
    )
