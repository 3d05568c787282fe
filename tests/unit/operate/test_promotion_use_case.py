"""Promotion: who serves, on what evidence, by whose decision, and how it is undone."""

import json

import pandas as pd
import pytest
from builders.registry import JUDGED, TRAINED, day, said, workspace_at
from builders.rows import LOAD

from gridahead.core.errors import ModelError
from gridahead.core.tables import PROCEDURES, Procedures
from gridahead.core.time import now
from gridahead.operate.promotion import admit, best_of, try_challenger
from gridahead.promotion.evidence import gather
from gridahead.promotion.promote import promote, rollback
from gridahead.reports.promotion import outcome_reason, reasons
from gridahead.settings.networks import SharedSettings


@pytest.fixture
def workspace(tmp_path):
    return workspace_at(tmp_path)


def champion_and_challenger(workspace, champion_error, challenger_error, runs=("validation", "validation"), **span):
    """Version 1 serves, and version 2 is new; both have forecast, and neither has learnt the days it was judged on."""
    first = workspace.registry.add("1", 300.0, learnt=TRAINED[1])
    admit(workspace, LOAD, [first])
    second = workspace.registry.add("2", 200.0, learnt=TRAINED[1])
    said(workspace, first, champion_error, runs[0], seed=1, **span)
    said(workspace, second, challenger_error, runs[1], seed=2, **span)
    return second


def passed(workspace, settings, model="lstm", outcome="passed"):
    """A back-test has shown that training again with these settings is safe."""
    row = {
        "zone": "DE",
        "quantity": "load",
        "model": model,
        "settings_hash": settings,
        "retrain": "weekly",
        "run": "backtest/weekly",
        "against": "backtest/never",
        "outcome": outcome,
        "days": 550,
        "ratio": 0.99,
        "ratio_low": 0.98,
        "ratio_high": 1.0,
        "p": 0.001,
        "reason": "so",
        "decided_by": "ana",
        "decided_at": now(),
    }
    workspace.lake.procedures.append(Procedures(PROCEDURES.check(pd.DataFrame([row]))))


def test_the_best_of_the_first_candidates_serves_and_the_record_says_why(workspace):
    candidates = [workspace.registry.add(number, pinball) for number, pinball in (("1", 300.0), ("2", 250.0))]
    outcomes = admit(workspace, LOAD, candidates)
    assert [one.serves for one in (outcomes["1"], outcomes["2"])] == [False, True]
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)
    assert "outdone by lstm v2" in workspace.registry.version(LOAD, "1").tags["outcome_reasons"]
    (row,) = workspace.lake.read_promotions(LOAD).to_dict("records")
    assert (row["how"], row["from_version"], row["to_version"], row["decided_by"]) == ("first", "", "2", "the trial")


@pytest.mark.parametrize(
    ("losses", "best"), [((200.0, 205.9), "2"), ((200.0, 206.1), "1"), ((200.0, 205.0, 204.0), "3")]
)
def test_an_aggregate_within_three_percent_is_preferred_and_of_two_the_one_that_loses_less(workspace, losses, best):
    ensembles = {"aggregate": ("lstm", "naive"), "another": ("gru", "official")}
    settings = workspace.settings.model_copy(update={"ensembles": ensembles})
    models = ("lstm", *ensembles)
    candidates = [
        workspace.registry.add(str(number), loss, model)
        for number, (loss, model) in enumerate(zip(losses, models, strict=False), 1)
    ]
    assert best_of(candidates, settings).number == best


def test_an_aggregate_of_a_shared_network_is_preferred_likewise(workspace):
    shared = SharedSettings(name="all", model="gru", series=("DE/load", "FR/load"), fine_tune=True)
    settings = workspace.settings.model_copy(update={"shared": (shared,)})
    losses = {"all": 200.0, "all_tuned": 199.0, "all_aggregate": 204.0}
    candidates = [
        workspace.registry.add(str(number), loss, model) for number, (model, loss) in enumerate(losses.items(), 1)
    ]
    assert best_of(candidates, settings).model == "all_aggregate"
    assert best_of(candidates, workspace.settings).model == "all_tuned"


def test_the_figures_of_who_is_outdone_have_the_unit_of_the_series(tmp_path):
    workspace = workspace_at(tmp_path, "GW")
    candidates = [workspace.registry.add(number, pinball) for number, pinball in (("1", 300.0), ("2", 250.0))]
    reason = outcome_reason(admit(workspace, LOAD, candidates)["1"])
    assert reason == "outdone by lstm v2 of the same training: pinball 0.300 GW against 0.250 GW on the validation days"


def test_a_champion_whose_weights_are_lost_is_succeeded_at_once(workspace):
    challenger = champion_and_challenger(workspace, 600, 600)
    workspace.registry.lost.add("1")
    outcome = admit(workspace, LOAD, [challenger])["2"]
    assert outcome.kind == "first"
    assert "the weights of lstm v1 are lost" in outcome_reason(outcome)
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)


@pytest.mark.parametrize("trained_for", ["D-1T1230[Europe/Berlin]", "D-1T0900[Europe/Berlin]"])
def test_a_champion_that_is_not_asked_at_the_deadline_any_more_is_succeeded_without_a_trial(workspace, trained_for):
    challenger = champion_and_challenger(workspace, 400, 600)
    workspace.registry.note(workspace.registry.version(LOAD, "1"), {"deadline": trained_for})
    outcome = admit(workspace, LOAD, [challenger])["2"]
    assert outcome.kind == "first" and outcome.serves
    assert outcome_reason(outcome).endswith(
        f"as lstm v1 is trained for {trained_for}, and the deadline is D-1T1100[Europe/Berlin]"
    )
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)


def test_of_versions_of_a_new_series_that_others_have_taught_the_newest_serves_without_a_trial(workspace):
    challenger = champion_and_challenger(workspace, 400, 600)
    for number in ("1", "2"):
        workspace.registry.note(workspace.registry.version(LOAD, number), {"taught_by": "12"})
    outcome = admit(workspace, LOAD, [workspace.registry.version(LOAD, challenger.number)])["2"]
    assert (outcome.kind, outcome.serves) == ("first", True)
    assert outcome_reason(outcome).endswith("as lstm v1 has learnt no day of the series either, and knew fewer of them")


def test_the_first_version_that_has_learnt_days_of_a_new_series_has_its_trial(workspace):
    challenger = champion_and_challenger(workspace, 500, 500)
    workspace.registry.note(workspace.registry.version(LOAD, "1"), {"taught_by": "12"})
    assert not admit(workspace, LOAD, [challenger])["2"].serves
    assert workspace.registry.version(LOAD, "1").aliases == ("champion",)


def test_a_champion_that_has_learnt_later_issue_times_has_its_trial(workspace):
    challenger = champion_and_challenger(workspace, 500, 500)
    tags = {"deadline": "D-1T0900[Europe/Berlin]", "issued_until": "D-1T1200[Europe/Berlin]"}
    workspace.registry.note(workspace.registry.version(LOAD, "1"), tags)
    assert not admit(workspace, LOAD, [challenger])["2"].serves


def test_a_better_challenger_takes_the_place_of_the_champion(workspace):
    outcome = admit(workspace, LOAD, [champion_and_challenger(workspace, 600, 400)])["2"]
    assert (outcome.kind, outcome.serves) == ("promote", True)
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)
    assert workspace.registry.version(LOAD, "1").aliases == ()
    last = workspace.lake.read_promotions(LOAD).iloc[-1]
    assert (last["how"], last["from_version"], last["to_version"]) == ("trial", "1", "2")
    assert "70 days" in last["reason"]


def test_an_equal_challenger_forecasts_along_and_the_champion_stays(workspace):
    outcome = admit(workspace, LOAD, [champion_and_challenger(workspace, 500, 500)])["2"]
    assert not outcome.serves
    assert workspace.registry.version(LOAD, "1").aliases == ("champion",)
    assert workspace.registry.version(LOAD, "2").aliases == ("challenger",)
    assert "not better by the margin" in workspace.registry.version(LOAD, "2").tags["outcome_reasons"]


def test_a_challenger_that_is_better_but_worse_than_the_official_forecast_is_kept_out(workspace):
    outcome = admit(workspace, LOAD, [champion_and_challenger(workspace, 6000, 4000)])["2"]
    assert outcome.kind == "keep"
    assert "worse than the official forecast" in outcome_reason(outcome)


def test_without_a_common_day_the_period_is_too_short_to_tell(workspace):
    first = workspace.registry.add("1", 300.0)
    admit(workspace, LOAD, [first])
    said(workspace, first, 500)
    outcome = admit(workspace, LOAD, [workspace.registry.add("2", 200.0)])["2"]
    assert outcome.kind == "too_short"
    assert "no day that lstm v1 and lstm v2 have both forecast" in outcome_reason(outcome)


def test_days_of_the_holdout_decide_nothing(tmp_path):
    workspace = workspace_at(tmp_path, holdout_start=day(JUDGED[0]))
    outcome = admit(workspace, LOAD, [champion_and_challenger(workspace, 600, 400)])["2"]
    assert outcome.kind == "too_short"


def test_days_of_a_back_test_decide_nothing(workspace):
    outcome = admit(workspace, LOAD, [champion_and_challenger(workspace, 600, 400)])
    assert outcome["2"].serves  # so the evidence would do
    other = workspace.registry.add("3", 100.0)
    said(workspace, other, 100, run="backtest/look")
    assert admit(workspace, LOAD, [other])["3"].kind == "too_short"


def test_live_and_shadow_forecasts_of_the_same_days_are_evidence_as_they_come(tmp_path):
    workspace = workspace_at(tmp_path)
    second = champion_and_challenger(workspace, 600, 400, ("live", "shadow"), span=(110, 120))
    assert admit(workspace, LOAD, [second])["2"].kind == "too_short"
    workspace = workspace_at(tmp_path / "later")
    second = champion_and_challenger(workspace, 600, 300, ("live", "shadow"), span=(60, 128))
    admit(workspace, LOAD, [second])
    assert workspace.registry.version(LOAD, "2").aliases == ("champion",)


def test_what_served_weights_said_of_days_that_they_had_learnt_is_refused(workspace):
    second = champion_and_challenger(workspace, 600, 400, ("live", "shadow"), span=(TRAINED[1], 100))
    with pytest.raises(ModelError, match="lstm v1: has learnt until"):
        admit(workspace, LOAD, [second])


def test_out_of_fold_answers_are_never_compared_with_what_served_weights_said(workspace):
    second = champion_and_challenger(workspace, 600, 400, ("live", "validation"))
    assert admit(workspace, LOAD, [second])["2"].kind == "too_short"
    said(workspace, second, 500, seed=2, run="shadow", span=(100, 109))
    said(workspace, workspace.registry.version(LOAD, "1"), 600, seed=1, span=(70, 99))
    found = gather(workspace, LOAD, [workspace.registry.version(LOAD, number) for number in "12"])
    assert found is not None
    assert (found.days[0], found.days[-1], len(found.days)) == (day(70), day(109), 40)
    # Up to day 99 both have out-of-fold answers, of an error of 600 and 400 MW; then served ones, of 600 and 500 MW.
    mae = found.losses.pivot_table(index="day", columns="model", values="mae")["lstm v2"]
    assert mae.iloc[:30].mean() == pytest.approx(0.8 * 400, rel=0.1)
    assert mae.iloc[30:].mean() == pytest.approx(0.8 * 500, rel=0.1)


def test_a_network_against_itself_has_a_difference_of_nothing_and_is_not_promoted(workspace):
    """Issued forecasts beside out-of-fold answers of the same network once made it better than itself."""
    first = workspace.registry.add("1", 300.0, learnt=TRAINED[1])
    admit(workspace, LOAD, [first])
    second = workspace.registry.add("2", 200.0, learnt=TRAINED[1])
    for version, run in ((first, "live"), (second, "shadow")):
        said(workspace, version, 500, seed=1, run=run)
        said(workspace, version, 300, seed=2)
    assert admit(workspace, LOAD, [second])["2"].kind == "keep"
    figures = json.loads(workspace.registry.version(LOAD, "2").tags["trial_figures"])
    assert (figures["improvement"], figures["e_value"]) == (0.0, 1.0)


def test_a_trial_can_be_held_again_when_there_are_more_days(workspace):
    second = champion_and_challenger(workspace, 600, 400, span=(40, 50))
    assert admit(workspace, LOAD, [second])["2"].kind == "too_short"
    said(workspace, workspace.registry.version(LOAD, "1"), 600, seed=3, run="live", span=(51, 109))
    said(workspace, second, 400, seed=4, run="shadow", span=(51, 109))
    assert try_challenger(workspace, LOAD).serves
    with pytest.raises(ModelError, match="has no challenger"):
        try_challenger(workspace, LOAD)


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


def test_how_many_candidates_there_were_and_when_the_challenger_was_named_is_kept_and_counts(workspace):
    second = champion_and_challenger(workspace, 600, 400)
    others = [workspace.registry.add(str(number), 900.0) for number in range(3, 43)]
    outcome = admit(workspace, LOAD, [second, *others])["2"]
    tags = workspace.registry.version(LOAD, "2").tags
    assert tags["candidates"] == "41"
    assert "as the best of 41" in outcome_reason(outcome)
    assert json.loads(tags["trial_figures"])["e_needed"] == 41 * 80
    assert f"named on {tags['named_at'][:10]}" in reasons(try_challenger(workspace, LOAD).findings)[0]


def refreshed(workspace, champion_error, error, **of_second):
    """Version 1 serves, and version 2 is the same trained again on newer days."""
    first = workspace.registry.add("1", 300.0, settings="same", learnt=JUDGED[1] - 7)
    admit(workspace, LOAD, [first])
    second = workspace.registry.add("2", 200.0, **{"settings": "same"} | of_second)
    said(workspace, first, champion_error, seed=1)
    said(workspace, second, error, seed=2)
    return second


def test_a_champion_trained_again_takes_over_after_a_short_trial_once_the_procedure_has_passed(workspace):
    second = refreshed(workspace, 500, 505)
    outcome = admit(workspace, LOAD, [second])["2"]
    assert not outcome.serves
    assert (
        "gridahead models refresh-test --series DE/load --run backtest/weekly --against backtest/never"
        in outcome_reason(outcome)
    )
    passed(workspace, "same")
    outcome = try_challenger(workspace, LOAD)
    assert outcome.serves
    assert "times the champion's over the newest 28 days, at most 1.05" in outcome_reason(outcome)
    last = workspace.lake.read_promotions(LOAD).iloc[-1]
    assert (last["how"], last["alias"], last["to_version"]) == ("refresh", "champion", "2")


def test_a_refresh_takes_over_even_where_another_candidate_was_better_which_challenges_it_then(workspace):
    passed(workspace, "same")
    second = refreshed(workspace, 500, 500)
    third = workspace.registry.add("3", 100.0, "gru")
    said(workspace, third, 495, seed=3)
    outcomes = admit(workspace, LOAD, [second, third])
    assert outcomes["2"].serves and not outcomes["3"].serves
    assert reasons(outcomes["3"].findings)[0].startswith("against lstm v2")
    assert [workspace.registry.version(LOAD, number).aliases for number in "123"] == [
        (),
        ("champion",),
        ("challenger",),
    ]


def test_a_refresh_that_is_worse_does_not_take_over_and_leaves_the_challenger_its_place(workspace):
    passed(workspace, "same")
    second = refreshed(workspace, 400, 500)
    third = workspace.registry.add("3", 100.0, "gru")
    said(workspace, third, 400, seed=3)
    outcomes = admit(workspace, LOAD, [second, third])
    assert outcomes["2"].kind == "keep"
    assert [workspace.registry.version(LOAD, number).aliases for number in "123"] == [
        ("champion",),
        (),
        ("challenger",),
    ]


@pytest.mark.parametrize(
    "of_second", [{"settings": "other"}, {"model": "gru"}, {"learnt": JUDGED[1] - 7}], ids=["settings", "model", "days"]
)
def test_a_changed_model_needs_more_than_a_short_trial(workspace, of_second):
    passed(workspace, "same")
    passed(workspace, "other")
    outcome = admit(workspace, LOAD, [refreshed(workspace, 500, 500, **of_second)])["2"]
    assert not outcome.serves
    assert "margin" in outcome_reason(outcome)


def test_a_procedure_that_failed_later_is_no_longer_trusted(workspace):
    passed(workspace, "same")
    passed(workspace, "same", outcome="failed")
    assert not admit(workspace, LOAD, [refreshed(workspace, 500, 500)])["2"].serves


def test_a_challenge_goes_on_where_either_is_trained_again(workspace):
    """What the former champion and the former challenger said speaks for those of the same settings."""
    for number, settings, learnt in (("1", "a", 39), ("2", "b", 39), ("3", "a", 89), ("4", "b", 89)):
        workspace.registry.add(number, 300.0, settings=settings, learnt=learnt)
    versions = [workspace.registry.version(LOAD, number) for number in "1234"]
    for one, run, span, error in (
        (versions[0], "live", (60, 89), 600),
        (versions[1], "shadow", (60, 89), 400),
        (versions[2], "live", (90, 128), 600),
        (versions[3], "shadow", (90, 128), 400),
    ):
        said(workspace, one, error, run=run, span=span, seed=int(one.number))
    admit(workspace, LOAD, [versions[2]])
    outcome = admit(workspace, LOAD, [versions[3]])["4"]
    assert outcome.serves
    assert "69 days" in reasons(outcome.findings)[0]
