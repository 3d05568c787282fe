"""neuralforecast's LSTM on a job of the speed benchmark, at its defaults but for what the job says."""

from __future__ import annotations

import pandas as pd
from lightning_clock import Clock, read_job
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MAE
from neuralforecast.models import LSTM


def main() -> None:
    """Train until the time is up, print the points."""
    job = read_job()
    epoch = max(1, job["train_windows"] // job["batch"])
    clock = Clock(job, job["batch"], "ptl/val_loss", 1.0)
    names = [f"calendar{number}" for number in range(job["calendar"].shape[1])]
    frame = pd.DataFrame(job["calendar"], columns=names).assign(unique_id="DE", ds=job["times"], y=job["load"])
    model = LSTM(
        h=job["horizon"],
        input_size=job["context"],
        futr_exog_list=names,
        loss=MAE(),
        valid_loss=MAE(),
        encoder_n_layers=job["layers"],
        encoder_hidden_size=job["hidden"],
        decoder_hidden_size=job["hidden"],
        step_size=job["horizon"],
        windows_batch_size=job["batch"],
        max_steps=1_000_000,
        val_check_steps=epoch,
        early_stop_patience_steps=-1,
        random_seed=job["seed"],
        **clock.trainer(),
    )
    NeuralForecast([model], freq="h").fit(frame, val_size=job["validation_steps"])


main()
