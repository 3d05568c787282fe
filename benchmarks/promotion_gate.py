"""How often does the promotion gate err? Challengers whose worth is known, made from days of real forecasts.

Every simulated period is a run of consecutive days of 2024 and 2025, with the losses that two real models had on them
and those of the official and the naive forecast. Both models are first scaled to the same mean. Then, a fortnight at a
time, a coin decides which of the two is the champion: so neither is better in truth, whatever the pair, while days keep
their correlation, their spells and their tails. A challenger that is better in truth has its losses scaled. Its
interval covers 80 % in truth, with the swings of the real one. The gate sees the days alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from pictures import picture, title
from promotion_losses import Losses, measured
from scipy import optimize, stats

from gridahead.config import PromotionSettings
from gridahead.features.windows import Array
from gridahead.grid import ZONES
from gridahead.scoring.breakdown import day_kind, season
from gridahead.scoring.promotion import decide

PAIRS = {
    "another seed": ("lstm", "lstm, another seed"),
    "retrained": ("lstm, half a year less", "lstm"),
    "another cell": ("lstm", "gru"),
    "regression": ("lstm", "ridge"),
    "boosting": ("lstm", "lightgbm"),
}
"""What a challenger usually is, from the most similar to the champion to the least."""
USUAL = "retrained"
DAYS = (30, 60, 90, 180, 365)
BAR = 90
IMPROVEMENTS = (0.0, 0.025, 0.05, 0.075, 0.1)
WORTH = 0.05
CHALLENGERS = 200
MANY = 500
"""For figures that 200 cannot resolve."""
FORTNIGHT = 14


def run(bench: Bench) -> list[Row]:
    """What real pairs are like, and how often the gate promotes."""
    losses = measured(bench)
    count, many = (20, 20) if bench.quick else (CHALLENGERS, MANY)
    rows = [row for pair in PAIRS for row in likeness(losses, pair)]
    for days in DAYS:
        say(f"{days} days")
        rows += [promoted(losses, USUAL, days, gain, count) for gain in IMPROVEMENTS]
    for pair in PAIRS:
        say(f"{pair}, {BAR} days")
        if pair != USUAL:
            rows += [promoted(losses, pair, BAR, gain, count) for gain in (0.0, WORTH)]
        rows += [promoted(losses, pair, BAR, gain, many, name="promoted_of_many") for gain in (0.0, WORTH)]
        rows.append(
            promoted(losses, pair, BAR, WORTH, count, name="promoted_with_intervals_as_they_were", as_covered=True)
        )
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


def promoted(
    losses: Losses, pair: str, days: int, gain: float, count: int, name: str = "promoted", as_covered: bool = False
) -> Row:
    """The share of challengers that are promoted, with its 95 % interval (Wilson)."""
    draws = np.random.default_rng([days, int(1000 * gain), list(PAIRS).index(pair), count])
    world = pairwise(losses, pair, as_covered)
    settings = PromotionSettings()
    verdicts = [decide(period(world, days, gain, draws), settings).verdict for _ in range(count)]
    yes = verdicts.count("promote")
    low, high = stats.binomtest(yes, count).proportion_ci(method="wilson")
    return Row(f"{days} days, {100 * gain:g} % better", pair, name, yes / count, float(low), float(high), count)


def pairwise(losses: Losses, pair: str, as_covered: bool) -> pd.DataFrame:
    """All days with the two models as `a` and `b`, and everything that the gate reads of a day."""
    first, second = PAIRS[pair]
    scale = losses.daily[first].mean() / losses.daily[second].mean()
    inside = {name: losses.inside[name] if as_covered else calibrated(losses.inside[name]) for name in (first, second)}
    days = pd.DatetimeIndex(losses.days)
    return pd.DataFrame(
        {
            "a": losses.daily[first],
            "b": losses.daily[second] * scale,
            "inside_a": inside[first],
            "inside_b": inside[second],
            "official": losses.daily["official"],
            "naive": losses.daily["naive"],
            "season": [season(day.month) for day in days],
            "holiday": [day_kind(day, ZONES["DE"]) == "holiday" for day in days],
        },
        index=days,
    ).astype({"a": float, "b": float, "official": float, "naive": float})


def calibrated(inside: Array) -> Array:
    """Daily shares with the same order and bounds, and a mean of 0.8."""
    power = optimize.brentq(lambda exponent: float(np.mean(inside**exponent)) - 0.8, 0.01, 20)
    shares: Array = inside**power
    return shares


def period(world: pd.DataFrame, days: int, gain: float, draws: np.random.Generator) -> pd.DataFrame:
    """Consecutive days, a coin for every fortnight, and a challenger that is better by so much."""
    part = world.iloc[(draws.integers(len(world)) + np.arange(days)) % len(world)]
    swapped = np.repeat(draws.random(days // FORTNIGHT + 1) < 0.5, FORTNIGHT)[:days]
    return part.assign(
        champion=np.where(swapped, part["b"], part["a"]),
        challenger=np.where(swapped, part["a"], part["b"]) * (1 - gain),
        inside=np.where(swapped, part["inside_a"], part["inside_b"]),
    )


def draw(rows: Sequence[Row], path: Path) -> None:
    """Promotion rate by true improvement and number of days; and by how alike champion and challenger are."""
    found = {(row.task, row.model): row for row in rows if row.metric == "promoted"}
    with picture(path, 2) as (by_days, by_pair):
        gains = [100 * gain for gain in IMPROVEMENTS]
        for number, days in enumerate(DAYS):
            shares = [100 * found[f"{days} days, {gain:g} % better", USUAL].value for gain in gains]
            shade = f"{0.75 - 0.75 * number / (len(DAYS) - 1):.2f}"
            by_days.plot(gains, shares, "o-", color=shade, label=f"{days} days")
        by_days.set_xlabel("true improvement [%]")
        by_days.legend(frameon=False, loc="lower right")
        title(by_days, f"promoted [%], challenger: {USUAL}")
        alike = {row.model: row.value for row in rows if row.metric == "correlation"}
        for gain, marker in ((0.0, "s"), (WORTH, "o")):
            each = [found[f"{BAR} days, {100 * gain:g} % better", pair] for pair in PAIRS]
            middle = np.array([row.value for row in each])
            around = np.abs(np.array([(row.low, row.high) for row in each], float).T - middle)
            by_pair.errorbar(
                [alike[pair] for pair in PAIRS], 100 * middle, 100 * around, fmt=marker, color="black", linewidth=0.8,
                label=f"{100 * gain:g} % better",
            )  # fmt: skip
        by_pair.set_xlabel("correlation of the daily losses of champion and challenger")
        by_pair.legend(frameon=False, loc="center left")
        title(by_pair, f"promoted [%] over {BAR} days")
        for axes in (by_days, by_pair):
            for share in (5, 80):
                axes.axhline(share, color="#c0392b", linewidth=0.8, linestyle=":")


if __name__ == "__main__":
    measure(run, draw)
