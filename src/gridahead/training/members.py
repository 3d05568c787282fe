"""The networks of a fit: trained one after the other from their seeds, cold or warm, with a record of all.

Copies of those that have learnt the windows as they were are tuned on windows without inputs: one that learns both at
once pays for it where nothing is missing, and knows less where something is.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

from gridahead.core.errors import ModelError
from gridahead.models.bundle import TrainedModel
from gridahead.models.determinism import seeded
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch
from gridahead.training.epoch import Epoch, Progress
from gridahead.training.loop import train_network
from gridahead.training.state import best_of

log = logging.getLogger(__name__)

TUNED_SHARE = 0.3
"""Of the epochs of a network are those in which it is tuned, which cost as much as others."""
TUNED_RATE = 2.0
"""Of the learning rate: the epochs are few, and what is forgotten of complete windows is not asked for. On German load
of 2024, as the mean over all that can be missing, a rate of 0.3, 1 and 2 gave a pinball loss of 634, 567 and 553 MW."""


@dataclass(frozen=True)
class Member:
    """A trained network and the number of epochs that were best for it."""

    network: Network
    epochs: int


@dataclass
class Trainer:
    """Trains the networks of one fit."""

    label: str
    """Series and model, for messages."""
    settings: TrainingSettings
    trainings: int
    """How many there will be in all."""
    progress: Progress
    start: TrainedModel | None = None
    """Whose weights to begin with."""
    checkpoints: Path | None = None
    """A folder of this fit alone."""
    epochs: list[Epoch] = field(default_factory=list)
    """The record of all trainings."""
    done: int = 0

    def train(
        self,
        config: NetworkConfig,
        member: int,
        train: Batch,
        validation: Batch | None,
        *,
        windows: int | None = None,
        epochs: int | None = None,
    ) -> Member:
        """A network from the seed of this member; with `epochs`, exactly so many are trained, each of so many windows.

        Raises:
            ModelError: the loss is not a number, or no weight of the start fits.
        """
        settings = self.settings.model_copy(update={"epochs": epochs}) if epochs else self.settings
        with seeded(settings.seed * 1000 + member):
            network = Network(config)
            if self.start is not None:
                begin_with(network, self.start, member, self.label)
            return self._trained(network, member, train, validation, settings, windows, taught=1.0)

    def tune(
        self, network: Network, member: int, train: Batch, *, windows: int, epochs: int, rate: float = TUNED_RATE
    ) -> Network:
        """The network with what it learns of further windows; the one given stays as it is.

        Args:
            network: that a member has become.
            member: its number.
            train: windows without inputs among others, or of one series of several.
            windows: that an epoch goes through.
            epochs: that the network was trained for.
            rate: of the learning rate.

        Raises:
            ModelError: the loss is not a number.
        """
        few = max(1, round(TUNED_SHARE * epochs))
        settings = self.settings.model_copy(update={"learning_rate": rate * self.settings.learning_rate, "epochs": few})
        with seeded(settings.seed * 1000 + member):
            return self._trained(copy.deepcopy(network), member, train, None, settings, windows, taught=0.0).network

    def _trained(
        self,
        network: Network,
        member: int,
        train: Batch,
        validation: Batch | None,
        settings: TrainingSettings,
        windows: int | None,
        taught: float,
    ) -> Member:
        record: list[Epoch] = []
        best = train_network(
            network,
            train,
            validation,
            network.config.levels,
            settings,
            model=self.label,
            member=member,
            seed=settings.seed * 1000 + member,
            progress=lambda epoch: self._record(epoch, record),
            checkpoint=self.checkpoints and self.checkpoints / f"{self.done}.pt",
            windows=windows,
            taught=taught,
        )
        self.done += 1
        return Member(best, best_of(record))

    def _record(self, epoch: Epoch, record: list[Epoch]) -> None:
        epoch = replace(epoch, training=self.done, trainings=self.trainings)
        record.append(epoch)
        self.epochs.append(epoch)
        self.progress(epoch)


def begin_with(network: Network, start: TrainedModel, member: int, label: str) -> None:
    """Copy the weights of another model into a network where names and shapes are the same.

    Raises:
        ModelError: no matrix of it fits.
    """
    own, given = network.state_dict(), start.members[member % len(start.members)].state_dict()
    fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    if all(value.dim() < 2 for value in fitting.values()):
        raise ModelError(
            label,
            f"cannot begin with the weights of {start.label}: no matrix of it has the same name and shape. Both need "
            "the same cell, hidden sizes and inputs; choose another model to begin with, or train without one",
        )
    network.load_state_dict({**own, **fitting})
    log.info("%s: begins with %d of %d weights of %s", label, len(fitting), len(own), start.label)
