"""The picture of a case in quarantine: the stretch in question with its surroundings."""

from __future__ import annotations

import io

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from gridahead.core.units import tick
from gridahead.reports.drawing import STYLE, styled
from gridahead.reports.palette import LIGHT


def case_picture(known: pd.Series, in_question: pd.Series, title: str, unit: str, timezone: str) -> bytes:
    """The accepted values as a line and those in question as dots, as PNG.

    Where the values in question would press the others into a line at the bottom, a second panel shows the accepted
    ones in their own scale.

    Args:
        known: accepted values by valid time; what is missing interrupts the line.
        in_question: the flagged or withheld values by valid time.
        title: above the picture.
        unit: of the values.
        timezone: of the axis.
    """
    flattened = len(known.dropna()) > 0 and in_question.abs().max() > 5 * known.abs().max()
    with styled({**STYLE, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(10, 5.6 if flattened else 3.8), dpi=110, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(2 if flattened else 1, 1, sharex=True, squeeze=False)[:, 0]
        for panel in panels:
            _line(panel, known)
            panel.axvspan(
                in_question.index.min(), in_question.index.max(), color=LIGHT["official"], alpha=0.12, linewidth=0
            )
            panel.set_ylabel(unit)
            panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
        panels[0].plot(in_question.index, in_question, "o", color=LIGHT["official"], markersize=3.5)
        panels[0].set_title(title, color=LIGHT["ink"], fontsize=12, parse_math=False)
        locator = mdates.AutoDateLocator(tz=timezone, maxticks=9)  # type: ignore[no-untyped-call]
        panels[-1].xaxis.set_major_locator(locator)
        panels[-1].xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz=timezone))  # type: ignore[no-untyped-call]
        panels[-1].set_xlabel(f"local time, {timezone}; dots and shade: in question; line: accepted")
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _line(panel: object, known: pd.Series) -> None:
    if known.empty:
        return
    step = known.index.to_series().diff().min()
    if pd.notna(step):
        known = known.reindex(pd.date_range(known.index.min(), known.index.max(), freq=step))
    panel.plot(known.index, known, color=LIGHT["model"], linewidth=1.5)  # type: ignore[attr-defined]
