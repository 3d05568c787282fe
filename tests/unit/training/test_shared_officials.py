"""One network for series of which some have an official forecast and some have none."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import rows, together
from builders.turning_days import DAYS, GRU, made, parts_of, settings_of, spec_of
from builders.windows import FIRST

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import days_between
from gridahead.features.anchors import anchored
from gridahead.features.windows import build_windows
from gridahead.models.storage import load
from gridahead.training.newcomers import newcomer
from gridahead.training.shared import fit_shared

BARE, TOLD, NEW = Series("DE", "wind_offshore"), Series("DE", "wind_onshore"), Series("DE", "load")


def with_official(series, level, seed=1, days=DAYS):
    """Its values, and an official forecast of two days before that says half of how far a day turns, and errs."""
    measured = made(series, level, days=days, seed=seed)
    times, values = pd.DatetimeIndex(measured["valid_time"]), measured["value"].to_numpy()
    errors = level * np.random.default_rng(seed + 50).normal(0, 0.3, len(values))
    told = 3 * level + 0.5 * (values - 3 * level) + errors
    return together(measured, rows(series.official, times, told, times - pd.Timedelta(days=2)))


def fitted(series, settings, *, fine_tune=False, beside=(), newcomers=None):
    return fit_shared(
        "all", series, GRU, settings, lambda epoch: None, fine_tune=fine_tune, beside=beside, newcomers=newcomers
    )


def error_of(anchor, windows):
    counted = windows.delivery & ~np.isnan(windows.target)
    return np.abs(anchored(windows, anchor, 0.0) - windows.target)[counted].mean()


@pytest.fixture(scope="module")
def series():
    settings = settings_of()
    return {
        BARE: parts_of(made(BARE, 100), BARE, settings),
        TOLD: parts_of(with_official(TOLD, 10_000), TOLD, settings, use_official=True),
    }


@pytest.fixture(scope="module")
def fits(series):
    settings = settings_of()
    new = {NEW: newcomer(with_official(NEW, 1_000, days=12), spec_of(NEW, use_official=True), settings)}
    return [one for (one,) in fitted(series, settings, newcomers=new)]


def test_both_are_forecast_by_the_same_weights_each_reading_what_it_has(series, fits):
    bare, told, _ = fits
    assert bare.model.members[0] is told.model.members[0]
    assert bare.model.spec.inputs == (BARE,)
    assert told.model.spec.inputs == (TOLD, TOLD.official)
    simple = min(error_of("week", series[BARE].judged), error_of("profile", series[BARE].judged))
    assert bare.validation["validation_mae"] < 0.7 * simple
    assert told.validation["validation_mae"] < 0.7 * error_of("official", series[TOLD].judged)


def test_a_model_without_one_is_saved_and_loaded_alone_and_tuned_and_aggregated(series, fits, tmp_path):
    bare, windows = fits[0].model, series[BARE].validation
    bare.save(tmp_path / "bare")
    assert load(tmp_path / "bare").predict(windows).tobytes() == bare.predict(windows).tobytes()
    candidates, _ = fitted(series, settings_of(epochs=2), fine_tune=True, beside=("ridge", "official_corrected"))
    assert candidates[2].model.experts == ("networks", "ridge", "kalman"), "what there is none of stands beside nobody"
    for fit in candidates[1:]:
        fit.model.save(tmp_path / fit.model.name)
        assert load(tmp_path / fit.model.name).predict(windows).tobytes() == fit.model.predict(windows).tobytes()


def test_what_has_a_place_for_one_is_what_would_be_read_if_nothing_were_known_of_it(series):
    told = series[TOLD].validation
    observations = with_official(TOLD, 10_000)
    alone = Observations(observations[observations["quantity"] == TOLD.quantity].reset_index(drop=True))
    days = told.days
    without = build_windows(alone, spec_of(TOLD), days).with_place_for_official()
    nothing = told.with_values(
        TOLD.official, past=np.full_like(told.official_past, np.nan), ahead=np.full_like(told.official_ahead, np.nan)
    )
    nothing.future[..., -1] = np.nan
    assert without.spec == told.spec
    np.testing.assert_array_equal(without.past, nothing.past)
    np.testing.assert_array_equal(without.future, nothing.future)


def test_a_new_series_is_served_by_those_that_are_like_it(fits):
    _, told, new = fits
    assert new.model.members[0] is told.model.members[0]
    assert new.model.spec.inputs == (NEW, NEW.official) and not new.model.scaler.official_place
    assert new.model.scaler.anchor == told.model.scaler.anchor
    settings = settings_of(epochs=1)
    bare = {one: parts_of(made(one, 100), one, settings) for one in (BARE, TOLD)}
    with_one = newcomer(with_official(NEW, 1_000, days=12), spec_of(NEW, use_official=True), settings)
    with pytest.raises(ModelError, match=r"DE/load: cannot share .* an official forecast, unlike any that could teach"):
        fitted(bare, settings, newcomers={NEW: with_one})


def test_a_new_series_without_one_has_its_place(series):
    settings = settings_of(epochs=1)
    without = newcomer(made(NEW, 1_000, days=12, seed=7), spec_of(NEW), settings)
    bare, _, (new,) = fitted(series, settings, newcomers={NEW: without})
    assert new.model.scaler.official_place
    assert new.model.scaler.anchor == bare[0].model.scaler.anchor
    end = FIRST + dt.timedelta(days=DAYS)
    last = build_windows(made(NEW, 1_000, seed=7), spec_of(NEW), days_between(end - dt.timedelta(3), end))
    assert np.isfinite(new.model.predict(last)[last.delivery]).all()
    assert replace(new.model.spec, series=BARE) == bare[0].model.spec
