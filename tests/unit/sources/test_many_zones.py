"""Sources of many zones: each is read as a file of its own would be, and one that is wrong keeps none waiting."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridahead.core.errors import SourceError
from gridahead.core.grid import Series
from gridahead.core.time import now
from gridahead.operate import ingest as ingest_module
from gridahead.operate.amend import amend
from gridahead.operate.ingest import ingest
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.settings.file import parse_settings
from gridahead.sources import file, many_zones, stamps
from gridahead.sources.catalogue import open_sources
from gridahead.sources.file import FileTable
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

HOURS = pd.date_range("2025-03-28", periods=96, freq="h", tz="UTC")
ZONES = {"ALPHA": "Alpha, Inc.", "BETA": "BETA", "GAMMA": "GAMMA"}
TABLE = "code,timezone,name_in_files\n" + "".join(f'{code},Europe/Berlin,"{name}"\n' for code, name in ZONES.items())
LAYOUTS = {
    "wide": 'path = "wide.csv"\nvalue_column = "{zone}"\n',
    "wide parquet": 'path = "wide.parquet"\nvalue_column = "{zone}"\n',
    "long": 'path = "long.csv"\nzone_column = "area"\nvalue_column = "mw"\n',
    "a file each": 'path = "each/{zone}.csv"\nvalue_column = "mw"\n',
}


def settings_text(layout):
    return (
        f'data_folder = "data"\nzone_table = "zones.csv"\n[[sources]]\nkind = "file"\n{LAYOUTS[layout]}'
        'quantity = "load"\ntime_column = "time"\ntimezone = "UTC"\n'
    )


def values():
    return pd.DataFrame({code: 100.0 * n + np.arange(96) for n, code in enumerate(ZONES, 1)}, HOURS)


@pytest.fixture
def bring(tmp_path):
    """Write a table of values in a layout; gives the workspace of settings that read it."""

    def brought(layout, table=None, more=""):
        table = (values() if table is None else table).rename(columns=ZONES).rename_axis("time")
        (tmp_path / "zones.csv").write_text(TABLE, encoding="utf-8")
        table.to_csv(tmp_path / "wide.csv", date_format="%Y-%m-%dT%H:%M:%SZ")
        if layout == "wide parquet":
            table.reset_index().to_parquet(tmp_path / "wide.parquet")
        long = table.rename_axis(columns="area").stack().rename("mw").reset_index()
        long.to_csv(tmp_path / "long.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
        (tmp_path / "each").mkdir(exist_ok=True)
        for name in table:
            own = table[[name]].rename(columns={name: "mw"})
            own.to_csv(tmp_path / "each" / f"{name}.csv", date_format="%Y-%m-%dT%H:%M:%SZ")
        return Workspace(parse_settings(settings_text(layout) + more, tmp_path / "settings.toml"))

    return brought


def parsed(workspace):
    (source,) = open_sources(workspace.settings)
    payloads = list(source.fetch(Wanted(now())))
    return source, payloads, pd.concat([source.parse(one) for one in payloads], ignore_index=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_every_zone_its_values(bring, layout):
    _, _, rows = parsed(bring(layout))
    found = rows.pivot(index="valid_time", columns="zone", values="value")
    assert list(found.columns) == list(ZONES)
    pd.testing.assert_frame_equal(found, values(), check_names=False, check_freq=False, check_index_type=False)
    assert (rows["available_at"] == rows["valid_time"] + pd.Timedelta(hours=2)).all()


def test_a_file_is_read_once_for_all_of_its_blocks_and_archived_once(bring, monkeypatch):
    monkeypatch.setattr(many_zones, "SMALL_BLOCK", 2)
    reads = []
    original = FileTable.cells

    def counted(self, *given):
        reads.append(given)
        return original(self, *given)

    monkeypatch.setattr(FileTable, "cells", counted)
    workspace = bring("wide")
    no_gate(monkeypatch)
    done = ingest(workspace)
    assert [one.rows for one in done.payloads] == [192, 96]
    assert len(reads) == 1
    assert len(workspace.lake.archive.payloads()) == 1
    again = ingest(workspace)
    assert again.new == 0
    assert len(reads) == 1


def test_times_of_a_wide_table_are_read_once_for_all_zones_that_have_every_row(bring, monkeypatch):
    reads, original = [], stamps.read_times

    def counted(*given):
        reads.append(given)
        return original(*given)

    monkeypatch.setattr(file, "read_times", counted)
    _, _, rows = parsed(bring("wide"))
    assert len(reads) == 1
    del reads[:]
    with_gap = values()
    with_gap.loc[HOURS[5], "BETA"] = np.nan
    _, _, with_own_rows = parsed(bring("wide", with_gap))
    assert len(reads) == 2
    others = rows["zone"] != "BETA"
    columns = ["zone", "valid_time", "available_at", "mtu", "value"]
    pd.testing.assert_frame_equal(with_own_rows[others][columns], rows[others][columns])
    assert with_own_rows["value"].isna().sum() == 1


def test_the_cells_of_a_file_are_let_go_once_it_has_been_taken_in(bring, monkeypatch):
    """Those of a thousand series would stay beside everything that the gate reads."""
    no_gate(monkeypatch)
    sources: list[Any] = []

    def opened(*given):
        sources.extend(open_sources(*given))
        return sources

    monkeypatch.setattr(ingest_module, "open_sources", opened)
    assert ingest(bring("wide")).new == 3 * 96
    assert sources[0]._cells is None


def no_gate(monkeypatch):
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


@pytest.mark.parametrize("layout", ["wide", "long", "a file each"])
def test_a_zone_that_cannot_be_read_is_named_and_keeps_no_other_waiting(bring, monkeypatch, layout):
    no_gate(monkeypatch)
    table = values().astype(object)
    table.loc[HOURS[5], "BETA"] = "broken"
    workspace = bring(layout, table)
    for _ in range(2):  # it is told again until it is mended
        done = ingest(workspace)
        assert len(done.failed) == 1
        assert "BETA" in str(done.failed[0])
        assert "'broken'" in str(done.failed[0])
    held = workspace.lake.read_observations()
    assert set(held["zone"]) == {"ALPHA", "GAMMA"}
    assert len(held) == 192
    mended = ingest(bring(layout))
    assert not mended.failed
    assert len(workspace.lake.read_observations(Series("BETA", "load"))) == 96


def test_the_error_of_a_zone_of_many_names_it(bring):
    table = values().astype(object)
    table.loc[HOURS[5], "BETA"] = "broken"
    with pytest.raises(SourceError, match=r"BETA: row 7: 'broken'"):
        parsed(bring("wide", table))


def test_a_zone_that_a_file_lacks_is_a_warning_and_none_at_all_an_error(bring):
    source, _, rows = parsed(bring("wide", values()[["ALPHA"]]))
    assert set(rows["zone"]) == {"ALPHA"}
    assert source.warnings == [
        "wide.csv has no column of BETA, GAMMA; name those that it has with `zones` if the others are not to come"
    ]
    with pytest.raises(SourceError, match=r"no column of Alpha, Inc., BETA, GAMMA. The file has: time, X"):
        parsed(bring("wide", values()[["ALPHA"]].rename(columns={"ALPHA": "X"})))
    with pytest.raises(SourceError, match=r"no row of .*Column 'area' has: X.*name_in_files"):
        parsed(bring("long", values()[["ALPHA"]].rename(columns={"ALPHA": "X"})))


def test_rows_of_a_zone_that_nobody_declared_are_a_warning(bring):
    source, _, rows = parsed(bring("long", values().assign(DELTA=1.0)))
    assert set(rows["zone"]) == set(ZONES)
    assert "has rows of DELTA in 'area', which the settings do not know" in source.warnings[0]


def test_one_zone_alone_is_read_as_well(bring):
    _, payloads, rows = parsed(bring("wide", more='zones = ["BETA"]\n'))
    assert set(rows["zone"]) == {"BETA"}
    assert payloads[0].parts == ()


@pytest.mark.parametrize("layout", ["wide", "long", "a file each"])
def test_other_settings_are_applied_to_what_was_taken_in_block_by_block(bring, monkeypatch, layout):
    monkeypatch.setattr(many_zones, "SMALL_BLOCK", 2)
    no_gate(monkeypatch)
    ingest(bring(layout))
    told = bring(layout, more='unit = "kW"\n')
    assert "run `gridahead lake amend`" in str(ingest(told).failed[0])
    done = amend(told, by="somebody")
    assert sum(one.added for one in done.sources) == 3 * 96
    held = told.lake.read_observations()
    newest = held.sort_values("available_at").groupby(["zone", "valid_time"])["value"].last()
    assert newest["BETA"].iloc[0] == pytest.approx(0.2)
    assert ingest(told).new == 0
