"""The aggregate: whom it asks, where its networks answer alone, and that a save changes no bit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders.models import LEVELS, PRIOR, aggregate_of, every_kind, model_on
from builders.windows import SPEC, made_load, made_windows

from gridahead.core.errors import ModelError
from gridahead.features.missing import without
from gridahead.features.windows import build_windows
from gridahead.forecasting.adapting import adapted_alone, forecast_each
from gridahead.models.aggregate import Said, expert_answers, mixed_by, said_of, with_regression
from gridahead.models.base import predict_each
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.calibration import as_it_is
from gridahead.models.storage import load

OBSERVATIONS = made_load(50)
WINDOWS = made_windows(12, 40, observations=OBSERVATIONS)
KINDS = every_kind(WINDOWS.take(slice(0, 14)))
MODEL: Any = KINDS["aggregate"]
PLAIN = replace(MODEL, calibration=as_it_is(LEVELS))
CLOCKS = made_windows(80, 85, observations=made_load(90))
"""Clocks go forward on day 83."""
AUTUMN = 293
"""They go back."""


def outturn_of(windows):
    """What counts of it."""
    return np.where(windows.delivery, windows.target, np.float32(np.nan))


def test_its_experts_are_the_networks_together_and_then_the_others():
    assert MODEL.experts == ("networks", "ridge", "official", "kalman")
    said = MODEL.said(WINDOWS)
    assert said.answers.shape == (3, *WINDOWS.target.shape, 3)
    for answers, expert in zip(said.answers, (MODEL.recurrent, *MODEL.beside), strict=True):
        np.testing.assert_array_equal(answers[WINDOWS.within], expert_answers(expert, WINDOWS)[WINDOWS.within])


def test_by_itself_it_is_the_mean_by_the_weights_that_it_begins_with():
    silent = np.full(WINDOWS.target.shape, np.nan, np.float32)
    answers, _ = with_regression(MODEL.said(WINDOWS).answers, WINDOWS, silent, MODEL.regression, lag=2)
    assert answers.shape == (4, *WINDOWS.target.shape, 3)
    inside = WINDOWS.delivery
    mean = np.tensordot(PRIOR, answers, axes=1)
    np.testing.assert_allclose(PLAIN.predict(WINDOWS)[inside], np.sort(mean, axis=-1)[inside], rtol=2e-5)
    assert (np.diff(MODEL.predict(WINDOWS)[inside], axis=-1) >= 0).all()
    assert (MODEL.predict(WINDOWS) > PLAIN.predict(WINDOWS))[inside].all(), "every score is 0.1 further up"


def test_after_a_save_it_says_and_weights_the_same_to_the_bit(tmp_path):
    MODEL.save(tmp_path)
    again: Any = load(tmp_path)
    assert again.predict(WINDOWS).tobytes() == MODEL.predict(WINDOWS).tobytes()
    said, outturn = said_of(MODEL, WINDOWS), outturn_of(WINDOWS)
    answers, weights = MODEL.mixed(said, WINDOWS, outturn)
    found, same = again.mixed(said_of(again, WINDOWS), WINDOWS, outturn)
    assert found.tobytes() == answers.tobytes() and same == weights
    assert weights != dict(zip(MODEL.experts, PRIOR, strict=True))


def test_an_aggregate_of_one_network_is_read_as_one(tmp_path):
    one = aggregate_of(KINDS["network"], MODEL.beside, WINDOWS)
    one.save(tmp_path)
    assert load(tmp_path).predict(WINDOWS).tobytes() == one.predict(WINDOWS).tobytes()


@pytest.mark.parametrize("damage", ["recurrent/model.json", "beside/1/model.json"])
def test_a_damaged_bundle_says_what_to_do(tmp_path, damage):
    MODEL.save(tmp_path)
    (tmp_path / damage).unlink()
    with pytest.raises(ModelError, match="train again"):
        load(tmp_path)


def test_the_corrected_official_forecast_is_asked_about_the_correction_that_the_windows_hold():
    reference = ReferenceForecast("official_corrected", SPEC, LEVELS, 0.0, np.array([-1, 0, 1], np.float32))
    said, inside = expert_answers(reference, WINDOWS), WINDOWS.delivery
    np.testing.assert_allclose(said[inside, 1], WINDOWS.corrected_ahead[inside])
    assert np.abs(said[inside, 1] - WINDOWS.official_ahead[inside]).max() > 1_000
    plain = expert_answers(replace(reference, name="official"), WINDOWS)
    np.testing.assert_array_equal(plain[inside, 1], WINDOWS.official_ahead[inside])


# -- where the networks answer alone --------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [SPEC.series, SPEC.series.official])
def test_where_an_input_is_missing_the_networks_answer_alone_to_the_bit(lost):
    silent = np.where(np.arange(len(WINDOWS)) == len(WINDOWS) - 1, 48.0, 0.0)
    windows = without(WINDOWS, {lost: silent})
    said = said_of(MODEL, windows)
    assert said.is_alone.tolist() == [False] * (len(windows) - 1) + [True]
    published, weights = MODEL.mixed(said, windows, outturn_of(windows))
    last = windows.alone(len(windows) - 1)
    assert published[-1:, : last.target.shape[1]].tobytes() == MODEL.recurrent.predict(last).tobytes()
    assert MODEL.predict(last).tobytes() == MODEL.recurrent.predict(last).tobytes()
    assert weights == {}


def test_after_the_deadline_the_networks_answer_alone_to_the_bit():
    days = WINDOWS.days[-2:]
    issued = [
        SPEC.deadline.for_delivery(day) + pd.Timedelta(hours=late) for day, late in zip(days, (0, 3), strict=True)
    ]
    windows = build_windows(OBSERVATIONS, SPEC, days, issue_times=issued)
    said = said_of(MODEL, windows)
    assert said.is_alone.tolist() == [False, True]
    published, weights = MODEL.mixed(said, windows, outturn_of(windows))
    late = windows.alone(1)
    alone = MODEL.recurrent.predict(late).tobytes()
    assert published[1:, : late.target.shape[1]].tobytes() == MODEL.predict(late).tobytes() == alone
    assert weights == {}


def test_on_the_delivery_day_itself_the_networks_answer_alone_to_the_bit():
    spec, days = replace(SPEC, intraday=True), WINDOWS.days[:2]
    deadlines = [SPEC.deadline.for_delivery(day) for day in days]
    before = build_windows(OBSERVATIONS, spec, days, issue_times=deadlines)
    begun = [deadline + pd.Timedelta(hours=20) for deadline in deadlines]
    today = build_windows(OBSERVATIONS, spec, days, issue_times=begun)
    network = model_on("week", before)
    mixed = aggregate_of(network, (), before, prior=(0.5, 0.5))
    assert mixed.said(today).is_alone.all() and not mixed.said(before).is_alone.any()
    assert mixed.predict(today).tobytes() == network.predict(today).tobytes()


def test_a_day_on_which_the_networks_answered_alone_moves_no_weight():
    middle = np.where(np.arange(len(WINDOWS)) == 10, 48.0, 0.0)
    windows = without(WINDOWS, {SPEC.series.official: middle})
    said, outturn = said_of(MODEL, windows), outturn_of(windows)
    wild = outturn.copy()
    wild[10] = 1e6
    for one, other in zip(*(MODEL.mixed(said, windows, of)[0] for of in (outturn, wild)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_hour_that_was_not_published_leaves_its_weight_to_the_other_experts():
    ahead = WINDOWS.official_ahead.copy()
    ahead[:, 20] = np.nan
    windows = WINDOWS.with_values(SPEC.series.official, ahead=ahead)
    said = MODEL.said(windows)
    assert not said.is_alone.any() and np.isnan(said.answers[2, :, 20]).all()
    answer = PLAIN.predict(windows)
    expected = np.sort(np.tensordot([0.6, 0.3], said.answers[:2, :, 20], axes=1) / 0.9, axis=-1)
    np.testing.assert_allclose(answer[:, 20], expected, rtol=2e-5)


# -- alone, together, padded ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("windows", [CLOCKS, made_windows(AUTUMN - 2, AUTUMN + 1, observations=made_load(AUTUMN + 3))])
def test_days_of_any_length_are_said_alone_and_what_is_padded_says_nothing(windows):
    assert len({windows.alone(row).target.shape[1] for row in range(len(windows))}) == 2
    said, padding = said_of(MODEL, windows), ~windows.within
    assert padding.any() and np.isnan(said.answers[:, padding]).all()
    published, weights = mixed_by(MODEL, said, windows, outturn_of(windows))
    assert (~np.isnan(published).any(axis=-1) == windows.within).all()
    noise = replace(windows, future=windows.future.copy(), target=windows.target.copy())
    noise.future[padding], noise.target[padding] = 1e9, 1e9
    again, same = mixed_by(MODEL, said_of(MODEL, noise), noise, outturn_of(noise))
    assert again.tobytes() == published.tobytes() and same == weights
    each = predict_each(MODEL, windows)
    np.testing.assert_allclose(MODEL.predict(windows), each, rtol=1e-4)


def test_a_model_that_is_no_aggregate_is_one_expert_that_is_published_as_it_is():
    for kind in ("network", "ridge"):
        model = KINDS[kind]
        said = said_of(model, CLOCKS)
        assert not said.is_alone.any()
        published, weights = mixed_by(model, said, CLOCKS, outturn_of(CLOCKS))
        assert published.tobytes() == predict_each(model, CLOCKS).tobytes()
        assert weights == {}


def test_some_of_what_was_said_is_what_is_said_of_some():
    rows = np.arange(len(CLOCKS)) % 2 == 0
    taken, asked = said_of(MODEL, CLOCKS).take(rows), said_of(MODEL, CLOCKS.where(rows))
    for one, other in zip(taken, asked, strict=True):
        np.testing.assert_array_equal(one, other)
    assert isinstance(taken, Said)


def test_a_back_test_of_an_aggregate_says_to_the_bit_what_operation_says():
    windows = WINDOWS.take(slice(-11, None))
    days = windows.days
    published, unadapted = forecast_each(MODEL, windows, OBSERVATIONS, WINDOWS.days[len(WINDOWS) - 12])
    found = adapted_alone(MODEL, windows.alone(10), OBSERVATIONS, days[:10])
    assert published[10:].tobytes() == found.answer.tobytes()
    assert unadapted[10:].tobytes() == found.unadapted.tobytes() != found.answer.tobytes()
    assert list(found.weights) == list(MODEL.experts)
    assert sum(found.weights.values()) == pytest.approx(1, abs=2e-4)
    assert found.weights["official"] != pytest.approx(0.1, abs=1e-3)
