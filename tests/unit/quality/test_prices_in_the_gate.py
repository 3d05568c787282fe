"""The gate on prices and installed capacities: what is strange for power is ordinary for them."""

import numpy as np
import pandas as pd
import pytest
from builders.quality import observations_of
from builders.rows import rows

from gridahead.core.grid import Series
from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.quality.gate import inspect
from gridahead.quality.rules import severity_for
from gridahead.settings.gates import QualitySettings
from gridahead.settings.quality_rules import RULE_BY_NAME

DAYS = 370
NOW = pd.Timestamp("2025-01-05T12:00Z")
PRICE, CAPACITY = Series("DE", "price"), Series("DE", "solar_capacity")


def judge(observations, settings):
    """The verdicts of an inspection at noon of the last day but one."""
    frame = OBSERVATIONS.check(observations)
    empty = Observations(OBSERVATIONS.empty())
    return inspect(Observations(frame), empty, settings, decided_at=NOW, limits=LIMITS.empty())


def withheld(report):
    """The rules that withhold something."""
    return set(report.verdicts.loc[report.verdicts["severity"] == "quarantine", "rule"])


def known_by_auction(series, times, values, unit):
    """Rows that are known from 11:00 UTC on the day before."""
    table = rows(series, times, values, times.normalize() - pd.Timedelta(hours=13))
    return table.assign(unit=unit)


@pytest.fixture(scope="module")
def prices():
    """A year of hourly prices until the end of tomorrow: cheap noons, negative Sundays, a calm holiday at nothing."""
    times = pd.date_range("2024-01-03", periods=24 * DAYS, freq="h", tz="UTC")
    times = times[times < NOW.normalize() + pd.Timedelta(days=2)]
    noon = np.exp(-(((times.hour.to_numpy() - 12) / 3.0) ** 2))
    values = np.where(times.dayofweek == 6, 30.0, 80.0) - 60.0 * noon
    values = values + np.random.default_rng(3).normal(0, 6, len(times))
    calm = (times >= pd.Timestamp("2024-05-01T09:00Z")) & (times < pd.Timestamp("2024-05-01T16:00Z"))
    return known_by_auction(PRICE, times, np.where(calm, 0.0, values).round(2), "EUR/MWh")


def test_prices_of_tomorrow_below_zero_and_at_nothing_are_all_read(prices, settings):
    assert prices["valid_time"].max() > NOW + pd.Timedelta(days=1)
    assert (prices["value"] < 0).sum() > 100
    assert withheld(judge(prices, settings)) == set()


def test_a_price_in_another_unit_is_withheld(prices, settings):
    odd = prices.copy()
    odd.loc[odd.index[4_000:4_024], "unit"] = "EUR/kWh"
    assert "unit_of_quantity" in withheld(judge(odd, settings))


def test_a_price_that_is_known_only_after_it_began_may_not_lie_in_the_future(prices, settings):
    late = prices.copy()
    ahead = late["valid_time"] > NOW + pd.Timedelta(hours=1)
    late.loc[ahead, "available_at"] = late.loc[ahead, "valid_time"] + pd.Timedelta(hours=2)
    assert "in_the_future" in withheld(judge(late, settings))


def test_a_price_of_another_currency_is_in_its_own_unit(prices, settings):
    assert withheld(judge(prices.assign(unit="GBP/MWh"), settings)) == set()


@pytest.fixture(scope="module")
def capacity():
    """What is installed, which stands still for a month and then jumps, until a year ahead."""
    times = pd.date_range("2024-01-01", "2026-01-01", freq="h", tz="UTC", inclusive="left")
    values = 60_000.0 + 1_000.0 * (times.year * 12 + times.month - 2024 * 12)
    return known_by_auction(CAPACITY, times, np.asarray(values, dtype=float), "MW")


def test_a_capacity_may_stand_still_and_be_known_a_year_ahead(capacity, settings):
    report = judge(capacity.assign(available_at=pd.Timestamp("2024-01-01T00:00Z")), settings)
    assert report.verdicts.empty
    assert report.findings.empty


def test_a_capacity_below_nothing_is_withheld(capacity, settings):
    wrong = capacity.copy()
    wrong.loc[wrong.index[100], "value"] = -5.0
    assert withheld(judge(wrong, settings)) == {"value_physical"}


def test_a_load_is_judged_as_before(settings):
    load = observations_of("2024-01-01", "2025-01-05")
    load.loc[load.index[5_000:5_012], "value"] = 0.0
    assert "false_zero" in withheld(judge(load, settings))


def test_settings_decide_on_prices_and_capacities_as_on_all_else():
    quality = QualitySettings(quantities={"price": {"flat": "quarantine"}, "solar_capacity": {"flat": "flag"}})
    flat = RULE_BY_NAME["flat"]
    assert severity_for(flat, "price", QualitySettings()) == "flag"
    assert severity_for(flat, "price", quality) == "quarantine"
    assert severity_for(flat, "solar_capacity", QualitySettings()) == "pass"
    assert severity_for(flat, "solar_capacity", quality) == "flag"
    assert severity_for(flat, "load", QualitySettings()) == "quarantine"
