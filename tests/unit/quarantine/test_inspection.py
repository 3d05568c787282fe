"""What the gate is given to judge, what it keeps, and who is let out of the waiting room."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, judged, measured, rulings_on

from gridahead.core.errors import LakeError, QualityError, SourceError
from gridahead.core.time import TimeRange, now
from gridahead.lake.compaction import compact
from gridahead.operate.ingest import Ingestion
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.quarantine.inspection import inspect_everything, inspect_new
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

TIMES = hours("2025-01-01T00:00Z", 48)
OLD = measured(LOAD, TIMES[:24], range(24)).assign(batch="old")
NEW = measured(LOAD, TIMES[24:], range(24)).assign(batch="new")
WINDS = measured(WIND_SOLAR, TIMES, range(48)).assign(batch="winds")


class Judge:
    """Stands for the rules: remembers what it was given, and gives the verdicts that a test wants."""

    def __init__(self) -> None:
        self.new, self.known, self.later, self.verdicts = None, None, None, None

    def __call__(self, new, known, settings, *, decided_at, limits, served, later=None):
        self.new, self.known, self.later = new, known, later
        report = empty_report(decided_at)
        return report if self.verdicts is None else replace(report, verdicts=self.verdicts)


@pytest.fixture
def judge(monkeypatch) -> Judge:
    judge = Judge()
    monkeypatch.setattr(inspection, "inspect", judge)
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    return judge


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    workspace = Workspace(Settings.model_validate({"data_folder": tmp_path}))
    lake = workspace.lake
    for rows in (OLD, WINDS):
        lake.observations.append(rows)
    lake.waiting.enter("new", NEW)
    lake.observations.append(NEW)
    return workspace


def test_what_waits_is_judged_with_the_accepted_rows_around_it_and_of_related_series(workspace, judge):
    workspace.lake.verdicts.append(judged(OLD.iloc[[3]]))
    assert inspect_new(workspace) is not None
    assert set(judge.new["batch"]) == {"new"} and len(judge.new) == 24
    assert judge.known["batch"].value_counts().to_dict() == {"winds": 48, "old": 23}
    assert workspace.lake.waiting.batches() == set()
    assert inspect_new(workspace) is None


def test_of_what_comes_after_the_rows_around_the_times_are_given(workspace, judge):
    lake = workspace.lake
    lake.observations.append(measured(LOAD, TIMES + pd.Timedelta(days=300), range(48)).assign(batch="later"))
    lake.observations.append(measured(WIND_SOLAR, TIMES + pd.Timedelta(days=400), range(48)).assign(batch="later"))
    inspect_new(workspace)
    assert judge.known["valid_time"].max() == TIMES[-1]
    assert judge.later.groupby(["zone", "quantity"])["valid_time"].max().to_dict() == {
        ("DE", "load"): TIMES[-1] + pd.Timedelta(days=300)
    }


def test_what_a_killed_ingest_did_not_append_is_appended_and_judged(workspace, judge):
    later = measured(WIND_SOLAR, TIMES + pd.Timedelta(days=9), range(48)).assign(batch="half")
    workspace.lake.waiting.enter("half", later)
    inspect_new(workspace)
    assert judge.new["batch"].value_counts().to_dict() == {"half": 48, "new": 24}
    assert workspace.lake.waiting.batches() == set()
    assert len(workspace.lake.read_accepted(WIND_SOLAR)) == 96


def test_of_two_ingests_at_once_with_a_compaction_between_every_row_is_judged(workspace, judge):
    """Both bring the first rows of the other; which of them the compaction keeps, decides for nobody."""
    lake = workspace.lake
    one, other = (measured(LOAD, TIMES[:n] + pd.Timedelta(days=9), range(n)) for n in (24, 36))
    for batch, rows in (("aaaa", one.assign(batch="aaaa")), ("zzzz", other.assign(batch="zzzz"))):
        lake.waiting.enter(batch, rows)
        lake.observations.append(rows)
    compact(lake.observations)
    assert lake.read_accepted(
        LOAD, time_range=TimeRange(one["valid_time"].min(), TIMES[-1] + pd.Timedelta(days=9))
    ).empty
    inspect_new(workspace)
    assert len(judge.new[judge.new["valid_time"] > TIMES[-1]]) == 36
    assert lake.waiting.batches() == set()
    assert len(lake.read_accepted(LOAD)) == 48 + 36


def test_rows_that_an_ingest_appends_after_another_has_judged_them_are_judged(workspace, judge):
    lake = workspace.lake
    rows = measured(LOAD, TIMES + pd.Timedelta(days=9), range(48)).assign(batch="slow")
    lake.waiting.enter("slow", rows)
    inspect_new(workspace)
    assert (judge.new["batch"] == "slow").sum() == 48
    lake.observations.append(rows)
    assert len(lake.read_accepted(LOAD)) == 48 + 48


def test_a_withdrawal_is_not_judged_and_waits_no_longer(workspace, judge):
    lake = workspace.lake
    inspect_new(workspace)
    gone = OLD.iloc[[3]].assign(value=np.nan, availability="recorded", available_at=TIMES[40], batch="gone")
    lake.waiting.enter("gone", gone)
    assert inspect_new(workspace) is None
    assert lake.waiting.batches() == set()
    assert len(lake.read_accepted(LOAD)) == 47


def test_a_batch_of_a_zone_that_the_settings_no_longer_know_keeps_no_other_waiting(workspace, judge, caplog):
    lake = workspace.lake
    lake.waiting.enter("lost", NEW.assign(zone="village", batch="lost"))
    inspect_new(workspace)
    assert set(judge.new["batch"]) == {"new"}
    assert lake.waiting.batches() == {"lost"}
    assert "village" in caplog.text and "[[zones]]" in caplog.text


def test_a_gate_that_dies_leaves_the_batch_waiting(workspace, judge, monkeypatch):
    def dies(*_):
        raise LakeError("the disk is full")

    judge.verdicts = judged(NEW.iloc[[3]])
    monkeypatch.setattr(workspace.lake.verdicts, "append", dies)
    with pytest.raises(LakeError):
        inspect_new(workspace)
    assert set(workspace.lake.read_accepted()["batch"]) == {"old", "winds"}


def test_everything_is_judged_again_but_what_is_released_or_in_quarantine(workspace, judge):
    lake = workspace.lake
    lake.verdicts.append(judged(OLD.iloc[[3, 4]]))
    lake.rulings.append(rulings_on(OLD.iloc[[4]], "release"))
    inspect_everything(workspace)
    assert len(judge.new) == 24 + 48 + 22
    assert judge.known["value"].tolist() == [4.0]
    assert lake.waiting.batches() == set()


def test_a_verdict_that_is_known_is_not_written_again_and_a_stricter_one_is(workspace, judge):
    judge.verdicts = judged(NEW.iloc[[3]], "ramp", "flag")
    inspect_new(workspace)
    files = workspace.lake.verdicts.recent.names()
    inspect_everything(workspace)
    assert workspace.lake.verdicts.recent.names() == files
    judge.verdicts = judged(NEW.iloc[[3]], "ramp", "quarantine")
    inspect_everything(workspace)
    assert workspace.lake.read_verdicts(LOAD)["severity"].tolist() == ["flag", "quarantine"]
    assert 3.0 not in workspace.lake.read_accepted(LOAD, time_range=None)["value"].tolist()[24:]


def test_what_could_not_be_read_is_an_error_after_the_gate_and_named_beside_its_refusal():
    failed = [SourceError("smard", "no such folder", retryable=True)]
    with pytest.raises(SourceError, match="no such folder"):
        Ingestion([], failed, None).require(0.02)
    table = pd.DataFrame([{"series": "DE/load", "rows": 10, "withheld": 5}])
    report = replace(empty_report(now()), completeness=table)
    with pytest.raises(QualityError, match=r"DE/load would lose 50.0%(.|\n)*no such folder"):
        Ingestion([], failed, report).require(0.02)
    Ingestion([], [], report).require(0.5)


def test_series_that_are_inspected_apart_have_one_report_and_figures_once(workspace, judge, monkeypatch):
    seen = []
    judge_once = judge.__call__

    def judged_in_turn(new, known, settings, **given):
        seen.append(sorted(new["zone"].unique()))
        return judge_once(new, known, settings, **given)

    monkeypatch.setattr(inspection, "inspect", judged_in_turn)
    monkeypatch.setattr(inspection, "ROWS_AT_ONCE", 1)
    lake = workspace.lake
    other = NEW.assign(zone="FR", batch="other")
    lake.waiting.enter("other", other)
    report = inspect_new(workspace)
    assert sorted(seen) == [["DE"], ["FR"]]
    assert report is not None
    assert lake.waiting.batches() == set()
    assert len(lake.read_observations(LOAD)) == 48
