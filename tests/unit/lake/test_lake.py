"""The lake as its users read it, its archive and its receipts."""

import json

import pandas as pd
import pytest
from made_rows import LOAD, WIND_SOLAR, hours, measured, together

from gridahead.errors import LakeError
from gridahead.grid import Series
from gridahead.lake.lake import Lake, mtu_of
from gridahead.tables import QUARANTINE, SCORES
from gridahead.timeline import Mtu, Window

DAY = hours("2025-01-01T00:00Z", 24)
LOADS = measured(LOAD, DAY, range(24))
WINDS = measured(WIND_SOLAR, DAY, range(24))
FRANCE = measured(Series("FR", "load"), DAY, range(24))
NOW = pd.Timestamp("2025-02-01T00:00Z")


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake", tmp_path / "raw")


def test_only_the_series_asked_for_are_read(lake):
    lake.observations.append(together(LOADS, WINDS, FRANCE))
    found = lake.read_observations(LOAD, WIND_SOLAR)
    assert found.groupby(["zone", "quantity"]).size().to_dict() == {("DE", "load"): 24, ("DE", "wind_solar"): 24}
    assert len(lake.read_observations()) == 72


def test_series_of_two_zones_do_not_bring_each_others_quantities(lake):
    winds_of_france = measured(Series("FR", "wind_solar"), DAY, range(24))
    lake.observations.append(together(LOADS, WINDS, FRANCE, winds_of_france))
    found = lake.read_observations(WIND_SOLAR, Series("FR", "load"))
    assert set(zip(found["zone"], found["quantity"], strict=True)) == {("DE", "wind_solar"), ("FR", "load")}


def test_what_is_accepted_is_without_what_the_gate_has_quarantined(lake):
    lake.observations.append(LOADS)
    lake.quarantine.append(QUARANTINE.check(LOADS.iloc[[5]].assign(rule="range", reason="too high", decided_at=NOW)))
    assert len(lake.read_observations(LOAD)) == 24
    assert lake.read_accepted(LOAD)["value"].tolist() == [float(n) for n in range(24) if n != 5]
    assert lake.read_accepted(LOAD, window=Window(DAY[4], DAY[7]))["value"].tolist() == [4.0, 6.0]


def test_the_newest_scores_of_each_run_and_series_count(lake):
    def scores(series, value, scored_at):
        row = {"run": "live", "series": series, "model": "lstm", "metric": "mae", "lead": -1, "value": value}
        row |= {"unit": "MW", "n": 24, "start": DAY[0], "end": DAY[-1], "scored_at": pd.Timestamp(scored_at)}
        return SCORES.check(pd.DataFrame([row]))

    lake.scores.append(scores("DE/load", 900.0, "2025-01-02T00:00Z"))
    lake.scores.append(scores("DE/load", 800.0, "2025-01-03T00:00Z"))
    lake.scores.append(scores("DE/solar", 300.0, "2025-01-01T00:00Z"))
    found = lake.read_scores()
    assert dict(zip(found["series"], found["value"], strict=True)) == {"DE/load": 800.0, "DE/solar": 300.0}


def test_the_contents_are_one_line_a_series(lake):
    assert lake.contents().empty
    lake.observations.append(together(LOADS, FRANCE))
    contents = lake.contents().set_index("series")
    assert contents.loc["DE/load", ["first", "last", "rows", "mtu"]].tolist() == [DAY[0], DAY[-1], 24, "PT60M"]
    assert list(contents.index) == ["DE/load", "FR/load"]


def test_the_unit_of_a_series_is_told_by_its_rows():
    assert mtu_of(LOADS, LOAD) is Mtu.PT60M
    with pytest.raises(LakeError, match=r"the lake has no DE/solar; `gridahead status` lists what it has"):
        mtu_of(LOADS, Series("DE", "solar"))
    quarters = measured(LOAD, hours("2025-01-02T00:00Z", 4, Mtu.PT15M), range(4), mtu=Mtu.PT15M)
    with pytest.raises(LakeError, match="several market time units: PT15M, PT60M"):
        mtu_of(together(LOADS, quarters), LOAD)


def test_a_payload_is_archived_once_byte_for_byte_and_only_under_its_name(lake, tmp_path):
    content = "Start;End\r\n\ufeffKöln".encode()
    path = lake.archive.keep("ab12", "../../somewhere/export.csv", content, {"source": "smard"})
    assert path == tmp_path / "raw" / "ab12-export.csv"
    assert path.read_bytes() == content
    lake.archive.keep("ab12", "export.csv", b"something else", {})
    assert path.read_bytes() == content
    about = json.loads(path.with_name("ab12-export.csv.about.json").read_bytes())
    assert about == {"source": "smard"}


def test_a_receipt_is_there_once_it_is_signed(lake):
    assert not lake.receipts.signed("ab12")
    assert lake.receipts.all() == []
    lake.receipts.sign("ab12", {"rows": 24})
    assert lake.receipts.signed("ab12")
    assert not lake.receipts.signed("ab13")
    assert lake.receipts.all() == [{"rows": 24}]
