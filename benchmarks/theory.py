"""What do gradients do on their way back through time, in networks that read German load hour by hour?

One task: load issued at 11:00 on the day before. The networks differ in their cell, in how far gradients may go back,
and in what one step spans, an hour (336 steps of context) or a day (14). Each is measured as `gridahead diagnose` does,
before and after training, on windows of the validation days.

- `relative_trained`, `relative_untrained`: the gradient at the state so many hours back, over that at the newest.
- `sigma`: the largest singular value of the step's Jacobian, so many hours back.
- `gate_hours`: how long the forget gate of a unit keeps, by share of the units.
- `clip_rate`, `gradient_norm`: the share of steps whose gradient was shortened, and the longest before that.

The task `recurrence times S` is a plain rnn that has learnt nothing: its recurrence is an orthogonal matrix times S,
its inputs are the same windows made so small that tanh is nearly a straight line. `gain` is the gradient so many hours
back over that at the newest state; without tanh it would be S to the power of the steps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from common import Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title
from torch import nn

from gridahead.core.grid import ZONES, Series
from gridahead.core.time import Deadline, Mtu
from gridahead.explain.gradient_report import Float, GradientReport
from gridahead.explain.gradients import back_through, model_gradients
from gridahead.explain.recurrence import entering
from gridahead.features.windows import WindowSpec
from gridahead.models.bundle import TrainedModel
from gridahead.models.network.cells import recurrent_layer
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.candidates import network
from gridahead.training.fit import Fit, fit
from gridahead.training.split import Split, split

SPEC = WindowSpec(Series("DE", "load"), ZONES["DE"], Mtu.PT60M, Deadline.parse("D-1T1100[Europe/Berlin]"), 14)
HIDDEN = 64
CUT_HOURS = 48
MODELS: Mapping[str, ModelSettings] = {
    "rnn": ModelSettings(cell="rnn", segment="hour", hidden=HIDDEN, anchor="week"),
    "lstm": ModelSettings(cell="lstm", segment="hour", hidden=HIDDEN, anchor="week"),
    "gru": ModelSettings(cell="gru", segment="hour", hidden=HIDDEN, anchor="week"),
    "lstm cut": ModelSettings(cell="lstm", segment="hour", hidden=HIDDEN, anchor="week", bptt_steps=CUT_HOURS),
    "lstm by day": ModelSettings(cell="lstm", segment="day", hidden=HIDDEN, anchor="week"),
    "transformer by day": ModelSettings(cell="transformer", segment="day", hidden=HIDDEN, anchor="week"),
}
EPOCHS = 12
LAGS = (0, 1, 2, 3, 4, 6, 8, 10, 12, 18, 24, 30, 36, 42, 47, 48, 60, 72, 96, 120, 144, 168, 192, 240, 288, 335)
"""Hours back at which curves are kept; of steps of a day all."""
SCALES = (0.9, 1.0, 1.1)
SMALL = 1e-6
"""What the inputs are multiplied by, so that tanh is a straight line to the sixth digit where nothing explodes."""
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)


def run(bench: Bench) -> list[Row]:
    """The gradients of every network by lag, what training did to them, and recurrences of three sizes."""
    settings = TrainingSettings(
        holdout_start=dt.date(2025, 1, 1), refit=False, epochs=1 if bench.quick else EPOCHS, device="cpu"
    )
    parts = split(smard(bench), SPEC, settings)
    rows, models = [], dict[str, TrainedModel]()
    for name, config in MODELS.items():
        done = fit(name, parts, config, settings, lambda _: None)
        models[name] = network(done.model)
        report = model_gradients(models[name], parts.validation)
        assert report is not None
        say(f"{name}: {done.seconds:.0f} s, MAE {done.validation['validation_mae']:.0f} MW, {report.metrics()}")
        rows += [*rows_of(name, report), *trained_rows(name, done)]
    return rows + [row for scale in SCALES for row in scaled_rows(scale, models["rnn"], parts)]


def rows_of(name: str, report: GradientReport) -> list[Row]:
    """The curves of a report at some lags, and its figures."""
    rows = [Row("load", name, metric, value) for metric, value in report.metrics().items()]
    for metric, curve in (
        ("relative_untrained", report.norms_untrained / report.norms_untrained[0]),
        ("relative_trained", report.norms / report.norms[0]),
        ("sigma", report.stretch),
    ):
        rows += [] if curve is None else by_lag(name, metric, curve, report.hours_per_step)
    if report.gate_hours is not None:
        rows += [
            Row(f"{share:.0%} of units", name, "gate_hours", float(np.quantile(report.gate_hours, share)))
            for share in SHARES
        ]
    return rows


def by_lag(name: str, metric: str, curve: Float, hours: float) -> list[Row]:
    """A curve, newest first, as a row a lag."""
    lags = LAGS if hours == 1 else range(0, int(hours) * len(curve), int(hours))
    return [Row(f"{lag} h back", name, metric, float(curve[round(lag / hours)])) for lag in lags]


def trained_rows(name: str, done: Fit) -> list[Row]:
    """How good it became, and what became of its gradients in training."""
    own = [epoch for epoch in done.epochs if epoch.training == 0]
    return [
        Row("load", name, "validation_mae", done.validation["validation_mae"]),
        Row("load", name, "epochs", len(own)),
        Row("load", name, "clip_rate", float(np.mean([epoch.clip_rate for epoch in own]))),
        Row("load", name, "gradient_norm", float(np.max([epoch.gradient_norm for epoch in own]))),
    ]


def scaled_rows(scale: float, model: TrainedModel, parts: Split) -> list[Row]:
    """The gradient through a plain recurrence of that size, on what a trained network is given to read."""
    inputs = model.scaler.inputs(parts.validation, model.segment, model.static)
    read = SMALL * torch.from_numpy(np.asarray(inputs.encoder[:32])).double()
    torch.manual_seed(0)
    layer = recurrent_layer("rnn", read.shape[-1], HIDDEN).double()
    assert isinstance(layer, nn.RNN)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").mul_(scale)
        layer.get_parameter("bias_ih_l0").zero_()
        layer.get_parameter("bias_hh_l0").zero_()
    norms, _ = back_through(layer, entering(layer, read), lambda hidden: hidden[:, -1].sum() / len(hidden))
    return by_lag(f"recurrence times {scale}", "gain", norms / norms[0], 1)


def draw(rows: Sequence[Row], path: Path) -> None:
    """The gradient back through time before and after training, and of recurrences of three sizes."""
    with picture(path, 3) as (untrained, trained, scaled):
        for axes, metric, words in (
            (untrained, "relative_untrained", "before training"),
            (trained, "relative_trained", "after training"),
        ):
            title(axes, f"gradient at the state, {words}")
            for name in MODELS:
                lags, values = curve(rows, name, metric)
                dash = {"lstm cut": "--", "lstm by day": ":"}.get(name, "-")
                axes.plot(lags, values, color=colour(name), linestyle=dash, label=name)
            axes.set(yscale="log", ylim=(1e-12, 1e1), xlabel="hours back")
        untrained.legend(frameon=False, fontsize=8)
        title(scaled, "plain recurrence, orthogonal matrix times S")
        for scale in SCALES:
            scaled.plot(*curve(rows, f"recurrence times {scale}", "gain"), label=f"S = {scale}")
        scaled.set(yscale="log", xlabel="hours back")
        scaled.legend(frameon=False, fontsize=8)


def curve(rows: Sequence[Row], model: str, metric: str) -> tuple[list[int], list[float]]:
    """Hours back, and the values there."""
    found = [row for row in rows if (row.model, row.metric) == (model, metric)]
    return [int(row.task.partition(" ")[0]) for row in found], [row.value for row in found]


if __name__ == "__main__":
    measure(run, draw)
