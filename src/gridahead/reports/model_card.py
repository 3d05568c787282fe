"""The card of a model: what it is, what it has learnt from, how good it is and how surely, and where it fails.

Plain data in, one self-contained HTML page out: no scripts, nothing loaded from anywhere, same data, same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gridahead.core.units import Unit, per
from gridahead.evaluation.catalogue import FIGURES, shown_in
from gridahead.evaluation.slices import WHOLE
from gridahead.features.day_kinds import DAY_KINDS
from gridahead.reports import wording
from gridahead.reports.drawing import (
    DASHED,
    MIXED,
    SOLID,
    Line,
    Size,
    canvas,
    draw_lines,
    styled,
    to_svg,
)
from gridahead.reports.forecast_page import templates
from gridahead.reports.palette import DARK, LIGHT

SQUARE = Size(400, 300)
WIDE = Size(560, 300)
SLICES = {
    "hour": "hour",
    "weekday": "weekday",
    "month": "month",
    "season": "season",
    "day_kind": "kind of day",
    "clock": "day when clocks",
    "outturn": "outturn",
    "temperature": "temperature",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, eq=False)
class CardView:
    """Everything that the page shows."""

    title: str
    summary: Sequence[str]
    """Sentences."""
    facts: Mapping[str, str]
    """What it is."""
    data: Mapping[str, str]
    """What it has learnt from."""
    measured_on: str
    """Which days the figures are of, and why they are honest; or why there are none."""
    figures: pd.DataFrame
    """A row a model: model, n, mae, mae_low, mae_high, crps, crps_low, crps_high, coverage_80, bias and both
    skills."""
    comparisons: Sequence[str]
    """Against the references, as sentences."""
    own: str
    """The name of this version among the models."""
    unit: Unit
    """In which power is shown."""
    all_figures: pd.DataFrame
    """model, metric, value, unit: over all days."""
    slices: pd.DataFrame
    """by, slice, n, mae, official, official_corrected, crps, coverage: of this version [MW]."""
    reliability: Mapping[float, float]
    """Share of outturns below each quantile, by its level."""
    importance: Mapping[str, float] | None
    """By input: how much larger the loss is without it [1]; None if it has not been measured."""
    how_to_measure: str
    """The command that measures it."""
    gradients: bytes | None
    """PNG"""
    history: Sequence[Mapping[str, str]]
    """when, alias, how, by, reason."""
    attribution: str


def render_card(view: CardView) -> str:
    """The model card as an HTML page."""
    return (
        templates()
        .get_template("card.html.j2")
        .render(
            view=view,
            figures=[_figures(row, view.unit) for row in view.figures.to_dict("records")],
            models=list(view.figures["model"]),
            more=_more(view.all_figures, list(view.figures["model"]), view.unit),
            worst=_worst(view.slices, view.unit),
            day_kinds=_day_kinds(view.slices, view.unit),
            reliability=Markup(_reliability(view.reliability)) if view.reliability else None,  # noqa: S704
            hours=_hours(view.slices, view.unit),
            importance=_bars(view.importance or {}),
            gradients=None if view.gradients is None else base64.b64encode(view.gradients).decode(),
            light=LIGHT,
            dark=DARK,
        )
    )


def _figures(row: Mapping[Any, Any], unit: Unit) -> dict[str, str]:
    def number(value: float) -> str:
        return wording.figure(per(value, unit))

    return {
        "model": row["model"],
        "mae": number(row["mae"]),
        "mae_range": f"{number(row['mae_low'])} to {number(row['mae_high'])}",
        "crps": number(row["crps"]),
        "crps_range": f"{number(row['crps_low'])} to {number(row['crps_high'])}",
        "bias": number(row["bias"]),
        "coverage": wording.percent(row.get("coverage_80", float("nan")), 1),
        "skill": wording.percent(row["skill_official"], 1),
        "skill_corrected": wording.percent(row["skill_official_corrected"], 1),
    }


def _more(rows: pd.DataFrame, models: Sequence[str], unit: Unit) -> list[tuple[str, list[str]]]:
    """A line a metric that the first table does not have: what it is called, and its value of every model."""
    rows_by_metric = {(row["model"], row["metric"]): row for row in rows.to_dict("records")}
    return [
        (figure.title, [_in_unit(rows_by_metric.get((model, metric)), unit) for model in models])
        for metric, figure in shown_in("card").items()
        if any((model, metric) in rows_by_metric for model in models)
    ]


def _in_unit(row: Mapping[Any, Any] | None, unit: Unit) -> str:
    if row is None:
        return wording.NOTHING
    value, figure = row["value"], FIGURES[row["metric"]]
    if figure.percent:
        return wording.percent(value, 1)
    if figure.unit == "1":
        return f"{value:.2f}"
    return f"{value:.1f} h" if row["unit"] == "h" else f"{wording.figure(per(value, unit))} {unit}"


def _worst(slices: pd.DataFrame, unit: Unit, most: int = 8) -> list[dict[str, str]]:
    """Where the error is largest against its own mean, the worst first."""
    if slices.empty:
        return []
    mean = slices.loc[slices["by"] == WHOLE, "crps"].iloc[0]
    parts = slices[slices["by"].isin(SLICES)].assign(ratio=lambda rows: rows["crps"] / mean)
    return [
        {
            "what": f"{SLICES[row['by']]}: {_slice(row['by'], row['slice'])}",
            "n": wording.number(row["n"]),
            "crps": wording.figure(per(row["crps"], unit)),
            "ratio": f"{row['ratio']:.2f}",
            "bias": wording.figure(per(row["bias"], unit)),
            "coverage": wording.percent(row["coverage"]),
            **{name: _saved(row["mae"], row[name]) for name in ("official", "official_corrected")},
        }
        for row in parts.sort_values("ratio", ascending=False).head(most).to_dict("records")
    ]


def _day_kinds(slices: pd.DataFrame, unit: Unit) -> list[dict[str, str]]:
    """The errors by kind of day, holidays first: they are too few to be seen in a mean."""
    rows = slices[slices["by"] == "day_kind"].to_dict("records") if not slices.empty else []
    return [
        {
            "what": wording.words(row["slice"]),
            "n": wording.number(row["n"]),
            **{name: _power(row[name], unit) for name in ("mae", "official", "official_corrected")},
            "coverage": wording.percent(row["coverage"]),
        }
        for row in sorted(rows, key=lambda row: DAY_KINDS.index(row["slice"]))
    ]


def _power(value: float, unit: Unit) -> str:
    return wording.NOTHING if pd.isna(value) else wording.figure(per(value, unit))


def _saved(ours: float, theirs: float) -> str:
    return wording.percent(1 - ours / theirs) if theirs > 0 else wording.NOTHING


def _slice(by: str, name: str) -> str:
    if by == "month":
        return MONTHS[int(name) - 1]
    return f"{name}:00" if by == "hour" else wording.words(name)


def _reliability(shares: Mapping[float, float]) -> str:
    """Observed shares by level, with the diagonal that a calibrated model is on."""
    with styled():
        figure, axes = canvas(SQUARE)
        axes.set_xlim(0, 1)
        ticks = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
        axes.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
        lines = [
            Line("ideal", pd.Series([0.0, 100.0], [0.0, 1.0]), "soft", DASHED, 1.2),
            Line("model", pd.Series({level: 100 * share for level, share in shares.items()}), "model", SOLID, 2.4),
        ]
        draw_lines(axes, lines, SQUARE, "%", floor=True)
        return to_svg(figure, "Share of outturns below each quantile, against its level")


def _hours(slices: pd.DataFrame, unit: Unit) -> Markup | None:
    """The error by hour of the day, ours and those of the official forecast and the corrected one."""
    rows = slices[slices["by"] == "hour"] if not slices.empty else slices
    if len(rows) < 2:
        return None
    hour = rows["slice"].astype(int).to_numpy() + 0.5
    errors = per(rows[["mae", "official", "official_corrected"]].astype(float).set_axis(hour), unit)
    with styled():
        figure, axes = canvas(WIDE)
        axes.set_xlim(0, 24)
        axes.set_xticks(range(0, 25, 3), [f"{tick:02d}" for tick in range(0, 25, 3)])
        lines = [
            Line("model", errors["mae"], "model", SOLID, 2.4),
            Line("official", errors["official"], "official", DASHED),
            Line("corrected", errors["official_corrected"], "corrected", MIXED),
        ]
        draw_lines(axes, lines, WIDE, unit, floor=True)
        return Markup(to_svg(figure, "Mean absolute error by hour of the day"))  # noqa: S704


def _bars(importance: Mapping[str, float]) -> list[tuple[str, str, float]]:
    """Name, text and width in percent, the largest first."""
    largest = max((value for value in importance.values()), default=0.0)
    return [
        (name, wording.percent(value), max(0.0, 100 * value / largest) if largest > 0 else 0.0)
        for name, value in sorted(importance.items(), key=lambda item: -item[1])
    ]
