"""Out of fold: what is said of a judged day comes from what has learnt neither it nor the days around it."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from builders.splits import LEVELS, numbers, split_of
from scipy.stats import norm

from gridahead.models.calibration import as_it_is, calibrate, calibration_on
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training import fit as module
from gridahead.training.crossfit import crossfitted, judge, out_of_fold, validation_metrics
from gridahead.training.fit import fit
from gridahead.training.split import GAP_DAYS

GUESS = -1.0
GAP = GAP_DAYS + 2
"""A week, the day of the issue time, and the horizon's end on the next."""


@dataclass(frozen=True)
class Memory:
    """It knows by heart what it has learnt, and guesses the same of everything else."""

    heard: frozenset = field(default_factory=frozenset)
    """The days that its weights or its calibration have seen."""
    reach: int = 0
    """How many days from one that it has heard of it still knows: errors last."""
    name: ClassVar = "memory"
    quantiles: ClassVar = LEVELS

    def knows(self, day):
        return any(abs(day - one) <= self.reach for one in self.heard)

    def uncalibrated(self, windows):
        known = np.array([self.knows(day) for day in numbers(windows)], bool)
        said = np.where(known[:, None], windows.target, np.float32(GUESS))
        return np.repeat(said[..., None], 3, axis=-1)

    predict = uncalibrated

    def calibrated(self, answers, windows):
        assert len(answers) == len(windows)
        return replace(self, heard=self.heard | set(numbers(windows)))


def judged_memory(parts, reach):
    folds = [Memory(frozenset(numbers(parts.without(parts.spans(fold)).daily)), reach) for fold in range(parts.folds)]
    return judge(Memory(frozenset(numbers(parts.windows)), reach), folds, parts)


@pytest.mark.parametrize(("count", "validation"), [(90, 45), (365, 270), (900, 90)])
def test_a_model_that_learns_by_heart_gains_nothing_on_the_days_that_judge(count, validation):
    parts = split_of(count, validation_days=validation)
    found = judged_memory(parts, reach=0)
    assert (found.forecasts == GUESS).all()
    assert (found.answers == GUESS).all()
    exact = np.repeat(parts.judged.target[..., None], 3, axis=-1)
    assert np.array_equal(found.model.predict(parts.judged), exact), "it does know them by heart"


def test_what_lasts_as_long_as_the_gap_does_not_help_either_and_what_lasts_longer_would():
    parts = split_of(365, validation_days=270)
    assert (judged_memory(parts, reach=GAP).forecasts == GUESS).all()
    assert (judged_memory(parts, reach=GAP + 1).forecasts != GUESS).any()


def test_a_fit_trains_networks_on_the_days_of_the_split_and_no_others(monkeypatch):
    """Guard: what `training.fit` hands to training. The outturn of each day is its number."""
    parts, learnt = split_of(200, validation_days=90), []
    plain = module.windows_to_learn

    def written_down(scaler, segment, settings, windows, static):
        learnt.append(windows.target[:, 20].astype(int).tolist())
        return plain(scaler, segment, settings, windows, static)

    monkeypatch.setattr(module, "windows_to_learn", written_down)
    one = ModelSettings(cell="gru", hidden=4, decoder_hidden=4, members=1, anchor="level", decoder="direct")
    settings = TrainingSettings(quantiles=LEVELS, epochs=1, context_days=8, device="cpu")
    fit("gru", parts, one, settings, lambda epoch: None)
    by_fold = [parts.without(parts.spans(fold)) for fold in range(parts.folds)]
    lessons = [parts.to_stop(), *by_fold, parts.everything()]
    as_they_were = [windows for lesson in lessons for windows in lesson.as_they_were]
    silent = [windows for lesson in lessons[1:] for windows in lesson.silent]
    assert learnt == [numbers(windows) for windows in (*as_they_were, *silent)]
    assert all(lesson.daily.days == lesson.silent[0].days for lesson in lessons), (
        "every day has a copy without an input"
    )
    for block in parts.blocks():
        own = np.array(numbers(parts.judged.where(block.rows)))
        for windows in (*by_fold[block.fold].as_they_were, *by_fold[block.fold].silent):
            assert np.abs(own[:, None] - numbers(windows)).min() > GAP


def test_every_block_is_answered_by_the_networks_of_its_fold():
    @dataclass(frozen=True)
    class Number(Memory):
        own: float = 0.0

        def uncalibrated(self, windows):
            return np.full((*windows.target.shape, 3), self.own, np.float32)

    parts = split_of(400, validation_days=80)
    answers = out_of_fold(parts, [Number(own=float(fold)) for fold in range(parts.folds)])
    expected = np.concatenate([np.full(block.rows.sum(), block.fold) for block in parts.blocks()])
    assert answers[:, 0, 0].tolist() == expected.tolist()


def test_each_window_is_forecast_once_by_the_networks_of_its_block():
    asked = []

    class One(Memory):
        def predict(self, windows):
            asked.extend(windows.days)
            return self.uncalibrated(windows)

    def finished(block) -> Any:
        return One()

    parts = split_of(90, validation_days=45)
    crossfitted(parts, finished)
    assert asked == parts.judged.days


# -- calibrated can fail ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Normal:
    """It forecasts a normal distribution of the same spread for every unit."""

    spread: float
    calibration: np.ndarray = field(default_factory=lambda: as_it_is(LEVELS))
    name: ClassVar = "normal"
    quantiles: ClassVar = LEVELS

    def uncalibrated(self, windows):
        said = 100 + self.spread * norm.ppf(LEVELS)
        return np.broadcast_to(said, (*windows.target.shape, 3)).astype(np.float32)

    def predict(self, windows):
        return calibrate(self.uncalibrated(windows), self.calibration, LEVELS, 6)

    def calibrated(self, answers, windows):
        return replace(self, calibration=calibration_on(answers, windows, LEVELS))


@dataclass(frozen=True)
class Stubborn(Normal):
    """It is calibrated by nothing."""

    def calibrated(self, answers, windows):
        return self


def judged(served, folds, parts):
    """What is said of stand-ins, which have less than a forecaster has."""
    return judge(served, folds, parts)


def coverage(forecasts, windows):
    """Share of outturns between P10 and P90."""
    inside = (forecasts[..., 0] <= windows.target) & (windows.target <= forecasts[..., 2])
    return float(inside[windows.delivery].mean())


def normal_days(spread):
    """A split whose outturn is normal around 100, with a spread a day, (N,)."""
    rng = np.random.default_rng(4)
    return split_of(
        len(spread), validation_days=270, outturn=100 + spread[:, None] * rng.normal(size=(len(spread), 37))
    )


def test_networks_that_are_too_narrow_are_seen_to_be_so_where_calibration_does_not_help():
    parts = normal_days(np.ones(500))
    helped, not_helped = (judged(one(0.6), [one(0.6)] * parts.folds, parts).forecasts for one in (Normal, Stubborn))
    assert coverage(not_helped, parts.judged) == pytest.approx(2 * norm.cdf(0.6 * norm.ppf(0.9)) - 1, abs=0.02)
    # 200 days against 20 and 60 of the prior: nearly all of what is missing.
    assert coverage(helped, parts.judged) == pytest.approx(0.77, abs=0.03)


def test_networks_that_are_far_too_narrow_stay_too_narrow_within_the_bounds_and_are_seen_to_be_so():
    parts = normal_days(np.ones(500))
    found = judged(Normal(0.1), [Normal(0.1)] * parts.folds, parts)
    # Published at most from the score 1.28 + 1 on either side: a spread of 0.18 instead of 1.
    assert coverage(found.forecasts, parts.judged) == pytest.approx(
        2 * norm.cdf(0.1 * (norm.ppf(0.9) + 1)) - 1, abs=0.02
    )


def test_a_block_that_is_unlike_all_others_is_not_calibrated_by_itself():
    parts = normal_days(np.where(np.arange(500) >= 466, 2.5, 1.0))  # the last block of 34 days is wilder
    found = judged(Normal(1.0), [Normal(1.0)] * parts.folds, parts)
    last = list(parts.blocks())[-1].rows
    assert 30 <= last.sum() <= 36
    assert coverage(found.forecasts[last], parts.judged.where(last)) < 0.5
    assert coverage(found.forecasts[~last], parts.judged.where(~last)) > 0.78


def test_what_serves_is_calibrated_on_all_judged_days():
    parts = normal_days(np.ones(300))
    found = judged(Normal(0.6), [Normal(0.8)] * parts.folds, parts)
    said = Normal(0.8).uncalibrated(parts.judged)
    assert np.array_equal(found.answers, said)
    assert found.model.calibration.tolist() == calibration_on(said, parts.judged, LEVELS).tolist()
    assert found.model.spread == 0.6


# -- what they are worth ----------------------------------------------------------------------------------------------


def test_metrics_by_hand():
    parts = split_of(80, validation_days=20, outturn=np.full(80, 10.0))
    windows = parts.judged
    forecasts = np.broadcast_to(np.array([8.0, 9.0, 13.0], np.float32), (*windows.target.shape, 3))
    found = validation_metrics(forecasts, windows, LEVELS)
    assert found["validation_mae"] == pytest.approx(1.0)
    assert found["validation_pinball"] == pytest.approx((0.1 * 2 + 0.5 * 1 + 0.1 * 3) / 3)
    early = np.where(windows.delivery, windows.target, np.float32(1e6))
    wild = replace(windows, target=early)
    assert validation_metrics(forecasts, wild, LEVELS) == found, "hours before the delivery day count"
