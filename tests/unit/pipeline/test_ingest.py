"""What comes in a file that has been there before."""

import numpy as np
import pandas as pd

from gridahead.config import Settings
from gridahead.pipeline.ingest import Ingestion, ingest
from gridahead.pipeline.workspace import Workspace

HOURS = pd.date_range("2025-03-01T00:00", periods=48, freq="h")


def taken_in(folder, values: dict[str, np.ndarray], *columns: tuple[str, str]) -> Ingestion:
    """Ingest a file with columns of values, of which some are read as quantities."""
    (folder / "power.csv").write_text(pd.DataFrame({"time": HOURS, **values}).to_csv(index=False))
    sources = [
        {"kind": "file", "path": folder / "power.csv", "zone": "DE", "quantity": quantity, "timezone": "UTC",
         "time_column": "time", "value_column": column}
        for column, quantity in columns
    ]  # fmt: skip
    return ingest(Workspace(Settings.model_validate({"data_folder": folder / "data", "sources": sources})))


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
