"""Euros of small forecasts, calculated by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.scoring.value import Prices, cheapest_level, imbalance_cost, saving, value
from gridahead.timeline import Mtu

PRICES = Prices(short=50.0, long=20.0, reserve=5.0)


def test_imbalance_by_hand():
    # Hour 1: 10 MW missing at 50; hour 2: 5 MW too many at 20; hour 3 without outturn.
    forecast, outturn = [90.0, 105.0, 80.0], [100.0, 100.0, np.nan]
    assert imbalance_cost(forecast, outturn, PRICES, Mtu.PT60M) == pytest.approx(10 * 50 + 5 * 20)
    assert imbalance_cost(forecast, outturn, PRICES, Mtu.PT15M) == pytest.approx((10 * 50 + 5 * 20) / 4)


def test_a_producer_is_short_where_the_outturn_is_lower():
    forecast, outturn = [90.0, 105.0], [100.0, 100.0]
    assert imbalance_cost(forecast, outturn, PRICES, Mtu.PT60M, "producer") == pytest.approx(10 * 20 + 5 * 50)


def test_prices_may_differ_by_unit():
    prices = Prices(short=[50.0, 500.0], long=[20.0, 0.0])
    assert imbalance_cost([90.0, 90.0], [100.0, 100.0], prices, Mtu.PT60M) == pytest.approx(10 * 50 + 10 * 500)


@settings(deadline=None)
@given(st.floats(1, 500), st.floats(1, 500), st.sampled_from(["consumer", "producer"]))
def test_the_cheapest_level_is_that_of_the_quantile_which_costs_least(short, long, side):
    prices, outturn = Prices(short, long), np.arange(0.5, 100.0)
    costs = [imbalance_cost(np.full(100, level), outturn, prices, Mtu.PT60M, side) for level in range(101)]
    best = costs[round(100 * float(cheapest_level(prices, side)))]
    assert best == pytest.approx(min(costs), rel=0.01)


def test_value_by_hand():
    levels = [0.05, 0.5, 0.95]
    quantiles = [[90.0, 100.0, 120.0], [80.0, 100.0, 110.0], [1.0, 2.0, 3.0]]
    found = value(quantiles, levels, [104.0, 120.0, np.nan], PRICES, Mtu.PT60M)
    assert found.imbalance_eur == pytest.approx(4 * 50 + 20 * 50)
    assert found.reserve_mw == pytest.approx(30.0)
    assert found.reserve_eur == pytest.approx(2 * 30 * 5)
    assert found.uncovered == pytest.approx(0.5)
    assert found.hours == 2.0
    assert found.total_eur == pytest.approx(1500.0)


def test_the_saving_is_what_the_other_forecast_cost_more():
    levels, outturn = [0.05, 0.5, 0.95], [100.0, 100.0]
    ours = value([[95.0, 100.0, 105.0]] * 2, levels, outturn, PRICES, Mtu.PT60M)
    official = value([[80.0, 90.0, 110.0]] * 2, levels, outturn, PRICES, Mtu.PT60M)
    # 2 h × 10 MW × 50 EUR of imbalance and 2 h × 20 MW × 5 EUR of reserve.
    assert saving(ours, official) == pytest.approx(1000 + 200)
    with pytest.raises(ValueError, match="cannot be compared"):
        saving(ours, value([[95.0, 100.0, 105.0]], levels, [100.0], PRICES, Mtu.PT60M))


def test_a_share_without_its_quantiles_is_refused():
    with pytest.raises(ValueError, match=r"no quantile of level 0\.1"):
        value([[1.0, 2.0, 3.0]], [0.05, 0.5, 0.95], [2.0], PRICES, Mtu.PT60M, cover=0.8)
