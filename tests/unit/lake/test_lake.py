"""The lake as its users read it, and its archive."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, judged, measured, rulings_on, together

from gridahead.core.errors import ContractError, LakeError
from gridahead.core.grid import Series, checked_name
from gridahead.core.tables import LIMITS, SCORES
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import as_of
from gridahead.lake.compaction import compact
from gridahead.lake.lake import Lake
from gridahead.lake.stats import stats
from gridahead.lake.verify import verify

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
    assert list(lake.read_rulings(LOAD, Series("FR", "load"))) == lake.rulings.table.names


def test_what_is_accepted_is_without_what_the_gate_has_quarantined(lake):
    lake.observations.append(LOADS)
    lake.verdicts.append(judged(LOADS.iloc[[5]]))
    assert len(lake.read_observations(LOAD)) == 24
    assert lake.read_accepted(LOAD)["value"].tolist() == [float(n) for n in range(24) if n != 5]
    assert lake.read_accepted(LOAD, time_range=TimeRange(DAY[4], DAY[7]))["value"].tolist() == [4.0, 6.0]


def test_a_released_row_is_read_and_flags_come_when_asked_for(lake):
    lake.observations.append(LOADS)
    lake.verdicts.append(judged(LOADS.iloc[[5, 6]]))
    lake.verdicts.append(judged(LOADS.iloc[[7]], "ramp", "flag"))
    lake.rulings.append(rulings_on(LOADS.iloc[[5]], "release"))
    read = lake.read_vintages(LOAD, time_range=TimeRange(DAY[4], DAY[9]), flags=True)
    known = as_of(read, pd.Timestamp("2025-02-02T00:00Z"))
    assert dict(zip(known["value"], known["flags"], strict=True)) == {4.0: "", 5.0: "", 7.0: "ramp", 8.0: ""}
    before = as_of(read, pd.Timestamp("2025-02-01T12:00Z"))
    assert dict(zip(before["value"], before["flags"], strict=True)) == {4.0: "", 7.0: "ramp", 8.0: ""}
    assert lake.read_accepted(LOAD, time_range=TimeRange(DAY[4], DAY[9]))["value"].tolist() == [4.0, 5.0, 7.0, 8.0]
    assert set(lake.read_vintages(LOAD)["flags"]) == {""}


def test_rows_of_a_batch_that_waits_are_not_read_as_accepted(lake):
    lake.waiting.enter("aaaa", LOADS)
    lake.observations.append(together(LOADS.assign(batch="aaaa"), FRANCE))
    assert set(lake.read_accepted()["zone"]) == {"FR"}
    assert len(lake.read_observations()) == 48
    (waiting,) = lake.waiting.all()
    lake.waiting.leave(waiting)
    assert len(lake.read_accepted()) == 48


def test_a_waiting_batch_has_its_rows_with_it_and_may_leave_twice(lake):
    rows = together(LOADS.iloc[3:7], WINDS.iloc[:1])
    lake.waiting.enter("aaaa", rows)
    lake.waiting.enter("bbbb", LOADS.iloc[:0])
    (waiting,) = lake.waiting.all()
    assert waiting.batch == "aaaa"
    pd.testing.assert_frame_equal(waiting.rows, rows)
    lake.waiting.leave(waiting)
    lake.waiting.leave(waiting)
    assert lake.waiting.all() == [] and lake.waiting.batches() == set()


def test_two_writers_of_one_batch_do_not_speak_for_each_other(lake):
    """One of them is judged while the other has not appended yet."""
    lake.waiting.enter("aaaa", LOADS)
    (first,) = lake.waiting.all()
    lake.waiting.enter("aaaa", LOADS.assign(available_at=LOADS["available_at"] + pd.Timedelta(hours=1)))
    lake.waiting.leave(first)
    assert lake.waiting.batches() == {"aaaa"}


@pytest.mark.parametrize("zone", ["", "a/b", "Ærø", "x" * 300])
def test_whatever_a_series_is_called_it_can_wait_and_be_read(lake, zone):
    lake.waiting.enter("aaaa", LOADS.assign(zone=zone))
    (waiting,) = lake.waiting.all()
    assert set(waiting.rows["zone"]) == {zone}


def test_what_could_not_be_appended_does_not_wait(lake):
    with pytest.raises(ContractError):
        lake.waiting.enter("aaaa", LOADS.assign(mtu="PT7M"))
    assert lake.waiting.all() == []


def test_a_damaged_file_of_what_waits_is_named_with_the_way_out(lake, tmp_path):
    lake.waiting.enter("aaaa", LOADS)
    (file,) = (tmp_path / "lake/waiting").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(LakeError, match=rf"cannot read .*{file.name}.*`gridahead lake amend`"):
        lake.waiting.all()


def test_what_a_row_undoes_is_read_by_nobody_before_and_after_a_compaction(lake):
    lake.observations.append(LOADS)
    lake.observations.append(LOADS.iloc[[5]].assign(availability="void", value=np.nan))
    for _ in range(2):
        assert len(lake.read_observations(LOAD)) == 23
        assert 5.0 not in lake.read_accepted(LOAD)["value"].tolist()
        assert len(lake.observations.read(as_of=pd.Timestamp("2025-02-01T00:00Z"))) == 23
        assert lake.contents()["rows"].tolist() == [23]
        compact(lake.observations)


def test_a_withdrawn_value_is_read_until_it_was_withdrawn(lake):
    gone = LOADS.iloc[[5]].assign(availability="recorded", value=np.nan, available_at=DAY[20])
    lake.observations.append(LOADS)
    lake.observations.append(gone)
    for _ in range(2):
        read = lake.read_vintages(LOAD)
        assert 5.0 in as_of(read, DAY[19])["value"].tolist()
        assert 5.0 not in as_of(read, DAY[20])["value"].tolist()
        assert read["value"].notna().all()
        assert lake.read_accepted(LOAD)["value"].tolist() == [float(n) for n in range(24) if n != 5]
        assert len(lake.read_observations(LOAD)) == 25
        for instant in (DAY[19], DAY[20]):
            asked = lake.observations.read(as_of=instant)
            assert asked["value"].tolist() == as_of(read, instant)["value"].tolist()
        compact(lake.observations)


def test_a_verdict_that_lands_while_a_reader_reads_is_seen_by_it(lake, monkeypatch):
    """The gate ends between the reader's look at the rows and its look at the waiting room: nothing slips through."""
    lake.waiting.enter("aaaa", LOADS)
    lake.observations.append(LOADS.assign(batch="aaaa"))
    look = lake.waiting.batches

    def gate_ends_first():
        lake.verdicts.append(judged(LOADS.iloc[[5]]))
        for one in lake.waiting.all():
            lake.waiting.leave(one)
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
        "load": 1.0,
        "wind_solar": 3.0,
    }
    assert lake.read_limits(WIND_SOLAR)["value"].tolist() == [3.0]


def test_the_newest_scores_of_each_run_and_series_count(lake):
    def scores(series, value, scored_at):
        zone, quantity = series.split("/")
        row = {"run": "live", "zone": zone, "quantity": quantity, "model": "lstm", "metric": "mae", "value": value}
        row |= {
            "lead": None,
            "unit": "MW",
            "n": 24,
            "start": DAY[0],
            "end": DAY[-1],
            "scored_at": pd.Timestamp(scored_at),
        }
        return SCORES.check(pd.DataFrame([row]))

    lake.scores.append(scores("DE/load", 900.0, "2025-01-02T00:00Z"))
    lake.scores.append(scores("DE/load", 800.0, "2025-01-03T00:00Z"))
    lake.scores.append(scores("DE/solar", 300.0, "2025-01-01T00:00Z"))
    found = lake.read_scores()
    assert dict(zip(found["quantity"], found["value"], strict=True)) == {"load": 800.0, "solar": 300.0}
    of_then = lake.read_scores(pd.Timestamp("2025-01-02T12:00Z"))
    assert dict(zip(of_then["quantity"], of_then["value"], strict=True)) == {"load": 900.0, "solar": 300.0}
    assert lake.read_scores(DAY[-2], by="end").empty, "what is of later days tells of the future, whenever it was made"
    assert len(lake.read_scores(DAY[-1], by="end")) == 2


def test_the_contents_are_one_line_a_series(lake):
    assert lake.contents().empty
    lake.observations.append(together(LOADS, FRANCE))
    contents = lake.contents().set_index("series")
    assert contents.loc["DE/load", ["first", "last", "rows", "mtu"]].tolist() == [DAY[0], DAY[-1], 24, "PT60M"]
    assert list(contents.index) == ["DE/load", "FR/load"]


def test_the_contents_name_the_units_of_a_series_in_their_order(lake):
    quarters = measured(LOAD, hours("2025-01-02T00:00Z", 4, Mtu.PT15M), range(4), mtu=Mtu.PT15M)
    lake.observations.append(together(quarters, LOADS))
    assert lake.contents()["mtu"].tolist() == ["PT60M, PT15M"]


def test_a_payload_is_archived_once_byte_for_byte_and_only_under_its_name(lake, tmp_path):
    content = "Start;End\r\n\ufeffKöln".encode()
    assert (
        lake.archive.keep("ab12", "../../somewhere/export.csv", content, {"source": "smard"}) == "ab12-export.csv.zst"
    )
    path = tmp_path / "raw" / "ab12-export.csv.zst"
    assert pa.decompress(path.read_bytes(), len(content), "zstd", asbytes=True) == content
    lake.archive.keep("ab12", "export.csv", b"something else", {})
    assert lake.archive.read(path.name) == content
    about = json.loads(path.with_name("ab12-export.csv.zst.about.json").read_bytes())
    assert about == {"source": "smard"}


def test_a_payload_of_a_very_long_name_is_kept_by_its_end(lake):
    name = lake.archive.keep("ab12", "ü" * 200 + "2025.csv", b"1", {})
    assert name.endswith("ü2025.csv.zst") and len(name.encode()) < 150
    assert lake.archive.read(name) == b"1"
    with pytest.raises(LakeError, match=r"cd34-gone.csv is no longer in .*backup"):
        lake.archive.read("cd34-gone.csv")


@pytest.mark.parametrize("zone", ["a.b", "a", "Ærø", "temperature 2m", "東京", "x" * 80, "a+b (1)", "DE"])
def test_whatever_may_be_a_name_is_stored_merged_read_and_listed(lake, zone):
    quantity = checked_name("load.p10 °C")
    series = Series(checked_name(zone), quantity)
    others = [Series("a", "b.load.p10 °C"), Series(f"{zone[:40]}.", quantity), LOAD]
    lake.observations.append(together(*(measured(one, DAY, range(24)) for one in (series, *others))))
    for _ in range(2):
        found = lake.read_observations(series)
        assert set(zip(found["zone"], found["quantity"], strict=True)) == {(series.zone, series.quantity)}
        assert len(found) == len(lake.observations.read({"zone": series.zone, "quantity": quantity})) == 24
        assert len(lake.observations.read({"zone": series.zone})) == 24 * sum(
            one.zone == zone for one in (series, *others)
        )
        assert len(lake.observations.read({"quantity": quantity})) == 48
        compact(lake.observations)
    assert set(stats(lake.observations)["series"]) == {str(one) for one in (series, *others)}
    assert verify(lake.observations).findings == ()
