"""The lake as its users read it, its archive and its receipts."""

import json

import pandas as pd
import pytest
from made_rows import LOAD, WIND_SOLAR, decided_on, hours, judged, measured, together

from gridahead.errors import LakeError
from gridahead.grid import Series
from gridahead.lake.lake import Lake, mtu_of
from gridahead.tables import LIMITS, SCORES
from gridahead.timeline import Mtu, Window
from gridahead.vintages import as_of

DAY = hours("2025-01-01T00:00Z", 24)
LOADS = measured(LOAD, DAY, range(24))
WINDS = measured(WIND_SOLAR, DAY, range(24))
FRANCE = measured(Series("FR", "load"), DAY, range(24))


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


def test_series_of_two_zones_are_read_where_nothing_was_said_of_any_row(lake):
    assert lake.read_vintages(WIND_SOLAR, Series("FR", "load")).empty
    lake.observations.append(together(LOADS, FRANCE))
    assert len(lake.read_vintages(LOAD, Series("FR", "load"), flags=True)) == 48
    assert list(lake.read_decisions(LOAD, Series("FR", "load"))) == lake.decisions.table.names


def test_what_is_accepted_is_without_what_the_gate_has_quarantined(lake):
    lake.observations.append(LOADS)
    lake.verdicts.append(judged(LOADS.iloc[[5]]))
    assert len(lake.read_observations(LOAD)) == 24
    assert lake.read_accepted(LOAD)["value"].tolist() == [float(n) for n in range(24) if n != 5]
    assert lake.read_accepted(LOAD, window=Window(DAY[4], DAY[7]))["value"].tolist() == [4.0, 6.0]


def test_a_released_row_is_read_and_flags_come_when_asked_for(lake):
    lake.observations.append(LOADS)
    lake.verdicts.append(judged(LOADS.iloc[[5, 6]]))
    lake.verdicts.append(judged(LOADS.iloc[[7]], "ramp", "flag"))
    lake.decisions.append(decided_on(LOADS.iloc[[5]], "release"))
    read = lake.read_vintages(LOAD, window=Window(DAY[4], DAY[9]), flags=True)
    known = as_of(read, pd.Timestamp("2025-02-02T00:00Z"))
    assert dict(zip(known["value"], known["flags"], strict=True)) == {4.0: "", 5.0: "", 7.0: "ramp", 8.0: ""}
    before = as_of(read, pd.Timestamp("2025-02-01T12:00Z"))
    assert dict(zip(before["value"], before["flags"], strict=True)) == {4.0: "", 7.0: "ramp", 8.0: ""}
    assert lake.read_accepted(LOAD, window=Window(DAY[4], DAY[9]))["value"].tolist() == [4.0, 5.0, 7.0, 8.0]
    assert "flags" not in lake.read_vintages(LOAD)


def test_rows_of_a_batch_that_waits_are_not_read_as_accepted(lake):
    lake.waiting.enter("aaaa", LOADS)
    lake.observations.append(together(LOADS.assign(batch="aaaa"), FRANCE))
    assert set(lake.read_accepted()["zone"]) == {"FR"}
    assert len(lake.read_observations()) == 48
    lake.waiting.leave("aaaa")
    assert len(lake.read_accepted()) == 48


def test_a_waiting_batch_tells_its_rows_and_spans_and_may_leave_twice(lake):
    lake.waiting.enter("aaaa", together(LOADS.iloc[3:7], WINDS.iloc[:1]))
    lake.waiting.enter("bbbb", LOADS.iloc[:0])
    (waiting,) = lake.waiting.all()
    assert (waiting.batch, waiting.rows) == ("aaaa", 5)
    just_after = pd.Timedelta(microseconds=1)
    assert waiting.spans[LOAD] == Window(DAY[3], DAY[6] + just_after)
    assert waiting.spans[WIND_SOLAR] == Window(DAY[0], DAY[0] + just_after)
    lake.waiting.leave("aaaa")
    lake.waiting.leave("aaaa")
    assert lake.waiting.all() == [] and lake.waiting.batches() == set()


def test_a_verdict_that_lands_while_a_reader_reads_is_seen_by_it(lake, monkeypatch):
    """The gate ends between the reader's look at the rows and its look at the waiting room: nothing slips through."""
    lake.waiting.enter("aaaa", LOADS)
    lake.observations.append(LOADS.assign(batch="aaaa"))
    look = lake.waiting.batches

    def gate_ends_first():
        lake.verdicts.append(judged(LOADS.iloc[[5]]))
        lake.waiting.leave("aaaa")
        return look()

    monkeypatch.setattr(lake.waiting, "batches", gate_ends_first)
    assert 5.0 not in lake.read_accepted(LOAD)["value"].tolist()


def test_the_newest_limits_of_each_series_count(lake):
    def limits(series, value, learned_at):
        row = {"zone": series.zone, "quantity": series.quantity, "name": "ramp", "value": value}
        row |= {"learned_at": pd.Timestamp(learned_at), "learned_from": DAY[0], "learned_until": DAY[-1]}
        return LIMITS.check(pd.DataFrame([row]))

    for found in (limits(LOAD, 1.0, "2025-03-01T00:00Z"), limits(LOAD, 2.0, "2025-02-01T00:00Z")):
        lake.limits.append(found)
    lake.limits.append(limits(WIND_SOLAR, 3.0, "2025-01-01T00:00Z"))
    assert dict(zip(lake.read_limits()["quantity"], lake.read_limits()["value"], strict=True)) == {
        "load": 1.0, "wind_solar": 3.0,
    }  # fmt: skip
    assert lake.read_limits(WIND_SOLAR)["value"].tolist() == [3.0]


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
    assert lake.archive.keep("ab12", "../../somewhere/export.csv", content, {"source": "smard"}) == "ab12-export.csv"
    path = tmp_path / "raw" / "ab12-export.csv"
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
