"""Scores of small forecasts, calculated by hand."""

import numpy as np
import pandas as pd
import pytest
from builders.scores import DAY, ISSUED, NOW, forecasts, outturn, scored, value

from gridahead.core.errors import ContractError
from gridahead.core.tables import FORECASTS, SCORES, Forecasts
from gridahead.evaluation.catalogue import STORED
from gridahead.evaluation.scores import score, table

POINT_METRICS = {metric.name for metric in STORED if metric.basis == "units"}


def test_scores_are_as_their_table_declares_and_say_what_was_scored():
    scores = scored(forecasts([11.0, 8.0]), truth=outturn([10.0, 10.0]))
    pd.testing.assert_frame_equal(scores, SCORES.check(scores))
    row = scores[(scores["metric"] == "mae") & scores["lead"].isna()].iloc[0]
    assert (row["zone"], row["quantity"], row["run"], row["n"], row["unit"]) == ("DE", "load", "live", 2, "MW")
    assert (row["start"], row["end"]) == (DAY, DAY + pd.Timedelta(hours=2))


def test_lead_hours_by_hand():
    # Issued at 10:00Z, first value at 23:00Z: 13 hours of lead time, then 14 and 15.
    scores = scored(forecasts([11.0, 8.0, 13.0]), truth=outturn([10.0, 10.0, 10.0]))
    by_lead = scores[(scores["metric"] == "mae") & scores["lead"].notna()].set_index("lead")["value"]
    assert by_lead.to_dict() == pytest.approx({13: 1.0, 14: 2.0, 15: 3.0}, abs=1e-9)


def test_quarter_hours_share_the_whole_hour_of_their_lead_time():
    quarter = [forecasts([10.0 + n], start=DAY + n * pd.Timedelta(minutes=15), mtu="PT15M") for n in range(5)]
    truth = outturn([10.0] * 5).assign(valid_time=pd.date_range(DAY, periods=5, freq="15min"))
    scores = scored(*quarter, truth=truth)
    assert value(scores, "mae", lead=13) == pytest.approx((0 + 1 + 2 + 3) / 4, abs=1e-9)
    assert value(scores, "mae", lead=14) == pytest.approx(4.0, abs=1e-9)
    assert scores["end"].max() == DAY + pd.Timedelta(minutes=75)


def test_models_are_compared_on_the_times_that_all_of_them_have():
    easy_only = forecasts([10.0, 10.0], "lstm")
    hard_too = forecasts([10.0, 10.0, 99.0], "official")
    scores = scored(easy_only, hard_too, truth=outturn([10.0, 10.0, 10.0]))
    assert value(scores, "mae", "official") == 0.0
    assert set(scores.loc[scores["lead"].isna(), "n"]) == {2}


def test_a_time_without_outturn_is_scored_for_nobody():
    scores = scored(forecasts([11.0, 8.0]), truth=outturn([10.0, np.nan]))
    assert value(scores, "mae") == pytest.approx(1.0, abs=1e-9)


def test_without_common_times_there_are_no_scores():
    late = outturn([10.0], start=DAY + pd.Timedelta(days=9))
    assert scored(forecasts([1.0]), truth=late).empty
    assert score(Forecasts(FORECASTS.empty()), late, scored_at=NOW).empty


def test_of_a_forecast_made_twice_the_newest_counts_as_a_whole():
    old = forecasts([[0.0, 50.0, 100.0]], levels=(0.1, 0.5, 0.9))
    new = forecasts([[12.0]], made=ISSUED + pd.Timedelta(hours=1))
    scores = scored(old, new, truth=outturn([10.0]))
    assert value(scores, "mae") == pytest.approx(2.0, abs=1e-9)
    assert "coverage_80" not in set(scores["metric"])


def test_coverage_and_width_and_pinball_by_hand():
    rows = [[8.0, 10.0, 12.0], [8.0, 10.0, 12.0], [8.0, 10.0, 14.0]]
    scores = scored(forecasts(rows, levels=(0.1, 0.5, 0.9)), truth=outturn([12.0, 13.0, 7.0]))
    assert value(scores, "coverage_80") == pytest.approx(0.5 / 3, abs=1e-9), "12 is on the bound, the others outside"
    assert value(scores, "width_80") == pytest.approx((4 + 4 + 6) / 3, abs=1e-9)
    # hour 0: e = 4, 2, 0; hour 1: e = 5, 3, 1; hour 2: e = −1, −3, −7
    by_hand = [0.1 * 4, 0.5 * 2, 0.0, 0.1 * 5, 0.5 * 3, 0.9 * 1, 0.9 * 1, 0.5 * 3, 0.1 * 7]
    assert value(scores, "pinball") == pytest.approx(sum(by_hand) / 9, abs=1e-9)


def test_what_lies_below_each_level_by_hand():
    """A tie counts half, and an hour that is a point does not count."""
    rows = [[8.0, 10.0, 12.0]] * 3 + [[10.0, 10.0, 10.0]]
    scores = scored(forecasts(rows, levels=(0.1, 0.5, 0.9)), truth=outturn([9.0, 10.0, 13.0, 0.0]))
    assert value(scores, "below_median") == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-9)
    # 0 of 3 are below P10, a half below P50, 2 of 3 below P90: of the distances 0.1, 0 and 0.233 the last is furthest.
    assert value(scores, "furthest_level") == pytest.approx(0.9 - 2 / 3, abs=1e-9)
    assert set(scores.loc[scores["metric"].isin(["below_median", "furthest_level"]), "unit"]) == {"1"}


def test_a_model_without_spread_has_no_scores_of_spread():
    scores = scored(forecasts([11.0], "official"), truth=outturn([10.0]))
    assert set(scores["metric"]) == POINT_METRICS - {"wape"}
    assert set(scores.loc[scores["lead"].notna(), "metric"]) == {"mae"}


def test_a_day_with_a_bare_median_does_not_count_for_the_spread():
    spread = forecasts([[8.0, 10.0, 12.0]], levels=(0.1, 0.5, 0.9))
    bare = forecasts([14.0], start=DAY + pd.Timedelta(hours=1))
    scores = scored(spread, bare, truth=outturn([10.0, 10.0]))
    assert value(scores, "mae") == pytest.approx(2.0, abs=1e-9)
    assert value(scores, "pinball") == pytest.approx((0.1 * 2 + 0.1 * 2) / 3, abs=1e-9)
    counts = scores[scores["lead"].isna()].set_index("metric")["n"]
    assert {"pinball", "coverage_80", "width_80", "below_median", "furthest_level"} <= set(counts.index)
    assert counts.to_dict() == {name: 2 if name in POINT_METRICS else 1 for name in counts.index}


@pytest.mark.parametrize(("quantity", "metric"), [("load", "mape"), ("solar", "wape"), ("residual_load", "wape")])
def test_percentages_of_each_value_are_for_quantities_that_are_never_near_zero(quantity, metric):
    scores = scored(forecasts([11.0], quantity=quantity), truth=outturn([10.0]))
    assert {"mape", "wape"} & set(scores["metric"]) == {metric}
    assert value(scores, metric) == pytest.approx(0.1, abs=1e-9)


def test_all_findings_are_told_at_once():
    frames = pd.concat([forecasts([1.0], levels=(0.4,)), forecasts([1.0], "gru", quantity="solar")])
    with pytest.raises(ContractError) as caught:
        score(Forecasts(frames), pd.concat([outturn([1.0]), outturn([2.0])]), scored_at=NOW)
    assert len(caught.value.findings) == 3


def test_the_table_puts_trained_models_first_by_mae_and_references_last():
    scores = scored(
        forecasts([15.0], "gru"),
        forecasts([11.0], "lstm"),
        forecasts([14.0], "official"),
        forecasts([12.0], "naive"),
        forecasts([12.5], "official_corrected"),
        truth=outturn([10.0]),
    )
    wide = table(scores)
    assert list(wide["model"]) == ["lstm", "gru", "official", "official_corrected", "naive"]
    assert list(wide["skill_official"]) == pytest.approx([0.75, -0.25, 0.0, 0.375, 0.5], abs=1e-9)
    assert list(wide["skill_official_corrected"]) == pytest.approx([0.6, -1.0, -0.6, 0.0, 0.2], abs=1e-9)
    metrics = [metric.name for metric in STORED if metric.name in POINT_METRICS - {"wape"}]
    skills = ["skill_official", "skill_official_corrected"]
    assert list(wide.columns) == ["run", "series", "model", "n", *metrics, *skills]


def test_without_an_official_forecast_there_is_no_skill():
    wide = table(scored(forecasts([11.0]), truth=outturn([10.0])))
    assert wide["skill_official"].isna().all()


def test_only_the_newest_scoring_counts():
    old = scored(forecasts([19.0]), forecasts([10.0], "gru"), truth=outturn([10.0]))
    old["scored_at"] -= pd.Timedelta(days=1)
    wide = table(pd.concat([old, scored(forecasts([11.0]), truth=outturn([10.0]))]))
    assert list(wide["model"]) == ["lstm"]
    assert wide["mae"].item() == pytest.approx(1.0, abs=1e-9)


def test_the_table_of_no_scores_is_empty():
    assert table(SCORES.empty()).empty


def test_an_actual_that_is_issued_afterwards_as_a_forecast_is_not_scored():
    honest = forecasts([13.0, 13.0], made=ISSUED)
    cheating = forecasts([10.0, 10.0], issued=DAY + pd.Timedelta(hours=9), made=DAY + pd.Timedelta(hours=9))
    scores = scored(honest, cheating, truth=outturn([10.0, 10.0]))
    assert value(scores, "mae") == pytest.approx(3.0)
    assert set(scores.loc[scores["lead"].isna(), "n"]) == {2}
    assert scored(cheating, truth=outturn([10.0, 10.0])).empty


def test_a_forecast_for_the_unit_that_begins_when_it_is_issued_counts():
    assert value(scored(forecasts([13.0], issued=DAY), truth=outturn([10.0])), "mae") == pytest.approx(3.0)
