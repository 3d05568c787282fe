"""Fits of an aggregate: its weights are learnt day by day, as operation goes on, from what had not learnt the day."""

from dataclasses import replace

import numpy as np
import pytest
from builders.models import LEVELS, model_on, tabular_on
from builders.splits import split_of
from builders.windows import SPEC, made_load

from gridahead.core.errors import ModelError
from gridahead.models.aggregate import expert_answers, with_regression
from gridahead.models.aggregation import aggregated
from gridahead.models.base import possible
from gridahead.models.baselines import ReferenceForecast
from gridahead.settings.training import TrainingSettings
from gridahead.training import aggregate
from gridahead.training.aggregate import fit_aggregate
from gridahead.training.crossfit import Judged
from gridahead.training.fit import Fit
from gridahead.training.split import split

TRAINING = TrainingSettings(context_days=8, validation_days=40, quantiles=LEVELS)
PARTS = split(made_load(days=110), SPEC, TRAINING)
EVERYONE = ("ridge", "official", "official_corrected", "naive")
LAG = 2


def recurrent_on(parts):
    """A fit of a network with random weights."""
    model = model_on("week", parts.train)
    answers = model.uncalibrated(parts.judged)
    return Fit(
        model=model,
        folds=(model,),
        answers=answers,
        forecasts=answers,
        epochs=(),
        train_days=parts.train_days,
        validation_days=parts.train_days,
        judged_days=parts.train_days,
        learnt_until=parts.days[-1],
        data_fingerprint="data",
        validation={"validation_mae": 1.0, "validation_pinball": 1.0, "validation_pinball_late": 7.0},
        seconds=1.0,
    )


@pytest.fixture
def quick_ridge(monkeypatch):
    """A ridge on a few rows, and what it says of the judged days."""

    def judged_tabular(method, parts, levels, anchors):
        model = tabular_on(method, parts.train)
        answers = model.uncalibrated(parts.judged)
        return Judged(model, answers, answers)

    monkeypatch.setattr(aggregate, "judged_tabular", judged_tabular)


def fitted(parts=PARTS, beside=EVERYONE):
    return fit_aggregate("mixed", recurrent_on(parts), beside, parts)


def test_the_weights_are_what_the_judged_days_leave_drawn_half_way_to_equal_ones(quick_ridge):
    fit, judged = fitted(), PARTS.judged
    assert fit.model.experts == ("networks", *EVERYONE, "kalman")
    experts = (fit.model.recurrent, *fit.model.beside)
    answers = np.stack([possible(expert_answers(expert, judged), judged) for expert in experts])
    outturn = np.where(judged.delivery, judged.target, np.float32(np.nan))
    answers, regression = with_regression(answers, judged, outturn, None, LAG)
    means, weights = aggregated(answers, outturn, np.full((6, 3), 1 / 6), LEVELS, LAG)
    np.testing.assert_allclose(fit.answers, means, rtol=1e-6)
    np.testing.assert_allclose(fit.model.prior, (weights + 1 / 6) / 2, rtol=1e-9)
    assert fit.model.regression.to_dict() == regression.to_dict()
    assert fit.model.prior[2:4].sum() > fit.model.prior[0].sum(), "random weights forecast nothing"


def test_its_figures_are_those_of_its_forecasts_and_of_later_issue_times_those_of_its_networks(quick_ridge):
    fit, judged = fitted(), PARTS.judged
    counted = judged.delivery & ~np.isnan(judged.target)
    error = np.abs(fit.forecasts[..., 1] - judged.target)[counted].mean()
    assert fit.validation["validation_mae"] == pytest.approx(error, rel=1e-5)
    assert fit.validation["validation_pinball_late"] == 7.0
    assert (np.diff(fit.forecasts, axis=-1)[judged.within] >= 0).all()
    assert fit.epochs == ()


def test_answers_to_the_judged_days_know_no_outturn_that_was_not_known(quick_ridge, monkeypatch):
    clean = fitted()
    references = {one.name: one for one in clean.model.beside}  # they learn eleven numbers of all days together
    monkeypatch.setattr(aggregate, "_reference", lambda name, parts, levels: references[name])
    first = len(PARTS.windows) - len(PARTS.judged)
    for day in (0, 11):
        target = PARTS.windows.target.copy()
        target[first + day :] = 1e6
        fit = fitted(replace(PARTS, windows=replace(PARTS.windows, target=target)))
        assert fit.answers[: day + LAG].tobytes() == clean.answers[: day + LAG].tobytes()
        assert not np.array_equal(fit.answers[day + LAG], clean.answers[day + LAG], equal_nan=True)


def test_the_days_on_which_weights_begin_measure_no_interval(quick_ridge):
    clean, few = fitted(), len(PARTS.judged) // 4
    first = len(PARTS.windows) - len(PARTS.judged)
    beside = {one.name: one for one in clean.model.beside}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregate, "_reference", lambda name, parts, levels: beside[name])
        patch.setattr(aggregate, "aggregated", lambda answers, *rest: (clean.answers, clean.model.prior))
        for day, counts in ((few - 1, False), (few, True)):
            target = PARTS.windows.target.copy()
            target[first + day] += 20_000
            fit = fitted(replace(PARTS, windows=replace(PARTS.windows, target=target)))
            assert np.array_equal(fit.model.calibration, clean.model.calibration) is not counts


def test_without_an_official_forecast_only_the_others_stand_beside(quick_ridge):
    draws = np.random.default_rng(2)
    parts = split_of(120, outturn=10 + draws.normal(0, 1, (120, 37)))
    fit = fitted(parts)
    assert fit.model.experts == ("networks", "ridge", "naive", "kalman")
    assert fit.model.prior.shape == (4, 3)
    np.testing.assert_allclose(fit.model.prior.sum(axis=0), 1)


def test_an_official_forecast_of_which_no_error_is_known_stands_beside_nobody(quick_ridge):
    windows = PARTS.windows.with_values(SPEC.series.official, ahead=np.full_like(PARTS.windows.target, np.nan))
    assert fitted(replace(PARTS, windows=windows)).model.experts == ("networks", "ridge", "naive", "kalman")


def test_the_references_have_the_spread_of_their_own_errors(quick_ridge):
    plain, corrected = fitted(beside=("official", "official_corrected")).model.beside
    assert isinstance(plain, ReferenceForecast) and isinstance(corrected, ReferenceForecast)
    error = (PARTS.windows.target - PARTS.windows.corrected_ahead)[PARTS.windows.delivery]
    expected = np.nanquantile(error, LEVELS) - np.nanmedian(error)
    np.testing.assert_allclose(corrected.offsets, expected, rtol=1e-5)
    assert np.ptp(corrected.offsets) < np.ptp(plain.offsets)


def test_an_aggregate_is_part_of_no_aggregate(quick_ridge):
    fit = fitted()
    with pytest.raises(ModelError, match="is an aggregate already; name the networks that it is made of"):
        fit_aggregate("again", fit, EVERYONE, PARTS)
