"""From file to forecast: an official forecast that is out by 18:00 is not read at 11:00."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.long import first_of

from gridahead.core.grid import Series
from gridahead.features.windows import build_windows
from gridahead.operate.ingest import ingest
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

DAY = dt.date(2025, 6, 20)


def workspace_of(folder, quantity, deadline, official, **source):
    """A lake that was ingested from a file of 30 days, with this official forecast of `DAY` [MW]."""
    times = pd.date_range("2025-05-22", "2025-06-21", freq="h", tz="Europe/Berlin", inclusive="left")
    values = 30_000 + 5_000 * np.cos(2 * np.pi * (times.hour - 13) / 24)
    table = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M%z"), "value": values, "official": values + 100})
    table.loc[times.date == DAY, "official"] = official
    folder.mkdir()
    table.to_csv(folder / "meters.csv", index=False)
    settings = Settings.model_validate(
        {
            "data_folder": folder,
            "sources": [
                {
                    "kind": "file",
                    "path": folder / "meters.csv",
                    "zone": "DE",
                    "quantity": quantity,
                    "time_column": "time",
                    "value_column": "value",
                    "timezone": "Europe/Berlin",
                    "official_column": "official",
                    **source,
                }
            ],
            "series": [{"series": f"DE/{quantity}", "deadline": f"{deadline}[Europe/Berlin]"}],
        }
    )
    workspace = Workspace(settings)
    done = ingest(workspace)
    assert not done.failed
    return workspace, done


def read(workspace, quantity):
    """What a model reads of the official forecast of `DAY`, (24,), and the fingerprint of all that it reads."""
    spec, observations = workspace.inputs(Series("DE", quantity))
    windows = build_windows(observations, spec, [DAY])
    return windows.future[0, windows.delivery[0], 0], windows.data_hash(0)


@pytest.mark.parametrize(
    ("quantity", "deadline", "seen"),
    first_of(
        [
            ("wind_solar", "D-1T1759", False),
            ("load", "D-1T1000", True),
            ("wind_solar", "D-1T1800", True),
            ("load", "D-1T0959", False),
            ("wind_solar", "D-1T1100", False),
        ],
        2,
    ),
)
def test_a_forecast_issued_before_the_official_one_is_out_cannot_read_it(tmp_path, quantity, deadline, seen):
    answers = []
    for n, official in enumerate((31_000.0, 33_000.0)):
        workspace, done = workspace_of(tmp_path / str(n), quantity, deadline, official)
        assert [*done.official_available] == [f"DE/{quantity}_official"]
        values, fingerprint = read(workspace, quantity)
        assert np.isnan(values).all() != seen
        answers.append(fingerprint)
    assert (answers[0] != answers[1]) == seen
