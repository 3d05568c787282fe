"""What both peers share: the job they read, the clock on their training, the answer they print."""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch


def read_job() -> dict[str, Any]:
    """The job in the file that the command line names, with its arrays; torch is ready for it."""
    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123
        job = json.load(file)
    torch.set_num_threads(1)
    arrays = np.load(job["arrays"])
    times = pd.DatetimeIndex(arrays["times"].astype("datetime64[us]"))
    return {**job, "times": times, "load": arrays["load"], "calendar": arrays["calendar"]}


class Clock(pl.Callback):
    """Core seconds and windows of the training alone; it stands still during validation.

    With one thread these are the seconds on the wall of an idle machine, and on a busy one nobody loses by waiting.
    """

    def __init__(self, job: dict[str, Any], windows_a_step: float, metric: str, megawatts: float) -> None:
        self.seconds = job["seconds"]
        self.windows_a_step, self.metric, self.megawatts = windows_a_step, metric, megawatts
        self.elapsed, self.running_since = 0.0, 0.0
        self.points: list[dict[str, float]] = []

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Start."""
        self.running_since = time.process_time()

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Stand still."""
        self.elapsed += time.process_time() - self.running_since

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Note how far it is, go on, or stop the training when its time is up."""
        windows = trainer.global_step * self.windows_a_step
        mae = float(trainer.callback_metrics[self.metric]) * self.megawatts
        self.points.append({"seconds": self.elapsed, "windows": windows, "mae": mae})
        trainer.should_stop = self.elapsed >= self.seconds
        self.running_since = time.process_time()

    def on_fit_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Print the points, as the last line; here, because neuralforecast trains with a copy of this clock."""
        print(json.dumps(self.points))  # noqa: T201

    def trainer(self) -> dict[str, Any]:
        """How Lightning is set up: on one CPU, without files, bars and checks that cost time."""
        return {
            "accelerator": "cpu",
            "devices": 1,
            "callbacks": [self],
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
        }
