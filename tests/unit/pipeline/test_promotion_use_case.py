"""Promotion: who serves, on what evidence, by whose decision, and how it is undone."""

import pytest
from made_registry import JUDGED, day, said, workspace_at
from made_rows import LOAD

from gridahead.errors import ModelError
from gridahead.pipeline.promotion import admit, judge, promote, rollback


@pytest.fixture
def workspace(tmp_path):
    return workspace_at(tmp_path)


def champion_and_challenger(workspace, champion_error, challenger_error, runs=("validation", "validation"), **span):
    """Version 1 serves, and version 2 is new; both have forecast."""
    first = workspace.registry.add("1", 300.0)
    admit(workspace, LOAD, [first])
    second = workspace.registry.add("2", 200.0)
    said(workspace, first, champion_error, runs[0], seed=1, **span)
    said(workspace, second, challenger_error, runs[1], seed=2, **span)
    return second


def test_the_best_of_the_first_candidates_serves_and_the_record_says_why(workspace):
    candidates = [workspace.registry.add(number, pinball) for number, pinball in (("1", 300.0), ("2", 250.0))]
    verdicts = admit(workspace, LOAD, candidates)
    assert [one.serves for one in (verdicts["1"], verdicts["2"])] == [False, True]
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)
    assert "outdone by lstm v2" in workspace.registry.version(LOAD, "1").tags["verdict_reasons"]
    (row,) = workspace.lake.read_promotions(LOAD).to_dict("records")
    assert (row["how"], row["from_version"], row["to_version"], row["decided_by"]) == ("first", "", "2", "the gate")


def test_a_better_challenger_takes_the_place_of_the_champion(workspace):
    verdict = admit(workspace, LOAD, [champion_and_challenger(workspace, 600, 400)])["2"]
    assert (verdict.verdict, verdict.serves) == ("promote", True)
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)
    assert workspace.registry.version(LOAD, "1").aliases == ()
    last = workspace.lake.read_promotions(LOAD).iloc[-1]
    assert (last["how"], last["from_version"], last["to_version"]) == ("gate", "1", "2")
    assert "70 days" in last["reason"]


def test_an_equal_challenger_forecasts_along_and_the_champion_stays(workspace):
    verdict = admit(workspace, LOAD, [champion_and_challenger(workspace, 500, 500)])["2"]
    assert not verdict.serves
    assert workspace.registry.version(LOAD, "1").aliases == ("champion",)
    assert workspace.registry.version(LOAD, "2").aliases == ("challenger",)
    assert "not better by the margin" in workspace.registry.version(LOAD, "2").tags["verdict_reasons"]


def test_a_challenger_that_is_better_but_worse_than_the_official_forecast_is_kept_out(workspace):
    verdict = admit(workspace, LOAD, [champion_and_challenger(workspace, 6000, 4000)])["2"]
    assert verdict.verdict == "keep"
    assert "worse than the official forecast" in verdict.words


def test_without_a_common_day_the_period_is_too_short_to_tell(workspace):
    first = workspace.registry.add("1", 300.0)
    admit(workspace, LOAD, [first])
    said(workspace, first, 500)
    verdict = admit(workspace, LOAD, [workspace.registry.add("2", 200.0)])["2"]
    assert verdict.verdict == "too_short"
    assert "no day that lstm v1 and lstm v2 have both forecast" in verdict.words


def test_days_of_the_holdout_decide_nothing(tmp_path):
    workspace = workspace_at(tmp_path, holdout_start=day(JUDGED[0]))
    verdict = admit(workspace, LOAD, [champion_and_challenger(workspace, 600, 400)])["2"]
    assert verdict.verdict == "too_short"


def test_days_of_a_back_test_decide_nothing(workspace):
    verdict = admit(workspace, LOAD, [champion_and_challenger(workspace, 600, 400)])
    assert verdict["2"].serves  # so the evidence would do
    other = workspace.registry.add("3", 100.0)
    said(workspace, other, 100, run="backtest/look")
    assert admit(workspace, LOAD, [other])["3"].verdict == "too_short"


def test_live_and_shadow_forecasts_of_the_same_days_are_evidence_as_they_come(tmp_path):
    workspace = workspace_at(tmp_path)
    second = champion_and_challenger(workspace, 600, 400, ("live", "shadow"), span=(110, 120))
    assert admit(workspace, LOAD, [second])["2"].verdict == "too_short"
    workspace = workspace_at(tmp_path / "later")
    second = champion_and_challenger(workspace, 600, 300, ("live", "shadow"), span=(80, 128))
    admit(workspace, LOAD, [second])
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)


def test_the_gate_can_be_asked_again_when_there_are_more_days(workspace):
    second = champion_and_challenger(workspace, 600, 400, span=(40, 50))
    assert admit(workspace, LOAD, [second])["2"].verdict == "too_short"
    said(workspace, workspace.registry.version(LOAD, "1"), 600, seed=3, run="live", span=(51, 109))
    said(workspace, second, 400, seed=4, run="shadow", span=(51, 109))
    assert judge(workspace, LOAD).serves
    with pytest.raises(ModelError, match="has no challenger"):
        judge(workspace, LOAD)


def test_a_person_decides_with_a_reason_and_takes_it_back_step_by_step(workspace):
    for number, pinball in (("1", 1.0), ("2", 2.0), ("3", 3.0)):
        workspace.registry.add(number, pinball)
    admit(workspace, LOAD, [workspace.registry.version(LOAD, "1")])
    with pytest.raises(ModelError, match="needs a reason"):
        promote(workspace, LOAD, "2", " ", "ana")
    for number in ("2", "3"):
        promote(workspace, LOAD, number, "I know better", "ana")
    with pytest.raises(ModelError, match="serves already"):
        promote(workspace, LOAD, "3", "again", "ana")
    assert [rollback(workspace, LOAD, "I did not", "ana").number for _ in range(2)] == ["2", "1"]
    with pytest.raises(ModelError, match="no champion before it"):
        rollback(workspace, LOAD, "further", "ana")
    told = workspace.lake.read_promotions(LOAD)
    assert list(told["how"]) == ["first", "person", "person", "rollback", "rollback"]
    assert list(told["from_version"]) == ["", "1", "2", "3", "2"]
    assert "I know better" in workspace.registry.version(LOAD, "3").tags["champion_since"]
