"""Trainings that kill themselves with SIGKILL at a chosen moment, each in a process of its own.

Run as a script, with a JSON list of the arguments of `train`: it imports torch once and forks a clean child for each.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from builders.batches import GRU, LEVELS, H, N, batch_of, network_of, settings_of

from children import exit_codes
from children.dying import dying
from gridahead.training.loop import train_network
from gridahead.training.state import TrainingState

EPOCHS, STEPS = 4, 3
# Dropout and scheduled sampling draw from torch's generator: a training goes on right only if that goes on as well.
CONFIG = dataclasses.replace(GRU, decoder="recursive")


def train(folder: Path, name: str, dies_in_step: int, dies_in_write: int, changes: dict[str, object]) -> None:
    """Train with a checkpoint in the folder; leaves weights, record and the number of steps made in NAME.pt.

    Dies in the middle of a step, when the weights have moved and their average has not, or of a write, when the new
    checkpoint has not taken the place of the old one; 0 for never.
    """
    torch.set_num_threads(1)
    steps = dying(TrainingState, "_average", dies_in_step)
    dying(Path, "replace", dies_in_write)
    rng = np.random.default_rng(1)
    told: list[Any] = []
    train, validation = batch_of(rng.normal(size=(N, H))), batch_of(rng.normal(size=(N, H)), seed=7)
    settings = settings_of(epochs=EPOCHS, patience=EPOCHS, **changes)
    torch.manual_seed(5)
    best = train_network(
        network_of(CONFIG),
        train,
        validation,
        LEVELS,
        settings,
        model="m",
        member=0,
        seed=5,
        progress=told.append,
        checkpoint=folder / "training.pt",
    )
    epochs = [{**dataclasses.asdict(epoch), "windows_per_second": 0} for epoch in told]
    torch.save({"weights": best.state_dict(), "epochs": epochs, "steps": steps.count}, folder / f"{name}.pt")


if __name__ == "__main__":
    torch.optim.AdamW(network_of().parameters())  # the first one imports for seconds, the children need not
    sys.stdout.write(exit_codes(train, sys.argv[1]))
