"""fracast on a job of the comparison: the weights of its wheel as they are, without any training.

It reads the last values of the series alone and gives nine quantiles. A level beyond the outermost of them lies on half
a normal through that and the median.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd
import torch
from fracast import FracastModel
from job import Job, answer, filled, told

CONTEXT = 512
"""Units: what the zero-shot models of the published comparison read."""


def run(job: Job, model: str) -> pd.DataFrame:
    """Every issue time is a series of its own."""
    torch.set_num_threads(1)
    zero_shot = FracastModel.from_pretrained(weights="fp32")
    parts = []
    for number, (issued, origin) in enumerate(zip(job.issue_times, job.origins, strict=True)):
        times = pd.date_range(end=origin - job.step, periods=CONTEXT, freq=job.step)
        context = filled(pd.Series(job.known(job.target, issued, times))).to_numpy()
        given = np.asarray(zero_shot.forecast(context, horizon=job.horizon))
        quantiles = np.stack([at_level(given, zero_shot.quantiles, level) for level in job.levels], axis=1)
        ahead = pd.date_range(origin, periods=job.horizon, freq=job.step)
        parts.append(told(np.full(job.horizon, number), ahead, quantiles, job.levels))
    return pd.concat(parts, ignore_index=True)


def at_level(given: np.ndarray, offered: Sequence[float], level: float) -> np.ndarray:
    """(H,) at a level, of quantiles (H, Q) at those that it offers."""
    nearest = int(np.argmin(np.abs(np.asarray(offered) - level)))
    inside = min(offered) - 1e-6 <= level <= max(offered) + 1e-6
    if inside:
        return given[:, nearest]
    median = given[:, int(np.argmin(np.abs(np.asarray(offered) - 0.5)))]
    share = NormalDist().inv_cdf(level) / NormalDist().inv_cdf(offered[nearest])
    return median + share * (given[:, nearest] - median)


if __name__ == "__main__":
    answer(run)
