"""Intervals under each condition: as wide as the judged days say, never narrower for what is staler."""

from dataclasses import dataclass

import numpy as np
import pytest
from builders.windows import SPEC, made_load

from gridahead.features.anchors import anchored
from gridahead.features.missing import without
from gridahead.models.calibration import calibrate, calibration_on, units_of_block
from gridahead.models.conditions import AGES, COMPLETE, Condition
from gridahead.settings.training import TrainingSettings
from gridahead.training.conditions import answers_of, conditions_on
from gridahead.training.crossfit import out_of_fold
from gridahead.training.split import split

LEVELS = (0.1, 0.5, 0.9)
SPLIT = split(made_load(200), SPEC, TrainingSettings(quantiles=LEVELS, context_days=8, validation_days=140))
OFFICIAL = SPEC.series.official


@dataclass(frozen=True)
class Blind:
    """Says the official forecast, else last week's hours, and never knows how wrong it is; stale news narrow it."""

    spread: float = 1_500.0

    def uncalibrated(self, windows):
        median = anchored(windows, "official", 50_000.0)
        width = self.spread * (0.8 + 0.2 * (~np.isnan(windows.target_past[:, -24:])).mean(axis=1))[:, None]
        return np.stack([median - width, median, median + width], axis=-1).astype(np.float32)


@pytest.fixture(scope="module")
def measured():
    folds = [Blind()] * SPLIT.folds
    answers = out_of_fold(SPLIT, folds)
    complete = calibration_on(answers, SPLIT.judged, LEVELS)
    return complete, conditions_on(SPLIT, complete, answers, answers_of(SPLIT, folds), LEVELS)


def published(measured, silent):
    complete, conditions = measured
    hours = {series: np.full(len(SPLIT.judged), float(own)) for series, own in silent.items()}
    windows = without(SPLIT.judged, hours)
    answers = conditions.published(
        Blind().uncalibrated(windows), windows, complete, LEVELS, SPLIT.windows.known_share()
    )
    return windows, answers


def width_of(measured, silent):
    windows, answers = published(measured, silent)
    return float((answers[..., 2] - answers[..., 0])[windows.delivery].mean())


def covered(measured, silent):
    windows, answers = published(measured, silent)
    inside = (answers[..., 0] <= windows.target) & (windows.target <= answers[..., 2])
    return float(inside[windows.delivery].mean())


def test_every_condition_of_the_series_has_a_calibration(measured):
    expected = {Condition(age=age, official=lost) for age in range(len(AGES) + 1) for lost in (False, True)}
    assert set(measured[1].scores) == expected - {COMPLETE}


def test_the_staler_the_wider_though_the_model_itself_narrows(measured):
    hours = (0, 16, 48, 120, 180)
    raw = [
        Blind().uncalibrated(without(SPLIT.judged, {SPEC.series: np.full(len(SPLIT.judged), float(h))})) for h in hours
    ]
    assert np.diff([(one[..., 2] - one[..., 0]).mean() for one in raw])[1] < 0
    widths = [width_of(measured, {SPEC.series: own}) for own in hours]
    assert (np.diff(widths) >= -0.01 * widths[0]).all(), widths
    both = [width_of(measured, {SPEC.series: own, OFFICIAL: 24}) for own in hours]
    assert (np.diff(both) >= -0.01 * both[0]).all(), both
    assert min(both) > 1.1 * widths[0]


def test_without_the_official_forecast_intervals_cover_what_they_say(measured):
    assert covered(measured, {}) == pytest.approx(0.8, abs=0.08)
    assert covered(measured, {OFFICIAL: 24}) == pytest.approx(0.8, abs=0.06)


def test_the_calibration_for_complete_inputs_is_not_touched(measured):
    complete, conditions = measured
    raw = Blind().uncalibrated(SPLIT.judged)
    plain = calibrate(raw, complete, LEVELS, units_of_block(SPEC))
    said = conditions.published(raw, SPLIT.judged, complete, LEVELS, SPLIT.windows.known_share())
    assert np.array_equal(plain, said)
