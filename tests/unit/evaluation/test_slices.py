"""Slices of small forecasts, calculated by hand."""

from typing import cast

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE
from builders.scores import forecasts, outturn

from gridahead.core.errors import ContractError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.slices import breakdown, clock_changes, labels_of, season

LEVELS = (0.1, 0.5, 0.9)
NEW_YEAR = pd.Timestamp("2025-12-31T23:00Z")
"""Local midnight of a holiday, a Thursday; Friday after it is a bridge day."""


def two_days(errors, model="lstm", start=NEW_YEAR, hours=48):
    """Hour by hour 100 MW plus the error of the day, an interval of ±10 around it."""
    error = np.repeat(errors, hours // len(errors))
    rows = 100 + error[:, None] + np.array([-10.0, 0.0, 10.0])
    return forecasts(rows, model, levels=LEVELS, start=start, issued=start - pd.Timedelta(hours=13))


def broken(*frames, truth=None, **given):
    truth = outturn([100.0] * 48, start=NEW_YEAR) if truth is None else truth
    return breakdown(Forecasts(FORECASTS.check(pd.concat(frames))), truth, DE, **given)


def value(found, by, name, metric, model="lstm"):
    chosen = found[(found["by"] == by) & (found["slice"] == name) & (found["metric"] == metric)]
    return chosen.loc[chosen["model"] == model, "value"].item()


def test_holidays_and_bridge_days_are_told_apart_in_local_time():
    found = broken(two_days([4.0, 20.0]))
    assert value(found, "day_kind", "holiday", "mae") == pytest.approx(4.0)
    assert value(found, "day_kind", "bridge_day", "mae") == pytest.approx(20.0)
    assert value(found, "weekday", "thu", "coverage_80") == pytest.approx(1.0)
    assert value(found, "weekday", "fri", "coverage_80") == pytest.approx(0.0)
    assert value(found, "none", "all", "mae") == pytest.approx(12.0)


def test_lead_days_are_counted_from_the_local_day_of_issue_to_that_of_delivery():
    # Both days are issued at noon UTC on 31 December: New Year is one day ahead, Friday two.
    found = broken(two_days([4.0, 20.0]))
    assert value(found, "lead_day", "1", "mae") == pytest.approx(4.0)
    assert value(found, "lead_day", "2", "mae") == pytest.approx(20.0)


def test_hours_are_those_of_the_wall_clock():
    error = np.zeros(24)
    error[7] = 6.0
    found = broken(two_days(error, hours=24), truth=outturn([100.0] * 24, start=NEW_YEAR))
    assert value(found, "hour", "07", "mae") == pytest.approx(6.0)
    assert value(found, "hour", "08", "mae") == 0.0
    assert list(found.loc[found["by"] == "hour", "slice"].unique()) == [f"{hour:02d}" for hour in range(24)]
    assert value(found, "lead", "20", "mae") == pytest.approx(6.0), "13 hours from issue to midnight, and 7"


def test_a_day_of_23_hours_is_a_day_of_its_own_kind_and_has_a_peak():
    start = pd.Timestamp("2026-03-28T23:00Z")  # clocks change on 29 March
    made = two_days([5.0], start=start, hours=23)
    found = broken(made, truth=outturn(np.arange(100.0, 123.0), start=start))
    assert value(found, "clock", "change", "daily_peak_error") == pytest.approx(122 - 105)
    assert value(found, "clock", "change", "daily_peak_delay") == pytest.approx(22)
    assert found.loc[(found["by"] == "clock") & (found["metric"] == "mae"), "n"].item() == 23


def test_bands_of_temperature_are_there_when_a_temperature_is_given():
    times = pd.date_range(NEW_YEAR, periods=48, freq="h")
    temperature = pd.Series([-3.0] * 24 + [5.0] * 12 + [10.0] * 11 + [np.nan], times)
    found = broken(two_days([4.0, 20.0]), temperature=temperature)
    assert value(found, "temperature", "below 0 degC", "mae") == pytest.approx(4.0)
    bands = found[(found["by"] == "temperature") & (found["metric"] == "mae")]
    assert dict(zip(bands["slice"], bands["n"], strict=True)) == {
        "below 0 degC": 24,
        "0 to 10 degC": 12,
        "10 to 20 degC": 11,
    }
    assert "temperature" not in set(broken(two_days([4.0, 20.0]))["by"])


def test_a_day_with_a_gap_counts_for_errors_and_not_for_peaks():
    truth = outturn([100.0] * 47 + [np.nan], start=NEW_YEAR)
    found = broken(two_days([4.0, 20.0]), truth=truth)
    assert value(found, "none", "all", "daily_peak_error") == pytest.approx(4.0)
    peaks = found[(found["by"] == "none") & (found["metric"] == "daily_peak_error")]
    assert peaks["n"].item() == 1


def test_a_model_without_quantiles_has_no_scores_of_spread():
    point = forecasts([104.0] * 48, "official", start=NEW_YEAR, issued=NEW_YEAR - pd.Timedelta(hours=13))
    metrics = set(broken(point, two_days([4.0, 20.0])).query("model == 'official'")["metric"])
    assert {"mae", "ramp_error"} <= metrics
    assert not {"crps", "coverage_80", "reliability_10"} & metrics


def test_skill_is_against_each_reference_in_the_same_slice():
    before = NEW_YEAR - pd.Timedelta(hours=13)
    official = forecasts([110.0] * 24 + [140.0] * 24, "official", start=NEW_YEAR, issued=before)
    found = broken(two_days([4.0, 20.0]), official)
    assert value(found, "day_kind", "holiday", "skill_official") == pytest.approx(1 - 4 / 10)
    assert value(found, "day_kind", "bridge_day", "skill_official") == pytest.approx(1 - 20 / 40)
    assert value(found, "none", "all", "skill_official", "official") == 0.0
    assert "skill_naive" not in set(found["metric"])


def test_reliability_and_crps_by_hand():
    found = broken(two_days([4.0, 20.0]))
    assert value(found, "none", "all", "reliability_10") == pytest.approx(0.5)
    assert value(found, "none", "all", "reliability_90") == pytest.approx(1.0)
    # Levels 0.1, 0.5, 0.9 stand for 0.3, 0.4, 0.3. Day 1: quantiles −6, 4, 14; day 2: 10, 20, 30 above the outturn.
    first = 2 * (0.3 * 0.1 * 6 + 0.4 * 0.5 * 4 + 0.3 * 0.1 * 14)
    second = 2 * (0.3 * 0.9 * 10 + 0.4 * 0.5 * 20 + 0.3 * 0.1 * 30)
    assert value(found, "none", "all", "crps") == pytest.approx((first + second) / 2)


def test_seasons_and_clock_changes():
    assert [season(month) for month in (12, 2, 3, 8, 11)] == ["winter", "winter", "spring", "summer", "autumn"]
    assert clock_changes(pd.Timestamp("2025-10-26"), DE)
    assert not clock_changes(pd.Timestamp("2025-10-27"), DE)


def test_daily_losses_are_those_of_local_days_on_common_times():
    point = forecasts([104.0] * 47, "official", start=NEW_YEAR, issued=NEW_YEAR - pd.Timedelta(hours=13))
    made = Forecasts(FORECASTS.check(pd.concat([two_days([4.0, 20.0]), point])))
    losses = daily_losses(made, outturn([100.0] * 48, start=NEW_YEAR), DE).set_index(["model", "day"])
    first, second = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")
    assert losses.loc[("lstm", first), "mae"] == pytest.approx(4.0)
    assert losses.loc[("lstm", second), "inside"] == 0.0
    assert losses.loc[("lstm", first), "crps"] == pytest.approx(2 * (0.3 * 0.1 * 6 + 0.4 * 0.5 * 4 + 0.3 * 0.1 * 14))
    assert losses.loc[("official", first), "crps"] == pytest.approx(4.0), "without quantiles it is the absolute error"
    assert np.isnan(cast("float", losses.loc[("official", first), "inside"]))
    assert list(losses.loc["lstm"]["day_kind"]) == ["holiday", "bridge_day"]


def test_without_a_common_time_there_are_no_daily_losses():
    made = Forecasts(FORECASTS.check(two_days([4.0, 20.0])))
    with pytest.raises(ContractError, match="time in common"):
        daily_losses(made, outturn([1.0], start=pd.Timestamp("2020-01-01T00:00Z")), DE)
    assert breakdown(made, outturn([1.0], start=pd.Timestamp("2020-01-01T00:00Z")), DE).empty


def test_the_scale_of_the_mase_is_what_last_week_was_wrong_by_before_the_first_issue():
    """Before the issue the load rises by 7 MW a week; after it, by a thousand."""
    weeks = np.arange(3 * 168) // 168 * 7.0
    history = outturn(100 + weeks, start=NEW_YEAR - pd.Timedelta(hours=13) - pd.Timedelta(weeks=3))
    after = outturn([1000.0] * 13, start=NEW_YEAR - pd.Timedelta(hours=13))
    truth = pd.concat([history, after, outturn([100.0] * 48, start=NEW_YEAR)], ignore_index=True)
    found = broken(two_days([4.0, 20.0]), truth=truth)
    assert value(found, "none", "all", "mase") == pytest.approx(12 / 7)
    assert value(found, "day_kind", "holiday", "mase") == pytest.approx(4 / 7)
    assert set(found.loc[found["metric"] == "mase", "unit"]) == {"1"}
    gap = truth.drop(index=range(10, 30)).sample(frac=1, random_state=0)
    assert value(broken(two_days([4.0, 20.0]), truth=gap), "none", "all", "mase") == pytest.approx(12 / 7)
    short = truth[truth["valid_time"] >= NEW_YEAR - pd.Timedelta(days=14)]
    assert "mase" not in set(broken(two_days([4.0, 20.0]), truth=short)["metric"])


def test_south_of_the_equator_january_is_summer():
    assert [season(month, southern=True) for month in (12, 2, 3, 8, 11)] == [
        "summer",
        "summer",
        "autumn",
        "winter",
        "spring",
    ]
    adelaide = BiddingZone("SA1", "Australia/Adelaide", "AU")
    times = pd.DatetimeIndex(["2024-01-15T00:00Z", "2024-03-15T00:00Z", "2024-07-15T00:00Z"])
    assert labels_of(times, adelaide)["season"].tolist() == ["summer", "autumn", "winter"]
