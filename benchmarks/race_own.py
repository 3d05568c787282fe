"""gridahead's LSTM on a job of the speed benchmark: day segments and a direct decoder that is lean, as theirs are."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from race import LOAD, ZONE

from gridahead.cli.console import out
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.features.scaling import Scaler
from gridahead.features.windows import WindowSpec, build_windows
from gridahead.models.determinism import deterministic
from gridahead.models.network.network import Network
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.sources.base import RawPayload, rows_of
from gridahead.training.batch import Batch
from gridahead.training.epoch import Epoch
from gridahead.training.fit import network_config
from gridahead.training.loop import train_network

MEDIAN = (0.5,)
DECODER_HIDDEN = 32
"""Half the default; the others are lean there too: one linear layer (darts), two (neuralforecast)."""
DROPOUT = 0.0
"""As theirs."""
LEARNING_RATE = 5e-3
"""For batches that are larger than the default."""


@deterministic(flush_denormal=True)
def main() -> None:
    """Train, print the points."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train, validation, scaler = windows(job)
    settings = TrainingSettings(
        quantiles=MEDIAN, device="cpu", seed=job["seed"], batch_size=job["batch"], learning_rate=LEARNING_RATE
    )
    torch.manual_seed(job["seed"])
    network, points = build(train, job["hidden"]), list[dict[str, float]]()
    torch.optim.AdamW(network.parameters())  # imports half of torch once; the others have done it by now
    begun = time.process_time()

    def note(epoch: Epoch) -> None:
        assert epoch.validation_loss is not None
        mae = 2 * epoch.validation_loss * scaler.scale  # the pinball loss of the median is half the absolute error
        points.append({"seconds": time.process_time() - begun, "windows": (len(points) + 1) * len(train), "mae": mae})

    train_network(
        network,
        train,
        validation,
        settings.quantiles,
        settings,
        model="race",
        member=0,
        seed=job["seed"],
        progress=note,
    )
    out.print(json.dumps(points), soft_wrap=True, highlight=False)


def windows(job: dict[str, Any]) -> tuple[Batch, Batch, Scaler]:
    """Training and validation windows of the job, and the scaler that was fitted on the first."""
    arrays = np.load(job["arrays"])
    times = pd.DatetimeIndex(pd.to_datetime(arrays["times"], unit="us", utc=True))
    payload = RawPayload("race", "load.npz", b"", {}, times[-1])
    step = Mtu.PT60M
    values = pd.Series(arrays["load"])
    rows = Observations(rows_of(LOAD, times, times + step.delta, values, mtu=step, payload=payload))
    spec = WindowSpec(
        LOAD, ZONE, step, Deadline.parse("D-0T0000[UTC]"), context_days=job["context"] // 24, use_official=False
    )
    days = days_between(times[0].date() + dt.timedelta(hours=job["context"]), times[-1].date())
    begin = len(days) - job["validation_steps"] // 24
    assert begin == job["train_windows"]
    parts = build_windows(rows, spec, days[:begin]), build_windows(rows, spec, days[begin:])
    scaler = Scaler.fit(parts[0])
    train, validation = (
        Batch.of(scaler.inputs(part, "day"), scaler.target(part), part.delivery, 0.0) for part in parts
    )
    told = {name: getattr(train, name).flatten(0, 1).std(0) > 0 for name in ("encoder", "decoder")}
    train, validation = (
        replace(part, **{name: getattr(part, name)[..., varies] for name, varies in told.items()})
        for part in (train, validation)
    )  # the marks of gaps, of which there are none, tell nothing
    return train, validation, scaler


def build(train: Batch, hidden: int) -> Network:
    """The network, with default pieces."""
    config = ModelSettings(cell="lstm", hidden=hidden, decoder="direct", decoder_hidden=DECODER_HIDDEN, dropout=DROPOUT)
    return Network(network_config(config, train, MEDIAN))


if __name__ == "__main__":
    main()
