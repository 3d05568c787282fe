"""neuralforecast's LSTM and NHITS on a job of the comparison: all quantiles at once, covariates known ahead."""

from __future__ import annotations

import logging
import warnings

import pandas as pd
import torch
from calendars import waves
from job import TARGET, Job, answer, complete, filled, told
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MQLoss
from neuralforecast.models import LSTM, NHITS

STEPS = {"lstm": 1000, "nhits": 500}
"""Its default is 1000."""
QUICK_STEPS = 10
LIGHTNING = {
    "accelerator": "cpu",
    "devices": 1,
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def run(job: Job, model: str) -> pd.DataFrame:
    """Train once, then forecast every view as a series of its own."""
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    training = complete(job.training(), longest=job.per_day)
    mean, spread = training.mean(), training.std()

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        """Scaled, without gaps, with the calendar; what is filled in the horizon is not read."""
        scaled = (frame - mean) / spread
        covariates = scaled[[*job.ahead, *job.past]].ffill().bfill()
        return pd.concat([filled(scaled[TARGET]), covariates, waves(frame.index, job)], axis=1).astype("float32")

    learnt = prepared(training)
    pipeline = NeuralForecast([network(job, model, list(learnt))], freq=job.frequency)
    pipeline.fit(job.long(learnt))
    history, ahead = job.panel(context_days(job), prepared)
    made = pipeline.predict(df=history, futr_df=ahead.drop(columns=job.past))
    columns = [name for name in made if name not in ("unique_id", "ds")]
    quantiles = made[columns].to_numpy() * spread[TARGET] + mean[TARGET]
    return told(made["unique_id"], made["ds"], quantiles, job.levels)


def context_days(job: Job) -> int:
    """A week of hours, three days of quarter hours: steps cost time."""
    return 7 if job.per_day == 24 else 3


def network(job: Job, model: str, columns: list[str]) -> LSTM | NHITS:
    """The defaults of the library, but for smaller batches of windows and scaling.

    All windows have the scale of the training: on the year before the test better than a scale for each window, the
    default of LSTM, which fails for the sun.
    """
    batch = {"lstm": 32, "nhits": 256}[model]
    return {"lstm": LSTM, "nhits": NHITS}[model](
        h=job.horizon,
        input_size=context_days(job) * job.per_day,
        loss=MQLoss(quantiles=job.levels),
        futr_exog_list=[name for name in columns if name not in (TARGET, *job.past)],
        hist_exog_list=job.past,
        scaler_type="identity",
        windows_batch_size=batch,
        max_steps=QUICK_STEPS if job.quick else STEPS[model],
        random_seed=1,
        **LIGHTNING,
    )


if __name__ == "__main__":
    answer(run)
