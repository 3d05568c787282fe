"""The training step by itself: windows a second and share of the peak, and how an epoch grows with the series."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from statistics import median

import torch
from common import Row, say
from peak import peak_flops, step_flops

from gridahead.features.scaling import Scaler
from gridahead.features.windows import Windows
from gridahead.models.network.network import Network
from gridahead.settings.networks import ModelSettings, RecurrentCell, Segment
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch
from gridahead.training.epoch import Epoch
from gridahead.training.fit import network_config
from gridahead.training.loop import train_network

CELLS: tuple[RecurrentCell, ...] = ("rnn", "lstm", "gru")
"""Those of torch; what others cost beside them says `gates`."""
SETTINGS = TrainingSettings(batch_size=64)
HIDDEN = ModelSettings(cell="lstm").hidden
SERIES = (1, 10, 100, 1000)
DAYS = 100
"""Windows of each of many series."""


@dataclass(frozen=True, slots=True)
class Size:
    """A network and the number of windows in its steps."""

    segment: Segment
    hidden: int
    batch: int
    windows: int
    """In a measured epoch."""

    def __str__(self) -> str:
        return f"step, {self.segment} segments, hidden {self.hidden}, batch {self.batch}"


ON_CPU = (
    Size("day", HIDDEN, 64, 1024),
    Size("hour", HIDDEN, 64, 512),
    Size("day", 512, 512, 1024),
    Size("hour", 512, 128, 128),
)
"""Windows enough for a second or two; the wide ones show what the machine gives where matrices are large."""
ON_GPU = (
    Size("day", HIDDEN, 64, 8192),
    Size("hour", HIDDEN, 64, 2048),
    Size("day", 512, 1024, 32768),
    Size("hour", 512, 1024, 8192),
)


def step_rows(windows: Windows, device: str, repetitions: int) -> list[Row]:
    """Windows a second and share of the peak by cell and size.

    Each measured epoch stands between two measurements of the peak, and its share is that of the better one.
    """
    sizes = ON_CPU if device == "cpu" else ON_GPU
    speeds: dict[tuple[Size, RecurrentCell], list[float]] = {}
    shares: dict[tuple[Size, RecurrentCell], list[float]] = {}
    peaks: list[float] = []
    for _ in range(repetitions):
        for size, cell in product(sizes, CELLS):
            before = peak_flops(torch.device(device))
            speed, flops = _train(windows, size, cell, device)
            peak = max(before, peak_flops(torch.device(device)))
            peaks.append(peak / 1e9)
            speeds.setdefault((size, cell), []).append(speed)
            shares.setdefault((size, cell), []).append(speed * flops / peak)
            share = f"{speed * flops / peak:.0%} of {peak / 1e9:.0f} GFLOP/s"
            say(f"{device}, {size}, {cell}: {speed:,.0f} windows/s, {share}")
    rows = [Row.of(f"peak, {device}", "sgemm", "gflops_per_second", peaks)]
    for kind, table in (("windows_per_second", speeds), ("share_of_peak", shares)):
        rows += [Row.of(f"{size}, {device}", cell, kind, values) for (size, cell), values in table.items()]
    return rows


def _train(windows: Windows, size: Size, cell: RecurrentCell, device: str) -> tuple[float, float]:
    """Windows a second of the second of two epochs, and operations a window."""
    batch = as_batch(windows, size.segment)
    batch = batch.rows(torch.arange(size.windows) % len(batch))
    network = build(batch, cell, size.hidden)
    flops = step_flops(network, batch.rows(torch.arange(2)))
    return epochs(network, batch, 2, size.batch, device)[-1].windows_per_second, flops


def series_rows(windows: Windows, most: int) -> list[Row]:
    """Seconds an epoch of one network for many series, as their number grows, and that for each window of them."""
    alone = as_batch(windows, "day")
    rows = []
    for count in (count for count in SERIES if count <= most):
        batch = many_series(alone, count)
        passes = max(1, 8000 // len(batch))  # a second or two; the first of several warms up
        told = epochs(build(batch, "lstm", HIDDEN), batch, passes, SETTINGS.batch_size, "cpu")
        seconds = [len(batch) / epoch.windows_per_second for epoch in told[1:] or told]
        say(f"{count} series: {median(seconds):.3g} s an epoch of {len(batch):,} windows")
        rows.append(Row.of(f"{count} series", "lstm", "seconds_per_epoch", seconds))
        each = [1e3 * one / len(batch) for one in seconds]
        rows.append(Row.of(f"{count} series", "lstm", "milliseconds_per_window", each))
    return rows


def many_series(batch: Batch, count: int) -> Batch:
    """Stretches of a real series, each begun on another day and moved by another level, as series of their own."""
    begins = torch.arange(count) * 37 % (len(batch) - DAYS)
    rows = (begins[:, None] + torch.arange(DAYS)).flatten()
    levels = torch.linspace(-0.5, 0.5, count).repeat_interleave(DAYS)[:, None, None]
    taken = batch.rows(rows)
    static = torch.eye(count).repeat_interleave(DAYS, dim=0)
    return replace(taken, encoder=taken.encoder + levels, static=static)


def as_batch(windows: Windows, segment: Segment) -> Batch:
    """The windows as the training reads them."""
    scaler = Scaler.fit(windows)
    return Batch.of(scaler.inputs(windows, segment), scaler.target(windows), windows.delivery, 0.0)


def build(batch: Batch, cell: RecurrentCell, hidden: int) -> Network:
    """A network with the default pieces for these windows."""
    torch.manual_seed(0)
    return Network(network_config(ModelSettings(cell=cell, hidden=hidden, decoder="direct"), batch, SETTINGS.quantiles))


def epochs(network: Network, batch: Batch, count: int, size: int, device: str) -> list[Epoch]:
    """So many epochs of the training itself, without validation."""
    told: list[Epoch] = []
    settings = SETTINGS.model_copy(update={"epochs": count, "batch_size": size, "device": device})
    train_network(
        network, batch, None, settings.quantiles, settings, model="speed", member=0, seed=0, progress=told.append
    )
    return told
