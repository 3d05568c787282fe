"""Attribution: shares by hand, shares that add up, and anchors that are part of the answer."""

from dataclasses import replace

import numpy as np
import pytest
from builders.models import made, model_on
from builders.windows import SPEC, made_load, made_windows

from gridahead.explain.attribution import attribute, hourly_groups, same_gaps
from gridahead.features.calendar import CALENDAR

WINDOWS = made_windows()
ONE, OTHER = (WINDOWS.where(np.arange(len(WINDOWS)) == row) for row in (9, 2))
BASELINE = same_gaps(OTHER, ONE)


def row(windows, value):
    """(N, H) of a value a window."""
    return np.broadcast_to(value[:, None], (len(windows), windows.target.shape[1]))


def test_of_a_sum_every_group_gets_its_own_term():
    model = made(lambda windows: row(windows, 2 * windows.past[:, -30, 0] - 3 * windows.future[:, 5, 0]))
    found = attribute(model, ONE, BASELINE, hourly_groups(ONE))
    expected: dict[tuple[str, int | None], float] = {
        ("DE/load", -30): 2 * (ONE.past - BASELINE.past)[0, -30, 0],
        ("DE/load_official", 5): -3 * (ONE.future - BASELINE.future)[0, 5, 0],
    }
    for group, share in zip(found.groups, found.shares, strict=True):
        assert share[0] == pytest.approx(expected.get((group.name, group.hour), 0.0), rel=1e-3, abs=0.1)


def test_of_a_product_from_nought_both_factors_get_half():
    def product(windows):
        return row(windows, windows.past[:, -30, 0] * windows.past[:, -50, 1] / 1e5)

    nought = replace(ONE, past=np.where(np.isnan(ONE.past), np.nan, 0).astype(np.float32))
    found = attribute(made(product), ONE, nought, hourly_groups(ONE))
    half = product(ONE)[0, 0] / 2
    shares = {(group.name, group.hour): share[0] for group, share in zip(found.groups, found.shares, strict=True)}
    assert shares["DE/load", -30] == pytest.approx(half, rel=1e-3)
    assert shares["DE/load_official", -50] == pytest.approx(half, rel=1e-3)


@pytest.mark.parametrize("anchor", ["official", "linear", "profile"])
def test_the_shares_of_a_network_and_its_anchor_add_up_to_the_difference(anchor):
    model = model_on(anchor, WINDOWS)
    found = attribute(model, ONE, BASELINE, hourly_groups(ONE))
    said = model.predict(ONE)[0, :, 1] - model.predict(BASELINE)[0, :, 1]
    np.testing.assert_allclose(found.difference, said, atol=0.01)
    assert np.abs(found.left).max() < 0.01 * np.abs(found.difference).max()
    assert np.abs(found.difference).max() > 100


def test_the_official_forecast_as_anchor_moves_the_hour_that_it_is_of():
    model = model_on("official", WINDOWS)
    silent = replace(model, scaler=replace(model.scaler, scale=1e-6))  # the network has nothing to say
    found = attribute(silent, ONE, BASELINE, hourly_groups(ONE))
    ahead = {
        group.hour: share
        for group, share in zip(found.groups, found.shares, strict=True)
        if group.name == "DE/load_official" and group.hour is not None and group.hour >= 0
    }
    change = (ONE.future - BASELINE.future)[0, :, 0]
    for hour in (0, 13, 30):
        expected = np.where(np.arange(len(change)) == hour, change, 0)
        np.testing.assert_allclose(ahead[hour], expected, atol=0.02 * np.abs(change).max())


def test_every_value_is_in_one_group_and_the_calendar_in_its_own():
    groups = hourly_groups(ONE)
    past = np.sum([group.past for group in groups], axis=0)
    future = np.sum([group.future for group in groups], axis=0)
    assert (past == 1).all() and (future == 1).all()
    assert [group.hour for group in groups if group.name == CALENDAR] == [None]


def test_a_value_that_is_known_on_one_side_only_is_refused():
    observations = made_load()
    late = made_windows(9, 9, SPEC, observations[observations["quantity"] == "load"])
    with pytest.raises(ValueError, match="same_gaps"):
        attribute(model_on("official", WINDOWS), ONE, late, hourly_groups(ONE))


def test_a_baseline_takes_over_the_gaps():
    past = ONE.past.copy()
    past[0, 5, 0] = np.nan
    holed = replace(ONE, past=past)
    assert np.isnan(same_gaps(OTHER, holed).past[0, 5, 0])
    assert same_gaps(holed, ONE).past[0, 5, 0] == ONE.past[0, 5, 0]
