"""What a day comes to, worked out by hand."""

import pandas as pd
import pytest

from gridahead.core.time import Mtu
from gridahead.reading.figures import figures_of

TIMES = pd.date_range("2025-03-19T00:00Z", periods=4, freq="15min")
WIDE = pd.DataFrame(
    {0.1: [90.0, 95.0, 110.0, 80.0], 0.5: [100.0, 104.0, 120.0, 96.0], 0.9: [110.0, 113.0, 131.0, 99.0]}, index=TIMES
)
OFFICIAL = pd.Series([100.0, 130.0, 90.0, 100.0], index=TIMES)


def by_name(figures):
    return {figure.name: figure for figure in figures}


def test_peak_and_lowest_are_of_the_medians_with_the_band_of_their_unit():
    figures = by_name(figures_of(WIDE, OFFICIAL, mtu=Mtu.PT15M, energy=True))
    peak, lowest = figures["peak"], figures["lowest"]
    assert (peak.ours, peak.ours_at, peak.low, peak.high) == (120.0, TIMES[2], 110.0, 131.0)
    assert (peak.official, peak.official_at, peak.difference) == (130.0, TIMES[1], -10.0)
    assert (lowest.ours, lowest.ours_at, lowest.low, lowest.high) == (96.0, TIMES[3], 80.0, 99.0)
    assert (lowest.official, lowest.official_at, lowest.difference) == (90.0, TIMES[2], 6.0)


def test_energy_is_the_sum_over_the_quarters_of_an_hour():
    figures = by_name(figures_of(WIDE, OFFICIAL, mtu=Mtu.PT15M, energy=True))
    assert (figures["mean"].ours, figures["mean"].official) == (105.0, 105.0)
    assert (figures["energy"].ours, figures["energy"].official) == (105.0, 105.0)


def test_a_price_has_no_energy():
    figures = figures_of(WIDE, OFFICIAL, mtu=Mtu.PT15M, energy=False)
    assert [figure.name for figure in figures] == ["peak", "lowest", "mean"]


@pytest.mark.parametrize("official", [OFFICIAL.iloc[:3], OFFICIAL.iloc[:0], OFFICIAL.where(OFFICIAL < 130)])
def test_an_official_forecast_with_a_gap_is_compared_with_nothing(official):
    figures = figures_of(WIDE, official, mtu=Mtu.PT15M, energy=True)
    assert {(figure.official, figure.difference) for figure in figures} == {(None, None)}


def test_a_forecast_without_units_or_median_has_no_figures():
    assert figures_of(WIDE.iloc[:0], OFFICIAL, mtu=Mtu.PT15M, energy=True) == ()
    assert figures_of(WIDE[[0.1, 0.9]], OFFICIAL, mtu=Mtu.PT15M, energy=True) == ()


def test_a_forecast_of_the_median_alone_has_no_band():
    (peak, *_) = figures_of(WIDE[[0.5]], OFFICIAL, mtu=Mtu.PT15M, energy=True)
    assert (peak.low, peak.high) == (None, None)


def test_what_the_paths_say_of_the_day_stands_beside_the_figure_that_it_is_of():
    start = "2025-03-19T00:30:00+00:00"
    daily = {"peak": {"0.1": 118.0, "0.9": 133.0}, "energy": {"0.5": 106.0}, "peak_at": {start: 1.0}, "follows": "x"}
    figures = by_name(figures_of(WIDE, OFFICIAL, mtu=Mtu.PT15M, energy=True, daily=daily))
    assert figures["peak"].quantiles == {0.1: 118.0, 0.9: 133.0} and figures["peak"].hours == {TIMES[2]: 1.0}
    assert figures["energy"].quantiles == {0.5: 106.0} and figures["energy"].hours == {}
    assert figures["mean"].quantiles == {}


def test_with_paths_a_figure_is_of_the_whole_day_and_without_them_of_the_medians():
    early, late = "2025-03-19T00:15:00+00:00", "2025-03-19T00:30:00+00:00"
    by_level = {"0.1": 118.0, "0.5": 124.0, "0.9": 133.0}
    daily = {"peak": by_level, "peak_at": {late: 0.3, early: 0.6}, "follows": "x"}
    figures = by_name(figures_of(WIDE, OFFICIAL, mtu=Mtu.PT15M, energy=True, daily=daily))
    peak, lowest = figures["peak"], figures["lowest"]
    assert (peak.middle, peak.interval, peak.likeliest) == (124.0, (118.0, 133.0), pd.Timestamp(early))
    assert (lowest.middle, lowest.interval, lowest.likeliest) == (
        lowest.ours,
        (lowest.low, lowest.high),
        lowest.ours_at,
    )
    assert (figures["mean"].interval, figures["mean"].likeliest) == (None, None)
    few = daily | {"peak": {"0.5": 124.0}}  # a forecast without P10 and P90
    (unsure, *_) = figures_of(WIDE, OFFICIAL, mtu=Mtu.PT15M, energy=True, daily=few)
    assert (unsure.middle, unsure.interval) == (unsure.ours, (unsure.low, unsure.high))
