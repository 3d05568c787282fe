"""What a silent source takes out of a window, and that masks, anchors and targets follow."""

import numpy as np
import pytest
from builders.windows import made_windows

from gridahead.features.missing import covariates, official_inputs, without
from gridahead.features.scaling import Scaler

WINDOWS = made_windows(12, 16)
SPEC = WINDOWS.spec
OFFICIAL = SPEC.series.official


def silent(hours):
    return np.full(len(WINDOWS), float(hours))


def test_an_outturn_that_is_silent_for_a_day_has_its_newest_24_hours_missing_and_nothing_else():
    found = without(WINDOWS, {SPEC.series: silent(24)})
    assert np.isnan(found.target_past[:, -24:]).all()
    assert np.array_equal(found.target_past[:, :-24], WINDOWS.target_past[:, :-24])
    for name in ("official_past", "official_ahead", "target"):
        assert np.array_equal(getattr(found, name), getattr(WINDOWS, name), equal_nan=True)
    assert not np.isnan(WINDOWS.target_past[:, -24:-2]).any(), "the windows that it is made from stay as they are"


@pytest.mark.parametrize(("hours", "bridge", "past"), [(1, 0, 0), (24, 0, 0), (30, 13, 6), (240, 13, 216 - 24)])
def test_an_official_forecast_is_missing_ahead_and_of_what_was_published_before_only_when_it_is_silent_for_long(
    hours, bridge, past
):
    found = without(WINDOWS, {OFFICIAL: silent(hours)})
    missing = np.isnan(found.official_ahead)
    assert missing[found.delivery].all()
    assert missing[~found.delivery].sum() == bridge * len(WINDOWS)
    assert np.isnan(found.official_past).sum(axis=1).tolist() == [min(past, 192)] * len(WINDOWS)


def test_hours_are_of_each_window():
    found = without(WINDOWS, {SPEC.series: np.array([0.0, 6, 0, 192, 500])})
    assert np.isnan(found.target_past[:, -6:]).all(axis=1).tolist() == [False, True, False, True, True]
    assert np.isnan(found.target_past[[3, 4]]).all()
    assert np.array_equal(found.past[[0, 2]], WINDOWS.past[[0, 2]], equal_nan=True)


def test_masks_anchors_and_targets_follow_what_is_missing():
    scaler = Scaler.fit(WINDOWS, "official")
    found = without(WINDOWS, {OFFICIAL: silent(240)})
    inputs = scaler.inputs(found, "day")
    assert np.isfinite(inputs.decoder).all()
    assert not np.array_equal(inputs.decoder, scaler.inputs(WINDOWS, "day").decoder)
    # Without an official forecast the anchor is last week, and the target is the difference to that.
    week = Scaler.fit(WINDOWS, "week").baseline(WINDOWS)
    delivery = WINDOWS.delivery
    assert np.allclose(scaler.baseline(found)[delivery], week[delivery])
    expected = (WINDOWS.target - week) / scaler.scale
    assert np.allclose(scaler.target(found)[delivery], expected[delivery], atol=1e-5)


def test_what_is_official_and_what_is_a_covariate():
    assert official_inputs(SPEC) == (OFFICIAL,)
    assert covariates(SPEC) == ()
