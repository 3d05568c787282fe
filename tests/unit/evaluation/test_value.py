"""Euros of small forecasts, calculated by hand."""

import numpy as np
import pytest

from gridahead.core.time import Mtu
from gridahead.evaluation.value import Prices, imbalance_cost, value

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


def test_a_share_without_its_quantiles_is_refused():
    with pytest.raises(ValueError, match=r"no quantile of level 0\.1"):
        value([[1.0, 2.0, 3.0]], [0.05, 0.5, 0.95], [2.0], PRICES, Mtu.PT60M, cover=0.8)
