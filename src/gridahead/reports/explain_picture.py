"""Pictures of an explanation: which hour that was read moved which hour that is forecast, and what has changed."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from gridahead.core.units import signed, tick
from gridahead.reports.drawing import STYLE, styled
from gridahead.reports.palette import LIGHT

Floats = npt.NDArray[Any]
COLOURS = (LIGHT["model"], LIGHT["official"], LIGHT["naive"], "#4c8c4a", "#b8860b", "#8c564b", LIGHT["soft"])
MOST_MAPS = 4
"""Inputs with a map of their own: those with the largest shares."""
FLAT = 98
"""Percentile of the shares where the colours end, so that one hour does not make all others pale."""


def explain_picture(
    maps: Mapping[str, tuple[Sequence[int | None], Floats]],
    by_input: Mapping[str, Floats],
    difference: Floats,
    delivery: npt.NDArray[np.bool_],
    times: pd.DatetimeIndex,
    title: str,
    unit: str,
) -> bytes:
    """Maps of lag by lead, one an input, above bars of the shares of the inputs by hour, as PNG.

    Args:
        maps: by input, the hours that were read, counted from the issue time, and their shares, (hours, H) [MW].
        by_input: by input, (H,) [MW].
        difference: (H,) what all of them add up to [MW].
        delivery: (H,) which hours are of the delivery day.
        times: (H,) local.
        title: above the picture.
        unit: of all that is drawn.
    """
    largest = sorted(maps, key=lambda name: -np.abs(maps[name][1][:, delivery]).sum())[:MOST_MAPS]
    with styled({**STYLE, "font.size": 10, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(13, 9.5), dpi=110, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(_wrapped(title), x=0.01, ha="left", fontsize=12, color=LIGHT["ink"], parse_math=False)
        halves: Any = figure.subfigures(2, 1, height_ratios=(3, 2))
        upper, lower = halves
        panels = upper.subplots(1, len(largest), squeeze=False, sharey=True)[0]
        end = max(float(np.percentile(np.abs(maps[name][1][:, delivery]), FLAT)) for name in largest) or 1.0
        for axes, name in zip(panels, largest, strict=True):
            drawn = _map(axes, *maps[name], delivery, times, end)
            axes.set_title(name, fontsize=10, color=LIGHT["ink"], parse_math=False)
        panels[0].set_ylabel("hour that was read, days from the issue time")
        upper.colorbar(drawn, ax=panels, label=f"share [{unit}]", extend="both", shrink=0.8)
        left, right = lower.subplots(1, 2, width_ratios=(3, 2))
        _stacked(
            left, {name: part[delivery] for name, part in by_input.items()}, times[delivery], difference[delivery], unit
        )
        left.set_title("By hour of the delivery day", fontsize=10, color=LIGHT["ink"])
        means = {name: float(part[delivery].mean()) for name, part in by_input.items()}
        _bars(right, means, dict(zip(by_input, _colours(len(by_input)), strict=True)), unit)
        return _png(figure)


def change_picture(parts: Mapping[str, Floats], times: pd.DatetimeIndex, title: str, unit: str) -> bytes:
    """The parts of the difference of two forecasts by hour, and their sum, as PNG.

    Args:
        parts: by cause, (H,) [unit].
        times: (H,) local.
        title: above the picture.
        unit: of all that is drawn.
    """
    with styled({**STYLE, "font.size": 10, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(10, 4.6), dpi=110, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        _stacked(axes, parts, times, np.sum(list(parts.values()), axis=0), unit)
        axes.set_title(_wrapped(title, 95), fontsize=12, color=LIGHT["ink"], parse_math=False)
        return _png(figure)


def _map(
    axes: Any,
    hours: Sequence[int | None],
    shares: Floats,
    delivery: npt.NDArray[np.bool_],
    times: pd.DatetimeIndex,
    end: float,
) -> Any:
    """Rows are hours that were read, columns those that are forecast."""
    known = np.array([hour for hour in hours if hour is not None])
    table = shares[:, delivery]
    edges = np.append(known, known[-1] + 1) / 24
    drawn = axes.pcolormesh(
        np.arange(table.shape[1] + 1), edges, table, cmap="RdBu_r", vmin=-end, vmax=end, rasterized=True
    )
    axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    axes.grid(False)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=15))
    _hours(axes, times[delivery], 0.0)
    axes.set_xlabel("hour that is forecast, local time")
    return drawn


def _stacked(axes: Any, parts: Mapping[str, Floats], times: pd.DatetimeIndex, total: Floats, unit: str) -> None:
    """Bars above and below nought, one colour a part, and the total as a line."""
    at = np.arange(len(times))
    above, below = np.zeros(len(at)), np.zeros(len(at))
    for colour, (name, part) in zip(_colours(len(parts)), parts.items(), strict=True):
        if not np.any(part):
            continue
        axes.bar(at, np.maximum(part, 0), bottom=above, color=colour, width=0.86, label=name)
        axes.bar(at, np.minimum(part, 0), bottom=below, color=colour, width=0.86)
        above, below = above + np.maximum(part, 0), below + np.minimum(part, 0)
    axes.plot(at, total, color=LIGHT["ink"], linewidth=1.8, marker="o", markersize=3, label="together")
    axes.axhline(0, color=LIGHT["ink"], linewidth=0.8)
    axes.use_sticky_edges = False  # bars would cut off the line above them
    axes.margins(y=0.06)
    axes.set_ylabel(unit)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    _hours(axes, times, 0.5)
    legend = axes.legend(fontsize=9, frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    for text in legend.get_texts():
        text.set_parse_math(False)


def _bars(axes: Any, means: Mapping[str, float], colours: Mapping[str, str], unit: str) -> None:
    """The mean of the day, the largest on top."""
    names = sorted(means, key=lambda name: abs(means[name]))
    values = [means[name] for name in names]
    axes.barh(names, values, color=[colours[name] for name in names])
    axes.axvline(0, color=LIGHT["ink"], linewidth=0.8)
    axes.margins(x=0.22)
    for row, value in enumerate(values):
        axes.annotate(
            signed(value),
            (value, row),
            (5 if value >= 0 else -5, 0),
            textcoords="offset points",
            ha="left" if value >= 0 else "right",
            va="center",
        )
    axes.grid(False)
    axes.set_title(f"Mean of the delivery day [{unit}]", fontsize=10, color=LIGHT["ink"])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def _hours(axes: Any, times: pd.DatetimeIndex, middle: float) -> None:
    """Every third hour, at the beginning of its unit."""
    every = [n for n, time in enumerate(times) if time.minute == 0 and time.hour % 3 == 0]
    axes.set_xticks([n - middle for n in every], [f"{times[n]:%H}" for n in every])


def _colours(count: int) -> list[str]:
    return [COLOURS[n % len(COLOURS)] for n in range(count)]


def _wrapped(title: str, width: int = 130) -> str:
    return "\n".join(textwrap.wrap(title, width))


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
