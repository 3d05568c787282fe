"""What the lake holds and weighs, and its rows as files for others."""

import pandas as pd
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, measured, rows, together

from gridahead.core.errors import LakeError
from gridahead.core.tables import OBSERVATIONS, QUALITY
from gridahead.lake.compaction import compact
from gridahead.lake.export import write_export
from gridahead.lake.stats import COLUMNS, stats
from gridahead.lake.store import Store

TURN = hours("2024-12-31T12:00Z", 24)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "observations", OBSERVATIONS)
    store.append(together(measured(LOAD, TURN, range(24)), measured(WIND_SOLAR, TURN, range(24))))
    store.append(rows(LOAD, TURN[:6], 9.0, pd.Timestamp("2025-02-01T00:00Z")))
    return store


def test_every_series_is_a_line_before_and_after_a_compaction(store):
    for files in (0, 2):
        found = stats(store).set_index("series")
        assert list(found.index) == ["DE/load", "DE/wind_solar"]
        assert found["rows"].tolist() == [30, 24]
        assert found["vintages"].tolist() == [30 / 24, 1.0]
        assert found["files"].tolist() == [files, files]
        assert found["bytes"].sum() == pytest.approx(sum(store.folder.sizes(below=True).values()), abs=1)
        assert list(found.loc["DE/load", ["first", "last"]]) == [TURN[0], TURN[-1]]
        compact(store)


def test_a_table_without_series_folders_is_one_line_and_an_empty_one_none(tmp_path):
    store = Store(tmp_path / "quality", QUALITY)
    assert list(stats(store).columns) == COLUMNS
    assert stats(store).empty
    row = {"zone": "DE", "quantity": "load", "metric": "rows", "value": 1.0, "unit": "1"}
    for day in range(3):
        store.append(pd.DataFrame([{**row, "inspected_at": TURN[0] + pd.Timedelta(days=day)}]))
    compact(store)
    (line,) = stats(store).to_dict("records")
    assert (line["rows"], line["files"], line["series"]) == (3, 1, None)
    assert line["bytes_per_row"] == pytest.approx(line["bytes"] / 3, abs=0.05)


def test_an_export_reads_back_as_it_was(store, tmp_path):
    held = store.read({"zone": "DE", "quantity": "load"})
    write_export(held, tmp_path / "load.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "load.parquet"), held)
    write_export(held, tmp_path / "load.csv")
    lines = (tmp_path / "load.csv").read_text().splitlines()
    assert lines[0] == ",".join(OBSERVATIONS.names)
    assert lines[1].startswith("DE,load,2024-12-31T12:00:00Z,2024-12-31T14:00:00Z,assumed,0.0,MW,PT60M")
    found = pd.read_csv(tmp_path / "load.csv", parse_dates=["valid_time", "available_at"], dtype={"batch": "str"})
    pd.testing.assert_frame_equal(OBSERVATIONS.check(found), held)


def test_instants_between_seconds_keep_their_microseconds(store, tmp_path):
    held = store.read().iloc[:1].assign(available_at=pd.Timestamp("2025-01-01T00:00:00.000001Z"))
    write_export(held, tmp_path / "one.csv")
    assert ",2025-01-01T00:00:00.000001Z," in (tmp_path / "one.csv").read_text()


def test_an_export_that_cannot_be_meant_says_so(store, tmp_path):
    with pytest.raises(LakeError, match=r"has to end in \.csv or \.parquet"):
        write_export(store.read(), tmp_path / "rows.xlsx")
    with pytest.raises(LakeError, match="`gridahead lake stats` lists what there is"):
        write_export(store.read({"zone": "AT"}), tmp_path / "rows.csv")
    assert list(tmp_path.glob("rows*")) == []
