"""What comes in a file that has been there before."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.errors import LakeError
from gridahead.core.time import now
from gridahead.core.vintages import as_of
from gridahead.operate import ingest as ingest_module
from gridahead.operate.ingest import Ingestion, ingest
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace


@pytest.fixture(autouse=True)
def no_rules(monkeypatch):
    """What the gate says of the values is no matter here, and takes seconds."""
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


HOURS = pd.date_range("2025-03-01T00:00", periods=48, freq="h")


def taken_in(folder, values: dict[str, np.ndarray], *columns: tuple[str, str]) -> Ingestion:
    """Ingest a file with columns of values, of which some are read as quantities."""
    (folder / "power.csv").write_text(pd.DataFrame({"time": HOURS, **values}).to_csv(index=False))
    return ingest(workspace_of(folder, *columns))


def workspace_of(folder, *columns: tuple[str, str], file="power.csv", **more) -> Workspace:
    sources = [
        {
            "kind": "file",
            "path": folder / file,
            "zone": "DE",
            "quantity": quantity,
            "timezone": "UTC",
            "time_column": "time",
            "value_column": column,
            **more,
        }
        for column, quantity in columns
    ]
    return Workspace(Settings.model_validate({"data_folder": folder / "data", "sources": sources}))


def test_two_columns_of_a_file_are_revised_at_one_time(tmp_path):
    """The second is read from bytes that the first has brought in before, but no value of it is known from them."""
    shape = 50_000 + 5_000 * np.sin(2 * np.pi * HOURS.hour / 24)
    columns = (("load", "load"), ("sun", "solar"))
    first = taken_in(tmp_path, {"load": shape, "sun": shape / 10}, *columns)
    assert [(one.new, one.revised) for one in first.payloads] == [(48, 0), (48, 0)]
    revised = np.where(np.arange(48) == 30, 1.01, 1.0) * shape
    second = taken_in(tmp_path, {"load": revised, "sun": revised / 10}, *columns)
    assert not second.failed
    assert [(one.new, one.revised) for one in second.payloads] == [(1, 1), (1, 1)]


def test_another_column_of_the_same_file_for_the_same_series_is_no_revision(tmp_path):
    shape = 50_000 + 5_000 * np.sin(2 * np.pi * HOURS.hour / 24)
    values = {"load": shape, "other": shape + 1}
    taken_in(tmp_path, values, ("load", "load"))
    (failed,) = taken_in(tmp_path, values, ("other", "load")).failed
    assert "power.csv was taken in before with other settings, and now 48 of its rows differ" in str(failed)
    assert "run `gridahead lake amend`" in str(failed)


@pytest.mark.parametrize("error", [LakeError("cannot write index.html: No space left"), OSError(28, "No space left")])
def test_a_full_disk_under_the_pages_of_the_gate_fails_no_ingest_whose_data_are_safe(tmp_path, monkeypatch, error):
    def full(*_):
        raise error

    monkeypatch.setattr(ingest_module, "publish_inspection", full)
    done = taken_in(tmp_path, {"load": np.full(48, 50_000.0)}, ("load", "load"))
    done.require(0.02)
    assert done.new == 48
    (warning,) = done.warnings
    assert "No space left. The data are taken in and judged; `gridahead validate` writes the pages" in warning
    assert len(workspace_of(tmp_path, ("load", "load")).lake.read_accepted()) == 48


# -- the newest delivery wins ---------------------------------------------------------------------------------------

SHAPE = np.round(50_000 + 5_000 * np.sin(2 * np.pi * HOURS.hour / 24), 1)
REVISED = np.where(np.arange(48) == 30, SHAPE + 500, SHAPE)
WITHOUT = np.where(np.arange(48) == 30, np.nan, SHAPE)


def now_known(folder) -> np.ndarray:
    """The 48 hours as the lake knows them now; NaN where it knows nothing."""
    rows = as_of(workspace_of(folder).lake.read_vintages(), now()).set_index("valid_time")["value"]
    return rows.reindex(HOURS.tz_localize("UTC")).to_numpy()


@pytest.mark.parametrize(
    "deliveries",
    [
        (SHAPE, REVISED, SHAPE),
        (SHAPE, WITHOUT),
        (SHAPE, WITHOUT, SHAPE),
        (SHAPE, REVISED, SHAPE, REVISED, WITHOUT, REVISED),
    ],
    ids=["back", "withdrawn", "withdrawn and back", "back and forth"],
)
def test_what_a_file_has_now_is_what_is_known_now_and_every_step_stays_on_record(tmp_path, deliveries):
    seen = []
    for values in deliveries:
        done = taken_in(tmp_path, {"load": values}, ("load", "load"))
        np.testing.assert_array_equal(now_known(tmp_path), values)
        seen.append(now())
        again = taken_in(tmp_path, {"load": values}, ("load", "load"))
        assert [(one.rows, one.new) for one in again.payloads] == [(0, 0)] and again.report is None
        assert not done.failed and not done.warnings
    rows = workspace_of(tmp_path).lake.read_vintages()
    for instant, values in zip(seen, deliveries, strict=True):
        known = as_of(rows, instant).set_index("valid_time")["value"].reindex(HOURS.tz_localize("UTC"))
        np.testing.assert_array_equal(known.to_numpy(), values)


def test_an_empty_cell_withdraws_nothing_that_another_file_brought(tmp_path):
    taken_in(tmp_path, {"load": SHAPE}, ("load", "load"))
    (tmp_path / "more.csv").write_text(pd.DataFrame({"time": HOURS, "load": WITHOUT}).to_csv(index=False))
    done = ingest(workspace_of(tmp_path, ("load", "load"), file="more.csv"))
    assert [(one.rows, one.new) for one in done.payloads] == [(47, 0)]
    np.testing.assert_array_equal(now_known(tmp_path), SHAPE)


def test_two_files_that_contradict_each_other_do_not_revise_each_other_for_ever(tmp_path):
    for name, values in (("a.csv", SHAPE), ("b.csv", REVISED)):
        (tmp_path / name).write_text(pd.DataFrame({"time": HOURS, "load": values}).to_csv(index=False))
    for expected in ([48, 1], [0, 0], [0, 0]):
        done = [ingest(workspace_of(tmp_path, ("load", "load"), file=name)) for name in ("a.csv", "b.csv")]
        assert [each.new for each in done] == expected
    np.testing.assert_array_equal(now_known(tmp_path), REVISED)


def test_a_data_folder_that_is_moved_brings_nothing_new_and_is_read_once(tmp_path):
    taken_in(tmp_path, {"load": SHAPE}, ("load", "load"))
    (tmp_path / "moved").mkdir()
    (tmp_path / "power.csv").rename(tmp_path / "moved" / "power.csv")
    found = [ingest(workspace_of(tmp_path, ("load", "load"), file="moved/power.csv")).payloads[0] for _ in range(2)]
    assert [(one.rows, one.new) for one in found] == [(48, 0), (0, 0)]


def test_an_older_fetch_that_comes_in_late_is_not_the_newest_delivery(tmp_path, monkeypatch):
    """Another ingest was quicker with what lies there now."""
    from gridahead.sources.file import FileTable

    taken_in(tmp_path, {"load": SHAPE}, ("load", "load"))
    (tmp_path / "power.csv").write_text(pd.DataFrame({"time": HOURS, "load": WITHOUT}).to_csv(index=False))
    workspace = workspace_of(tmp_path, ("load", "load"))
    source = workspace.settings.sources[0]
    assert isinstance(source, FileSource)
    fetched = list(FileTable(source, workspace.settings.zone("DE")).fetch())
    taken_in(tmp_path, {"load": REVISED}, ("load", "load"))
    monkeypatch.setattr(FileTable, "fetch", lambda self, wanted: iter(fetched))
    assert ingest(workspace).new == 0
    np.testing.assert_array_equal(now_known(tmp_path), REVISED)


def test_other_settings_with_a_file_that_has_grown_are_no_revision_of_all_that_was_there(tmp_path):
    first = {"load": np.r_[SHAPE[:24], np.full(24, np.nan)]}
    taken_in(tmp_path, first, ("load", "load"))
    (tmp_path / "power.csv").write_text(pd.DataFrame({"time": HOURS, "load": SHAPE}).to_csv(index=False))
    (failed,) = ingest(workspace_of(tmp_path, ("load", "load"), unit="GW")).failed
    assert "now 24 of its rows differ: DE/load at 2025-03-01 00:00 UTC was 50000" in str(failed)
    assert ingest(workspace_of(tmp_path, ("load", "load"))).new == 24


def test_a_file_without_any_value_is_told_of(tmp_path):
    for _ in range(2):
        done = taken_in(tmp_path, {"load": SHAPE, "sun": np.full(48, np.nan)}, ("load", "load"), ("sun", "solar"))
        (warning,) = done.warnings
        assert warning.startswith("power.csv has no value of DE/solar: every cell")
    assert (done.new, done.failed) == (0, [])


def test_a_killed_ingest_whose_file_has_changed_since_needs_no_help(tmp_path, monkeypatch):
    """It died before it appended; what it had read is judged, and what the file has now wins."""
    with monkeypatch.context() as dying:
        dying.setattr("gridahead.lake.store.Store.append", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            taken_in(tmp_path, {"load": SHAPE}, ("load", "load"))
    done = taken_in(tmp_path, {"load": REVISED}, ("load", "load"))
    assert [(one.new, one.revised) for one in done.payloads] == [(1, 1)]
    np.testing.assert_array_equal(now_known(tmp_path), REVISED)
    assert workspace_of(tmp_path).lake.waiting.batches() == set()
