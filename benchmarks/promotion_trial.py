"""How often do trials err, held every day? Challengers whose worth is known, made from real forecasts.

Every simulated year is drawn from the days of 2024 and 2025, with the losses that two real models had on them and those
of the references: in spells of consecutive days, of a fortnight on average. Both models are first
scaled to the same mean. For every spell a coin decides which of the two is the champion: so neither is better in truth,
whatever the pair, while days keep their correlation, their spells and their tails. A challenger that is better in truth
has its losses scaled. Its interval covers 80 % in truth, with the swings of the real one. A trial is held every day
on the days whose losses are known by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import Bench, Row, measure, say
from pictures import picture, title
from promotion_losses import Losses, measured
from scipy import optimize, stats

from gridahead.core.grid import ZONES
from gridahead.core.runs import REFERENCES
from gridahead.evaluation.significance import WEEK
from gridahead.evaluation.slices import season
from gridahead.features.day_kinds import day_kind
from gridahead.features.windows import Array
from gridahead.promotion.sequential import GAP, block_means, e_process
from gridahead.promotion.trial import promotable, relative_differences
from gridahead.settings.gates import PromotionSettings

PAIRS = {
    "another seed": ("lstm", "lstm, another seed"),
    "retrained": ("lstm, half a year less", "lstm"),
    "another cell": ("lstm", "gru"),
    "regression": ("lstm", "ridge"),
    "boosting": ("lstm", "lightgbm"),
}
"""What a challenger usually is, from the most similar to the champion to the least."""
USUAL = "retrained"
YEAR, LONGEST = 365, 730
DAYS = (60, 90, 120, 180, 270, YEAR, 540, LONGEST)
DELAY = 2
"""Issues until a loss is known."""
IMPROVEMENTS = (0.02, 0.05, 0.1)
WORTH = 0.05
SEEN = 0.8
"""The days needed are those by which so many challengers are promoted."""
EQUALS, CHALLENGERS = 2000, 300
"""Years of equals, so that a rate of 4 % is told from 5 %; and periods of better challengers."""
FORTNIGHT, MONTH = 14, 28
TERRIBLE, WORSE, BETTER = 0.08, 1.46, 0.96
"""On 8 of 100 days 46 % worse, else 4 % better: no better in the mean."""


def run(bench: Bench) -> list[Row]:
    """What real pairs are like, how often equals are ever promoted, and how long better ones take."""
    losses = measured(bench)
    equals, count = (20, 10) if bench.quick else (EQUALS, CHALLENGERS)
    rows = [row for pair in PAIRS for row in likeness(losses, pair)]
    for pair in PAIRS:
        say(f"{pair}: equals")
        rows.append(ever_promoted(losses, pair, equals))
        rows.append(ever_promoted(losses, pair, equals, "ever_promoted_if_spells_last_a_month", spell=MONTH))
        rows.append(ever_promoted(losses, pair, count, "ever_promoted_if_terrible_on_some_days", terrible=True))
        for gain in IMPROVEMENTS:
            say(f"{pair}: {100 * gain:g} % better")
            rows += needed(losses, pair, gain, count)
        rows += needed(losses, pair, WORTH, count, "_with_intervals_as_they_were", as_covered=True)
    return rows


def likeness(losses: Losses, pair: str) -> list[Row]:
    """How alike the daily losses of a pair are."""
    first, second = (losses.daily[name].astype(float) for name in PAIRS[pair])
    second = second * first.mean() / second.mean()
    difference = (second - first) / first.mean()
    figures = {
        "correlation": np.corrcoef(first, second)[0, 1],
        "correlation_of_logarithms": np.corrcoef(np.log(first), np.log(second))[0, 1],
        "spread_of_a_loss": first.std() / first.mean(),
        "spread_of_the_difference": difference.std(),
        "autocorrelation_1_day": np.corrcoef(difference[1:], difference[:-1])[0, 1],
        "autocorrelation_7_days": np.corrcoef(difference[7:], difference[:-7])[0, 1],
        "excess_kurtosis": stats.kurtosis(difference),
        "coverage_80": np.mean([losses.inside[name].mean() for name in PAIRS[pair]]),
    }
    return [Row("measured", pair, metric, float(value), n=len(first)) for metric, value in figures.items()]


def ever_promoted(
    losses: Losses,
    pair: str,
    count: int,
    name: str = "ever_promoted",
    *,
    spell: int = FORTNIGHT,
    terrible: bool = False,
) -> Row:
    """The share of challengers no better than the champion that a year of daily looks promotes (Clopper–Pearson)."""
    draws = np.random.default_rng([spell, terrible, list(PAIRS).index(pair), count])
    world, found = pairwise(losses, pair, as_covered=False), 0
    for _ in range(count):
        drawn = Drawn.of(world, YEAR, draws, spell)
        factor = np.where(draws.random(YEAR) < TERRIBLE, WORSE, BETTER) if terrible else np.ones(YEAR)
        found += promoted_on(drawn, factor, PromotionSettings()) is not None
    return share("a year of daily looks, equal", pair, name, found, count)


def needed(
    losses: Losses, pair: str, gain: float, count: int, after: str = "", *, as_covered: bool = False
) -> list[Row]:
    """How many challengers that are so much better have been promoted after how many days."""
    draws = np.random.default_rng([int(1000 * gain), list(PAIRS).index(pair), count, as_covered])
    world, task = pairwise(losses, pair, as_covered), f"{100 * gain:g} % better"
    factor = np.full(LONGEST, 1 - gain)
    periods = (Drawn.of(world, LONGEST, draws, FORTNIGHT) for _ in range(count))
    taken = [promoted_on(drawn, factor, PromotionSettings()) or np.inf for drawn in periods]
    rows = [
        share(f"{task}, {days} days", pair, f"promoted{after}", int(np.sum(np.less_equal(taken, days))), count)
        for days in DAYS
    ]
    by = float(np.quantile(taken, SEEN, method="higher"))
    return rows + ([Row(task, pair, f"days_until_80_percent{after}", by, n=count)] if np.isfinite(by) else [])


def share(task: str, pair: str, name: str, found: int, count: int) -> Row:
    """So many of so many, with the 95 % interval."""
    # Its upper end alone is exceeded in 2.5 % of cases: stricter than an upper limit of 95 %.
    low, high = stats.binomtest(found, count).proportion_ci(method="exact")
    return Row(task, pair, name, found / count, float(low), float(high), count)


def promoted_on(drawn: Drawn, factor: npt.NDArray[Any], settings: PromotionSettings) -> int | None:
    """After how many days a trial that is held every day promotes, None if never.

    On the day of a look, losses are known until two issues before.

    Args:
        drawn: a period of two models that are equal.
        factor: (N,) by which the challenger's losses are another.
        settings: of the trial.
    """
    champion, challenger = drawn.losses
    relative = relative_differences(champion, challenger * factor)
    values = e_process(block_means(pd.Series(relative, index=drawn.index)))
    days = None
    for known in range(settings.min_days, len(relative) - DELAY + 1):
        # The rest need not be computed where the e-value, which changes with a block only, does not suffice.
        if values[(known + GAP) // (WEEK + GAP) - 1] < 1 / settings.alpha_ever:
            continue
        days = drawn.days(factor) if days is None else days
        if promotable(days.iloc[:known], settings):
            return known + DELAY
    return None


def pairwise(losses: Losses, pair: str, as_covered: bool) -> pd.DataFrame:
    """All days with the two models as `a` and `b`, and everything that a trial reads of a day."""
    first, second = PAIRS[pair]
    scale = losses.daily[first].mean() / losses.daily[second].mean()
    inside = {name: losses.inside[name] if as_covered else calibrated(losses.inside[name]) for name in (first, second)}
    days = pd.DatetimeIndex(losses.days)
    return (
        pd.DataFrame(
            {
                "a": losses.daily[first],
                "b": losses.daily[second] * scale,
                "inside_a": inside[first],
                "inside_b": inside[second],
                "season": [season(day.month) for day in days],
                "holiday": [day_kind(day, ZONES["DE"]) == "holiday" for day in days],
            },
            index=days,
        )
        .assign(**{name: losses.daily[name] for name in REFERENCES})
        .astype(dict.fromkeys(("a", "b", *REFERENCES), float))
    )


def calibrated(inside: Array) -> Array:
    """Daily shares with the same order and bounds, and a mean of 0.8."""
    power = optimize.brentq(lambda exponent: float(np.mean(inside**exponent)) - 0.8, 0.01, 20)
    shares: Array = inside**power
    return shares


@dataclass(frozen=True, eq=False)
class Drawn:
    """A period of spells of consecutive days, with a coin for each that says which of two models is the champion."""

    world: pd.DataFrame
    rows: npt.NDArray[np.int64]
    """(N,) which days of the world"""
    swapped: npt.NDArray[np.bool_]
    """(N,) whether `b` is the champion"""

    @classmethod
    def of(cls, world: pd.DataFrame, days: int, draws: np.random.Generator, spell: int) -> Drawn:
        """So many days in spells of so many on average."""
        place = np.arange(days)
        begins = draws.random(days) < 1 / spell
        begins[0] = True
        begun = np.maximum.accumulate(np.where(begins, place, 0))
        rows = (draws.integers(len(world), size=days)[begun] + place - begun) % len(world)
        return cls(world, rows, (draws.random(days) < 0.5)[begun])

    @property
    def index(self) -> pd.DatetimeIndex:
        """Days one after the other, as a trial counts them."""
        return pd.date_range("2024-01-01", periods=len(self.rows))

    @property
    def losses(self) -> tuple[Array, Array]:
        """Of the champion and of the challenger, (N,) each."""
        first, second = (self.world[name].to_numpy()[self.rows] for name in "ab")
        return np.where(self.swapped, second, first), np.where(self.swapped, first, second)

    def days(self, factor: Array) -> pd.DataFrame:
        """What a trial is given of a challenger whose losses are so many times those of the drawn one."""
        champion, challenger = self.losses
        part = self.world.iloc[self.rows]
        return part.assign(
            champion=champion,
            challenger=challenger * factor,
            inside=np.where(self.swapped, part["inside_a"], part["inside_b"]),
        ).set_index(self.index)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Promoted by then: better challengers of the usual kind; and equals after a year, by how alike the two are."""
    found = {(row.task, row.model, row.metric): row for row in rows}
    with picture(path, 2) as (by_days, by_pair):
        for gain, marker in zip(IMPROVEMENTS, "o^s", strict=True):
            named = f"{100 * gain:g} % better"
            shares = [found[f"{named}, {days} days", USUAL, "promoted"].value for days in DAYS]
            by_days.plot(DAYS, 100 * np.array(shares), marker=marker, color="black", linewidth=0.8, label=named)
        by_days.axhline(100 * SEEN, color="#c0392b", linewidth=0.8, linestyle=":")
        by_days.set_xlabel("days since the challenger was named")
        by_days.legend(frameon=False)
        title(by_days, "promoted by then [%], trained on half a year more")
        alike = {row.model: row.value for row in rows if row.metric == "correlation"}
        for metric, marker, label in (
            ("ever_promoted", "o", "spells of a fortnight"),
            ("ever_promoted_if_spells_last_a_month", "s", "of a month"),
        ):
            each = [found["a year of daily looks, equal", pair, metric] for pair in PAIRS]
            middle = 100 * np.array([row.value for row in each])
            around = np.abs(100 * np.array([(row.low, row.high) for row in each], float).T - middle)
            by_pair.errorbar(
                [alike[pair] for pair in PAIRS], middle, around, fmt=marker, color="black", linewidth=0.8, label=label
            )
        by_pair.axhline(5, color="#c0392b", linewidth=0.8, linestyle=":")
        by_pair.set_xlabel("correlation of the daily losses of champion and challenger")
        by_pair.legend(frameon=False)
        title(by_pair, "equals ever promoted in a year of daily looks [%]")


if __name__ == "__main__":
    measure(run, draw)
