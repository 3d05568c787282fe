"""What do gates cost? Parameters, work, time and memory of the encoder, by cell and segment length.

The encoder reads 14 days of hourly load as `gridahead train` does, one step an hour or one a day, at the same hidden
size; a training step is forwards and backwards over a batch of the usual size, with one thread.

- `flops_a_window` is counted by formula: element-wise work counts nothing. `flops_a_window_counted` is what torch
  counts in the same step in double precision: it has no count for a layer that is fused, as the LSTM is in single. The
  mLSTM has no formula here: both are the count.
- `microseconds_a_window` are those of the core, which on an idle machine are those on the wall: the median of
  repetitions that take turns, so that a busy moment meets all cells.
- `peak_megabytes` is the most that the tensors of a training step hold at once, beside weights and inputs.

n counts repetitions.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from pathlib import Path

import torch
from common import Bench, Row, measure, say
from peak import GATES
from pictures import colour, picture, title
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from gridahead.features.calendar import DAY_FEATURES
from gridahead.models.network.cells import RECURRENT
from gridahead.models.network.encoders import RecurrentEncoder
from gridahead.models.network.mlstm import MLSTM
from gridahead.models.network.open_cell import OpenCell
from gridahead.models.network.slstm import SLSTM
from gridahead.settings.networks import ModelSettings, RecurrentCell

DAYS = 14
VALUES = 4
"""An hour of load: value, official forecast, their difference, and whether it is known."""
CLOCK = 4
"""Waves that tell hourly segments their place in the day."""
HIDDEN = ModelSettings(cell="lstm").hidden
BATCH = 64
REPETITIONS = 15


@dataclass(frozen=True, slots=True)
class Case:
    """An encoder of the comparison."""

    cell: RecurrentCell
    hours: int
    """In a segment."""

    @property
    def task(self) -> str:
        """In the results."""
        return f"segments of {self.hours} h"

    @property
    def steps(self) -> int:
        """S of the encoder."""
        return DAYS * 24 // self.hours

    @property
    def features(self) -> int:
        """E of the encoder."""
        return self.hours * VALUES + len(DAY_FEATURES) + (CLOCK if self.hours < 24 else 0)

    def encoder(self) -> RecurrentEncoder:
        """One layer, from its own random start."""
        return RecurrentEncoder(self.cell, self.features, HIDDEN)

    def inputs(self, count: int = BATCH) -> torch.Tensor:
        """Noise, (N, S, E)."""
        return torch.randn(count, self.steps, self.features)


CASES = tuple(Case(cell, hours) for hours, cell in product((1, 24), RECURRENT))


def run(bench: Bench) -> list[Row]:
    """The rows of every case, and what gates cost relative to the plain rnn."""
    repetitions = 3 if bench.quick else REPETITIONS
    times = step_times(repetitions)
    rows = []
    for case in CASES:
        found = [Row(case.task, case.cell, "parameters", float(parameters(case)))]
        found.append(Row(case.task, case.cell, "flops_a_window", flops(case)))
        found.append(Row(case.task, case.cell, "flops_a_window_counted", counted_flops(case)))
        found.append(Row.of(case.task, case.cell, "microseconds_a_window", times[case]))
        found.append(Row(case.task, case.cell, "peak_megabytes", peak_megabytes(case)))
        say(f"{case.task}, {case.cell}: " + ", ".join(f"{row.metric} {row.value:,.0f}" for row in found))
        rows += found
    return rows


def parameters(case: Case) -> int:
    """Weights and biases."""
    return sum(parameter.numel() for parameter in case.encoder().parameters())


def flops(case: Case) -> float:
    """Floating-point operations in the matrix products of a training step, a window.

    A product (1, I) × (I, O) costs 2·I·O, forwards, for the gradient of the weights and for that of what came in. Data
    and the state before the first step have no gradient.
    """
    layer = case.encoder().layers[0]
    if isinstance(layer, MLSTM):
        return counted_flops(case)
    if isinstance(layer, OpenCell):
        entering = layer.entry.out_features
        recurring = entering if isinstance(layer, SLSTM) else 0
    else:
        assert isinstance(layer, nn.RNNBase)
        entering = recurring = GATES[layer.mode] * HIDDEN
    return 2.0 * (case.steps * 2 * case.features * entering + (3 * case.steps - 1) * HIDDEN * recurring)


def counted_flops(case: Case, count: int = 4) -> float:
    """The same, counted by torch while it happens."""
    encoder, inputs = case.encoder().double(), case.inputs(count).double()
    with FlopCounterMode(display=False) as counter:
        step(encoder, inputs)
    return int(counter.get_total_flops()) / count


def step(encoder: RecurrentEncoder, inputs: torch.Tensor) -> None:
    """Forwards and backwards from the last state."""
    encoder(inputs)[:, -1].square().mean().backward()


def step_times(repetitions: int) -> dict[Case, list[float]]:
    """Microseconds a window of each case in each repetition."""
    made = {case: (case.encoder(), case.inputs()) for case in CASES}
    times: dict[Case, list[float]] = {case: [] for case in CASES}
    for repetition in range(repetitions + 1):
        for case, (encoder, inputs) in made.items():
            begun = time.process_time()
            step(encoder, inputs)
            if repetition:  # the first one warms up
                times[case].append(1e6 * (time.process_time() - begun) / BATCH)
    return times


def peak_megabytes(case: Case) -> float:
    """The running sum of what torch allocates and frees in a training step, at its highest."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler would say that it starts and stops
    encoder, inputs = case.encoder(), case.inputs()
    step(encoder, case.inputs(1))  # gradients have their place
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step(encoder, inputs)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        seen.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    allocations = sorted((one for one in events if one["name"] == "[memory]"), key=lambda one: float(one["ts"]))
    return max(accumulate(float(one["args"]["Bytes"]) for one in allocations)) / 1e6


def draw(rows: Sequence[Row], path: Path) -> None:
    """Work, time and memory side by side."""
    tasks = list(dict.fromkeys(row.task for row in rows))
    shown = {
        "flops_a_window": ("MFLOP a window", 1e-6),
        "microseconds_a_window": ("microseconds a window", 1.0),
        "peak_megabytes": ("peak memory of a step [MB]", 1.0),
    }
    with picture(path, len(shown), width=4.2) as charts:
        for axes, (metric, (text, scale)) in zip(charts, shown.items(), strict=True):
            title(axes, text)
            for number, cell in enumerate(RECURRENT):
                found = [row for row in rows if row.metric == metric and row.model == cell]
                places = [tasks.index(row.task) + 0.12 * (number - (len(RECURRENT) - 1) / 2) for row in found]
                axes.bar(places, [scale * row.value for row in found], 0.11, color=colour(cell), label=cell)
            axes.set_xticks(range(len(tasks)), tasks)
            axes.set_yscale("log")
        charts[0].legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    measure(run, draw)
