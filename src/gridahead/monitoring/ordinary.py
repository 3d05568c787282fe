"""Ordinary periods: what recent days look like when nothing has changed, with all that a short past leaves unknown.

Days resemble their neighbours, and the mean of a season is known from few of them. A limit that takes this mean for the
truth is passed far too often: with four months of past in one period of five where one in a hundred is meant. So every
draw is a past and a period after it, and the means are taken from the drawn past anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.evaluation.bootstrap import block_length
from gridahead.monitoring.findings import ENOUGH, Floats, ordinary_periods

REPETITIONS = 2000
"""The limit of one alarm in a hundred then stands on twenty draws."""
LONGEST_MEMORY = 0.95
"""Of one day for the day before. More cannot be distinguished from a change of level in so short a past."""
PORTION = 200
"""Draws that are judged at a time; of three years one is 9 KB, and there are several copies of each."""
BEGINNING = 60
"""Days drawn before the first one that counts: 0.95 to the power of 60 is a twentieth."""


@dataclass(frozen=True, eq=False)
class Period:
    """The seasons of N days of the past and of M recent ones after them."""

    past: npt.NDArray[np.str_]
    """(N,)"""
    recent: npt.NDArray[np.str_]
    """(M,)"""
    unseen: float
    """Standard deviation of what a season may be away from the mean of the past, where that has not seen it."""

    def from_season(self, past: Floats, recent: Floats) -> tuple[Floats, Floats]:
        """Values less the mean of their season in the past; less that of the whole past where it hardly has the season.

        Args:
            past: (..., N)
            recent: (..., M)
        """
        before, excess = np.empty_like(past), recent - past.mean(axis=-1, keepdims=True)
        for season in np.unique(self.past):
            of_season, now = self.past == season, self.recent == season
            usual = past[..., of_season].mean(axis=-1, keepdims=True)
            before[..., of_season] = past[..., of_season] - usual
            if self._seen(season):
                excess[..., now] = recent[..., now] - usual
        return before, excess

    def ordinary(self, before: Floats, figure: Callable[[Floats, Floats], Floats], seed: int) -> Floats:
        """A figure of drawn pasts and periods without any drift, (R,).

        Args:
            before: (N,) the real past less the means of its seasons.
            figure: (r,) of the (r, N) and (r, M) of r draws, less the means of their own seasons; a portion at a time,
                since all of them with what is computed of them on the way are 100 MB.
            seed: of the random numbers.
        """
        count = len(self.past)
        days, means = count + len(self.recent), len(np.unique(self.past))
        drawn = ordinary_days(before, days, means=means, repetitions=REPETITIONS, seed=seed)
        draws = np.random.default_rng([seed, count])
        for season in np.unique(self.recent):
            if not self._seen(season):
                shift = draws.normal(0.0, self.unseen, (len(drawn), 1))
                drawn[:, count:][:, self.recent == season] += shift
        portions = (drawn[first : first + PORTION] for first in range(0, len(drawn), PORTION))
        return np.concatenate([figure(*self.from_season(some[:, :count], some[:, count:])) for some in portions])

    def _seen(self, season: str) -> bool:
        return int((self.past == season).sum()) >= ENOUGH


def ordinary_days(before: Floats, length: int, *, means: int, repetitions: int, seed: int) -> Floats:
    """So many days after one another as they might have been, (R, length).

    What a day has from the day before is drawn as an autoregression, what is new on it in blocks of days. Blocks alone
    forget too fast: a month has only four of them.

    Args:
        before: (N,) less its means.
        length: of what is drawn [days].
        means: how many were taken off.
        repetitions: R.
        seed: of the random numbers.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 8; an autoregression first: Andrews
        and Monahan, Econometrica 60 (1992). Taking means off makes memory look smaller; by how much is of Kendall, Note
        on bias in the estimation of autocorrelation, Biometrika 41 (1954), here for every mean.
    """
    count = len(before)
    squares = float(before @ before) or 1.0
    memory = (float(before[1:] @ before[:-1]) / squares + means / count) / (1 - (means + 2) / count)
    memory = min(max(memory, 0.0), LONGEST_MEMORY)
    news = (before[1:] - memory * before[:-1]) * np.sqrt(count / (count - means - 1))
    drawn = ordinary_periods(news - news.mean(), length + BEGINNING, block_length(count), repetitions, seed)
    return autoregression(drawn, memory)[:, BEGINNING:]


def autoregression(news: Floats, memory: float) -> Floats:
    """Days that are so much of the day before, and what is new on them, from a beginning at rest.

    SciPy's `lfilter` says the same and brings 45 MB into a server that judges drift.

    Args:
        news: (..., N) of every day.
        memory: of one day for the day before [1].
    """
    days = news.copy()
    for day in range(1, days.shape[-1]):
        days[..., day] += memory * days[..., day - 1]
    return days
