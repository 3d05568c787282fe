"""What the card of a series says: its figures, charts, what has changed, whether to trust it, and where to look on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gridahead.core.units import MEGAWATTS
from gridahead.reading.card import Card, Shown
from gridahead.reading.change import SinceYesterday
from gridahead.reading.figures import Figure
from gridahead.reports import charts, wording
from gridahead.reports.trust import Day, absences, concerns, forecast_sentence, holdout_words, live_words
from gridahead.reports.views import SeriesView
from gridahead.reports.wording import THIN, Scale

TITLES = {"peak": "Peak", "lowest": "Lowest", "mean": "Mean", "energy": "Energy"}
ENOUGH_OF_A_LEAD = 0.2
"""Lead times with fewer scores than this share of the most are not drawn."""
MOST_CAUSES = 6
"""Bars of what moved a forecast; what is smaller is added up."""


def article_of(view: SeriesView, created_at: pd.Timestamp, *, brief: bool = False) -> dict[str, Any]:
    """Everything that the template of a card needs.

    Args:
        view: of the series.
        created_at: when the page is made.
        brief: of many series: without what a script draws, or what takes more room than the rest.
    """
    card = view.card
    if not card.shown:
        told = absences(view, created_at) or ["No forecast was issued."]
        return {"view": view, "card": card, "day": None, "concerns": told}
    day = Day.of(card)
    drawn = {} if brief else {"history": charts.history_chart(card, day), "lead": _lead(card, day)}
    return {
        "view": view,
        "card": card,
        "day": day,
        "sentence": forecast_sentence(view),
        "concerns": concerns(view, created_at),
        "absences": absences(view, created_at),
        "tiles": [tile(day, figure) for figure in day.shown.figures if _is_told(figure)],
        "bands": [wording.number(100 * (high - low)) for low, high in charts.intervals(day.wide)],
        "fan": charts.fan_chart(day, card.normal, card.eve),
        "strip": charts.strip_chart(day),
        "history": None,
        "lead": None,
        **drawn,
        "since": None if card.since is None else since_words(card.since, card),
        "live": live_words(card.record, card.unit),
        "enough": card.record is not None and card.record.enough,
        "errors": _errors(card),
        "holdout": holdout_words(card),
        "values": [] if brief else value_rows(day),
        "past": [] if brief else [past_row(card, one) for one in card.shown],
    }


def _is_told(figure: Figure) -> bool:
    """Solar is nothing every night: its lowest says nothing."""
    return figure.name != "lowest" or figure.ours != 0


def tile(day: Day, figure: Figure) -> dict[str, str]:
    """A figure in words: ours, when and how sure, and the official one beside it; `page.js` says it alike."""
    own, likeliest = figure.middle, figure.likeliest
    scale = day.scale if figure.name != "energy" else energy_scale(own, day.scale)
    between, beside, apart = "", "no official forecast", ""
    if figure.interval is not None:
        between = f"80{THIN}% between {scale.number(figure.interval[0])} and {scale.number(figure.interval[1])}"
    if figure.official is not None:
        at = "" if figure.official_at is None else f" at {day.unit_words(figure.official_at)}"
        beside = f"official {scale.number(figure.official)}{at}"
        apart = f"difference {signed(own - figure.official, scale)}"
    return {
        "name": figure.name,
        "title": TITLES[figure.name],
        "value": scale.text(own),
        "when": "" if likeliest is None else day.unit_words(likeliest),
        "range": between,
        "beside": beside,
        "apart": apart,
    }


def energy_scale(value_mwh: float, scale: Scale) -> Scale:
    """The unit of energy beside a unit of power."""
    return Scale.of(abs(value_mwh), scale.unit).with_unit(f"{scale.unit}h") if scale.unit in MEGAWATTS else scale


def signed(value: float, scale: Scale) -> str:
    """A difference with its sign: +1.1, −0.4, 0.0."""
    text = scale.number(value)
    return f"+{text}" if value > 0 and float(f"{value / scale.divisor:.{scale.digits}f}") else text


def since_words(since: SinceYesterday, card: Card) -> dict[str, Any]:
    """How the common hours have moved since the forecast before, in a sentence, and a bar for every cause."""
    difference = since.now_mw - since.before_mw
    scale = Scale.of(max(abs(since.now_mw), abs(since.before_mw)), card.unit)
    fine = scale.as_fine_as(max([abs(difference), *(abs(cause.effect_mw) for cause in since.causes)]))
    issued = wording.moment(since.since.tz_convert(card.timezone))
    hours = (since.end - since.start) / pd.Timedelta(hours=1)
    largest = list(since.causes[:MOST_CAUSES])
    rest = sum(cause.effect_mw for cause in since.causes[MOST_CAUSES:])
    bars = [(cause.name, cause.effect_mw) for cause in largest] + ([("all else", rest)] if rest else [])
    most = max([abs(effect) for _, effect in bars] or [1.0]) or 1.0
    return {
        "sentence": (
            f"Against the forecast issued {issued}, the mean of the {hours:.0f} hours in common moved from "
            f"{scale.text(since.before_mw)} to {scale.text(since.now_mw)} ({signed(difference, fine)})."
        ),
        "bars": [
            {"name": name, "text": signed(effect, fine), "width": round(50 * abs(effect) / most, 1), "up": effect >= 0}
            for name, effect in bars
        ],
        "unit": fine.unit,
    }


def _lead(card: Card, day: Day) -> Any:
    """The error by lead time of our model and its references, if they were scored."""
    rows = card.holdout[(card.holdout["metric"] == "mae") & card.holdout["lead"].notna()]
    if day.model not in set(rows["model"]):
        return None
    # The last hours of a lead axis occur on the 25-hour day only; a mean of one is no mean.
    rows = rows[rows["n"] >= ENOUGH_OF_A_LEAD * rows["n"].max()]
    errors = rows.astype({"lead": "int64"}).pivot_table(index="lead", columns="model", values="value")
    return charts.lead_chart(errors, day.model, card.title, card.unit)


def _errors(card: Card) -> Any:
    """A week of daily errors or more as a picture."""
    record = card.record
    if record is None or not record.enough or record.daily["mae"].notna().sum() < 2:
        return None
    return charts.errors_chart(record, card.title, card.unit)


def value_rows(day: Day) -> list[tuple[str, list[str]]]:
    """The day as numbers: local time; 10 %, median, 90 %, official, outturn."""
    columns = [day.wide.get(level, pd.Series(dtype=float)) for level in (0.1, 0.5, 0.9)] + [day.official, day.outturn]
    return [
        (day.unit_words(time), [day.scale.number(values.get(time, float("nan"))) for values in columns])
        for time in pd.DatetimeIndex(day.wide.index)
    ]


def past_row(card: Card, shown: Shown) -> dict[str, Any]:
    """A published day in a row: when it was issued, its peak, how it turned out, and its files."""
    day = Day.of(card, shown)
    peak = day.figure("peak")
    known = pd.concat({"own": shown.wide.get(0.5), "outturn": shown.outturn}, axis=1).dropna()
    error = (known["own"] - known["outturn"]).abs()
    official = (shown.official - shown.outturn).abs().reindex(known.index).dropna()
    return {
        "day": shown.day,
        "name": day.name,
        "issued": wording.moment(day.issue_time),
        "by": day.made_by,
        "peak": "" if peak is None else day.scale.text(peak.middle),
        "error": _mean(error, day),
        "official": _mean(official if len(official) == len(known) else official[:0], day),
        "files": _files(card, shown),
    }


def _mean(errors: pd.Series, day: Day) -> str:
    return Scale.of(float(errors.mean()), day.unit).text(float(errors.mean())) if len(errors) else wording.NOTHING


def _files(card: Card, shown: Shown) -> Sequence[tuple[str, str]]:
    """Name and address of the files of an issue, relative to the folder of all that is published."""
    home = shown.issue.folder.path.rstrip("/").split("/")[-2:]
    names = {"CSV": shown.issue.manifest.get("csv"), "manifest": "manifest.json"}
    return [(name, "/".join([card.series.slug, *home, str(file)])) for name, file in names.items() if file]
