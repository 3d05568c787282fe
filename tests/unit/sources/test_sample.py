import gzip
import shutil
from pathlib import Path

import pandas as pd
import pytest

from gridahead.core.errors import SourceError
from gridahead.settings.sources import SmardSource
from gridahead.sources import sample
from gridahead.sources.sample import GENERATION, GENERATION_EXPORT, make_sample
from gridahead.sources.smard import Smard

EXPORTS = Path(__file__).parents[2] / "data" / "smard"
SAMPLE = Path(__file__).parents[3] / "data" / "sample"
AUTUMN = "Actual_consumption_202410260000_202410290000_Hour.csv"


@pytest.fixture
def portal(tmp_path):
    """A folder like the portal's: one export, and generation as a Parquet table with a naive local index."""
    folder = tmp_path / "portal"
    folder.mkdir()
    shutil.copy(EXPORTS / AUTUMN, folder)
    times = (
        pd.date_range("2024-10-26T22:00", periods=6, freq="1h", tz="UTC").tz_convert("Europe/Berlin").tz_localize(None)
    )
    table = pd.DataFrame(
        {
            "End date": times + pd.Timedelta(hours=1),
            "Lignite [MWh] Calculated resolutions": 1.0,
            "Photovoltaics [MWh] Calculated resolutions": [0.0, 1.25, None, 1234.5, 5.0, 6.0],
        },
        index=pd.Index(times, name="Start date"),
    )
    table.to_parquet(folder / GENERATION)
    return folder


def test_every_export_is_trimmed_with_its_cells_untouched(portal, tmp_path):
    made = make_sample(portal, tmp_path / "sample")
    assert [file.name for file in made] == [f"{AUTUMN}.gz", f"{GENERATION_EXPORT}.gz"]
    consumption = gzip.decompress(made[0].read_bytes()).decode("utf-8-sig").split("\n")
    assert consumption[0].split(";")[2:] == [
        "grid load [MWh] Calculated resolutions",
        "Residual load [MWh] Calculated resolutions",
    ]
    assert consumption[1] == "Oct 26, 2024 12:00 AM;Oct 26, 2024 1:00 AM;40,975.75;37,130.50"


def test_generation_is_written_as_the_portal_writes_it(portal, tmp_path):
    generation = gzip.decompress(make_sample(portal, tmp_path / "sample")[1].read_bytes()).decode("utf-8-sig")
    assert generation.split("\n")[:4] == [
        "Start date;End date;Photovoltaics [MWh] Calculated resolutions",
        "Oct 27, 2024 12:00 AM;Oct 27, 2024 1:00 AM;0.00",
        "Oct 27, 2024 1:00 AM;Oct 27, 2024 2:00 AM;1.25",
        "Oct 27, 2024 2:00 AM;Oct 27, 2024 3:00 AM;-",
    ]


def test_the_same_exports_give_the_same_bytes(portal, tmp_path):
    one, other = (make_sample(portal, tmp_path / name) for name in ("one", "other"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in other]


def test_a_copy_that_parses_otherwise_is_refused(portal, tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "_trimmed", lambda cells: cells.iloc[1:])
    with pytest.raises(SourceError, match="does not parse to the same"):
        make_sample(portal, tmp_path / "sample")


def test_the_sample_of_the_project_parses_and_is_small():
    source = Smard(SmardSource(kind="smard", folder=SAMPLE))
    rows = pd.concat(source.parse(payload) for payload in source.fetch())
    counts = rows.groupby("quantity")["value"].count()
    hours = 6 * 365 * 24 + 2 * 24  # 2020 and 2024 are leap years
    assert counts["load"] == hours
    assert counts["load_official"] == hours - 24  # 31 January 2020
    assert counts["solar"] == 41279
    assert not rows[rows["value"].notna()].duplicated(["quantity", "valid_time"]).any()
    assert sum(file.stat().st_size for file in SAMPLE.iterdir()) < 3e6
