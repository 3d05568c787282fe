"""Several zones at once on a lake that is empty at first, with and without faults in the data."""

import numpy as np
import pandas as pd
import pytest

from gridahead.config import Settings
from gridahead.grid import Series
from gridahead.lake.lake import Lake
from gridahead.pipeline import ingest as ingest_module
from gridahead.pipeline.cases import cases_of
from gridahead.pipeline.gate import inspect_everything
from gridahead.pipeline.ingest import ingest
from gridahead.pipeline.suspects import suspect_inputs
from gridahead.pipeline.workspace import Workspace
from gridahead.timeline import Window

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
    monkeypatch.setattr(ingest_module, "tell", lambda *_: None)
    workspace = workspace_of(tmp_path, ["DE", "FR"], faulty=["FR"])
    first, again = ingest(workspace), ingest(workspace)
    assert (first.new, again.new, again.report) == (2 * 672, 0, None)
    assert set(workspace.lake.read_limits()["zone"]) == {"DE", "FR"}
    verdicts = workspace.lake.read_verdicts(*SERIES)
    assert set(verdicts["zone"]) == {"FR"} and -9999.0 in verdicts["value"].tolist()
    inspect_everything(workspace)
    assert len(workspace.lake.read_accepted(*SERIES[:2])) == 2 * 672 - verdicts["valid_time"].nunique()
    assert {one.series.zone for one in cases_of(workspace.lake.read_verdicts(), workspace.lake.read_decisions())} == {
        "FR"
    }


@pytest.mark.parametrize("asked", [0, 1, 2, 3])
def test_every_reader_of_the_lake_answers_for_none_one_and_many_series_where_there_is_nothing(tmp_path, asked):
    lake, some = Lake(tmp_path / "lake", tmp_path / "raw"), SERIES[:asked]
    window = Window(pd.Timestamp("2025-01-01T00:00Z"), pd.Timestamp("2025-01-02T00:00Z"))
    for store, found in (
        (lake.observations, lake.read_observations(*some, window=window)),
        (lake.verdicts, lake.read_verdicts(*some, window=window)),
        (lake.decisions, lake.read_decisions(*some, window=window)),
        (lake.limits, lake.read_limits(*some)),
        (lake.promotions, lake.read_promotions(*some)),
        (lake.procedures, lake.read_procedures(*some)),
        (lake.scores, lake.read_scores()),
        (lake.forecasts, lake.read_forecasts(SERIES[0], "live", window)),
        (lake.observations, lake.read_accepted(*some, window=window)),
    ):
        assert found.empty and list(found) == store.table.names
    for flags in (False, True):
        assert lake.read_vintages(*some, window=window, flags=flags).empty
    assert (lake.receipts.all(), lake.waiting.all(), lake.waiting.batches()) == ([], [], set())
    assert suspect_inputs(lake, some, window.start, window.end) == []
    assert lake.contents().empty
