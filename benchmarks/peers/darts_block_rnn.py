"""darts' BlockRNNModel on a job of the speed benchmark, at its defaults but for what the job says."""

from __future__ import annotations

import torch
from darts import TimeSeries
from darts.models import BlockRNNModel
from lightning_clock import Clock, read_job


def main() -> None:
    """Train until the time is up, print the points."""
    job = read_job()
    times, begin = job["times"], len(job["times"]) - job["validation_steps"]
    mean, spread = job["load"][:begin].mean(), job["load"][:begin].std()
    series = TimeSeries.from_times_and_values(times, ((job["load"] - mean) / spread).astype("float32"))
    calendar = TimeSeries.from_times_and_values(times, job["calendar"].astype("float32"))
    clock = Clock(job, job["train_windows"] / -(-job["train_windows"] // job["batch"]), "val_loss", float(spread))
    model = BlockRNNModel(
        job["context"],
        job["horizon"],
        model="LSTM",
        hidden_dim=job["hidden"],
        n_rnn_layers=job["layers"],
        batch_size=job["batch"],
        n_epochs=100_000,
        loss_fn=torch.nn.L1Loss(),
        random_state=job["seed"],
        pl_trainer_kwargs=clock.trainer(),
    )
    model.fit(
        series[:begin],
        future_covariates=calendar,
        val_series=series[begin - job["context"] :],
        val_future_covariates=calendar,
        stride=job["horizon"],
        verbose=False,
    )


main()
