"""What the gate is given to judge, what it keeps, and who is let out of the waiting room."""

from dataclasses import replace

import pandas as pd
import pytest
from made_rows import LOAD, WIND_SOLAR, decided_on, hours, judged, measured

from gridahead.config import Settings
from gridahead.errors import LakeError, QualityError, SourceError
from gridahead.pipeline import gate
from gridahead.pipeline.gate import inspect_everything, inspect_new
from gridahead.pipeline.ingest import Ingestion
from gridahead.pipeline.workspace import Workspace
from gridahead.quality.report import empty_report
from gridahead.timeline import now

TIMES = hours("2025-01-01T00:00Z", 48)
OLD = measured(LOAD, TIMES[:24], range(24)).assign(batch="old")
NEW = measured(LOAD, TIMES[24:], range(24)).assign(batch="new")
WINDS = measured(WIND_SOLAR, TIMES, range(48)).assign(batch="winds")


class Judge:
    """Stands for the rules: remembers what it was given, and gives the verdicts that a test wants."""

    def __init__(self) -> None:
        self.new, self.known, self.verdicts = None, None, None

    def __call__(self, new, known, settings, *, decided_at, limits, served):
        self.new, self.known = new, known
        report = empty_report(decided_at)
        return report if self.verdicts is None else replace(report, verdicts=self.verdicts)


@pytest.fixture
def judge(monkeypatch) -> Judge:
    judge = Judge()
    monkeypatch.setattr(gate, "inspect", judge)
    monkeypatch.setattr(gate, "relearn", lambda *_, **__: None)
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


def test_a_batch_that_is_not_wholly_in_the_lake_goes_on_waiting(workspace, judge):
    workspace.lake.waiting.enter("half", WINDS)
    workspace.lake.observations.append(
        measured(WIND_SOLAR, TIMES[:1] + pd.Timedelta(days=9), [1.0]).assign(batch="half")
    )
    inspect_new(workspace)
    assert set(judge.new["batch"]) == {"new"}
    assert workspace.lake.waiting.batches() == {"half"}


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
    lake.decisions.append(decided_on(OLD.iloc[[4]], "release"))
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
    assert 3.0 not in workspace.lake.read_accepted(LOAD, window=None)["value"].tolist()[24:]


def test_what_could_not_be_read_is_an_error_after_the_gate_and_named_beside_its_refusal():
    failed = [SourceError("smard", "no such folder", retryable=True)]
    with pytest.raises(SourceError, match="no such folder"):
        Ingestion([], failed, None).require(0.02)
    table = pd.DataFrame([{"series": "DE/load", "rows": 10, "withheld": 5}])
    report = replace(empty_report(now()), completeness=table)
    with pytest.raises(QualityError, match=r"DE/load would lose 50.0%(.|\n)*no such folder"):
        Ingestion([], failed, report).require(0.02)
    Ingestion([], [], report).require(0.5)
