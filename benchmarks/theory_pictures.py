"""Draw the pictures of docs/theory once more: `python benchmarks/theory_pictures.py`, from the committed results.

Nothing is measured here. `gridahead bench theory`, `memory`, `gates` and `generalisation` measure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from common import CHECKOUT, Row, read_results
from pictures import colour, picture, title

from gridahead.reports.palette import LIGHT

FOLDER = CHECKOUT / "docs" / "theory"
HOURLY = ("rnn", "lstm", "gru")
BY_DAY = ("lstm by day", "transformer by day")
NEGLIGIBLE = 0.01
PERIODS = {"train": "training", "validation": "validation", "test": "2025, never seen"}


def curve(results: str, model: str, metric: str, prefix: str = "") -> tuple[list[int], list[float]]:
    """What was measured so many hours or steps back."""
    found = [row for row in read_results(results) if (row.model, row.metric) == (model, metric)]
    return [int(row.task.removeprefix(prefix).partition(" ")[0]) for row in found], [row.value for row in found]


def of(results: str, task: str, metric: str) -> dict[str, Row]:
    """The rows of a metric by model."""
    return {row.model: row for row in read_results(results) if (row.task, row.metric) == (task, metric)}


def unrolled(path: Path) -> None:
    """A recurrent network, one step after the other: values go to the right, gradients to the left."""
    with picture(path, 1, width=7.4, height=2.5) as (axes,):
        axes.set_axis_off()
        axes.set(xlim=(-0.6, 5.6), ylim=(-0.65, 1.75))
        for step, name in enumerate(("t−4", "t−3", "t−2", "t−1", "t")):
            _box(axes, step, 0.55, f"h({name})", LIGHT["model"])
            axes.text(step, -0.5, f"x({name})", ha="center", color=LIGHT["soft"])
            _arrow(axes, (step, -0.33), (step, 0.3), LIGHT["soft"])
            _arrow(axes, (step + 0.32, 0.62), (step + 0.68, 0.62), LIGHT["ink"])
            _arrow(axes, (step + 0.68, 0.46), (step + 0.32, 0.46), LIGHT["official"])
        _box(axes, 5, 0.55, "loss", LIGHT["official"])
        axes.text(0, 1.5, "forwards: the same W and U at every step", color=LIGHT["ink"], fontsize=10)
        axes.text(0, 1.2, "backwards: the gradient, through every step again", color=LIGHT["official"], fontsize=10)


def _box(axes: Any, x: float, y: float, text: str, shade: str) -> None:
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        color=shade,
        bbox={"boxstyle": "round,pad=0.4", "fc": "white", "ec": shade},
    )


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], shade: str) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": shade})


def recurrence(path: Path) -> None:
    """The gradient through a plain recurrence whose matrix stretches by 0.9, 1 and 1.1."""
    with picture(path, 1, width=7.0, height=3.4) as (axes,):
        title(axes, "gradient at the state, relative to the newest")
        shades = {"0.9": LIGHT["model"], "1.0": LIGHT["ink"], "1.1": LIGHT["official"]}
        for scale, shade in shades.items():
            axes.plot(*curve("theory", f"recurrence times {scale}", "gain"), color=shade, label=f"times {scale}")
        axes.set(yscale="log", xlabel="hours back")
        axes.legend(frameon=False)


def gradient(path: Path) -> None:
    """The gradient back through 336 hours of load, by cell, before and after training."""
    with picture(path, 2, width=4.2) as panels:
        for axes, metric in zip(panels, ("relative_untrained", "relative_trained"), strict=True):
            title(axes, f"gradient, {'before' if 'un' in metric else 'after'} training")
            for name in HOURLY:
                axes.plot(*curve("theory", name, metric), color=colour(name), label=name)
            _negligible(axes)
            axes.set(yscale="log", ylim=(1e-12, 3), xlabel="hours back")
        panels[0].legend(frameon=False)


def by_day(path: Path) -> None:
    """The same LSTM with a step an hour and a step a day, one that is cut off after two days, and a Transformer."""
    with picture(path, 1, width=7.0, height=3.6) as (axes,):
        title(axes, "gradient after training, relative to the newest")
        dashes = {"lstm": "-", "lstm cut": "--", **dict.fromkeys(BY_DAY, "-")}
        names = {"lstm": "LSTM, a step an hour", "lstm cut": "the same, cut after 48 hours"}
        names |= {"lstm by day": "LSTM, a step a day", "transformer by day": "Transformer, a step a day"}
        for name, dash in dashes.items():
            shade = LIGHT["ink"] if name == "lstm by day" else colour(name)
            axes.plot(*curve("theory", name, "relative_trained"), color=shade, linestyle=dash, label=names[name])
        _negligible(axes)
        axes.set(yscale="log", ylim=(1e-6, 3), xlabel="hours back")
        axes.legend(frameon=False)


def _negligible(axes: Any) -> None:
    axes.axhline(NEGLIGIBLE, color=LIGHT["soft"], linewidth=1, linestyle=":")


def adding(path: Path) -> None:
    """The adding problem: the error by length, and the gradient of 200 steps after training."""
    names = {"rnn": "-", "lstm": "-", "lstm chrono": "--", "gru": "-"}
    with picture(path, 2, width=4.2) as (errors, gradients):
        title(errors, "mean squared error by steps")
        title(gradients, "gradient after training, 200 steps")
        for name, dash in names.items():
            look = {"color": colour(name), "linestyle": dash}
            found = [row for row in read_results("memory") if (row.model, row.metric) == (name, "mse")]
            lengths = [int(row.task.rpartition("_")[2]) for row in found]
            errors.plot(lengths, [row.value for row in found], marker="o", label=name, **look)
            gradients.plot(*curve("memory", name, "relative_trained", "gradient_200_lag_"), **look)
        errors.set(xscale="log", yscale="log", xlabel="steps")
        errors.set_xticks(lengths, [str(length) for length in lengths])
        errors.minorticks_off()
        errors.axhline(0.01, color=LIGHT["soft"], linewidth=1, linestyle=":")
        errors.legend(frameon=False)
        gradients.set(yscale="log", ylim=(1e-12, 1e2), xlabel="steps back")


def cost(path: Path) -> None:
    """What an encoder costs, by cell and by what a step spans."""
    metrics = {"parameters": "thousand weights", "microseconds_a_window": "microseconds a window"}
    with picture(path, 2, width=4.2) as panels:
        for axes, (metric, words) in zip(panels, metrics.items(), strict=True):
            title(axes, words)
            for number, task in enumerate(("segments of 1 h", "segments of 24 h")):
                for at, name in enumerate(HOURLY):
                    value = of("gates", task, metric)[name].value / (1000 if metric == "parameters" else 1)
                    place = at + 0.4 * number - 0.2
                    axes.bar(place, value, 0.38, color=colour(name), alpha=1 - 0.5 * number)
                    axes.text(place, value, f"{value:,.0f}", ha="center", va="bottom", fontsize=8)
            axes.set_xticks(range(len(HOURLY)), HOURLY)
        panels[1].set_yscale("log")
        panels[1].set_xlabel("full colour: a step an hour; pale: a step a day")


def memorise(path: Path) -> None:
    """The loss on what was learnt, on what chose the epoch, and on what nobody had seen."""
    names = ("official", *HOURLY, "transformer")
    with picture(path, 1, width=7.4, height=3.4) as (axes,):
        title(axes, "pinball loss [MW]")
        for number, (period, words) in enumerate(PERIODS.items()):
            rows = of("generalisation", f"load_2025_{period}", "pinball")
            places = [at + 0.27 * (number - 1) for at in range(len(names))]
            axes.bar(
                places,
                [rows[name].value for name in names],
                0.25,
                color=LIGHT["model"],
                alpha=0.3 + 0.35 * number,
                label=words,
            )
            for place, name in zip(places, names, strict=True):
                row = rows[name]
                if row.low is not None and row.high is not None:
                    axes.vlines(place, row.low, row.high, color=LIGHT["ink"], linewidth=1)
        axes.set_xticks(range(len(names)), names)
        axes.legend(frameon=False)


PICTURES: Mapping[str, Callable[[Path], None]] = {
    "unrolled": unrolled,
    "recurrence": recurrence,
    "gradient": gradient,
    "by_day": by_day,
    "adding": adding,
    "cost": cost,
    "memorise": memorise,
}
"""By the name of the file."""


if __name__ == "__main__":
    for name, draw in PICTURES.items():
        draw(FOLDER / f"{name}.png")
