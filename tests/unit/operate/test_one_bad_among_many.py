"""One series that is constant, empty, in another unit or by another clock keeps no other from being taken in."""

import gc

import numpy as np
import pandas as pd
import pytest

from gridahead.operate import ingest as ingest_module
from gridahead.operate.ingest import ingest
from gridahead.quarantine import inspection
from gridahead.settings.file import parse_settings
from gridahead.workspace import Workspace

SETTINGS = """
data_folder = "data"
zone_table = "zones.csv"
[[sources]]
kind = "file"
path = "load/*.csv"
value_column = "{zone}"
quantity = "load"
time_column = "time"
timezone = "UTC"
"""
TIMES = pd.date_range("2024-01-01", "2025-07-01", freq="h", inclusive="left", tz="UTC")
GOOD = ["ASH", "BEECH", "CEDAR"]
BAD = ["CONSTANT", "EMPTY", "KILOWATTS", "UTC"]


def course(clock: pd.DatetimeIndex, seed: int) -> np.ndarray:
    """A load that follows a clock, with a weekend and noise."""
    day = np.sin(2 * np.pi * (clock.hour - 9) / 24) + 0.5 * np.sin(4 * np.pi * (clock.hour - 7) / 24)
    noise = 0.02 * np.random.default_rng(seed).standard_normal(len(clock))
    return 20 * (1 + 0.3 * day - 0.1 * (clock.day_of_week >= 5) + noise)


def wide() -> pd.DataFrame:
    local = TIMES.tz_convert("Europe/Berlin")
    table = pd.DataFrame({name: course(local, seed) for seed, name in enumerate(GOOD + BAD)}, TIMES)
    table["CONSTANT"], table["EMPTY"] = 7.0, np.nan
    table.loc["2025-01-01":, "KILOWATTS"] *= 1000
    table["UTC"] = course(TIMES, 9)
    return table.round(3).rename_axis("time")


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    (folder / "load").mkdir()
    (folder / "zones.csv").write_text("code,timezone\n" + "".join(f"{name},Europe/Berlin\n" for name in GOOD + BAD))
    wide().to_csv(folder / "load" / "wide.csv", date_format="%Y-%m-%dT%H:%M:%SZ")
    workspace = Workspace(parse_settings(SETTINGS, folder / "settings.toml"), clock=lambda: TIMES[-1])
    held, original = [], inspection.inspect_new
    others = frames_in_memory()  # held, so that no frame of this test gets the address of an older one

    def looked_at(*given):
        known = {id(one) for one in others}
        frames = [one for one in frames_in_memory() if id(one) not in known]
        rows = [len(frame) for frame in frames if "batch" in frame.columns or len(frame.columns) == 8]
        held.append(max(rows, default=0))
        return original(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest_module, "inspect_new", looked_at)
        done = ingest(workspace)
    return workspace, done, held


def frames_in_memory():
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, pd.DataFrame)]


def test_the_good_ones_are_taken_in_whole(job):
    workspace, done, _ = job
    accepted = workspace.lake.read_accepted().groupby("zone")["value"].count()
    assert not done.failed
    assert accepted[GOOD].tolist() == [len(TIMES)] * len(GOOD)


def test_each_of_the_bad_ones_is_named_with_what_is_wrong(job):
    _, done, _ = job
    found = done.report.findings.groupby("series")["rule"].agg(set)
    assert "unit_of_years" in found["KILOWATTS/load"]
    assert "hours_off" in found["UTC/load"]
    assert not any({"unit_of_years", "hours_off"} & rules for rules in found.reindex(GOOD).dropna())
    empty, constant = done.warnings
    assert "has no value of EMPTY/load" in empty
    assert constant.startswith("CONSTANT/load has the same value, 7, in all of its 13,128 new rows from 2024-01-01 to")


def test_when_the_gate_looks_the_rows_that_were_taken_in_are_let_go(job):
    """Kept until the end of the ingest, those of a thousand series were several gigabytes."""
    _, done, (longest,) = job
    assert done.new == (len(GOOD + BAD) - 1) * len(TIMES)
    assert longest < len(TIMES)
