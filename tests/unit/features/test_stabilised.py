"""The scale of prices, by hand and through a scaler."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE, day_ahead, hours
from builders.windows import made_windows

from gridahead.core.grid import Series
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.scaling import Scaler
from gridahead.features.stabilised import Stabilised
from gridahead.features.windows import WindowSpec, build_windows

PRICE, DEMAND = Series("DE", "price"), Series("DE", "demand_forecast")
SPEC = WindowSpec(
    PRICE,
    DE,
    Mtu.PT60M,
    Deadline.parse("D-1T1100[Europe/Berlin]"),
    context_days=8,
    use_official=False,
    future_covariates=(DEMAND,),
)


def prices(days=40, spike=None):
    """A price that follows a demand, both around the clock, and one night that costs a thousand times as much."""
    times = hours("2025-01-05T23:00Z", days * 24)
    clock = np.arange(days * 24)
    demand = 50 + 10 * np.sin(2 * np.pi * clock / 24) + 5 * np.sin(clock)
    price = demand - 20
    if spike is not None:
        price[spike] = 20_000.0
    return pd.concat([day_ahead(PRICE, times, price, hour=13), day_ahead(DEMAND, times, demand)], ignore_index=True)


def windows(observations):
    return build_windows(observations, SPEC, days_between(dt.date(2025, 1, 15), dt.date(2025, 2, 10)))


def scale_of(learnt):
    """The scale of prices that change."""
    scale = Stabilised.fit(learnt)
    assert scale is not None
    return scale


def test_the_scale_is_straight_around_the_median_and_a_tenfold_price_is_a_step_of_the_logarithm_of_ten():
    scale = Stabilised(centre=30.0, width=10.0, reach=20.0)
    there = scale.there(np.array([30, 31, 29, 30 + 1e4, 30 + 1e5, -30 - 1e5 + 60], np.float32))
    assert there[:3] == pytest.approx([0, 0.1, -0.1], rel=2e-3)
    assert there[4] - there[3] == pytest.approx(np.log(10), rel=1e-5)
    assert there[5] == -there[4]
    assert scale.back(there) == pytest.approx([30, 31, 29, 10_030, 100_030, -99_970], rel=1e-5)


def test_centre_and_width_are_those_of_the_median_whatever_a_spike_costs():
    plain, spiked = (scale_of(windows(prices(spike=spike))) for spike in (None, 300))
    known = windows(prices()).target_past.astype(float)
    assert plain.centre == pytest.approx(np.median(known))
    assert plain.width == pytest.approx(2 * 1.4826 * np.median(np.abs(known - np.median(known))))
    assert spiked.centre == pytest.approx(plain.centre, rel=0.01)
    assert spiked.width == pytest.approx(plain.width, rel=0.05)
    # The farthest answer is e times as far as the farthest price that was learnt.
    assert spiked.back(np.array([99.0], np.float32))[0] == pytest.approx(np.e * 20_000, rel=0.01)


def test_only_prices_are_learnt_on_that_scale_and_covariates_stay_what_they_are():
    assert Scaler.fit(made_windows(), "week").stabilised is None
    learnt = windows(prices())
    seen = scale_of(learnt).of(learnt)
    assert seen.input_ahead(DEMAND).tobytes() == learnt.input_ahead(DEMAND).tobytes()
    assert np.abs(seen.target).max() < 3


@pytest.mark.parametrize("anchor", ["week", "linear"])
def test_what_a_network_should_answer_comes_back_as_the_outturn_before_and_after_a_bundle(anchor):
    learnt = windows(prices(spike=300))
    scaler = Scaler.fit(learnt, anchor)
    again = scaler.to_dict() if anchor == "week" else None
    answer = scaler.target(learnt)[..., None]
    for one in (scaler, *([Scaler.from_dict(json.loads(json.dumps(again)))] if again else [])):
        assert one.megawatts(answer, learnt)[..., 0] == pytest.approx(learnt.target, rel=1e-3, abs=1e-3)


def test_one_spike_does_not_bend_the_regression():
    observations = prices(spike=400)
    scaler = Scaler.fit(windows(observations), "linear")
    later = windows(prices())
    calm = np.ones(len(later), bool)
    calm[400 // 24 - 9 : 400 // 24 + 1] = False
    error = np.abs(scaler.baseline(later) - later.target)[calm]
    assert np.median(error) < 3
