"""fracast on a job of the comparison: the weights of its wheel as they are, without any training.

It reads the last values of the series alone, as many as the job's `CONTEXT`, and gives nine quantiles; levels that it
does not give are left out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from fracast import FracastModel
from job import Job, answer, filled, told

CONTEXT_HOURS = 512
"""What the zero-shot models of the published comparison read."""


def run(job: Job, model: str) -> pd.DataFrame:
    """Every issue time is a series of its own."""
    torch.set_num_threads(1)
    zero_shot = FracastModel.from_pretrained(weights="fp32")
    columns = [int(np.argmin(np.abs(np.asarray(zero_shot.quantiles) - level))) for level in job.levels]
    parts = []
    for number, (issued, origin) in enumerate(zip(job.issue_times, job.origins, strict=True)):
        times = pd.date_range(end=origin - job.step, periods=CONTEXT_HOURS, freq=job.step)
        context = filled(pd.Series(job.known(job.target, issued, times))).to_numpy()
        quantiles = zero_shot.forecast(context, horizon=job.horizon)[:, columns]
        ahead = pd.date_range(origin, periods=job.horizon, freq=job.step)
        parts.append(told(np.full(job.horizon, number), ahead, quantiles, job.levels))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    answer(run)
