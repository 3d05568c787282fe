"""The page of a series: each day that was published against what came, and how good it has been altogether."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gridahead.core.runs import LIVE
from gridahead.core.units import Unit
from gridahead.reading.card import Card, Shown
from gridahead.reading.errors import Errors
from gridahead.reports import charts as page_charts
from gridahead.reports import wording
from gridahead.reports.article import past_row, tile, value_rows
from gridahead.reports.trust import Day
from gridahead.reports.wording import NOTHING, Scale, percent
from gridahead.web import render
from gridahead.web.charts import LOOKS, NAMES, calibration_chart, days_chart, error_chart
from gridahead.web.special_days import special_days
from gridahead.workspace import Workspace

BY = {
    "by_lead": ("lead_hours", "By lead time", "Mean absolute error by hours between issue time and delivery"),
    "by_hour": ("hour", "By hour of the day", "Mean absolute error by local hour"),
    "by_month": ("month", "By month", "Mean absolute error by month"),
    "by_day_kind": ("day_kind", "By kind of day", "Mean absolute error by kind of day"),
}
ENOUGH_OF_A_LEAD = 0.2
"""Lead times with fewer values than this share of the most occur on odd days only and are not drawn."""


def series_page(
    workspace: Workspace,
    article: Mapping[str, Any],
    card: Card,
    errors: Errors,
    *,
    chosen: dt.date | None = None,
    run: str = LIVE,
    reader: str = "",
) -> bytes:
    """The page.

    Args:
        workspace: whose.
        article: the card in words and pictures, as on every page.
        card: what is shown of the series.
        errors: of what was published, or of the holdout.
        chosen: the delivery day that is shown; the newest unless it is one of those shown.
        run: whose errors these are, `live` or of a back-test.
        reader: who has signed in.
    """
    days = sorted(card.shown, key=lambda one: one.day)
    zone = workspace.settings.zone(card.series.zone)
    special = special_days((one.day for one in days), zone)
    return render.page(
        "series_page.html.j2",
        depth=2,
        room="overview",
        reader=reader,
        card=card,
        article=article,
        days_json=json.dumps([{"day": str(one.day), "name": wording.day(pd.Timestamp(one.day))} for one in days]),
        days=[(one.day, wording.day(pd.Timestamp(one.day)), special.get(one.day, "")) for one in days],
        timeline=days_chart(_of_one_unit(days), _scale(days, card.unit), card.timezone, special) if days else None,
        special=bool(special),
        errors=_errors(errors, card.unit),
        calibration=calibration_chart(errors.calibration) if len(errors.calibration) else None,
        held=int(errors.calibration["n"].max()) if len(errors.calibration) else 0,
        run=run,
        issue=_issue(card, days, chosen, special) if days else None,
    )


def issue_part(workspace: Workspace, card: Card, chosen: dt.date | None) -> bytes:
    """Only the part of the page that shows one delivery day: what the slider puts in place of another."""
    days = sorted(card.shown, key=lambda one: one.day)
    special = special_days((one.day for one in days), workspace.settings.zone(card.series.zone))
    return render.page("issue.html.j2", depth=2, room="overview", card=card, issue=_issue(card, days, chosen, special))


def _issue(card: Card, days: Sequence[Shown], chosen: dt.date | None, special: Mapping[dt.date, str]) -> dict[str, Any]:
    """Everything that is shown of one delivery day."""
    at = next((n for n, one in enumerate(days) if one.day == chosen), len(days) - 1)
    shown = days[at]
    day = Day.of(card, shown)
    newest = at == len(days) - 1
    return {
        "at": at,
        "day": shown.day,
        "name": day.name,
        "special": special.get(shown.day, ""),
        "issued": wording.moment(day.issue_time),
        "by": ", ".join(filter(None, (day.made_by, day.ahead))),
        "inputs": day.inputs,
        "full": day.is_full,
        "tiles": [tile(day, figure) for figure in shown.figures if figure.name != "lowest" or figure.ours != 0],
        "fan": page_charts.fan_chart(
            day, card.normal.iloc[: None if newest else 0], card.eve.iloc[: None if newest else 0]
        ),
        "usual": newest and len(card.normal) > 0,
        "before": len(shown.before) > 0,
        "strip": page_charts.strip_chart(day),
        "bands": [wording.number(100 * (high - low)) for low, high in page_charts.intervals(day.wide)],
        "outcome": _outcome(day),
        "values": value_rows(day),
        "unit": day.scale.unit,
        "files": past_row(card, shown)["files"],
        "earlier": days[at - 1].day if at else None,
        "later": None if newest else days[at + 1].day,
    }


def _outcome(day: Day) -> str:
    """How a day turned out, in a sentence; empty where nothing of it is known yet."""
    known = pd.concat({"own": day.wide.get(0.5), "came": day.outturn, "official": day.official}, axis=1)
    known = known.dropna(subset=["own", "came"])
    if known.empty:
        return ""
    error = float((known["own"] - known["came"]).abs().mean())
    said = f"It erred by {Scale.of(error, day.unit).text(error)} on average over {len(known)} units with an outturn"
    if known["official"].notna().all():
        theirs = float((known["official"] - known["came"]).abs().mean())
        said += f", the official forecast by {Scale.of(theirs, day.unit).text(theirs)}"
    if {0.1, 0.9} <= set(day.wide):
        wide = day.wide.reindex(known.index)
        held = (known["came"] >= wide[0.1]) & (known["came"] <= wide[0.9])
        said += f"; the 80{wording.THIN}% band held {percent(float(held.mean()))} of them"
    return f"{said}."


def _errors(errors: Errors, unit: Unit | None) -> list[dict[str, Any]]:
    """A picture and a table for everything that errors are told apart by."""
    found = []
    for name, (column, title, words) in BY.items():
        table: pd.DataFrame = getattr(errors, name)
        if table.empty:
            continue
        if name == "by_lead":
            table = table[table["n"] >= ENOUGH_OF_A_LEAD * table["n"].max()]
        models = [model for model in LOOKS if model in table and table[model].notna().any()]
        scale = Scale.of(float(np.nanmax(table[models].to_numpy(float))), unit)
        found.append(
            {
                "title": title,
                "picture": error_chart(table, column, scale, words),
                "looks": [(LOOKS[model], NAMES[model]) for model in models],
                "unit": scale.unit,
                "headings": [("", 1), *((NAMES[model], 0) for model in models), ("n", 0)],
                "rows": [
                    (
                        wording.words(str(row[column])),
                        [scale.number(row[model]) if pd.notna(row[model]) else NOTHING for model in models],
                        int(row["n"]),
                    )
                    for row in table.to_dict("records")
                ],
            }
        )
    return found


def _of_one_unit(days: Sequence[Shown]) -> list[Shown]:
    """The days since units were as long as those of the newest: they stand on one axis."""
    return [one for one in days if one.mtu == days[-1].mtu]


def _scale(days: Sequence[Shown], unit: Unit | None) -> Scale:
    return Scale.of(max(float(np.nanmax(np.abs(one.wide.to_numpy(float)))) for one in days), unit)
