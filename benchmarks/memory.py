"""How far back can a cell remember? The adding problem, and the gradient that shows why.

Each sequence has two channels: values from 0 to 1, and a marker that is 1 at two steps, one in each half. The answer is
the sum of the two marked values. Who guesses 1 has a mean squared error of 1/6; below a hundredth the problem counts as
solved. All models have about 4,700 weights, the same sequences, the same number of updates.

- `rnn`: torch's plain rnn as it comes; `rnn orthogonal`: the recurrence begins as an orthogonal matrix.
- `lstm`: forget gate open at the start, bias 1; `lstm chrono`: biases from the length of the sequence.
- `gru`; and `lstm attention`: the answer also looks back at all states.
- `slstm`, `mlstm`, `mingru`, `minlstm`: those without a matrix from state to state have so many more units.

Source: Hochreiter and Schmidhuber (1997), "Long short-term memory", experiment 4; Tallec and Ollivier (2018), "Can
recurrent neural networks warp time?", for chrono. n counts seeds. What is done is kept, and a second call goes on with
the next.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from common import Bench, Row, measure, say
from pictures import colour, picture, title
from torch import Tensor, nn
from torch.nn import functional

from gridahead.explain.gradient_report import Float
from gridahead.explain.gradients import back_through
from gridahead.explain.recurrence import Layer, entering, state_width
from gridahead.models.network.cells import recurrent_layer

LENGTHS = (50, 100, 200, 400)
SHOWN = 200
"""The length at which gradients are drawn, and at which the plain rnn must fail and a gated cell must not."""
SOLVED = 0.01
GUESS = 1 / 6
"""Variance of the sum of two independent uniform values."""
SEEDS = 3
UPDATES, QUICK_UPDATES = 900, 30
BATCH = 32
CLIP_NORM = 1.0
ENOUGH = 0.001
"""A mean of the last updates below it stops a run: it is solved ten times over."""
LAST = 50
TEST = 1000
LAGS = 11
"""At so many of them the gradient is kept, evenly from the newest step to the first."""
WIDEST = 16_000_000
"""Sequences × steps × values of a state that gradients are measured on: of an mlstm's matrices two or one."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model of the comparison."""

    layer: Callable[[int, int], nn.Module]
    """From hidden size and length of the sequences."""
    hidden: int
    learning_rate: float
    """The best for its kind of those tried at 200 steps, 1e-3 to 1e-2; a plain rnn jumps about with the largest."""
    attends: bool = False


def chrono(hidden: int, length: int) -> nn.Module:
    """An LSTM whose forget gates keep for times between one step and the whole sequence, evenly on a log scale."""
    layer = recurrent_layer("lstm", 2, hidden)
    forget = torch.empty(hidden).uniform_(1, length - 1).log()
    with torch.no_grad():
        layer.get_parameter("bias_hh_l0").zero_()
        layer.get_parameter("bias_ih_l0").zero_()[: 2 * hidden] = torch.cat([-forget, forget])
    return layer


MODELS = {
    "rnn": Recipe(lambda hidden, length: nn.RNN(2, hidden, batch_first=True), 66, 1e-3),
    "rnn orthogonal": Recipe(lambda hidden, length: recurrent_layer("rnn", 2, hidden), 66, 1e-3),
    "lstm": Recipe(lambda hidden, length: recurrent_layer("lstm", 2, hidden), 32, 1e-2),
    "lstm chrono": Recipe(chrono, 32, 1e-2),
    "lstm attention": Recipe(lambda hidden, length: recurrent_layer("lstm", 2, hidden), 28, 1e-2, attends=True),
    "gru": Recipe(lambda hidden, length: recurrent_layer("gru", 2, hidden), 38, 1e-2),
    "slstm": Recipe(lambda hidden, length: recurrent_layer("slstm", 2, hidden), 33, 1e-2),
    "mlstm": Recipe(lambda hidden, length: recurrent_layer("mlstm", 2, hidden), 360, 1e-2),
    "mingru": Recipe(lambda hidden, length: recurrent_layer("mingru", 2, hidden), 671, 1e-2),
    "minlstm": Recipe(lambda hidden, length: recurrent_layer("minlstm", 2, hidden), 470, 1e-2),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A length and a model."""

    length: int
    model: str

    @property
    def name(self) -> str:
        """Of its rows that are kept."""
        return f"{self.model} {self.length}"


class Adder(nn.Module):
    """A recurrent layer and a linear answer from its last state, and from what it finds in all of them."""

    def __init__(self, recipe: Recipe, length: int) -> None:
        super().__init__()
        self.layer: Layer = recipe.layer(recipe.hidden, length)  # type: ignore[assignment]
        self.query = nn.Linear(recipe.hidden, recipe.hidden) if recipe.attends else None
        self.out = nn.Linear((2 if recipe.attends else 1) * recipe.hidden, 1)

    def forward(self, sequences: Tensor) -> Tensor:
        """The sums, (N,), of sequences (N, T, 2)."""
        return self.answer(self.layer(sequences)[0])

    def answer(self, hidden: Tensor) -> Tensor:
        """The sums, (N,), from the hidden values after every step, (N, T, hidden)."""
        last = hidden[:, -1]
        if self.query is not None:
            found = functional.scaled_dot_product_attention(self.query(last)[:, None], hidden, hidden)
            last = torch.cat([last, found[:, 0]], dim=-1)
        sums: Tensor = self.out(last)[:, 0]
        return sums


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one model, length and seed."""

    mse: float
    updates: int
    untrained: Float
    """(T,) gradient norm by lag, relative to the newest."""
    trained: Float


def run(bench: Bench) -> list[Row]:
    """One row a length, model and metric, and the gradients by lag."""
    lengths = (50, SHOWN) if bench.quick else LENGTHS
    guessed = [Row(f"adding_{length}", "guess", "mse", GUESS) for length in lengths]
    return [*guessed, *bench.each([Task(*pair) for pair in product(lengths, MODELS)], rows_of)]


def rows_of(task: Task, bench: Bench) -> list[Row]:
    """The rows of a length and a model."""
    updates = QUICK_UPDATES if bench.quick else UPDATES
    outcomes = [learn(MODELS[task.model], task.length, seed, updates) for seed in range(min(SEEDS, bench.seeds))]
    say(f"{task.length} steps, {task.model}: mse {', '.join(f'{one.mse:.4f}' for one in outcomes)}")
    rows = [
        Row.of(f"adding_{task.length}", task.model, "mse", [one.mse for one in outcomes]),
        Row.of(f"adding_{task.length}", task.model, "updates", [one.updates for one in outcomes]),
    ]
    return rows + (gradient_rows(task.model, outcomes) if task.length == SHOWN else [])


def sequences(count: int, length: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sequences (N, T, 2) and the sums that are asked for, (N,)."""
    values, markers = torch.rand(count, length, generator=generator), torch.zeros(count, length)
    for low, high in ((0, length // 2), (length // 2, length)):
        markers.scatter_(1, torch.randint(low, high, (count, 1), generator=generator), 1.0)
    return torch.stack([values, markers], dim=-1), (values * markers).sum(dim=1)


def learn(recipe: Recipe, length: int, seed: int, updates: int) -> Outcome:
    """Train from one seed and measure on sequences that were not trained on."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    test = sequences(TEST, length, torch.Generator().manual_seed(10_000 + seed))
    network = Adder(recipe, length)
    untrained = relative_gradient(network, *test)
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    losses: list[float] = []
    while len(losses) < updates and not (len(losses) >= LAST and np.mean(losses[-LAST:]) < ENOUGH):
        given, wanted = sequences(BATCH, length, generator)
        loss = functional.mse_loss(network(given), wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimiser.step()
        losses.append(float(loss.detach()))
    with torch.inference_mode():
        mse = float(functional.mse_loss(network(test[0]), test[1]))
    return Outcome(mse, len(losses), untrained, relative_gradient(network, *test))


def relative_gradient(network: Adder, given: Tensor, wanted: Tensor, count: int = 32) -> Float:
    """(T,) norm of the loss gradient at every state, relative to the newest, newest first; in double precision."""
    count = max(1, min(count, WIDEST // (given.shape[1] * state_width(network.layer))))
    network, wanted = copy.deepcopy(network).double(), wanted[:count].double()
    entered = entering(network.layer, given[:count].double())
    norms, _ = back_through(network.layer, entered, lambda hidden: functional.mse_loss(network.answer(hidden), wanted))
    relative: Float = norms / norms[0]
    return relative


def gradient_rows(name: str, outcomes: Sequence[Outcome]) -> list[Row]:
    """The relative gradient by lag before and after training, and where it matters most: at the first step."""
    rows = []
    for when in ("untrained", "trained"):
        curves = np.array([getattr(one, when) for one in outcomes])
        last = curves.shape[1] - 1
        rows.append(Row.of(f"adding_{SHOWN}", name, f"gradient_at_first_step_relative_{when}", list(curves[:, last])))
        for lag in np.linspace(0, last, LAGS).round().astype(int):
            rows.append(Row.of(f"gradient_{SHOWN}_lag_{lag}", name, f"relative_{when}", list(curves[:, lag])))
    return rows


def draw(rows: Sequence[Row], path: Path) -> None:
    """The error by length, and the gradient back through time before and after training."""
    with picture(path, 3) as (errors, untrained, trained):
        title(errors, "mean squared error by length")
        for name in MODELS:
            found = {int(row.task.rpartition("_")[2]): row for row in rows if (row.model, row.metric) == (name, "mse")}
            errors.plot(list(found), [row.value for row in found.values()], label=name, **look(name), marker="o")
        errors.axhline(SOLVED, color="grey", linewidth=1)
        errors.set_xscale("log", base=2)
        errors.set_xticks(sorted(found), [str(length) for length in sorted(found)])
        errors.set_yscale("log")
        errors.set_xlabel("steps")
        errors.legend(frameon=False, fontsize=8)
        for axes, when in ((untrained, "untrained"), (trained, "trained")):
            title(axes, f"gradient at the states, {SHOWN} steps, {when}")
            for name in MODELS:
                curve = [row for row in rows if row.model == name and row.metric == f"relative_{when}"]
                lags = [int(row.task.rpartition("_")[2]) for row in curve]
                axes.plot(lags, [row.value for row in curve], **look(name))
            axes.set_yscale("log")
            axes.set_ylim(1e-12, 1e3)
            axes.set_xlabel("steps back")


def look(name: str) -> dict[str, object]:
    """Colour and dash: the tricks of a cell share its colour."""
    return {"color": colour(name), "linestyle": "--" if name in ("rnn orthogonal", "lstm chrono") else "-"}


if __name__ == "__main__":
    measure(run, draw)
