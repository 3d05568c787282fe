"""Two ways to show a network the farms: all farms of a day in one window, or a window for every farm.

`joint`: one window a day, one answer for all farms. `farm`: one window a day and farm, with its own weather first and
the strength of the wind at all others; one network for all farms. Both answer for the day in the middle of a window
and see half a day before and after it: forecasts of the wind are often right, but early or late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor
from wind_farms import DAY, Farms, Floats
from wind_power import expected_power

from gridahead.training.batch import Batch

ViewName = Literal["farm", "joint"]
VIEWS: tuple[ViewName, ...] = get_args(ViewName)

MARGIN = 12
"""Hours of weather before and after the day."""
WINDOW = DAY + 2 * MARGIN
LEVEL, SPREAD = 0.36, 0.31
"""Mean and standard deviation of all power before task 4: they only bring the target to the scale of the head."""
STRENGTH = slice(5, 7)
"""Features of a farm that other farms look at: its speed at 100 m and its expected power."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is known ahead of every hour."""

    farms: Floats
    """(T, Z, P)"""
    hour: Floats
    """(T, 4) daily and half-daily waves: the forecast grows older over the day, and the boundary layer turns."""


def features_of(known: Farms) -> Features:
    """Wind by component and speed, each near unit spread, and the power that a farm has had at such wind."""
    u10, v10, u100, v100 = np.moveaxis(known.wind, -1, 0)
    speed10, speed100 = np.hypot(u10, v10), np.hypot(u100, v100)
    day = np.arange(len(known.times)) // DAY
    curves = [expected_power(u100[:, z], v100[:, z], known.power[:, z], day) for z in range(known.power.shape[1])]
    expected = np.stack(curves, axis=-1)
    parts = (u10 / 4, v10 / 4, u100 / 6, v100 / 6, (speed10 - 4) / 2.5, (speed100 - 6) / 3.5, scaled(expected))
    hours = known.times.hour.to_numpy()
    waves = [wave(2 * np.pi * hours * turns / DAY) for turns in (1, 2) for wave in (np.sin, np.cos)]
    return Features(np.stack(parts, axis=-1).astype(np.float32), np.stack(waves, axis=-1).astype(np.float32))


def batch_of(known: Farms, features: Features, view: ViewName, days: np.ndarray) -> Batch:
    """The windows of some days; only hours of the day itself with known power count."""
    # Before the first hour and after the last one that are known, the nearest known weather stands.
    hours = days[:, None] * DAY + np.arange(-MARGIN, DAY + MARGIN)  # (D, H)
    seen = hours.clip(0, len(known.times) - 1)
    middle = (np.arange(WINDOW) >= MARGIN) & (np.arange(WINDOW) < MARGIN + DAY)
    power = np.where(middle[None, :, None], known.power[seen], np.nan)  # (D, H, Z)
    decoder, static = (_joint if view == "joint" else _farm)(features, seen)
    if view == "farm":
        power = power.transpose(0, 2, 1)  # (D, Z, H): a window a day and farm
    target = torch.from_numpy(scaled(power).reshape(len(decoder), -1))
    weight = (~target.isnan()).float()
    encoder = torch.zeros(len(decoder), 0, 0)  # the past says nothing about a month ahead
    length = torch.full((len(decoder),), WINDOW)
    return Batch(encoder, decoder, target.nan_to_num(), weight, static, length)


def by_hour(answer: Tensor, view: ViewName, farms: int) -> Floats:
    """Quantiles of the middle days, hour after hour, (hours, Z, Q), from the answer of a network (N, H or H × Z, Q)."""
    levels = answer.shape[-1]
    if view == "joint":
        days = answer.view(-1, WINDOW, farms, levels)
    else:
        days = answer.view(-1, farms, WINDOW, levels).transpose(1, 2)
    hours = days[:, MARGIN : MARGIN + DAY].reshape(-1, farms, levels)
    return (hours * SPREAD + LEVEL).clamp(0, 1).numpy()


def scaled(power: Floats) -> Floats:
    """Power in the units of the target."""
    return ((power - LEVEL) / SPREAD).astype(np.float32)


def _joint(features: Features, seen: np.ndarray) -> tuple[Tensor, Tensor]:
    """Decoder (D, H, Z·P + 4) and no static features."""
    every = np.concatenate([features.farms.reshape(len(features.hour), -1), features.hour], axis=-1)
    return torch.from_numpy(every[seen]), torch.zeros(len(seen), 0)


def _farm(features: Features, seen: np.ndarray) -> tuple[Tensor, Tensor]:
    """Decoder (D·Z, H, P + 2·Z + 4), and which farm it is (D·Z, Z)."""
    count, farms = len(seen), features.farms.shape[1]
    others = np.concatenate([features.farms[..., STRENGTH].reshape(len(features.hour), -1), features.hour], axis=-1)
    own = features.farms[seen].transpose(0, 2, 1, 3)  # (D, Z, H, P)
    shared = np.broadcast_to(others[seen][:, None], (count, farms, seen.shape[1], others.shape[-1]))
    decoder = np.concatenate([own, shared], axis=-1).reshape(count * farms, seen.shape[1], -1)
    return torch.from_numpy(decoder), torch.eye(farms).repeat(count, 1)
