"""Official forecasts that are of no use throughout: biased, another zone's, yesterday once more."""

import re

import numpy as np
import pandas as pd
import pytest
from builders.long import first_of
from builders.years import TIMEZONE, as_rows

from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.quality.curves import curves_of
from gridahead.quality.gate import inspect
from gridahead.quality.whole_series.poor_officials import forecast_far_off, forecast_is_old_outturn

NOTHING = Observations(OBSERVATIONS.empty())
DAY = 24


def found(check, wide, settings):
    """The faults that a check finds, by quantity."""
    curves = curves_of(as_rows(wide, "Z"), settings, {})
    return {series.quantity: list(check(curve)) for (series, _), curve in curves.items() if check(curve)}


def judged(wide, settings):
    """Series, rule and severity of every fault that runs through a series."""
    rows = as_rows(wide, "Z")
    findings = inspect(rows, NOTHING, settings, decided_at=rows["valid_time"].max(), limits=LIMITS.empty()).findings
    through = ("forecast_far_off", "forecast_is_old_outturn", "hours_off", "unit_of_years", "unit_of_counterpart")
    return findings[findings["rule"].isin(through)]


@pytest.fixture
def pair(wide):
    """Load and its official forecast."""
    return wide[["load", "load_official"]]


def in_2023(wide: pd.DataFrame) -> np.ndarray:
    return np.asarray(pd.DatetimeIndex(wide.index).tz_convert(TIMEZONE).year == 2023)


def test_a_sound_official_forecast_is_left_alone(pair, settings):
    assert found(forecast_far_off, pair, settings) == {} and found(forecast_is_old_outturn, pair, settings) == {}


@pytest.mark.parametrize(("factor", "percent", "words"), first_of([(0.6, 40, "too low"), (1.9, 90, "too high")], 1))
def test_one_that_is_too_high_or_low_throughout_is_named_with_its_years_and_by_how_much(
    pair, settings, factor, percent, words
):
    findings = judged(pair.assign(load_official=pair["load_official"] * factor), settings)
    assert findings[["series", "rule", "severity"]].values.tolist() == [["Z/load_official", "forecast_far_off", "flag"]]
    asked = rf"it is not in 2022 \((\d+)% {words}\), 2023 \((\d+)% {words}\)"
    (by_year,) = re.findall(asked, findings["words"].iloc[0])
    assert [int(by) for by in by_year] == pytest.approx([percent, percent], abs=1)


def test_one_bad_year_is_named_alone(pair, settings):
    official = pair["load_official"].where(~in_2023(pair), 1.25 * pair["load_official"])
    told = found(forecast_far_off, pair.assign(load_official=official), settings)
    assert list(told) == ["load_official"]
    (fault,) = told["load_official"]
    assert fault.note == "2023 (25% too high)" and fault.where.sum() == in_2023(pair).sum()


def test_one_that_says_nothing_of_its_days_is_named_without_a_direction(pair, settings):
    shuffled = pair["load_official"].to_numpy().reshape(-1, DAY)[np.random.default_rng(0).permutation(len(pair) // DAY)]
    (fault,) = found(forecast_far_off, pair.assign(load_official=shuffled.ravel()), settings)["load_official"]
    assert fault.note == "2022, 2023"


def test_a_bias_that_leaves_it_better_than_last_week_is_no_fault(pair, settings):
    assert found(forecast_far_off, pair.assign(load_official=1.02 * pair["load_official"]), settings) == {}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("unit_of_counterpart", lambda official: 1000 * official),
        ("hours_off", lambda official: official.shift(-5)),
    ],
)
def test_what_hours_or_units_explain_is_one_finding(pair, settings, rule, change):
    faulty = pair.assign(load_official=change(pair["load_official"]))
    assert judged(faulty, settings)["rule"].tolist() == [rule]


@pytest.mark.parametrize(
    ("back", "words"), first_of([(1, "2022, 2023 (1 day before)"), (7, "2022, 2023 (7 days before)")], 1)
)
def test_the_outturn_of_an_earlier_day_in_its_place_is_named(pair, settings, back, words):
    copied = pair.assign(load_official=pair["load"].shift(back * DAY))
    findings = judged(copied, settings)
    assert findings["rule"].tolist() == ["forecast_is_old_outturn"] and words in findings["words"].iloc[0]


def test_nights_and_what_stands_still_are_no_copies(wide, settings):
    solar = wide[["solar"]].assign(solar_official=wide["solar"] * 1.01)
    still = wide[["load"]].assign(load=40_000.0, load_official=40_000.0)
    for series in (solar, still):
        assert found(forecast_is_old_outturn, series, settings) == {}
        assert found(forecast_far_off, series, settings) == {}


def test_without_an_outturn_or_with_few_days_nothing_is_said(pair, settings):
    few = (1.9 * pair[["load_official"]]).join(pair["load"]).iloc[: 20 * DAY]
    for series in (1.9 * pair[["load_official"]], pair[["load"]], few):
        assert found(forecast_far_off, series, settings) == {}
        assert found(forecast_is_old_outturn, series, settings) == {}
