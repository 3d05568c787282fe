"""Several zones at once on a lake that is empty at first, with and without faults in the data."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.lake.lake import Lake
from gridahead.operate import ingest as ingest_module
from gridahead.operate.ingest import ingest
from gridahead.quarantine.cases import cases_of
from gridahead.quarantine.inputs_in_doubt import suspect_inputs
from gridahead.quarantine.inspection import inspect_everything
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

HOURS = pd.date_range("2024-01-01", periods=28 * 24, freq="h")
SHAPE = 50_000 + 5_000 * np.sin(2 * np.pi * HOURS.hour.to_numpy() / 24) + np.random.default_rng(1).normal(0, 300, 672)
SERIES = [Series(zone, "load") for zone in ("DE", "FR", "NO1")]


def workspace_of(folder, zones, faulty=()) -> Workspace:
    table = {zone: np.where((HOURS[300] == HOURS) & (zone in faulty), -9999.0, SHAPE) for zone in zones}
    pd.DataFrame({"time": HOURS} | table).to_csv(folder / "in.csv", index=False)
    told = {"kind": "file", "path": folder / "in.csv", "quantity": "load", "time_column": "time", "timezone": "UTC"}
    sources = [told | {"zone": zone, "value_column": zone} for zone in zones]
    return Workspace(Settings.model_validate({"data_folder": folder / "data", "sources": sources}))


def test_limits_of_every_zone_are_learnt_and_the_fault_of_one_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)
    workspace = workspace_of(tmp_path, ["DE", "FR"], faulty=["FR"])
    first, again = ingest(workspace), ingest(workspace)
    assert (first.new, again.new, again.report) == (2 * 672, 0, None)
    assert set(workspace.lake.read_limits()["zone"]) == {"DE", "FR"}
    verdicts = workspace.lake.read_verdicts(*SERIES)
    assert set(verdicts["zone"]) == {"FR"} and -9999.0 in verdicts["value"].tolist()
    inspect_everything(workspace)
    assert len(workspace.lake.read_accepted(*SERIES[:2])) == 2 * 672 - verdicts["valid_time"].nunique()
    assert {one.series.zone for one in cases_of(workspace.lake.read_verdicts(), workspace.lake.read_rulings())} == {
        "FR"
    }


@pytest.mark.parametrize("asked", [0, 1, 2, 3])
def test_every_reader_of_the_lake_answers_for_none_one_and_many_series_where_there_is_nothing(tmp_path, asked):
    lake, some = Lake(tmp_path / "lake", tmp_path / "raw"), SERIES[:asked]
    time_range = TimeRange(pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-02T00:00Z"))
    for store, found in (
        (lake.observations, lake.read_observations(*some, time_range=time_range)),
        (lake.verdicts, lake.read_verdicts(*some, time_range=time_range)),
        (lake.rulings, lake.read_rulings(*some, time_range=time_range)),
        (lake.limits, lake.read_limits(*some)),
        (lake.promotions, lake.read_promotions(*some)),
        (lake.procedures, lake.read_procedures(*some)),
        (lake.scores, lake.read_scores()),
        (lake.forecasts, lake.read_forecasts(SERIES[0], "live", time_range)),
        (lake.observations, lake.read_accepted(*some, time_range=time_range)),
    ):
        assert found.empty and list(found) == store.table.names
    for flags in (False, True):
        assert lake.read_vintages(*some, time_range=time_range, flags=flags).empty
    assert (lake.receipts.all(), lake.waiting.all(), lake.waiting.batches()) == ([], [], set())
    assert suspect_inputs(lake, some, time_range.start, time_range.end) == []
    assert lake.contents().empty
