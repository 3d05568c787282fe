"""Does training wait for the slower of torch's two matrix libraries, and is there a clean way to the faster one?

Torch for CPUs has two: MKL behind linear layers and behind each step of an RNN or a GRU, oneDNN behind convolutions and
the LSTM, which is fused. Which is faster depends on who made the CPU.

1. `gflops_per_second` of the products of a training step and of a large one, by the ways there are: as torch runs a
   linear layer; with tensors in oneDNN's layout, which have no gradient and cost a conversion each way; and as a
   convolution of one by one on the same memory, the only one that is public and has a gradient.
2. The same product where MKL's environment variables ask for other instructions.
3. `share_in_products`: how much of a training step is spent in MKL's products, and `gain_at_most`: how much shorter the
   step were if all of them ran as fast as the same large product in oneDNN.

Seconds are those of the core, the least of some repetitions. n counts one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from common import HERE, Bench, Row, measure, say
from pictures import picture, title
from torch import Tensor
from torch.nn.functional import conv2d, linear
from torch.profiler import ProfilerActivity, profile

from gridahead.models.network.network import Network, NetworkConfig
from gridahead.reports.palette import LIGHT
from gridahead.settings.networks import DEFAULT_MODELS
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch, pinball

LARGE = "1024 × 1024 · 1024 × 1024"
PRODUCTS = {
    "recurrence of a GRU, a step: 32 × 128 · 128 × 384": (32, 128, 384),
    "what enters a GRU: 448 × 125 · 125 × 384": (448, 125, 384),
    "decoder: 1184 × 128 · 128 × 64": (1184, 128, 64),
    LARGE: (1024, 1024, 1024),
}
"""Rows, inputs and outputs of linear layers, of batches of 32 windows of 14 days with 37 hours ahead."""
ENVIRONMENTS = ("", "MKL_CBWR=AVX2", "MKL_CBWR=AVX512", "MKL_ENABLE_INSTRUCTIONS=AVX512", "MKL_DEBUG_CPU_TYPE=5")
OF_MKL = ("aten::mm", "aten::addmm", "aten::bmm")
BATCH, SEGMENTS, ENCODER, HORIZON, DECODER = 32, 14, 125, 37, 67
ENOUGH = 5e8
"""Operations in a repetition: some milliseconds."""


def run(bench: Bench) -> list[Row]:
    """The products, the environment variables, and what both libraries mean for a training step."""
    repetitions = 3 if bench.quick else 15
    rows = [row for name, sizes in PRODUCTS.items() for row in product_rows(name, *sizes, repetitions)]
    large = {row.model: row.value for row in rows if row.task == f"{LARGE}, forwards"}
    rows += [Row("environment", name or "none", "gflops_per_second", _in_child(name)) for name in ENVIRONMENTS]
    for cell in ("lstm", "gru"):
        share = share_in_products(cell)
        gain = share * max(0.0, 1 - large["linear"] / large["oneDNN's layout"])
        rows += [Row("step", cell, "share_in_products", share), Row("step", cell, "gain_at_most", gain)]
    for row in rows:
        say(f"{row.task}, {row.model}: {row.metric} {row.value:,.3g}")
    return rows


def product_rows(name: str, count: int, features: int, outputs: int, repetitions: int) -> list[Row]:
    """How fast a linear layer is by each way, forwards; and forwards and backwards where there is a gradient."""
    values, wanted = torch.randn(count, features, requires_grad=True), torch.randn(count, outputs)
    weight, bias = torch.randn(outputs, features, requires_grad=True), torch.randn(outputs, requires_grad=True)
    packed = [part.detach().to_mkldnn() for part in (values, weight, bias)]
    ways: Mapping[str, Callable[[], Tensor]] = {
        "linear": lambda: linear(values, weight, bias),
        "convolution": lambda: as_convolution(values, weight, bias),
        "oneDNN's layout": lambda: linear(*packed),
    }
    operations, rows = 2.0 * count * features * outputs, []
    with torch.no_grad():
        for way, forwards in ways.items():
            speed = operations / _seconds(forwards, operations, repetitions) / 1e9
            rows.append(Row(f"{name}, forwards", way, "gflops_per_second", speed))
    for way in ("linear", "convolution"):
        seconds = _seconds(partial(_and_backwards, ways[way], wanted), 3 * operations, repetitions)
        rows.append(Row(f"{name}, and backwards", way, "gflops_per_second", 3 * operations / seconds / 1e9))
    return rows


def _and_backwards(forwards: Callable[[], Tensor], gradient: Tensor) -> None:
    torch.autograd.backward(forwards(), gradient)


def as_convolution(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A linear layer (R, I) → (R, O) as a convolution whose channels stand last in memory, as they do there."""
    image = values[None, None].permute(0, 3, 1, 2)  # (1, I, 1, R)
    kernel = weight[..., None, None].contiguous(memory_format=torch.channels_last)
    return conv2d(image, kernel, bias).permute(0, 2, 3, 1)[0, 0]


def _seconds(work: Callable[[], object], operations: float, repetitions: int) -> float:
    """Of the core, for the work once."""
    times, least = max(1, int(ENOUGH / operations)), float("inf")
    for _ in range(repetitions):
        begun = time.process_time()
        for _ in range(times):
            work()
        least = min(least, (time.process_time() - begun) / times)
    return least


def large_product() -> float:
    """Billions of operations a second of the large product, as torch runs it."""
    torch.set_num_threads(1)
    count, features, outputs = PRODUCTS[LARGE]
    left, right = torch.randn(count, features), torch.randn(features, outputs)
    operations = 2.0 * count * features * outputs
    return operations / _seconds(lambda: torch.mm(left, right), operations, 15) / 1e9


def _in_child(setting: str) -> float:
    """The same in a process that begins with an environment variable, which MKL reads once."""
    added = dict([setting.split("=")]) if setting else {}
    command = [sys.executable, "-c", "from matrix_libraries import large_product; print(large_product())"]
    done = subprocess.run(command, cwd=HERE, env=os.environ | added, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def share_in_products(cell: str) -> float:
    """How much of a training step of the network of that name is spent in products that MKL computes."""
    torch.manual_seed(0)
    model = DEFAULT_MODELS[cell]
    levels = TrainingSettings().quantiles
    shape = NetworkConfig(
        model.cell,
        ENCODER,
        DECODER,
        levels,
        model.hidden,
        model.decoder_hidden,
        dropout=model.dropout,
        decoder=model.decoder,
        bidirectional=model.bidirectional,
    )
    network, batch = Network(shape), _batch()

    def step() -> None:
        answer = network(batch.encoder, batch.decoder, batch.static, batch.length)
        pinball(answer, batch, torch.tensor(levels)).backward()  # type: ignore[no-untyped-call]

    step()
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler would say that it starts and stops
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        for _ in range(20):
            step()
    spent: dict[str, float] = {event.key: event.self_cpu_time_total for event in seen.key_averages()}
    return sum(spent.get(name, 0.0) for name in OF_MKL) / sum(spent.values())


def _batch() -> Batch:
    return Batch(
        torch.randn(BATCH, SEGMENTS, ENCODER),
        torch.randn(BATCH, HORIZON, DECODER),
        torch.randn(BATCH, HORIZON),
        torch.ones(BATCH, HORIZON),
        torch.zeros(BATCH, 0),
        torch.full((BATCH,), HORIZON),
    )


def draw(rows: Sequence[Row], path: Path) -> None:
    """The products by the ways there are."""
    shades = {"linear": LIGHT["model"], "convolution": LIGHT["official"], "oneDNN's layout": LIGHT["soft"]}
    with picture(path, 1, width=9.0, height=3.8) as (axes,):
        title(axes, "billion operations a second of one core")
        shown = [row for row in rows if row.task.endswith((", forwards", ", and backwards"))]
        tasks = list(dict.fromkeys(row.task for row in shown))
        for number, (way, shade) in enumerate(shades.items()):
            found = {tasks.index(row.task): row.value for row in shown if row.model == way}
            axes.barh([at + 0.27 * (number - 1) for at in found], list(found.values()), 0.25, color=shade, label=way)
        axes.set_yticks(range(len(tasks)), tasks)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlim(right=1.3 * max(row.value for row in shown))
        axes.legend(frameon=False, fontsize=8, loc="center right")


if __name__ == "__main__":
    measure(run, draw)
