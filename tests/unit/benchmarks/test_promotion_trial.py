"""The simulated challengers of the promotion benchmark are what it says they are."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from common import Row
from promotion_losses import Losses, _kept
from promotion_trial import (
    DAYS,
    DELAY,
    IMPROVEMENTS,
    PAIRS,
    USUAL,
    Drawn,
    calibrated,
    draw,
    ever_promoted,
    likeness,
    needed,
    pairwise,
    promoted_on,
)

from gridahead.core.runs import REFERENCES
from gridahead.promotion.trial import promotable
from gridahead.settings.gates import PromotionSettings


@pytest.fixture(scope="module")
def losses():
    draws = np.random.default_rng(0)
    hard = 500 * np.exp(0.5 * draws.normal(size=400))
    names = {*REFERENCES, *(name for pair in PAIRS.values() for name in pair)}
    daily = {name: hard * np.exp(0.1 * draws.normal(size=400) + 0.05 * n) for n, name in enumerate(sorted(names))}
    inside: dict[str, Any] = {name: draws.uniform(0.4, 1, 400) for name in names}
    return Losses(tuple(dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(400)), daily, daily, inside)


def test_challengers_that_are_called_equal_are_equal_in_truth(losses):
    world, draws = pairwise(losses, USUAL, as_covered=False), np.random.default_rng(1)
    assert world["a"].mean() == pytest.approx(world["b"].mean())
    pairs = [Drawn.of(world, 60, draws, 14).losses for _ in range(400)]
    ratios = [challenger.mean() / champion.mean() for champion, challenger in pairs]
    assert np.mean(ratios) == pytest.approx(1, abs=0.004)


def test_days_stay_in_order_within_a_spell_which_keeps_its_champion_and_lasts_as_long_as_said(losses):
    world = pairwise(losses, USUAL, as_covered=False)
    drawn = Drawn.of(world, 4000, np.random.default_rng(3), 14)
    follows = np.diff(drawn.rows) % len(world) == 1
    assert 1 / (1 - follows.mean()) == pytest.approx(14, rel=0.15)
    assert (np.diff(drawn.swapped.astype(int))[follows] == 0).mean() > 0.99, "two spells follow each other by chance"
    champion, challenger = drawn.losses
    both = world[["a", "b"]].to_numpy()[drawn.rows]
    np.testing.assert_array_equal(champion, np.where(drawn.swapped, both[:, 1], both[:, 0]))
    np.testing.assert_array_equal(champion + challenger, both.sum(axis=1))


def test_the_gate_is_asked_every_day_about_the_days_whose_losses_are_known(losses):
    """The day found is the first on which it promotes; of the two days before, no loss is known yet."""
    world, settings = pairwise(losses, "another seed", as_covered=False), PromotionSettings()
    factor = np.full(200, 0.9)
    drawn = Drawn.of(world, 200, np.random.default_rng(0), 14)
    days = drawn.days(factor)
    first = next(known for known in range(28, 199) if promotable(days.iloc[:known], settings))
    assert promoted_on(drawn, factor, settings) == first + DELAY
    assert promoted_on(drawn, np.ones(200), settings) is None


def test_better_challengers_are_promoted_sooner_and_equals_hardly_ever(losses):
    equal = ever_promoted(losses, USUAL, 40)
    assert equal.value <= 0.05
    assert equal.low is not None and equal.high is not None
    assert equal.low <= equal.value <= equal.high
    better = {row.task: row.value for row in needed(losses, USUAL, 0.1, 10)}
    assert better["10 % better, 365 days"] >= better["10 % better, 60 days"]
    assert better["10 % better, 730 days"] == 1


def test_losses_that_are_there_are_not_made_again_unless_what_they_are_of_has_changed(tmp_path, monkeypatch):
    made: list[str] = []
    no_windows: Any = None
    versions: list[tuple[list[object], int]] = [(["a"], 1), (["a"], 1), (["b"], 2)]

    def fit():
        made.append("fit")
        return {"ridge": None}

    monkeypatch.setattr("promotion_losses.predict_each", lambda model, test: None)
    for name in ("pinball_by_day", "error_by_day", "inside_by_day"):
        monkeypatch.setattr(f"promotion_losses.{name}", lambda answer, test: np.array([1.0, 2.0]))
    days, file = [dt.date(2024, 1, 1), dt.date(2024, 1, 2)], tmp_path / "losses.json"
    for made_of, times in versions:
        found = _kept(file, days, no_windows, {("ridge",): fit}, made_of)
        assert len(made) == times
        np.testing.assert_array_equal(found.daily["ridge"], [1.0, 2.0])


def test_intervals_cover_80_percent_in_truth_and_keep_their_order():
    inside: Any = np.random.default_rng(0).uniform(0.2, 1, 300)
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
        Row(f"{100 * gain:g} % better, {days} days", USUAL, "promoted", gain) for days in DAYS for gain in IMPROVEMENTS
    ]
    rows += [
        Row("a year of daily looks, equal", pair, metric, 0.02, 0.01, 0.03, 2000)
        for pair in PAIRS
        for metric in ("ever_promoted", "ever_promoted_if_spells_last_a_month")
    ]
    draw(rows, tmp_path / "trial.png")
    assert (tmp_path / "trial.png").stat().st_size > 10_000
