"""Quantiles of the official forecast as its publisher gives them, by hand."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from builders.rows import DE
from builders.windows import C, H, windows_of

from gridahead.core.grid import Series
from gridahead.features.official import official_levels, official_quantiles

FORECAST, P10, P90 = 400.0, 300.0, 500.0
LEVELS = (0.1, 0.3, 0.5, 0.9, 0.95)


def published(*covariates, forecast=FORECAST):
    """Solar power with its official forecast and, by name, what else is known ahead [MW]."""
    one = windows_of(np.zeros(C), official_ahead=np.full(H, forecast))
    ahead = tuple(Series("DE", name) for name, _ in covariates)
    values = (
        np.stack([np.full((1, H), value) for _, value in covariates], axis=-1) if covariates else one.future[..., :0]
    )
    future = np.concatenate([one.future[..., :1], values, one.future[..., 1:]], axis=-1).astype(np.float32)
    spec = replace(one.spec, series=Series("DE", "solar"), zone=DE, future_covariates=ahead)
    return replace(one, spec=spec, future=future)


BOTH = published(("solar_p10", P10), ("temperature", 20.0), ("solar_p90", P90))


def test_quantiles_are_told_by_their_names():
    assert official_levels(BOTH.spec) == {0.1: Series("DE", "solar_p10"), 0.9: Series("DE", "solar_p90")}
    assert official_levels(published(("wind_p10", P10), ("solar_week", P10), ("solar_p5", P10)).spec) == {}


def test_the_median_and_what_no_level_can_be_are_no_quantiles():
    assert official_levels(published(("solar_p50", FORECAST), ("solar_p00", 0.0)).spec) == {}


def test_without_an_official_forecast_its_quantiles_are_of_nothing():
    assert official_levels(replace(BOTH.spec, use_official=False)) == {}


def told_of(windows, levels=LEVELS) -> np.ndarray:
    told = official_quantiles(windows, levels)
    assert told is not None
    return told


def test_published_levels_are_as_they_are_and_the_forecast_is_the_median():
    told = told_of(BOTH)
    assert told.shape == (1, H, len(LEVELS))
    assert told[0, 0, [0, 2, 3]].tolist() == [P10, FORECAST, P90]


def test_other_levels_are_those_of_a_normal_error_on_their_side():
    z = NormalDist().inv_cdf
    told = told_of(published(("solar_p10", 200.0), ("solar_p90", P90)))[0, 0]
    assert told[1] == pytest.approx(FORECAST - 200.0 * z(0.3) / z(0.1))
    assert told[4] == pytest.approx(FORECAST + 100.0 * z(0.95) / z(0.9))


def test_one_published_level_tells_both_sides():
    told = told_of(published(("solar_p10", P10)))[0, 0]
    assert told[3] == pytest.approx(FORECAST + 100.0)


@pytest.mark.parametrize("column", [0, 1, 3])
def test_where_the_forecast_or_a_quantile_is_missing_nothing_is_told(column):
    holed = replace(BOTH, future=BOTH.future.copy())
    holed.future[0, 5, column] = np.nan
    told = told_of(holed)
    assert np.isnan(told[0, 5]).all()
    assert not np.isnan(told[0, 6]).any()


def test_quantiles_on_the_wrong_side_of_the_forecast_do_not_move_it():
    told = told_of(published(("solar_p10", 450.0), ("solar_p90", P90)))[0, 0]
    assert told[0] == told[2] == FORECAST
    assert (np.diff(told) >= 0).all()


def test_no_level_is_below_what_physics_allows():
    told = told_of(published(("solar_p10", 10.0), ("solar_p90", 250.0), forecast=100.0), (0.05, 0.1, 0.5))
    assert told[0, 0].tolist() == [0.0, 10.0, 100.0]


def test_quantiles_rise_to_the_last_bit():
    # A P10 on the wrong side of 40,123.7 MW is put on it, and the level beyond it with it.
    rng = np.random.default_rng(0)
    levels = (0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98)
    for forecast in rng.uniform(1_000, 60_000, 200):
        one = published(
            ("solar_p10", forecast + 1), ("solar_p20", forecast), ("solar_p90", forecast), forecast=forecast
        )
        assert (np.diff(told_of(one, levels), axis=-1) >= 0).all()


def test_a_publisher_without_quantiles_tells_nothing():
    assert official_quantiles(published(), LEVELS) is None
