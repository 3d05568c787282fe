"""Windows as tensors, and the loss on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from gridahead.features.scaling import Inputs

BRIDGE_WEIGHT = 0.3
"""Weight in the loss of the hours between issue time and delivery day. They are not published; learning them a little
teaches how the errors of today carry over to tomorrow."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs on a device, with the weight that each unit of the horizon has in the loss."""

    encoder: Tensor
    """(N, S, E)"""
    decoder: Tensor
    """(N, H, D)"""
    target: Tensor
    """(N, H), 0 where unknown."""
    weight: Tensor
    """(N, H), 0 where unknown."""
    static: Tensor
    """(N, G), the same for all windows of a series; G is 0 where a network is not shared between series."""
    length: Tensor
    """(N,) units of each horizon, whatever it is padded to."""

    @classmethod
    def of(cls, inputs: Inputs, target: np.ndarray, delivery: np.ndarray, bridge_weight: float) -> Batch:
        """Tensors of the inputs and the scaled target; units outside the delivery day count with the weight given."""
        known = ~np.isnan(target)
        weight = known * np.where(delivery, np.float32(1), np.float32(bridge_weight))
        parts = (
            inputs.encoder,
            inputs.decoder,
            np.nan_to_num(target),
            weight.astype(np.float32),
            inputs.static,
            inputs.length,
        )
        return cls(*(torch.from_numpy(part) for part in parts))

    @classmethod
    def join(cls, *batches: Batch) -> Batch:
        """One batch of several; horizons that are shorter are padded with units that do not count."""
        horizon = max(batch.target.shape[1] for batch in batches)
        padded = [batch.padded(horizon) for batch in batches]
        return cls(*(torch.cat([getattr(batch, field.name) for batch in padded]) for field in fields(cls)))

    def __len__(self) -> int:
        return len(self.target)

    def rows(self, index: Tensor) -> Batch:
        """Some of the windows, gathered by index."""
        return self._each(lambda part: part[index])

    def to(self, device: torch.device) -> Batch:
        """The same windows on a device; nothing is copied if they are there."""
        return self._each(lambda part: part.to(device))

    def weighted(self, factors: Tensor) -> Batch:
        """The same windows with their weights multiplied by (N,) factors."""
        return replace(self, weight=self.weight * factors[:, None].to(self.weight))

    def padded(self, horizon: int) -> Batch:
        """The same windows with units at the end of the horizon that do not count."""
        missing = horizon - self.target.shape[1]
        if not missing:
            return self
        longer = {
            "decoder": torch.nn.functional.pad(self.decoder, (0, 0, 0, missing)),
            "target": torch.nn.functional.pad(self.target, (0, missing)),
            "weight": torch.nn.functional.pad(self.weight, (0, missing)),
        }
        return replace(self, **longer)

    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor of the batch, in the order of its fields."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(*map(change, self.tensors()))


def weighted_pinball(answer: Tensor, batch: Batch, levels: Tensor) -> Tensor:
    """Pinball loss, its mean over the levels, its weighted sum over the windows and units.

    Args:
        answer: (N, H, Q)
        batch: N windows.
        levels: (Q,)

    Source: Koenker and Bassett (1978), "Regression quantiles".
    """
    error = batch.target[..., None] - answer
    loss = torch.maximum(levels * error, (levels - 1) * error).mean(-1)
    return (loss * batch.weight).sum()


def pinball(answer: Tensor, batch: Batch, levels: Tensor) -> Tensor:
    """Mean pinball loss over the levels and the weighted units of the horizon; arguments as above."""
    return weighted_pinball(answer, batch, levels) / batch.weight.sum()
