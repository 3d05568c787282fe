"""The simulated challengers of the promotion benchmark are what it says they are."""

import datetime as dt

import numpy as np
import pytest
from common import Row
from promotion_gate import BAR, DAYS, IMPROVEMENTS, PAIRS, USUAL, WORTH, calibrated, draw, likeness, pairwise, period
from promotion_losses import Losses


@pytest.fixture(scope="module")
def losses():
    draws = np.random.default_rng(0)
    hard = 500 * np.exp(0.5 * draws.normal(size=400))
    names = {"official", "naive", *(name for pair in PAIRS.values() for name in pair)}
    daily = {name: hard * np.exp(0.1 * draws.normal(size=400) + 0.05 * n) for n, name in enumerate(sorted(names))}
    inside = {name: draws.uniform(0.4, 1, 400) for name in names}
    return Losses(tuple(dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(400)), daily, daily, inside)


def test_challengers_that_are_called_equal_are_equal_in_truth_and_others_better_by_what_is_said(losses):
    world, draws = pairwise(losses, USUAL, as_covered=False), np.random.default_rng(1)
    assert world["a"].mean() == pytest.approx(world["b"].mean())
    for gain in (0.0, 0.05):
        periods = [period(world, 60, gain, draws) for _ in range(400)]
        ratios = [days["challenger"].mean() / days["champion"].mean() for days in periods]
        assert np.mean(ratios) == pytest.approx(1 - gain, abs=0.004)


def test_days_stay_in_order_and_a_fortnight_keeps_its_champion(losses):
    world = pairwise(losses, USUAL, as_covered=False)
    days = period(world, 30, 0.0, np.random.default_rng(3))
    assert len(days) == 30
    swapped = (days["champion"] == days["b"]).to_numpy()
    assert len(set(swapped[:14])) == len(set(swapped[14:28])) == 1
    steps = np.diff(days.index)
    assert (steps == np.timedelta64(1, "D")).sum() >= 28, "one jump at most, from the last day to the first"


def test_intervals_cover_80_percent_in_truth_and_keep_their_order():
    inside = np.random.default_rng(0).uniform(0.2, 1, 300)
    found = calibrated(inside)
    assert found.mean() == pytest.approx(0.8)
    np.testing.assert_array_equal(np.argsort(found), np.argsort(inside))
    assert found.max() <= 1


def test_how_alike_a_pair_is_does_not_depend_on_which_is_better(losses):
    figures = {row.metric: row.value for row in likeness(losses, USUAL)}
    first, second = (losses.daily[name] for name in PAIRS[USUAL])
    assert figures["correlation"] == pytest.approx(np.corrcoef(first, second)[0, 1])


def test_the_picture_is_drawn_from_the_rows(tmp_path):
    rows = [Row("measured", pair, "correlation", 0.9 + n / 100) for n, pair in enumerate(PAIRS)]
    rows += [
        Row(f"{days} days, {100 * gain:g} % better", USUAL, "promoted", gain) for days in DAYS for gain in IMPROVEMENTS
    ]
    for gain in (0.0, WORTH):
        task = f"{BAR} days, {100 * gain:g} % better"
        rows += [Row(task, pair, "promoted", 0.5, 0.4, 0.6, 200) for pair in PAIRS]
    draw(rows, tmp_path / "gate.png")
    assert (tmp_path / "gate.png").stat().st_size > 10_000
