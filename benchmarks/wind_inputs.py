"""What networks and trees are shown of the GEFCom2012 windows: one window an issue time and farm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from wind_vintages import CONTEXT, HORIZON, HOUR, Floats, Windows, with_expected

from gridahead.training.batch import Batch

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
LEVEL, SPREAD = 0.3, 0.3
"""Mean and standard deviation of power before 2011, rounded."""
MS = 4.0
"""Spread of a component of the wind [m/s]."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """N·Z windows."""

    batch: Batch
    farm: npt.NDArray[np.int64]
    """(N·Z,)"""
    last: Floats
    """(N·Z,) last measured power."""
    target: Floats
    """(N·Z, H) power, NaN where unknown."""

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Inputs:
        """The windows of some issue times, (N,)."""
        farms = self.batch.static.shape[1]
        index = np.flatnonzero(np.repeat(chosen, farms))
        batch = self.batch.rows(torch.from_numpy(index))
        return Inputs(batch, self.farm[index], self.last[index], self.target[index])

    def power(self, answer: Floats) -> Floats:
        """Power from an answer in scaled units."""
        return (answer * SPREAD + LEVEL).clip(0, 1).astype(np.float32)

    def table(self) -> tuple[Floats, Floats]:
        """The same for trees: one row an hour that counts, (R, K), and its scaled target (R,).

        The context comes as means of its last 3, 12 and 36 hours of everything that the encoder sees.
        """
        spans = [self.batch.encoder[:, -hours:].mean(dim=1) for hours in (1, 3, 12, CONTEXT)]
        context = torch.cat([*spans, self.batch.static.argmax(dim=1, keepdim=True).float()], dim=1)
        every = torch.cat([self.batch.decoder, context[:, None].expand(-1, HORIZON, -1)], dim=-1)
        return every.flatten(0, 1).numpy(), self.batch.target.flatten().numpy()


def inputs_of(windows: Windows, learnt: npt.NDArray[np.bool_]) -> Inputs:
    """Networks' inputs of all issue times; power curves are learnt from some of them, (N,)."""
    count, _, farms = windows.past.shape
    newest, before, recent = with_expected(windows, learnt)
    target = windows.target.transpose(0, 2, 1).reshape(-1, HORIZON)
    encoder = _encoder(windows, recent)
    decoder = _decoder(windows, newest, before)
    wanted = torch.from_numpy(_scaled(target))
    batch = Batch(
        torch.from_numpy(encoder),
        torch.from_numpy(decoder),
        wanted.nan_to_num(),
        (~wanted.isnan()).float(),
        torch.eye(farms).repeat(count, 1),
        torch.full((len(wanted),), HORIZON),
    )
    return Inputs(batch, np.tile(np.arange(farms), count), windows.past[:, -1].ravel(), target)


def _encoder(windows: Windows, recent: Floats) -> Floats:
    """(N·Z, C, 5): own power and what the forecast wind made of it, both of all farms, and whether power is known."""
    past, known = _scaled(windows.past), ~np.isnan(windows.past)
    past, recent = np.nan_to_num(past), np.nan_to_num(_scaled(recent))
    every = [np.broadcast_to(each.mean(axis=-1, keepdims=True), each.shape) for each in (past, recent)]
    return _by_farm(np.stack([past, recent, *every, known], axis=-1))


def _decoder(windows: Windows, newest: Floats, before: Floats) -> Floats:
    """(N·Z, H, 8 + Z + 3): own wind and expected power, by both vintages, that of all farms, lead and hour."""
    count, horizon, farms = newest.shape
    own = [*np.moveaxis(windows.weather / MS, -1, 0), _scaled(newest), _scaled(before)]
    own += [*np.moveaxis((windows.weather - windows.before) / MS, -1, 0)]
    every = np.broadcast_to(_scaled(newest)[:, :, None], (count, horizon, farms, farms))
    hours = (windows.issue_times[:, None] + HOUR * np.arange(1, HORIZON + 1)) // HOUR % 24 * (2 * np.pi / 24)
    lead = np.broadcast_to(np.arange(1, HORIZON + 1) / (HORIZON / 2) - 1, hours.shape)
    time = np.stack([lead, np.sin(hours), np.cos(hours)], axis=-1)
    clock = np.broadcast_to(time[:, :, None], (count, horizon, farms, 3))
    return _by_farm(np.nan_to_num(np.concatenate([np.stack(own, axis=-1), every, clock], axis=-1)))


def _by_farm(values: Floats) -> Floats:
    """(N, T, Z, F) as one window an issue time and farm, (N·Z, T, F)."""
    return np.ascontiguousarray(values.transpose(0, 2, 1, 3).reshape(-1, *values.shape[1::2]), np.float32)


def _scaled(power: Floats) -> Floats:
    return ((power - LEVEL) / SPREAD).astype(np.float32)
