"""What all charts of the report share: palette, canvas, names at the ends of lines, and SVG fit for a page.

Text stays text, colours are CSS variables that follow the theme, and the same input gives the same bytes.
"""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gridahead.reports.palette import LIGHT

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 12,
    "axes.edgecolor": LIGHT["line"],
    "axes.labelcolor": LIGHT["soft"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LIGHT["line"],
    "grid.linewidth": 1,
    "xtick.color": LIGHT["line"],
    "ytick.color": LIGHT["line"],
    "xtick.labelcolor": LIGHT["soft"],
    "ytick.labelcolor": LIGHT["soft"],
    "xtick.major.pad": 5,
    "ytick.major.size": 0,
    "lines.solid_capstyle": "round",
}

_STYLING = threading.RLock()


@contextmanager
def styled(style: Mapping[str, Any] = STYLE) -> Iterator[None]:
    """Draw in a style of matplotlib, which is as it was afterwards.

    Its style is one for the whole process, so threads that draw take turns.

    Args:
        style: by names of matplotlib's settings.
    """
    with _STYLING, mpl.rc_context(cast(Any, dict(style))):
        yield


SOLID, DASHED, DOTTED, MIXED = "-", (0, (5, 2)), (0, (1.5, 2)), (0, (6, 2, 1.5, 2))

LEFT, RIGHT, TOP, BOTTOM = 44, 70, 28, 40
"""Room around the axes in CSS pixels: numbers, names of the lines, unit, times."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a drawing in CSS pixels."""

    width: int
    height: int

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone, and so has room for half the ticks."""
        return self.width < 500


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line of a chart and its look."""

    name: str
    points: pd.Series
    """Heights by horizontal position; NaN interrupts the line."""
    colour: str
    dash: Any = SOLID
    width: float = 1.8

    @property
    def end(self) -> tuple[float, float]:
        """Position and height of the last point that exists."""
        last = self.points.dropna().iloc[-1:]
        return float(last.index[0]), float(last.iloc[0])


def canvas(size: Size) -> tuple[Figure, Any]:
    """A figure whose unit is the CSS pixel, 72 dots an inch, and its axes."""
    figure = Figure(figsize=(size.width / 72, size.height / 72), dpi=72)
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    width, height = size.width - LEFT - RIGHT, size.height - BOTTOM - TOP
    axes = figure.add_axes(
        (LEFT / size.width, BOTTOM / size.height, width / size.width, height / size.height), facecolor="none"
    )
    return figure, axes


def draw_lines(axes: Any, lines: Sequence[Line], size: Size, unit: str, *, floor: bool) -> None:
    """The lines, each named at its end, and the unit above the axis.

    Args:
        axes: to draw on; its horizontal limits are set.
        lines: one without points is left out.
        size: of the whole drawing.
        unit: of the vertical axis.
        floor: no axis below zero, for what has no negatives.
    """
    present = [line for line in lines if line.points.notna().any()]
    for line in present:
        axes.plot(
            line.points.index.to_numpy(float),
            line.points.to_numpy(float),
            color=LIGHT[line.colour],
            linestyle=line.dash,
            linewidth=line.width,
        )
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.margins(y=0.06)
    low, high = axes.get_ylim()
    low = max(low, 0.0) if floor else low
    axes.set_ylim(low, high)
    axes.annotate(unit, (0, 1), (-8, 12), "axes fraction", "offset points", ha="right", color=LIGHT["soft"])
    _name(axes, present, gap=15 / (size.height - BOTTOM - TOP) * (high - low))


def _name(axes: Any, lines: Sequence[Line], gap: float) -> None:
    """Names in the right margin at the height where lines end; a line that ends early has its name at its end."""
    left, right = axes.get_xlim()
    reaching = [line for line in lines if line.end[0] > right - 0.1 * (right - left)]
    heights = spread([line.end[1] for line in reaching], gap, *axes.get_ylim())
    margin = ("axes fraction", "data")
    placed = [(line, (1.0, height), margin, (7, 0)) for line, height in zip(reaching, heights, strict=True)]
    placed += [(line, line.end, ("data", "data"), (6, -6)) for line in lines if line not in reaching]
    for line, at, where, offset in placed:
        # A dollar in the name of a model is a dollar, not the start of a formula.
        look = {"va": "center", "color": LIGHT[line.colour], "parse_math": False}
        axes.annotate(line.name, at, offset, where, "offset points", **look)


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Heights at least a gap apart, in the same order, inside the bounds where they fit, as near as is simple."""
    order = np.argsort(heights, kind="stable")
    placed = np.clip(np.asarray(heights, dtype=float)[order], low, high)
    for at in range(1, len(placed)):
        placed[at] = max(placed[at], placed[at - 1] + gap)
    for at in range(len(placed) - 1, -1, -1):
        placed[at] = min(placed[at], high - gap * (len(placed) - 1 - at))
    result = np.empty(len(placed))
    result[order] = placed
    return [float(height) for height in result]


def with_licence(png: bytes, attribution: str) -> bytes:
    """A PNG that says, as its copyright, whom the licences of the data ask to name; as it was where that is nobody.

    Source: W3C, Portable Network Graphics, section 11.3.3.4 (iTXt).
    """
    if not attribution:
        return png
    content = b"iTXt" + b"Copyright\0\0\0\0\0" + attribution.encode()
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return png[:_AFTER_HEADER] + chunk + png[_AFTER_HEADER:]


_AFTER_HEADER = 8 + 4 + 4 + 13 + 4
"""Bytes of a PNG's signature and of its first chunk: length, name, 13 bytes, checksum."""


def to_svg(figure: Figure, title: str) -> str:
    """The drawing as an element for the page: no addresses in it, no names that repeat, colours of the theme."""
    buffer = io.StringIO()
    # The width is in the salt: an element of a drawing that is not displayed must not lend its name to one that is.
    with styled({"svg.hashsalt": f"{title} {figure.get_figwidth()}"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head = rf'<svg viewBox="\1" role="img" aria-label="{escape(title)}">'
    svg = re.sub(r"<svg[^>]*viewBox=\"([^\"]+)\"[^>]*>", head, svg)
    svg = svg.replace("xlink:href", "href")
    used = set(re.findall(r"#(\w+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r"font: (\d+)px [^;\"]+", r"font-size: \1px", svg)
    svg = re.sub(r"(\.\d\d)\d+", r"\1", svg)
    for name, colour in LIGHT.items():
        svg = svg.replace(colour, f"var(--{name})")
    return re.sub(r"\n\s*", "\n", svg)
