"""Trials on made-up days whose worth is known."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.errors import ContractError
from gridahead.promotion.trial import decide, not_inferior, promotable, relative_differences, sane, trial_days
from gridahead.promotion.trial_findings import TooFewDays
from gridahead.reports.promotion import reasons
from gridahead.settings.gates import PromotionSettings

SETTINGS = PromotionSettings()


def world(days=90, gain=0.0, seed=0, *, noise=0.1, inside=0.8, official=1.5, naive=2.0):
    """Days with heavy tails that are hard for all; the challenger is better in truth by so much."""
    draws = np.random.default_rng(seed)
    hard = 500 * np.exp(0.5 * draws.standard_t(8, days))
    index = pd.date_range("2025-01-01", periods=days)
    return pd.DataFrame(
        {
            "champion": hard * np.exp(noise / np.sqrt(2) * draws.normal(size=days)),
            "challenger": hard * np.exp(noise / np.sqrt(2) * draws.normal(size=days)) * (1 - gain),
            "official": official * hard,
            "official_corrected": official * hard,
            "naive": naive * hard,
            "inside": np.clip(inside + 0.1 * draws.normal(size=days), 0, 1),
            "season": np.where(index.month <= 2, "winter", "spring"),
            "holiday": False,
        },
        index=index,
    )


def slow_wave(days):
    """Good weeks and bad weeks, none on the whole: what luck looks like when days resemble their neighbours."""
    return np.cos(2 * np.pi * (np.arange(days) + 0.5) / days)


def test_a_challenger_that_is_clearly_better_calibrated_and_nowhere_worse_is_promoted():
    result = decide(world(gain=0.1), SETTINGS)
    assert result.outcome == "promote"
    assert result.figures["improvement"] == pytest.approx(0.1, abs=0.03)
    assert result.figures["improvement_low"] < result.figures["improvement"] < result.figures["improvement_high"]
    assert result.figures["e_value"] >= result.figures["e_needed"] == 1 / SETTINGS.alpha_ever
    assert result.figures["ratio/official/winter"] == pytest.approx(0.9 / 1.5, abs=0.03)
    assert [reason.partition(":")[0] for reason in reasons(result.findings)[:2]] == ["better", "calibrated"]


def test_equal_challengers_are_seldom_promoted_and_better_ones_mostly():
    equal = [decide(world(seed=seed), SETTINGS).outcome for seed in range(100)]
    better = [decide(world(days=150, seed=seed, gain=0.05), SETTINGS).outcome for seed in range(50)]
    assert equal.count("promote") <= 0.05 * 100
    assert better.count("promote") >= 0.8 * 50


def test_the_same_forecasts_make_no_difference_and_are_never_promoted_even_without_a_margin():
    days = world(days=365)
    days["challenger"] = days["champion"]
    for settings in (SETTINGS, PromotionSettings(margin=0.0)):
        result = decide(days, settings)
        assert result.outcome != "promote"
        assert (result.figures["improvement"], result.figures["e_value"]) == (0.0, 1.0)


def test_the_short_answer_is_that_of_the_trial():
    asked = [
        (world(days=days, seed=seed, gain=gain, inside=inside, official=official), candidates)
        for seed, (days, gain, inside, official, candidates) in enumerate(
            [
                (27, 0.5, 0.8, 1.5, 1),
                (90, 0.1, 0.8, 1.5, 1),
                (90, 0.1, 0.8, 1.5, 10_000),
                (90, 0.1, 0.6, 1.5, 1),
                (90, 0.1, 0.8, 0.8, 1),
                (90, 0.0, 0.8, 1.5, 1),
                (150, 0.05, 0.8, 1.5, 1),
                (150, 0.05, 0.8, 1.5, 3),
            ]
        )
    ]
    long = [decide(days, SETTINGS, candidates).outcome == "promote" for days, candidates in asked]
    assert [promotable(days, SETTINGS, candidates) for days, candidates in asked] == long
    assert 1 < sum(long) < len(long)


def test_the_best_of_many_has_to_show_as_many_times_more():
    days = world(gain=0.1)
    alone, best_of = decide(days, SETTINGS), decide(days, SETTINGS, candidates=100)
    assert best_of.figures["e_needed"] == 100 * alone.figures["e_needed"]
    assert (alone.outcome, best_of.outcome) == ("promote", "too_short")
    assert "as the best of 100" in reasons(best_of.findings)[0]


def test_a_challenger_that_is_slightly_better_on_most_days_and_terrible_on_some_is_not_promoted():
    promoted = 0
    for seed in range(50):
        days = world(days=180, seed=seed, noise=0.02)
        terrible = np.random.default_rng(seed).random(180) < 0.08
        # 4 % better on 92 of 100 days, and 46 % worse on 8: no better in the mean.
        days["challenger"] *= np.where(terrible, 1.46, 0.96)
        promoted += decide(days, SETTINGS).outcome == "promote"
    assert promoted <= 6


def test_few_days_are_too_short_to_tell_whatever_they_show():
    result = decide(world(days=27, gain=0.5), SETTINGS)
    assert result.outcome == "too_short"
    assert reasons(result.findings) == ["period too short to tell: 27 days, at least 28 are needed"]


def test_an_improvement_that_luck_can_explain_says_after_how_many_days_a_true_one_would_show():
    days = world(days=40).assign(champion=100.0, challenger=97 + 20 * slow_wave(40))
    result = decide(days, SETTINGS)
    assert result.figures["improvement"] == pytest.approx(0.03)
    assert result.outcome == "too_short"
    assert "luck can explain: e-value" in reasons(result.findings)[0]
    assert "a true improvement of 2 % after about" in reasons(result.findings)[0]
    assert result.figures["days_to_see_2"] > result.figures["days_to_see_5"] > result.figures["days_to_see_10"]


def test_a_challenger_that_is_not_better_by_the_margin_is_not_promoted_however_sure_it_is():
    days = world(days=365, noise=0.0, gain=0.009)
    days["challenger"] *= np.random.default_rng(0).uniform(0.9999, 1.0001, len(days))
    result = decide(days, SETTINGS)
    assert result.outcome == "keep"
    assert reasons(result.findings)[0].startswith("not better by the margin of 1.0 %: 0.9 % smaller loss")
    assert decide(days, PromotionSettings(margin=0.0)).outcome == "promote"


def test_a_challenger_that_is_worse_is_said_to_have_the_larger_loss():
    result = decide(world(noise=0.0, gain=-0.14), SETTINGS)
    assert "14.0 % larger loss than the champion" in reasons(result.findings)[0]


@pytest.mark.parametrize("inside", [0.65, 0.93])
def test_a_better_challenger_whose_intervals_are_wrong_is_not_promoted(inside):
    result = decide(world(gain=0.1, inside=inside), SETTINGS)
    assert result.outcome == "keep"
    assert reasons(result.findings)[0].startswith("better:")
    assert reasons(result.findings)[1].startswith("not calibrated: its 80 % interval covers")


def test_intervals_that_luck_may_have_put_just_outside_the_band_are_no_obstacle():
    assert decide(world(gain=0.1, inside=0.745), SETTINGS).outcome == "promote"


def test_a_challenger_without_intervals_is_not_promoted():
    result = decide(world(gain=0.1).assign(inside=np.nan), SETTINGS)
    assert result.outcome == "keep"
    assert "calibration is not known" in reasons(result.findings)[1]


@pytest.mark.parametrize(
    ("reference", "words"),
    [("official", "official"), ("official_corrected", "corrected official"), ("naive", "naive")],
)
def test_a_better_challenger_that_is_worse_than_a_reference_in_one_season_is_not_promoted(reference, words):
    days = world(gain=0.1)
    days.loc[days["season"] == "spring", reference] *= 0.3
    result = decide(days, SETTINGS)
    assert result.outcome == "keep"
    assert any(f"worse than the {words} forecast in spring" in reason for reason in reasons(result.findings))
    assert not any("in winter" in reason for reason in reasons(result.findings))


def test_a_season_of_few_days_and_few_holidays_decide_nothing():
    days = world(gain=0.1)
    days["season"] = np.where(np.arange(90) < 19, "winter", "spring")
    days.loc[days["season"] == "winter", ["official", "official_corrected"]] *= 0.1
    days["official"] *= 1.5
    days.iloc[50:57, days.columns.get_loc("holiday")] = True
    assert not any("winter" in name or "holidays" in name for name in decide(days, SETTINGS).figures)


def test_a_better_challenger_that_is_worse_on_holidays_is_not_promoted():
    days = world(days=365, gain=0.1)
    chosen = days.index[::40]
    days.loc[chosen, "holiday"] = True
    days.loc[chosen, "official"] *= 0.4
    result = decide(days, SETTINGS)
    assert result.outcome == "keep"
    assert any("worse than the official forecast on holidays" in reason for reason in reasons(result.findings))


def test_a_little_worse_than_a_reference_is_tolerated_only_if_luck_can_explain_it():
    lucky = world(gain=0.1).assign(season="winter")
    lucky["official"] = lucky["challenger"] * (1 + 0.5 * slow_wave(90))
    lucky["official"] *= 0.95 * lucky["challenger"].mean() / lucky["official"].mean()
    tolerant = PromotionSettings(tolerance=0.3)
    assert decide(lucky, tolerant).figures["ratio/official/all"] == pytest.approx(1 / 0.95)
    assert decide(lucky, tolerant).outcome == "promote"
    surely = lucky.assign(official=lucky["challenger"] * np.random.default_rng(0).uniform(0.94, 0.96, 90))
    assert "more than luck explains" in reasons(decide(surely, tolerant).findings)[1]


def test_without_an_official_forecast_the_naive_one_is_left_to_compare_with():
    result = decide(world(gain=0.1).assign(official=np.nan), SETTINGS)
    assert result.outcome == "promote"
    assert "not compared with the official forecast: there are too few days of it" in reasons(result.findings)


def test_days_that_either_model_lacks_do_not_count():
    days = world(gain=0.1)
    days.iloc[:5, 0] = np.nan
    days.iloc[5:7, 1] = np.nan
    assert decide(days, SETTINGS).figures["days"] == 83


def test_relative_differences_by_hand():
    found = relative_differences([3.0, 1.0, 0.0, 2.0], [1.0, 3.0, 0.0, np.nan])
    np.testing.assert_allclose(found, [1.0, -1.0, 0.0, np.nan])


def losses():
    days = pd.date_range("2025-01-01", periods=3)
    rows = [
        {
            "model": model,
            "day": day,
            "crps": loss + n,
            "mae": 2 * loss,
            "inside": 0.8,
            "season": "winter",
            "day_kind": "holiday" if n == 0 else "working_day",
        }
        for model, loss in {"old": 10.0, "new": 9.0, "official": 20.0}.items()
        for n, day in enumerate(days)
    ]
    return pd.DataFrame(rows)


def test_gate_days_are_a_row_a_day_with_missing_references_marked():
    days = trial_days(losses(), "old", "new")
    assert list(days["champion"]) == [10.0, 11.0, 12.0]
    assert list(days["challenger"]) == [9.0, 10.0, 11.0]
    assert list(days["official"]) == [20.0, 21.0, 22.0]
    assert days["naive"].isna().all()
    assert list(days["holiday"]) == [True, False, False]


def test_a_model_without_losses_is_named():
    with pytest.raises(ContractError, match="model newest has none"):
        trial_days(losses(), "old", "newest")


def test_a_champion_trained_again_is_sane_if_it_is_not_much_worse_on_the_newest_days_whatever_was_before():
    days = world(days=90, noise=0.02)
    days.iloc[:62, days.columns.get_loc("challenger")] *= 3
    result = sane(days, SETTINGS)
    assert result.outcome == "promote"
    assert result.figures["days"] == 28
    newest = days.tail(28)
    assert result.figures["ratio/champion"] == pytest.approx(newest["challenger"].sum() / newest["champion"].sum())


@pytest.mark.parametrize(("gain", "inside", "said"), [(-0.08, 0.8, "more than 1.05"), (0.0, 0.5, "not calibrated")])
def test_a_champion_trained_again_that_went_wrong_does_not_take_over(gain, inside, said):
    result = sane(world(noise=0.01, gain=gain, inside=inside), SETTINGS)
    assert result.outcome == "keep"
    assert any(said in reason for reason in reasons(result.findings))


def test_a_trial_of_few_days_says_how_many_are_needed():
    result = sane(world(days=27), SETTINGS)
    assert (result.outcome, result.findings) == ("too_short", (TooFewDays(27, needed=28),))


def procedure(gain: float, days: int = 550, noise: float = 0.1) -> tuple[pd.Series, pd.Series]:
    found = world(days=days, gain=gain, noise=noise)
    return found["challenger"], found["champion"]


def test_training_again_passes_if_it_is_surely_no_worse_than_the_margin_allows():
    result = not_inferior(*procedure(0.02), SETTINGS)
    assert result.outcome == "promote"
    assert result.figures["ratio"] == pytest.approx(0.98, abs=0.015)
    assert result.figures["p"] < SETTINGS.alpha
    assert not_inferior(*procedure(-0.03), SETTINGS).outcome == "keep"
    assert "not shown" in reasons(not_inferior(*procedure(-0.03), SETTINGS).findings)[0]


def test_training_again_that_changes_nothing_passes():
    _, kept = procedure(0.0)
    assert not_inferior(kept, kept, SETTINGS).outcome == "promote"
    assert not_inferior(1.02 * kept, kept, SETTINGS).outcome == "keep"


def test_a_procedure_is_tested_on_eighteen_months_without_many_gaps():
    again, kept = procedure(0.1)
    assert not_inferior(again[:545], kept[:545], SETTINGS).outcome == "too_short"
    assert not_inferior(again[::2], kept, SETTINGS).outcome == "too_short"
    assert not_inferior(again[:0], kept[:0], SETTINGS).outcome == "too_short"
