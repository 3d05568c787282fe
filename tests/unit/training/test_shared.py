"""One network for several series: levels, histories and gaps of their own."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from builders.rows import rows, together
from builders.turning_days import GRU, made, parts_of, settings_of
from builders.windows import FIRST

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline
from gridahead.features.anchors import anchored
from gridahead.features.scaling import Scaler
from gridahead.models.calibration import calibration_on
from gridahead.models.storage import load
from gridahead.training.epoch import Epoch
from gridahead.training.shared import CODES, fit_shared, series_codes

SMALL, LARGE = Series("DE", "wind_offshore"), Series("DE", "wind_onshore")


def alone_of(series, settings, progress):
    """The fits of the network as all share it, with nothing beside."""
    fits = fit_shared("both", series, GRU, settings, progress, fine_tune=False, beside=())
    return [one for (one,) in fits]


@pytest.fixture(scope="module")
def shared():
    settings = settings_of()
    series = {
        SMALL: parts_of(made(SMALL, 100), SMALL, settings),
        LARGE: parts_of(made(LARGE, 10_000, days=95, seed=1), LARGE, settings),
    }
    told: list[Epoch] = []
    return series, alone_of(series, settings, told.append), told


def naive_error(windows):
    counted = windows.delivery & ~np.isnan(windows.target)
    return min(
        float(np.abs(anchored(windows, anchor, 0.0) - windows.target)[counted].mean())
        for anchor in ("week", "profile", "recent")
    )


def test_one_network_beats_what_is_naive_on_series_of_any_level_and_history(shared):
    series, fits, _ = shared
    assert len(series[SMALL].train) - len(series[LARGE].train) == 35
    for one, split_ in zip(fits, series.values(), strict=True):
        assert one.model.spec == split_.train.spec
        assert one.validation["validation_mae"] < 0.7 * naive_error(split_.judged)
    assert fits[1].validation["validation_mae"] > 30 * fits[0].validation["validation_mae"]


def test_the_weights_are_the_same_and_everything_else_is_of_the_series(shared):
    series, (small, large), told = shared
    assert small.model.members[0] is large.model.members[0]
    assert small.model.scaler.moments.level == pytest.approx(100 * large.model.scaler.moments.level / 10_000, rel=0.1)
    assert small.model.static != large.model.static
    assert small.model.calibration.tolist() != large.model.calibration.tolist()
    assert small.epochs == large.epochs == tuple(told)
    for one, split_ in zip((small, large), series.values(), strict=True):
        expected = calibration_on(one.answers, split_.judged, one.model.quantiles)
        assert one.model.calibration.tolist() == expected.tolist()


def test_a_model_of_a_shared_network_is_saved_and_loaded_alone(shared, tmp_path):
    series, (_, large), _ = shared
    large.model.save(tmp_path)
    loaded = type(large.model).load(tmp_path)
    windows = series[LARGE].validation
    assert loaded.predict(windows).tobytes() == large.model.predict(windows).tobytes()
    assert loaded.static == large.model.static


def test_the_network_tells_the_series_apart_by_their_static_row(shared):
    series, (small, large), _ = shared
    swapped = replace(small.model, static=large.model.static)
    assert not np.allclose(swapped.predict(series[SMALL].validation), small.model.predict(series[SMALL].validation))


def test_what_a_gap_would_have_said_does_not_matter():
    """Ten days are missing from one series, or come too late to be known: the same bits either way."""
    settings = settings_of(epochs=2, holdout_start=FIRST + dt.timedelta(days=120))
    whole = made(LARGE, 10_000, seed=1)
    local = whole["valid_time"].dt.tz_convert("Europe/Berlin").dt.date
    gap = local.between(FIRST + dt.timedelta(days=60), FIRST + dt.timedelta(days=69))
    missing = Observations(whole[~gap].reset_index(drop=True))
    late = rows(LARGE, pd.DatetimeIndex(whole["valid_time"][gap]), 1e9, pd.Timestamp("2030-01-01", tz="UTC"))
    other = parts_of(made(SMALL, 100), SMALL, settings)
    weights = []
    for observations in (missing, together(missing, late)):
        series = {SMALL: other, LARGE: parts_of(observations, LARGE, settings)}
        assert len(series[LARGE].train) == len(other.train) - 10
        assert np.isnan(series[LARGE].train.target_past).any()
        large = alone_of(series, settings, lambda epoch: None)[1].model.networks[0]
        weights.append(large.members[0].state_dict())
    assert all(torch.isfinite(value).all() for value in weights[0].values())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_networks_that_serve_learn_all_days_and_those_of_a_fold_no_day_of_it_of_any_series():
    settings = settings_of(epochs=2, refit=True)
    told: list[Epoch] = []
    series = {
        SMALL: parts_of(made(SMALL, 100), SMALL, settings),
        LARGE: parts_of(made(LARGE, 10_000, days=110), LARGE, settings),
    }
    fits = alone_of(series, settings, told.append)
    folds = len(fits[0].folds)
    assert len(fits[1].folds) == folds == max(split_.folds for split_ in series.values())
    assert {epoch.training for epoch in told} == set(range(1 + 2 * (folds + 1))), "each is tuned in the end"
    assert {epoch.trainings for epoch in told} == {1 + 2 * (folds + 1)}
    assert {epoch.validation_loss is None for epoch in told if epoch.training >= 1} == {True}
    first, second = (one.model.networks[0].members[0] for one in fits)
    assert first is second is not fits[0].folds[0].networks[0].members[0]
    tuned, of_other = (one.model.networks[0].degraded[0] for one in fits)
    assert tuned is of_other is not first
    for fold in range(folds):
        mine, others = (each.folds[fold].networks[0].members[0] for each in fits)
        assert mine is others
    assert fits[0].learnt_until == series[SMALL].validation_days[1]
    spans = {span for split_ in series.values() for span in replace(split_, folds=folds).spans(0)}
    for one, split_ in zip(fits, series.values(), strict=True):
        learnt = split_.without(spans).daily
        scaler = one.folds[0].networks[0].scaler
        assert scaler == Scaler.fit(learnt, scaler.anchor)
        days = [day for day, kept in zip(split_.days, split_.apart_from(*min(spans)), strict=True) if kept]
        assert not [day for day in days if min(spans)[0] <= day <= min(spans)[1]]


def test_horizons_may_differ_by_a_clock_change_but_not_by_a_deadline():
    settings = settings_of(epochs=1)
    first = parts_of(made(SMALL, 100), SMALL, settings)
    # From 11:00 to the end of the next day there are 37 units, from 10:00 on 38, from 6:00 on 42.
    for deadline, refused in (("D-1T1000[Europe/Berlin]", False), ("D-1T0600[Europe/Berlin]", True)):
        second = parts_of(made(LARGE, 10_000), LARGE, settings, deadline=Deadline.parse(deadline))
        series = {SMALL: first, LARGE: second, Series("DE", "solar"): first}
        if refused:
            with pytest.raises(ModelError, match=r"DE/wind_onshore: cannot share .* it has a horizon of 42 units"):
                alone_of(series, settings, lambda epoch: None)
        else:
            assert len(alone_of(series, settings, lambda epoch: None)) == 3


def test_a_series_with_other_inputs_is_named():
    settings = settings_of()
    first = parts_of(made(SMALL, 100), SMALL, settings)
    odd = parts_of(together(made(LARGE, 10_000), made(SMALL, 100)), LARGE, settings, past_covariates=(SMALL,))
    series = {SMALL: first, LARGE: odd, Series("DE", "solar"): first}
    other = r"DE/wind_onshore: .* it has .* 1 past and 0 future covariates, the calendar's clock instead of"
    with pytest.raises(ModelError, match=other):
        alone_of(series, settings, lambda epoch: None)


def test_codes_are_one_hot_for_a_few_series_and_never_longer_than_so_many_numbers():
    assert series_codes(3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    many = series_codes(1_000)
    assert many.shape == (1_000, CODES)
    np.testing.assert_allclose(np.linalg.norm(many, axis=1), 1, rtol=1e-6)
    closest = np.sort((many @ many.T - np.eye(1_000)).ravel())[-1]
    assert closest < 0.7


def candidates_of(series, settings):
    told: list[Epoch] = []
    made_of_one = fit_shared("both", series, GRU, settings, told.append, fine_tune=True, beside=("ridge",))
    return series, made_of_one, told


@pytest.fixture(scope="module")
def candidates(shared):
    return candidates_of(shared[0], settings_of())


def test_a_series_has_the_shared_network_one_tuned_to_it_and_an_aggregate_of_the_better(shared, candidates):
    _, fits, _ = shared
    _, (small, large), _ = candidates
    for plain, (network, tuned, aggregate) in zip(fits, (small, large), strict=True):
        assert [network.model.name, tuned.model.name, aggregate.model.name] == ["both", "both_tuned", "both_aggregate"]
        assert network.validation == plain.validation
        better = min((network, tuned), key=lambda one: one.validation["validation_pinball"])
        assert aggregate.model.recurrent.members[0] is better.model.members[0]
        assert aggregate.model.experts == ("networks", "ridge", "kalman")
    weights = [fit.model.members[0].state_dict() for fit in (small[1], large[1])]
    assert not all(torch.equal(*pair) for pair in zip(weights[0].values(), weights[1].values(), strict=True))


def test_fine_tuning_leaves_the_shared_weights_as_they_are(shared, candidates):
    _, fits, _ = shared
    _, (small, _), _ = candidates
    before, after = (fit.model.members[0].state_dict() for fit in (fits[0], small[0]))
    assert all(torch.equal(*pair) for pair in zip(before.values(), after.values(), strict=True))


def test_the_networks_of_a_fold_are_tuned_apart_where_all_days_are_learnt_in_the_end():
    settings = settings_of(epochs=2, refit=True)
    series = {
        SMALL: parts_of(made(SMALL, 100), SMALL, settings),
        LARGE: parts_of(made(LARGE, 10_000, seed=1), LARGE, settings),
    }
    _, (small, _), told = candidates_of(series, settings)
    tuned = small[1]
    assert series[SMALL].learnt_later
    assert len({id(fold.members[0]) for fold in tuned.folds}) == series[SMALL].folds > 1
    assert told[-1].training + 1 == told[-1].trainings


def test_a_tuned_or_aggregated_model_is_saved_and_loaded_alone(candidates, tmp_path):
    series, (_, large), _ = candidates
    windows = series[LARGE].validation
    for fit in large:
        fit.model.save(tmp_path / fit.model.name)
        loaded = load(tmp_path / fit.model.name)
        assert loaded.predict(windows).tobytes() == fit.model.predict(windows).tobytes()
