"""Charts as small SVG that fits every width: lines stretch with the page, letters and line widths do not.

The drawing is stretched to the room there is (`preserveAspectRatio="none"`), its lines keep their width
(`non-scaling-stroke`), and the numbers at its axes are text of the page beside it. Colours are CSS variables that
follow the theme. Same input, same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup, escape

from gridahead.reports.wording import number

SIDE = 1000
"""Width and height of every drawing in units of its own: a thousandth of a chart is less than a pixel."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line, a band or bars, by the class that gives them their look."""

    look: str
    points: pd.Series
    """Heights by horizontal position; NaN interrupts a line."""


@dataclass(frozen=True, eq=False)
class Band:
    """What lies between two lines."""

    look: str
    low: pd.Series
    high: pd.Series


@dataclass(frozen=True, slots=True)
class Frame:
    """What a drawing shows: from where to where."""

    left: float
    right: float
    low: float
    high: float

    def x(self, at: float) -> int:
        """A horizontal position in the drawing."""
        return round(SIDE * (at - self.left) / (self.right - self.left))

    def y(self, value: float) -> int:
        """A height in the drawing, from its top."""
        return round(SIDE * (self.high - value) / (self.high - self.low))


def frame_of(drawn: Iterable[Line | Band], left: float, right: float, *, floor: bool) -> Frame:
    """The room that all of this needs, with a little above and below.

    Args:
        drawn: what is to be seen.
        left: where the horizontal axis begins.
        right: where it ends.
        floor: no axis below zero, for what has no negatives.
    """
    parts = [part for one in drawn for part in ((one.points,) if isinstance(one, Line) else (one.low, one.high))]
    values = np.concatenate([part.to_numpy(float) for part in parts])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return Frame(left, right, max(0.0, low - room) if floor else low - room, high + room)


def draw(
    title: str,
    frame: Frame,
    drawn: Sequence[Line | Band],
    ticks: tuple[Sequence[float], Sequence[str]],
    unit: str,
    *,
    steps: int = 5,
) -> Markup:
    """A chart: the drawing, what stands at its axes, and a title for who does not see it.

    Args:
        title: in words.
        frame: from where to where.
        drawn: what is to be seen, the lowest first.
        ticks: of the horizontal axis, and what stands there; every other one is left out on a phone.
        unit: of the vertical axis.
        steps: about how many lines of the grid there are.
    """
    grid = nice_ticks(frame.low, frame.high, steps)
    step = grid[1] - grid[0] if len(grid) > 1 else 1.0
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    # Every text in it is escaped.
    rules = "".join(f"M0 {frame.y(at)}H{SIDE}" for at in grid)
    paths = [f'<path class="grid" d="{rules}"/>', *(_element(frame, one) for one in drawn)]
    heights = "".join(f'<b style="top:{frame.y(at) / 10:.1f}%">{escape(number(at, places))}</b>' for at in grid)
    marks = "".join(
        f'<b{" class=odd" if index % 2 else ""} style="left:{frame.x(at) / 10:.1f}%">{escape(text)}</b>'
        for index, (at, text) in enumerate(zip(*ticks, strict=True))
    )
    return Markup(  # noqa: S704
        f'<div class="plot"><svg viewBox="0 0 {SIDE} {SIDE}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(title)}">{"".join(paths)}</svg>'
        f'<div class="ys" aria-hidden="true"><b class="unit">{escape(unit)}</b>{heights}</div>'
        f'<div class="xs" aria-hidden="true">{marks}</div></div>'
    )


def _element(frame: Frame, one: Line | Band) -> str:
    if isinstance(one, Band):
        return f'<path class="{one.look}" d="{_area(frame, one)}"/>'
    if one.look.startswith("bars"):
        return f'<path class="{one.look}" d="{_bars(frame, one.points)}"/>'
    values = one.points.to_numpy(float)
    runs = _runs(~np.isnan(values))
    path = "".join(
        _way([frame.x(one.points.index[at]) for at in run], [frame.y(values[at]) for at in run]) for run in runs
    )
    return f'<path class="line {one.look}" d="{path}"/>'


def _runs(there: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.intp]]:
    """The stretches without a gap, as positions."""
    at = np.flatnonzero(there)
    return [run for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if len(run)]


def _way(xs: Sequence[int], ys: Sequence[int]) -> str:
    """From the first point to the last, in steps."""
    steps = [
        f"l{x - x_before} {y - y_before}".replace(" -", "-")
        for (x_before, x), (y_before, y) in zip(pairwise(xs), pairwise(ys), strict=True)
    ]
    return f"M{xs[0]} {ys[0]}{''.join(steps)}"


def _area(frame: Frame, band: Band) -> str:
    """Along the upper line and back along the lower one, around every stretch without a gap."""
    low, high = band.low.to_numpy(float), band.high.to_numpy(float)
    areas = []
    for run in _runs(~np.isnan(low + high)):
        xs = [frame.x(band.low.index[at]) for at in run]
        ys = [frame.y(high[at]) for at in run] + [frame.y(low[at]) for at in run[::-1]]
        areas.append(f"{_way([*xs, *xs[::-1]], ys)}Z")
    return "".join(areas)


def _bars(frame: Frame, points: pd.Series) -> str:
    """From zero to each value, a little narrower than the shortest step between two."""
    step = float(np.diff(points.index).min()) if len(points) > 1 else frame.right - frame.left
    zero, sides = frame.y(0), [(float(at) - 0.4 * step, float(at) + 0.4 * step) for at in points.index]
    return "".join(
        f"M{frame.x(left)} {zero}V{frame.y(value)}H{frame.x(right)}V{zero}Z"
        for (left, right), value in zip(sides, points.to_numpy(float), strict=True)
        if not np.isnan(value)
    )


def nice_ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers within two bounds: steps of 1, 2 or 5 times a power of ten, about so many."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 10) for index in range(first, math.floor(high / step + 1e-9) + 1)]
