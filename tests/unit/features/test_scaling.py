"""Anchors, scales and skips, by hand on values 0, 1, 2, …"""

import json
from dataclasses import replace

import numpy as np
import pytest
from builders.windows import C, H, windows_of

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.time import Mtu
from gridahead.features.anchors import anchored, plausible_anchors
from gridahead.features.calendar import CALENDAR_FEATURES, DAY_FEATURES
from gridahead.features.decoder_inputs import NEWEST_DAYS, WEEKS
from gridahead.features.encoder_inputs import segments, units_in
from gridahead.features.moments import LEAST_SPREAD, moments
from gridahead.features.rows import same_hour
from gridahead.features.scaling import Scaler

COUNT = np.arange(C, dtype=float)


def holed(values, *places):
    values = np.array(values, dtype=float)
    values[list(places)] = np.nan
    return values


# -- skips ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "at_0", "at_23", "at_24", "at_36"),
    [
        # 192 is the first hour of the horizon. A day before its 25th hour is not past yet: two days before is.
        (1, 168, 191, 168, 180),
        (2, 144, 167, 168, 180),
        (3, 120, 143, 144, 156),
        (7, 24, 47, 48, 60),
        (8, 0, 23, 24, 36),
    ],
)
def test_the_same_hour_some_days_before(days, at_0, at_23, at_24, at_36):
    spec = windows_of(COUNT).spec
    found = same_hour(COUNT[None, :, None], spec, days, H)
    assert found.shape == (1, H, 1)
    assert found[0, [0, 23, 24, 36], 0].tolist() == [at_0, at_23, at_24, at_36]


def test_the_same_hour_of_several_values_keeps_them_apart():
    values = np.stack([COUNT, COUNT + 1000], axis=-1)[None]
    found = same_hour(values, windows_of(COUNT).spec, 7, H)
    assert found[0, 5].tolist() == [29.0, 1029.0]


# -- anchors --------------------------------------------------------------------------------------------------------


def test_the_anchor_week_is_the_same_hour_last_week():
    assert anchored(windows_of(COUNT), "week", 0.0)[0].tolist() == [24.0 + hour for hour in range(H)]


def test_the_anchor_profile_is_the_mean_of_that_hour_over_seven_days():
    found = anchored(windows_of(COUNT), "profile", 0.0)[0]
    # Days 1 … 7 before: four days on average. From the 25th hour yesterday is not past, and counts as the day before.
    assert found[0] == 192 - 4 * 24
    assert found[23] == 215 - 4 * 24
    assert found[24] == pytest.approx(216 - 24 * (2 + 2 + 3 + 4 + 5 + 6 + 7) / 7)


def test_the_anchor_recent_is_the_mean_of_the_last_day():
    found = anchored(windows_of(COUNT), "recent", 0.0)[0]
    assert found.tolist() == [(168 + 191) / 2] * H


def test_the_anchor_official_is_the_official_forecast_itself():
    official = np.linspace(50_000, 60_000, H).astype(np.float32)
    found = anchored(windows_of(COUNT, official_ahead=official), "official", 0.0)
    assert found[0].tobytes() == official.tobytes()


def corrected_by(correction, official=100.0, target=0.0):
    """Windows with an official forecast and what it is corrected by [MW]."""
    windows = windows_of(COUNT, target=target, official_past=COUNT - 2, official_ahead=np.full(H, official))
    windows.future[..., -1] = np.where(windows.delivery, correction, 0)
    return windows


def test_the_anchor_official_corrected_is_the_official_forecast_without_its_recent_error_in_the_delivery_day():
    windows = corrected_by(30.0)
    found = anchored(windows, "official_corrected", 0.0)[0]
    np.testing.assert_array_equal(found, np.where(windows.delivery[0], 130.0, 100.0))
    np.testing.assert_array_equal(anchored(windows, "official", 0.0)[0], 100.0)


def test_where_the_official_forecast_is_missing_there_is_nothing_to_correct_and_last_week_stands_in():
    lost = corrected_by(30.0, official=np.nan)
    week = anchored(lost, "week", 0.0)
    np.testing.assert_array_equal(anchored(lost, "official_corrected", 0.0), week)


def test_of_the_official_forecast_and_the_corrected_one_only_the_better_is_tried():
    assert plausible_anchors(corrected_by(30.0, target=130.0)) == ("official_corrected",)
    assert plausible_anchors(corrected_by(30.0, target=100.0)) == ("official",)
    near = plausible_anchors(corrected_by(3.0, target=110.0))
    assert near[0] == "official_corrected" and "official" not in near


def test_where_the_official_forecast_is_missing_last_week_stands_in():
    official = holed(np.full(H, 500.0), 20, 36)
    found = anchored(windows_of(COUNT, official_ahead=official), "official", 0.0)[0]
    assert found[[19, 20, 21, 36]].tolist() == [500.0, 44.0, 500.0, 60.0]


def test_a_gap_last_week_is_filled_by_the_mean_of_the_other_days():
    found = anchored(windows_of(holed(COUNT, 30)), "week", 0.0)[0]
    # Hour 6 of the horizon: last week's value 30 is gone, days 1 … 6 are 3.5 days before on average.
    assert found[5:8].tolist() == [29.0, 198 - 3.5 * 24, 31.0]


def test_an_hour_that_has_a_gap_on_every_day_gets_the_mean_of_the_last_day():
    gone = [192 + 6 - 24 * days for days in range(1, 9)]
    found = anchored(windows_of(holed(COUNT, *gone)), "week", 0.0)[0]
    last_day = [value for value in range(168, 192) if value != 174]
    assert found[6] == pytest.approx(np.mean(last_day))


def test_where_nothing_is_known_the_level_remains():
    empty = np.full(C, np.nan)
    nothing = windows_of(empty, official_past=empty, official_ahead=np.full(H, np.nan))
    for anchor in ("official", "week", "profile", "recent"):
        assert anchored(nothing, anchor, 4321.0)[0].tolist() == [4321.0] * H


def test_the_anchor_with_the_smallest_error_on_the_delivery_day_comes_first():
    official = np.full(H, 900.0)
    by_week = windows_of(COUNT, target=24.0 + np.arange(H), official_ahead=official)
    assert plausible_anchors(by_week) == ("week",)
    # Far off before the delivery day, exact on it.
    target = np.where(np.arange(H) < 13, 0.0, 900.0)
    assert plausible_anchors(windows_of(COUNT, target=target, official_ahead=official)) == ("official",)


def test_a_second_anchor_is_tried_only_if_it_is_not_far_behind():
    week = 24.0 + np.arange(H)
    close = windows_of(COUNT, target=week + 10, official_ahead=week + 24)  # errors 10 and 14
    far = windows_of(COUNT, target=week + 10, official_ahead=week + 26)  # errors 10 and 16
    assert plausible_anchors(close) == ("week", "official")
    assert plausible_anchors(far) == ("week",)


# -- scales ---------------------------------------------------------------------------------------------------------


def test_moments_by_hand():
    # Context 0 … 191: mean 95.5, variance (192² − 1) / 12. Error of the official forecast: ±2.
    target = 24.0 + np.arange(H) + np.where(np.arange(H) % 2, 3.0, -3.0)
    wrong_by_two = COUNT + np.where(COUNT % 2, 2.0, -2.0)
    windows = windows_of(COUNT, target=target, official_past=wrong_by_two, official_ahead=np.zeros(H))
    scaler = Scaler.fit(windows, "week")
    assert scaler.moments.level == pytest.approx(95.5)
    assert scaler.moments.spread == pytest.approx(np.sqrt((192**2 - 1) / 12))
    assert scaler.moments.error_spread == pytest.approx(2.0)
    assert scaler.scale == pytest.approx(3.0)  # the 24 hours of the delivery day, half of them +3, half −3
    assert scaler.anchor == "week"


def test_covariates_are_scaled_by_their_own_moments_and_the_official_forecast_by_those_of_the_target():
    covariate = np.where(COUNT % 2, 30.0, 10.0)
    windows = windows_of(COUNT, target=COUNT[:H], official_ahead=np.full(H, 95.5), covariate=covariate)
    scaler = Scaler.fit(windows, "week")
    assert scaler.moments.covariates == {"DE/solar": (20.0, 10.0)}
    inputs = scaler.inputs(windows, "day")
    # A row of the encoder is a day: 24 hours of (load, official, solar, error, known), then the calendar.
    first_hours = inputs.encoder[0, 0, : 24 * 5].reshape(24, 5)
    assert first_hours[:2, 2].tolist() == [-1.0, 1.0]
    assert first_hours[0, 0] == pytest.approx((0 - 95.5) / scaler.moments.spread, rel=1e-5)
    assert first_hours[0, 0] == first_hours[0, 1]
    assert first_hours[:, 4].tolist() == [1.0] * 24
    # The official forecast of the horizon stands after the calendar, with a flag that it is known.
    ahead = len(CALENDAR_FEATURES)
    assert inputs.decoder[0, :, ahead].tolist() == [0.0] * H
    assert inputs.decoder[0, :, ahead + 1].tolist() == [1.0] * H


def test_a_covariate_that_was_constant_is_read_in_tenths_of_its_mean_and_none_further_than_five_spreads():
    constant = windows_of(COUNT, target=COUNT[:H], covariate=np.full(C, 1_000.0))
    scaler = Scaler.fit(constant, "week")
    assert scaler.moments.covariates == {"DE/solar": (1_000.0, 100.0)}
    for grown, read in ((1_000.0, 0.0), (1_200.0, 2.0), (3_000.0, 5.0), (0.0, -5.0)):
        later = windows_of(COUNT, target=COUNT[:H], covariate=np.full(C, grown))
        assert (scaler.moments.scaled_past(later)[0, :, 1] == read).all()
    # Rounding, or a plant of a single megawatt, is no change either.
    nearly = np.where(np.arange(C) < 96, 1_000.0, 1_001.0)
    rounded = Scaler.fit(windows_of(COUNT, target=0.0, covariate=nearly), "week").moments.covariates
    assert rounded["DE/solar"] == pytest.approx((1_000.5, 100.05))
    varied = Scaler.fit(windows_of(COUNT, target=0.0, covariate=np.where(COUNT % 2, 30.0, 10.0)), "week").moments
    far = windows_of(COUNT, target=0.0, covariate=np.where(COUNT % 2, 60.0, 1e6))
    assert set(varied.scaled_past(far)[0, :, 1].tolist()) == {4.0, 5.0}


@pytest.mark.parametrize("value", [0.0, -40.0, np.nan, 1e-9])
def test_a_constant_covariate_of_any_size_stays_within_bounds_whatever_comes_later(value):
    scaler = Scaler.fit(windows_of(COUNT, target=0.0, covariate=np.full(C, value)), "week")
    assert scaler.moments.covariates["DE/solar"][1] > 0
    for later in (value, 0.0, 50.0, -1e9):
        read = scaler.moments.scaled_past(windows_of(COUNT, target=0.0, covariate=np.full(C, later)))[0, :, 1]
        assert (np.abs(np.nan_to_num(read)) <= 5).all()
        assert np.isnan(later) or not np.isnan(read).any()


def test_what_the_official_forecast_is_corrected_by_is_read_in_units_of_its_error():
    # Errors of the context are 2 MW and 6 MW in turn: their spread is 2 MW.
    off = np.where(COUNT % 2, 2.0, 6.0)
    windows = windows_of(COUNT, target=COUNT[:H], official_past=COUNT - off, official_ahead=np.full(H, 100.0))
    scaler = Scaler.fit(windows, "week")
    assert scaler.moments.error_spread == pytest.approx(2.0)
    other = replace(windows, future=windows.future.copy())
    other.future[..., -1] = 5.0
    changed = scaler.inputs(other, "day").decoder - scaler.inputs(windows, "day").decoder
    (column,) = np.flatnonzero(np.abs(changed).max(axis=(0, 1)))
    np.testing.assert_allclose(changed[..., column], 2.5, rtol=1e-6)


def test_what_is_not_known_is_nought_and_flagged():
    official = holed(np.full(H, 100.0), 20)
    windows = windows_of(holed(COUNT, 3), target=COUNT[:H], official_ahead=official)
    inputs = Scaler.fit(windows, "week").inputs(windows, "day")
    load_official_error_known = inputs.encoder[0, 0, : 24 * 4].reshape(24, 4)
    assert load_official_error_known[3].tolist() == [0.0, 0.0, 0.0, 0.0]
    ahead = len(CALENDAR_FEATURES)
    assert inputs.decoder[0, 20, ahead : ahead + 2].tolist() == [0.0, 0.0]
    assert not np.isnan(inputs.encoder).any()
    assert not np.isnan(inputs.decoder).any()


def test_skips_beyond_the_context_are_left_out():
    windows = windows_of(COUNT, target=COUNT[:H])
    width = Scaler.fit(windows, "week").inputs(windows, "day").decoder.shape[-1]
    # Load and its flag, for 1, 2, 3 and 7 of the days 1, 2, 3, 7, 14; load of comparable days.
    assert (NEWEST_DAYS, WEEKS) == (3, (7, 14))
    assert width == len(CALENDAR_FEATURES) + 4 * 2 + 1


def test_a_scaled_target_is_the_difference_to_the_anchor_and_comes_back_in_megawatts():
    rng = np.random.default_rng(5)
    target = rng.normal(50_000, 8_000, (3, H))
    target[1, 4] = np.nan
    windows = windows_of(rng.normal(50_000, 8_000, (3, C)), target=target)
    for anchor in ("week", "profile", "recent"):
        scaler = Scaler.fit(windows, anchor)
        scaled = scaler.target(windows)
        delivered = windows.delivery & ~np.isnan(windows.target)
        assert scaled[delivered].std() == pytest.approx(1.0, abs=1e-3)
        back = scaler.megawatts(scaled[..., None], windows)[..., 0]
        np.testing.assert_allclose(back, windows.target, rtol=2e-6)


def test_a_network_that_answers_nought_forecasts_the_anchor():
    windows = windows_of(COUNT, target=COUNT[:H])
    scaler = Scaler.fit(windows, "week")
    answer = scaler.megawatts(np.zeros((1, H, 3), np.float32), windows)
    assert answer[0, :, 1].tolist() == [24.0 + hour for hour in range(H)]


def test_only_the_windows_given_are_learnt():
    # The second window is wild; fitted on the first alone, nothing of it is in the scaler.
    both = windows_of(np.stack([COUNT, COUNT * 1e6]), target=np.stack([COUNT[:H], COUNT[:H] * 1e6]))
    first = both.where(np.array([True, False]))
    alone = windows_of(COUNT, target=COUNT[:H])
    assert Scaler.fit(first, "week") == Scaler.fit(alone, "week")
    assert Scaler.fit(first, "week").moments.level == pytest.approx(95.5)


def test_a_constant_series_can_be_scaled():
    constant = windows_of(np.full(C, 7.0), target=7.0)
    scaler = Scaler.fit(constant)
    assert (scaler.moments.level, scaler.moments.spread, scaler.scale) == (7.0, 1.0, 1.0)
    assert not np.isnan(scaler.target(constant)).any()


def test_a_scaler_survives_its_way_through_json():
    covariate = np.random.default_rng(2).normal(size=C)
    scaler = Scaler.fit(windows_of(COUNT, target=COUNT[:H], covariate=covariate))
    assert Scaler.from_dict(json.loads(json.dumps(scaler.to_dict()))) == scaler


# -- segments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mtu", "segment", "units"),
    [
        (Mtu.PT60M, "unit", 1),
        (Mtu.PT60M, "hour", 1),
        (Mtu.PT60M, "day", 24),
        (Mtu.PT15M, "unit", 1),
        (Mtu.PT15M, "hour", 4),
        (Mtu.PT15M, "day", 96),
    ],
)
def test_how_many_units_a_segment_spans(mtu, segment, units):
    assert units_in(segment, replace(windows_of(COUNT).spec, mtu=mtu)) == units


@pytest.mark.parametrize("units", [1, 4, 8])
def test_a_segment_holds_its_units_one_after_the_other_and_the_mean_of_its_days(units):
    # Two windows of two days of eight units; the second value is 100 more than the first.
    values = np.arange(32.0).reshape(2, 16, 1) + np.array([0.0, 100.0])
    days = np.broadcast_to(np.arange(16.0)[:, None] ** 2, (2, 16, 1))
    found = segments(values.astype(np.float32), days.astype(np.float32), units, 8)
    assert found.shape == (2, 16 // units, 2 * units + 1 + (0 if units == 8 else 4))
    assert found.dtype == np.float32
    expected = [value for unit in range(units) for value in (16 + units + unit, 116 + units + unit)]
    assert found[1, 1, : 2 * units].tolist() == expected
    assert found[1, 1, 2 * units] == pytest.approx(np.mean([(units + unit) ** 2 for unit in range(units)]))


def test_a_segment_shorter_than_a_day_knows_its_place_in_the_day():
    clock = segments(np.zeros((1, 16, 1), np.float32), np.zeros((1, 16, 0), np.float32), 2, 8)[0, :, 2:]
    # Four segments a day: quarters of a wave, halves of the second; sines first. The second day is like the first.
    quarters = [[0, 0, 1, 1], [1, 0, 0, -1], [0, 0, -1, 1], [-1, 0, 0, -1]]
    np.testing.assert_allclose(clock, quarters * 2, atol=1e-6)


@pytest.mark.parametrize("segment", ["unit", "hour"])
def test_every_segment_tells_the_same_values_of_the_context(segment):
    rng = np.random.default_rng(4)
    windows = windows_of(
        rng.normal(size=(3, C)), target=rng.normal(size=(3, H)), official_ahead=rng.normal(size=(3, H))
    )
    scaler = Scaler.fit(windows, "week")
    by_day, finer = scaler.inputs(windows, "day"), scaler.inputs(windows, segment)
    assert by_day.encoder.shape == (3, 8, 24 * 4 + len(DAY_FEATURES))
    assert finer.encoder.shape == (3, C, 4 + len(DAY_FEATURES) + 4)
    np.testing.assert_array_equal(finer.encoder[..., :4].reshape(3, 8, -1), by_day.encoder[..., : 24 * 4])
    np.testing.assert_array_equal(finer.decoder, by_day.decoder)


def test_inputs_are_single_precision_throughout_and_static_numbers_stand_in_every_row():
    windows = windows_of(np.stack([COUNT] * 3), target=COUNT[:H])
    for normalise in ("series", "instance"):
        scaler = Scaler.fit(windows, "week", normalise)
        inputs = scaler.inputs(windows, "day", (0.5, 2.0))
        parts = (inputs.encoder, inputs.decoder, inputs.static, scaler.target(windows))
        assert {part.dtype for part in parts} == {np.dtype("float32")}
        assert inputs.static.tolist() == [[0.5, 2.0]] * 3
        assert scaler.inputs(windows, "day").static.shape == (3, 0)
        assert scaler.megawatts(np.zeros((3, H, 3), np.float32), windows).dtype == np.float32


# -- instance normalisation -----------------------------------------------------------------------------------------


def scaler_with(windows, **moments_of_series):
    """A scaler by instance, with other moments of the series than those of the windows."""
    scaler = Scaler.fit(windows, "week", "instance")
    return replace(scaler, moments=replace(scaler.moments, **moments_of_series))


def test_an_instance_is_scaled_by_the_mean_and_spread_of_its_own_known_last_week():
    # The first of the eight days does not count; the last week is ±3 around 50, with a gap that does not count.
    week = np.where(np.arange(168) % 2, 53.0, 47.0)
    quiet = holed(np.concatenate([np.full(24, 1e6), week]), 100, 101)
    windows = windows_of(np.stack([quiet, 10 * quiet]), target=0.0)
    scaler = scaler_with(windows, spread=10.0)
    inputs = scaler.inputs(windows, "unit").encoder[..., 0]
    assert inputs[0, 24:28].tolist() == pytest.approx([-1, 1, -1, 1])
    assert inputs[1, 24:28].tolist() == pytest.approx([-1, 1, -1, 1])
    assert inputs[0, 100] == 0.0


def test_the_spread_of_an_instance_has_a_floor_and_an_empty_week_is_scaled_as_the_series():
    week = np.concatenate([np.full(24, 0.0), np.full(168, 50.0)])
    empty = np.concatenate([np.full(24, 7.0), np.full(168, np.nan)])
    windows = windows_of(np.stack([week, empty]), target=0.0)
    scaler = scaler_with(windows, level=40.0, spread=10.0)
    inputs = scaler.inputs(windows, "unit").encoder[..., 0]
    assert LEAST_SPREAD == 0.1
    assert inputs[0, [0, 100]].tolist() == pytest.approx([-50.0, 0.0])  # (0 − 50) / (0.1 × 10)
    assert inputs[1, 0] == pytest.approx(-3.3)  # (7 − 40) / 10


@pytest.mark.parametrize("normalise", ["series", "instance"])
def test_answers_have_the_spread_one_and_come_back_in_megawatts(normalise):
    rng = np.random.default_rng(5)
    wide = np.geomspace(500, 5000, 40)[:, None]
    windows = windows_of(5e4 + wide * rng.normal(size=(40, C)), target=5e4 + wide * rng.normal(size=(40, H)))
    scaler = Scaler.fit(windows, "profile", normalise)
    scaled = scaler.target(windows)
    assert scaled[windows.delivery].std() == pytest.approx(1.0, abs=1e-3)
    by_window = scaled.std(axis=1)
    # Quiet and wild windows differ tenfold in MW; scaled by their own spread they are alike.
    assert (by_window.max() / by_window.min() < 3) == (normalise == "instance")
    back = scaler.megawatts(scaled[..., None], windows)[..., 0]
    np.testing.assert_allclose(back, windows.target, rtol=2e-6)


def test_the_error_of_the_official_forecast_and_covariates_are_scaled_too():
    wrong = COUNT + np.where(COUNT % 2, 2.0, -2.0)
    windows = windows_of(
        COUNT,
        target=COUNT[:H],
        official_past=wrong,
        official_ahead=np.full(H, 108.0),
        covariate=np.where(COUNT % 2, 30.0, 10.0),
    )
    scaler = Scaler.fit(windows, "week", "instance")
    inputs = scaler.inputs(windows, "unit")
    week = COUNT[24:]
    relative = week.std() / COUNT.std()
    load, official, covariate, error, known = inputs.encoder[0, 50, :5]
    assert load == pytest.approx((50 - week.mean()) / week.std(), rel=1e-5)
    assert official == pytest.approx((48 - week.mean()) / week.std(), rel=1e-5)
    assert (covariate, known) == (-1.0, 1.0)
    assert error == pytest.approx(1 / relative, rel=1e-5)
    ahead = inputs.decoder[0, :, len(CALENDAR_FEATURES)]
    np.testing.assert_allclose(ahead, (108 - week.mean()) / week.std(), rtol=1e-4)


# -- capacity normalisation -----------------------------------------------------------------------------------------


def with_capacity(context, capacity, **others):
    """Windows of solar power whose capacity is among the inputs."""
    windows = windows_of(context, covariate=capacity, **others)
    spec = replace(windows.spec, series=Series("DE", "wind"), past_covariates=(Series("DE", "wind_capacity"),))
    return replace(windows, spec=spec)


def test_twice_the_capacity_with_twice_the_output_is_read_as_the_same():
    small, large = np.full(C, 1000.0), np.full(C, 2000.0)
    windows = with_capacity(
        np.stack([COUNT, 2 * COUNT]), np.stack([small, large]), target=np.stack([COUNT[:H], 2 * COUNT[:H]])
    )
    scaler = Scaler.fit(windows, "profile", "capacity")
    inputs = scaler.inputs(windows, "day")
    np.testing.assert_allclose(inputs.encoder[0], inputs.encoder[1], atol=1e-6)
    np.testing.assert_allclose(inputs.decoder[0], inputs.decoder[1], atol=1e-6)
    target = scaler.target(windows)
    np.testing.assert_allclose(target[0], target[1], atol=1e-5)
    back = scaler.megawatts(target[..., None], windows)[..., 0]
    np.testing.assert_allclose(back, windows.target, rtol=2e-6, atol=1e-3)


def test_an_unknown_capacity_counts_as_the_usual_one():
    windows = with_capacity(np.stack([COUNT] * 2), np.stack([np.full(C, 1000.0), np.full(C, np.nan)]), target=0.0)
    inputs = Scaler.fit(windows, "week", "capacity").inputs(windows, "unit")
    np.testing.assert_allclose(inputs.encoder[1, :, 0], inputs.encoder[0, :, 0], atol=1e-6)


def test_without_a_capacity_among_the_inputs_the_way_out_is_named():
    with pytest.raises(ModelError, match="DE/load_capacity is not among its inputs"):
        Scaler.fit(windows_of(COUNT, target=COUNT[:H]), "week", "capacity")


def test_a_covariate_named_after_the_target_is_scaled_with_it():
    windows = windows_of(COUNT, target=COUNT[:H], covariate=COUNT)
    windows = replace(windows, spec=replace(windows.spec, past_covariates=(Series("DE", "load_p90"),)))
    scaler = Scaler.fit(windows, "week")
    assert scaler.moments.covariates == {}
    read = scaler.inputs(windows, "unit").encoder
    np.testing.assert_array_equal(read[0, :, 0], read[0, :, 1])


def with_ahead(windows, name, values):
    """The same windows with another input that is known ahead."""
    spec = replace(windows.spec, future_covariates=(Series("DE", name),))
    past = np.insert(windows.past, len(windows.spec.inputs), 1.0, axis=-1)
    future = np.insert(windows.future, len(windows.spec.ahead), values, axis=-1)
    return replace(windows, spec=spec, past=past.astype(np.float32), future=future.astype(np.float32))


def test_an_official_quantile_that_is_not_published_is_the_official_forecast():
    official = np.full(H, 100.0)
    windows = windows_of(COUNT, target=COUNT[:H], official_ahead=official)
    holed_at_20 = with_ahead(windows, "load_p90", holed(np.full(H, 150.0), 20))
    scaler = Scaler.fit(holed_at_20, "week")
    found, single = scaler.inputs(holed_at_20, "day").decoder, scaler.inputs(windows, "day").decoder
    # One column ahead more than without it: no flag, no shape; and its former days.
    former = 4
    assert found.shape[-1] == single.shape[-1] + 1 + former
    column = len(CALENDAR_FEATURES) + 2
    expected = (np.array([150, 100]) - 95.5) / scaler.moments.spread
    np.testing.assert_allclose(found[0, [19, 20], column], expected, rtol=1e-5)
    before = len(CALENDAR_FEATURES) + 2 + 11
    np.testing.assert_array_equal(np.delete(found, column, axis=-1)[..., :before], single[..., :before])


def test_what_all_is_divided_by_is_not_shown_again():
    grown = with_ahead(windows_of(COUNT, target=COUNT[:H]), "load_capacity", 1.0)
    by_series, by_capacity = (
        Scaler.fit(grown, "week", normalise).inputs(grown, "day").decoder.shape[-1]
        for normalise in ("series", "capacity")
    )
    assert by_series == by_capacity + 13  # its value, a flag, and its shape


def test_nobody_asks_whether_the_sun_shines_at_night():
    day = np.where((np.arange(C) % 24 >= 6) & (np.arange(C) % 24 < 18), 100.0, 0.0)
    windows = windows_of(day, target=np.full(H, 30.0), official_ahead=day[:H])
    solar = replace(windows, spec=replace(windows.spec, series=Series("DE", "solar")))
    answers = {one.spec.series.quantity: Scaler.fit(one, "official").target(one)[0] for one in (windows, solar)}
    assert not np.isnan(answers["load"]).any()
    assert np.flatnonzero(~np.isnan(answers["solar"])).tolist() == [*range(6, 18), *range(30, 37)]


def test_without_an_encoder_nothing_is_remembered():
    windows = windows_of(np.stack([COUNT, COUNT]), target=COUNT[:H])
    scaler = Scaler.fit(windows, "week")
    without = scaler.inputs(windows, "none")
    assert without.encoder.shape == (2, 0, 0)
    np.testing.assert_array_equal(without.decoder, scaler.inputs(windows, "day").decoder)


# -- quarter hours --------------------------------------------------------------------------------------------------


def test_a_day_of_quarter_hours_is_remembered_by_its_hours():
    hourly = windows_of(COUNT, target=COUNT[:H])
    quarters = np.repeat(COUNT, 4) + np.tile([-0.3, 0.1, 0.1, 0.1], C)
    past = np.concatenate([quarters[None, :, None], np.zeros((1, 4 * C, len(DAY_FEATURES)))], axis=-1)
    finer = replace(
        hourly,
        spec=replace(hourly.spec, mtu=Mtu.PT15M),
        past=past.astype(np.float32),
        future=hourly.future.repeat(4, axis=1),
        target=hourly.target.repeat(4, axis=1),
        delivery=hourly.delivery.repeat(4, axis=1),
        valid_time=hourly.valid_time.repeat(4, axis=1),
    )
    scaler = Scaler.fit(hourly, "week")
    np.testing.assert_allclose(
        scaler.inputs(finer, "day").encoder, scaler.inputs(hourly, "day").encoder, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("factor", [1.0, 1e-6, 1e-9])
def test_a_series_of_a_few_watts_is_scaled_like_one_of_gigawatts(factor):
    values = np.array([300.0, 400.0, 500.0, 400.0]) * factor
    assert moments(values) == pytest.approx((400.0 * factor, np.sqrt(5000.0) * factor), rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 400.0, 4e-4])
def test_a_constant_of_any_size_has_the_spread_1(value):
    assert moments(np.full(9, value))[1] == 1.0
