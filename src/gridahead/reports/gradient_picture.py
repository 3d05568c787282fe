"""The picture of a gradient report: the gradient by lag, what each step does to it, how long gates keep."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gridahead.explain.gradient_report import NEGLIGIBLE, Float, GradientReport
from gridahead.reports.diagnosis import memory_sentence, span
from gridahead.reports.drawing import styled

INK, SOFT, FAINT, BLUE, ORANGE = "#1b2733", "#5d6b78", "#dfe5ea", "#0b6fb8", "#c4560a"
"""Those of the report that analysts read."""
STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": SOFT,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
}
DEEPEST = 1e-12
"""Where the axis of relative norms ends: a plain rnn would otherwise squeeze everything else into a line."""


def draw_gradients(report: GradientReport, title: str) -> Figure:
    """Three charts side by side; where a cell has nothing to draw, a text explains why."""
    with styled(STYLE):
        figure = Figure(figsize=(13, 4.2), dpi=120, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.suptitle(
            f"{title}: {memory_sentence(report)}", x=0.01, ha="left", color=INK, fontsize=11, parse_math=False
        )
        norms, stretch, gates = figure.subplots(1, 3)
        _draw_norms(norms, report)
        _draw_stretch(stretch, report)
        _draw_gates(gates, report)
    return figure


def _draw_norms(axes: Any, report: GradientReport) -> None:
    lags, unit = _time(report.lags, report.context_hours)
    axes.set_title("gradient at the state, relative to the newest")
    axes.semilogy(lags, _relative(report.norms_untrained), color=SOFT, linestyle=(0, (5, 2)), label="before training")
    axes.semilogy(lags, _relative(report.norms), color=BLUE, linewidth=2, label="after training")
    axes.axhline(NEGLIGIBLE, color=ORANGE, linewidth=1, label=f"{NEGLIGIBLE:.0%}: negligible")
    axes.set_ylim(bottom=max(DEEPEST, axes.get_ylim()[0]))
    axes.set_xlabel(f"lag [{unit}]")
    axes.legend()


def _draw_stretch(axes: Any, report: GradientReport) -> None:
    axes.set_title("largest singular value of the step Jacobian")
    if report.stretch is None:
        _text(axes, "not defined: no state is handed\nfrom step to step")
        return
    lags, unit = _time(report.lags, report.context_hours)
    axes.plot(lags, report.stretch, color=BLUE, linewidth=2)
    axes.axhline(1, color=ORANGE, linewidth=1, label="below 1 every change shrinks")
    axes.set_ylim(bottom=0, top=1.1 * max(1.0, float(report.stretch.max())))
    axes.set_xlabel(f"lag [{unit}]")
    axes.legend()


def _draw_gates(axes: Any, report: GradientReport) -> None:
    axes.set_title("time for which the forget gates keep")
    if report.gate_hours is None:
        _text(axes, "not defined: this cell has\nno forget gate")
        return
    middle = float(np.median(report.gate_hours))
    times, unit = _time(report.gate_hours, middle)
    wide = times[-1] > 10 * times[0]
    axes.hist(times, np.geomspace(times[0] / 1.01, times[-1] * 1.01, 25) if wide else 24, color=BLUE)
    axes.set_xscale("log" if wide else "linear")
    (at,), _ = _time(np.array([middle]), middle)
    axes.axvline(at, color=ORANGE, linewidth=1)
    beside = ("data", "axes fraction")
    axes.annotate(f"median {span(middle)}", (at, 1), (4, -4), beside, "offset points", va="top", color=ORANGE)
    axes.margins(y=0.12)
    axes.set_xlabel(f"characteristic time [{unit}]")
    axes.set_ylabel("units")


def _text(axes: Any, text: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=SOFT, transform=axes.transAxes)


def _time(hours: Float, typical: float) -> tuple[Float, str]:
    """Times in the unit that suits a typical one of them."""
    return (hours / 24, "days") if typical >= 96 else (hours, "hours")


def _relative(norms: Float) -> Float:
    return norms / norms[0] if norms[0] else norms
