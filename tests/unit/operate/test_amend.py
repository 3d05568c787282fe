"""Settings that were wrong: the kept payloads are read again, and the lake is as if they had been right all along."""

import numpy as np
import pandas as pd
import pytest
from builders.long import first_of
from builders.rows import judged, rulings_on

from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.time import now
from gridahead.core.vintages import READ_FROM, READ_UNTIL
from gridahead.lake.compaction import compact
from gridahead.operate import ingest as ingest_module
from gridahead.operate.amend import amend
from gridahead.operate.ingest import Ingestion, ingest
from gridahead.operate.lake import compact_lake, stats_of_archive
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.quarantine.cases import cases_of
from gridahead.settings.model import Settings
from gridahead.settings.schedule import ArchiveSettings
from gridahead.workspace import Workspace

HOURS = pd.date_range("2025-03-01T00:00", periods=72, freq="h")
LOADS = np.round(50_000 + 5_000 * np.sin(2 * np.pi * HOURS.hour.to_numpy() / 24), 1)
AT = pd.Timestamp("2025-03-03T09:00:00.123456Z")
DAY = pd.Timedelta(days=1)


@pytest.fixture(autouse=True)
def judge(monkeypatch):
    """Stands for the rules: remembers what it was given."""
    given = []

    def inspect(new, known, settings, *, decided_at, limits, served, later):
        given.append(new)
        return empty_report(decided_at)

    monkeypatch.setattr(inspection, "inspect", inspect)
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)
    return given


class Job:
    """A file that is delivered again and again, and settings that may change."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def workspace(self, at: pd.Timestamp | None = None, **settings) -> Workspace:
        told = {"kind": "file", "path": self.folder / "a.csv", "zone": "DE", "quantity": "load", "time_column": "time"}
        source = told | {"value_column": "load", "timezone": "UTC"} | settings
        job = Settings.model_validate({"data_folder": self.folder / "data", "sources": [source]})
        return Workspace(job, clock=now if at is None else lambda: at)

    def deliver(self, values, at: pd.Timestamp, **settings) -> Ingestion:
        pd.DataFrame({"time": HOURS[: len(values)], "load": values}).to_csv(self.folder / "a.csv", index=False)
        return ingest(self.workspace(at, **settings))

    def history(self, **settings) -> None:
        """Three days that come, are revised, put back, and lose a value; the last day comes as it appears."""
        revised, gone = LOADS.copy(), LOADS.copy()
        revised[10:14] += 700
        gone[20] = np.nan
        for number, values in enumerate((LOADS[:50], revised[:56], LOADS[:72], gone)):
            assert not self.deliver(values, AT + number * DAY / 4, **settings).failed

    def known(self) -> pd.DataFrame:
        """Every vintage and when it is read, without the microseconds that tell it from what it replaced."""
        rows = self.workspace().lake.read_vintages()
        clocks = {name: rows[name].dt.floor("ms") for name in ("available_at", READ_FROM, READ_UNTIL)}
        rows = rows.assign(**clocks).drop(columns="batch")
        return rows.sort_values(["valid_time", "available_at"], ignore_index=True)


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path / "job")


@pytest.mark.parametrize(
    "wrong",
    first_of(
        [{"unit": "kW", "timezone": "-03:00"}, {"publication_lag_minutes": 600}, {"publication_lag_minutes": 0}], 1
    ),
    ids=["unit and time zone", "later", "sooner"],
)
def test_the_lake_is_as_if_the_settings_had_been_right_all_along_and_back_again(job, tmp_path, wrong):
    right, as_wrong = Job(tmp_path / "right"), Job(tmp_path / "wrong")
    right.history()
    as_wrong.history(**wrong)
    job.history(**wrong)
    assert not job.known().equals(right.known())
    for settings, expected in (({}, right), (wrong, as_wrong), ({}, right)):
        (failed,) = ingest(job.workspace(**settings)).failed
        assert "run `gridahead lake amend`" in str(failed)
        amend(job.workspace(**settings), by="ana")
        pd.testing.assert_frame_equal(job.known(), expected.known())
        compact(job.workspace().lake.observations)
        again = ingest(job.workspace(**settings))
        assert (again.failed, again.new) == ([], 0)
    pd.testing.assert_frame_equal(job.known(), right.known())
    assert job.workspace().lake.waiting.batches() == set()


def test_with_the_same_settings_nothing_changes(job):
    job.history()
    before = sorted(path for path in job.folder.rglob("*"))
    (done,) = amend(job.workspace(), by="ana").sources
    assert (done.payloads, done.added, done.undone) == (4, 0, 0)
    assert sorted(path for path in job.folder.rglob("*")) == before


def test_what_would_be_changed_is_told_first(job):
    job.history()
    before = sorted(path for path in job.folder.rglob("*"))
    (done,) = amend(job.workspace(unit="kW"), by="ana", dry_run=True).sources
    rows = len(job.workspace().lake.read_observations()) - 1  # a withdrawal is one in any unit
    assert (done.series, done.added, done.undone) == (("DE/load",), rows, rows)
    assert sorted(path for path in job.folder.rglob("*")) == before


def test_what_is_read_again_is_judged_and_never_read_before(job, judge, monkeypatch):
    job.history()
    judge.clear()

    def dies(*_, **__):
        raise LakeError("the disk is full")

    with monkeypatch.context() as dying:
        dying.setattr(inspection, "inspect", dies)
        with pytest.raises(LakeError):
            amend(job.workspace(unit="kW"), by="ana")
    assert job.workspace().lake.read_accepted().empty
    ingest(job.workspace(unit="kW"))
    assert (judge[0]["value"] < 100).all() and len(judge[0]) == len(job.workspace().lake.read_vintages())


@pytest.mark.parametrize("operation", first_of([4, 9, 1, 5, 7, 11], 1))
def test_killed_anywhere_and_called_again_it_ends_with_the_same_lake(job, tmp_path, monkeypatch, operation):
    """After so many files written, none more is."""
    from gridahead.lake.folder import Folder

    right = Job(tmp_path / "right")
    right.history(unit="kW")
    job.history()
    write, left = Folder.write, [operation]

    def dying(self, name, content):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        write(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", dying)
        try:
            amend(job.workspace(unit="kW"), by="ana")
        except KeyboardInterrupt:
            assert left[0] < 0
    amend(job.workspace(unit="kW"), by="ana")
    pd.testing.assert_frame_equal(job.known(), right.known())


def test_a_ruling_goes_with_a_row_whose_clock_moves_and_the_case_of_one_that_is_undone_is_closed(job):
    job.history()
    lake = job.workspace().lake
    rows = lake.read_observations()
    released, open_still = rows.iloc[[30]], rows.iloc[[40]]
    lake.verdicts.append(judged(pd.concat([released, open_still]), known_at="2025-03-02T00:00Z"))
    lake.rulings.append(rulings_on(released, "release"))
    amend(job.workspace(publication_lag_minutes=120), by="ana")
    rulings = lake.read_rulings().set_index(["valid_time", "available_at"])
    moved = released["valid_time"].iloc[0], released["available_at"].iloc[0] + pd.Timedelta(hours=1)
    assert rulings.loc[moved, ["ruling", "decided_by", "reason"]].tolist() == ["release", "ana", "I asked"]
    assert [one.state for one in cases_of(lake.read_verdicts(), lake.read_rulings())].count("open") == 0
    assert open_still["value"].iloc[0] in lake.read_accepted()["value"].tolist()


def test_rows_of_a_file_of_the_lake_that_is_lost_come_back(job):
    job.history()
    before, lake = job.known(), job.workspace().lake
    for name in lake.observations.recent.names():
        lake.observations.recent.delete(name)
    assert job.known().empty
    amend(job.workspace(), by="ana")
    pd.testing.assert_frame_equal(job.known(), before)


def test_a_payload_that_the_settings_of_today_cannot_read_stays_as_it_is_and_is_told_of(job, caplog):
    job.history()
    before = job.known()
    (done,) = amend(job.workspace(value_column="power"), by="ana").sources
    assert (done.payloads, len(done.unread), done.added, done.undone) == (0, 4, 0, 0)
    assert "stays as it is" in caplog.text
    pd.testing.assert_frame_equal(job.known(), before)


def test_a_source_of_another_name_is_an_error_that_names_those_there_are(job):
    job.history()
    with pytest.raises(SettingsError, match=r"no source is called 'b.csv'; the settings have a.csv"):
        amend(job.workspace(), by="ana", only="b.csv")
    assert now() > AT


def test_payloads_that_are_kept_no_longer_leave_what_they_gave_and_amend_says_so(tmp_path, caplog):
    job = Job(tmp_path / "job")
    job.deliver(LOADS[:24], AT)
    job.deliver(LOADS[:48], AT + 40 * DAY)
    workspace = job.workspace()
    kept = workspace.settings.model_copy(update={"archive": ArchiveSettings(keep_days=30)})
    later = Workspace(kept, clock=lambda: AT + 60 * DAY)
    assert stats_of_archive(later).payloads == 2
    (archive,) = (done for done in compact_lake(later) if done.table == "archive")
    assert (archive.batches, archive.bytes_before > archive.bytes_after > 0) == (1, True)
    assert compact_lake(later) == []
    before = len(workspace.lake.read_observations())
    done = amend(job.workspace(unit="kW"), by="test", dry_run=True).sources[0]
    assert (done.payloads, len(done.deleted), done.unread) == (1, 1, ())
    assert "stays as it is: the payload" in caplog.text and "[archive] keep_days = 30" in caplog.text
    assert len(workspace.lake.read_observations()) == before
    assert job.deliver(LOADS[:48], AT + 61 * DAY).new == 0
