"""Whether one model is better than another, asked as often as one likes: a test by betting on blocks of days.

A test of a fixed period, asked again every day, finds a difference between equals sooner or later. This one may be
asked every day for years: if neither model is better, the chance that its e-value ever reaches 1/α is at most α.

Days resemble their neighbours, and a loss is known only two issues after the forecast was made. So the days are cut
into blocks of a week, and two days between blocks are left out: when the first forecast of a block is issued, all
losses of the blocks before are known. That holds as long as good and bad spells do not outlast a block;
`promotion_trial` measures how much is lost where they do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.evaluation.significance import WEEK

Floats = npt.NDArray[np.float64]

GAP = 2
"""Days left out between blocks: a loss is known two issues after its forecast, so that all losses of a block are known
when the first forecast of the next one is issued."""
ENOUGH = 4
"""Known days that speak for a block of seven; a block with fewer decides nothing."""
STAKES: Floats = np.array([2.0, 4.0, 8.0, 16.0, 32.0])
"""How much is bet on a difference: 2 is best where a block's mean scatters by a sixth of the loss, 32 where by a
fortieth. Two real models scatter by something in between, and which it is need not be known before."""


def block_means(differences: pd.Series) -> Floats:
    """The mean difference of every block that is over, (K,); blocks with fewer than four known days are left out.

    Args:
        differences: by day, NaN where it is not known; the first day begins the first block.
    """
    ordered = differences.dropna().sort_index()
    if ordered.empty:
        return np.empty(0)
    after = (pd.DatetimeIndex(ordered.index) - ordered.index[0]).days.to_numpy()
    block = after // (WEEK + GAP)
    counted = (after % (WEEK + GAP) < WEEK) & (block * (WEEK + GAP) + WEEK - 1 <= after[-1])
    days = np.bincount(block[counted])
    sums = np.bincount(block[counted], ordered.to_numpy(dtype=float)[counted])
    means: Floats = sums[days >= ENOUGH] / days[days >= ENOUGH]
    return means


def e_process(blocks: npt.ArrayLike) -> Floats:
    """The e-value after every block, (K,): how many times over a bet on positive differences has paid.

    A bet of stake λ on a block with mean difference s multiplies what is there by 1 + tanh(λ s), between 0 and 2: one
    terrible week counts as one bad week. The e-value is the mean over the stakes. If, whatever came before, a block is
    no more often positive than negative by as much, it is a supermartingale, and exceeds 1/α with probability α at
    most, over all times together (Ville's inequality). Blocks of no difference leave it at 1.

    Args:
        blocks: (K,) relative differences [1], positive where the challenger is better.

    Source: Choe and Ramdas, Comparing sequential forecasters, Operations Research 72 (2024), for bets on bounded
        differences and forecasts known with a lag; Ramdas, Grünwald, Vovk and Shafer, Game-theoretic statistics and
        safe anytime-valid inference, Statistical Science 38 (2023), for bets on symmetry.
    """
    means = np.asarray(blocks, dtype=float)
    paid = np.cumprod(1 + np.tanh(STAKES[:, None] * means), axis=1)
    values: Floats = paid.mean(axis=0)
    return values


def days_to_see(blocks: npt.ArrayLike, gain: float, needed: float) -> float:
    """About how many days a challenger that is better by so much takes until its e-value is reached.

    Args:
        blocks: (K,) relative differences as they were; their scatter counts, not their mean.
        gain: share of the loss that is saved in truth.
        needed: e-value that decides.

    Returns:
        Days, about a median; NaN with fewer than two blocks, infinite where no stake gains.
    """
    means = np.asarray(blocks, dtype=float)
    if len(means) < 2:
        return float("nan")
    moved = means - means.mean() + 2 * gain / (2 - gain)
    growth = float(np.log1p(np.tanh(STAKES[:, None] * moved)).mean(axis=1).max())
    if growth <= 0:
        return float("inf")
    return float((WEEK + GAP) * np.ceil(np.log(needed * len(STAKES)) / growth))
