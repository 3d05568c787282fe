"""A bad file on its way through the gate, the eyes of a person and back, on real data and through the command line."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import LakeError, QualityError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.lake.archive import Archive
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

LOAD = Series("DE", "load")
BAD_DAY = TimeRange(pd.Timestamp("2026-01-01", tz="Europe/Berlin"), pd.Timestamp("2026-01-02", tz="Europe/Berlin"))
ISSUE_TIME = "2026-01-02T10:00Z"
NAME = "Actual_consumption_202601010000_202601020000_Hour.csv"


class Job:
    """A job of its own, in which a file can do harm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def lake(self):
        return Workspace(load_settings(self.folder / "settings.toml")).lake

    def run(self, *arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, "--settings", str(self.folder / "settings.toml")])
        if result.exception is not None:
            raise result.exception
        return result.stdout

    def open_cases(self) -> list[dict]:
        """The open cases of the bad day."""
        cases = json.loads(self.run("quarantine", "list", "--json"))
        return [case for case in cases if case["from"] == f"{BAD_DAY.start:%Y-%m-%dT%H:%MZ}"]

    def accepted(self) -> pd.DataFrame:
        return self.lake.read_accepted(LOAD, time_range=BAD_DAY)

    def forecast(self) -> tuple[dict, float]:
        """The manifest and the highest value of a forecast after the bad day."""
        (manifest,) = json.loads(self.run("forecast", "--issue-time", ISSUE_TIME, "--json"))
        table = pd.read_csv(Path(manifest["folder"]) / manifest["csv"])
        return manifest, float(table.filter(regex=r"^P\d").to_numpy().max())


def _set_clock(monkeypatch: pytest.MonkeyPatch, at: pd.Timestamp) -> None:
    """What time it is for every command from now on."""
    opened = classmethod(lambda cls, file: cls(load_settings(file), clock=lambda: at))
    monkeypatch.setattr(Workspace, "open", opened)


def spoil(portal: Path) -> None:
    """A day that the portal did not have yet, like one two weeks before, but in kW under the head of MW."""
    with gzip.open(next(portal.glob("Actual*_2024*")), "rt", encoding="utf-8-sig") as file:
        head, *lines = file.read().splitlines()
    made = []
    for line in lines:
        if line.startswith("Dec 18, 2025"):
            moved = line.replace("Dec 18, 2025", "Jan 1, 2026").replace("Dec 19, 2025", "Jan 2, 2026")
            start, end, load, residual = moved.split(";")
            made.append(f"{start};{end};{1_000 * float(load.replace(',', '')):,.2f};{residual}")
    assert len(made) == 24
    (portal / NAME).write_text("\n".join([head, *made]) + "\n", encoding="utf-8-sig")


@pytest.fixture(scope="module")
def job(done: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The finished job, copied, with a bad file in its folder that the gate has refused."""
    folder = tmp_path_factory.mktemp("bad") / "job"
    shutil.copytree(done, folder)
    spoil(folder / "portal")
    job = Job(folder)
    with pytest.raises(QualityError, match=r"DE/load would lose 100.0% of 24 rows"):
        job.run("ingest")
    return job


def test_the_bad_day_is_in_the_lake_and_nobody_reads_it(job: Job) -> None:
    held = job.lake.read_observations(LOAD, time_range=BAD_DAY)
    assert len(held) == 24 and held["value"].min() > 1e7
    assert job.accepted().empty
    assert (
        len(job.lake.read_accepted(LOAD, time_range=TimeRange(BAD_DAY.start - pd.Timedelta(days=1), BAD_DAY.start)))
        == 24
    )
    assert job.lake.waiting.batches() == set()


def test_the_next_ingest_takes_nothing_in_and_has_nothing_to_say(job: Job) -> None:
    told = json.loads(job.run("ingest", "--json"))
    assert all(one["new"] == 0 for one in told["payloads"]) and told["findings"] == []
    assert "nothing waits" in job.run("validate", "--new")


def test_the_case_is_listed_once_with_its_rules_reason_and_batch(job: Job) -> None:
    (case,) = [case for case in job.open_cases() if case["series"] == "DE/load"]
    assert (case["rows"], case["state"], case["why"]) == (24, "open", None)
    assert {"value_physical", "scaled"} <= set(case["rules"])
    assert "expected that" in case["reason"]
    assert len(case["batches"]) == 1
    assert case["id"] in job.run("quarantine", "list")


def test_a_case_shows_its_rows_the_weeks_around_the_payload_and_a_picture(job: Job) -> None:
    (case,) = [case for case in job.open_cases() if case["series"] == "DE/load"]
    shown = json.loads(job.run("quarantine", "show", case["id"][:5], "--json"))
    assert shown["unit"] == "MW" and len(shown["rows"]) == 24
    first = shown["rows"][0]
    assert first["value"] > 1e7 and 30_000 < first["week_before"] < 80_000 and first["week_after"] is None
    packed = Path(shown["payloads"][0])
    kept = Archive(packed.parent).read(packed.name)
    assert kept == (job.folder / "portal" / NAME).read_bytes()
    assert Path(shown["picture"]).read_bytes().startswith(b"\x89PNG")
    assert NAME in job.run("quarantine", "show", case["id"])


def test_the_page_says_what_waits_and_how_to_release_it(job: Job) -> None:
    (case,) = [case for case in job.open_cases() if case["series"] == "DE/load"]
    page = (job.folder / "data/published/quality.html").read_text()
    assert f"gridahead quarantine release {case['id']}" in page
    assert "Load DE, Thu 1 Jan 2026: 24 values" in page


def test_a_case_that_is_not_there_is_an_error_that_names_those_that_are(job: Job) -> None:
    (case,) = [case for case in job.open_cases() if case["series"] == "DE/load"]
    with pytest.raises(LakeError, match=f"there is no case 'nope'; open are: .*{case['id']}"):
        job.run("quarantine", "release", "nope", "--reason", "typing error")
    with pytest.raises(LakeError, match="nothing of DE/load is in quarantine in"):
        job.run(
            "quarantine",
            "reject",
            "--series",
            "DE/load",
            "--start",
            "2025-05-01T00:00Z",
            "--end",
            "2025-05-01T01:00Z",
            "--reason",
            "typing error",
        )
    with pytest.raises(SettingsError, match="say which"):
        job.run("quarantine", "reject", "--reason", "typing error")


def test_forecasts_do_without_the_bad_day_and_say_so_until_a_person_lets_it_in(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    _set_clock(monkeypatch, pd.Timestamp(ISSUE_TIME) - pd.Timedelta(minutes=1))
    manifest, highest = job.forecast()
    assert "24 values of DE/load in quarantine" in manifest["suspect_inputs"]
    assert highest < 120_000
    (case,) = [case for case in job.open_cases() if case["series"] == "DE/load"]
    _set_clock(monkeypatch, pd.Timestamp(ISSUE_TIME))
    said = job.run("quarantine", "release", case["id"], "--reason", "the operator confirmed it", "--by", "ana")
    assert "24 rows of DE/load" in said and "ana" in said

    ruled = job.lake.read_rulings(LOAD)
    assert set(ruled["ruling"]) == {"release"} and set(ruled["decided_by"]) == {"ana"}
    assert set(ruled["reason"]) == {"the operator confirmed it"}
    assert job.accepted()["value"].min() > 1e7
    assert case["id"] not in {one["id"] for one in job.open_cases()}
    assert f"release {case['id']}" not in (job.folder / "data/published/quality.html").read_text()
    after, released = job.forecast()
    assert "quarantine" not in (after["suspect_inputs"] or "")
    assert after["data_hash"] != manifest["data_hash"] and released > highest

    job.run("validate", "--json")
    assert job.accepted()["value"].min() > 1e7, "a released row is not judged again"
    after, again = job.forecast()  # the inspection may have flagged inputs, which the manifest says
    assert again == released

    # A person may change her mind: the newest ruling counts, for forecasts of issue times from then on.
    _set_clock(monkeypatch, pd.Timestamp(ISSUE_TIME) + pd.Timedelta(minutes=1))
    job.run("quarantine", "reject", case["id"], "--reason", "it was in kW after all", "--by", "ana")
    assert job.accepted().empty
    assert job.forecast() == ({**after, "changed": False}, released)
    assert job.open_cases() == [one for one in job.open_cases() if one["series"] != "DE/load"]
    everything = json.loads(job.run("quarantine", "list", "--all", "--json"))
    closed = next(one for one in everything if one["id"] == case["id"])
    assert (closed["state"], closed["why"]) == ("rejected", "ana: it was in kW after all")


def test_every_inspection_leaves_its_figures_in_the_lake(job: Job) -> None:
    figures = job.lake.quality.read({"zone": "DE", "quantity": "load"})
    assert {"rows", "quarantined", "flagged", "completeness", "staleness_hours"} <= set(figures["metric"])
    by_inspection = figures[figures["metric"] == "quarantined"].sort_values("inspected_at")["value"]
    assert len(by_inspection) >= 3 and 24 in set(by_inspection)
