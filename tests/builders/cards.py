"""Cards of made-up series, as they are read of a lake: by hand, so that what a page says of them is known."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridahead.core.grid import Series, quantity_of
from gridahead.core.tables import SCORES
from gridahead.core.time import Mtu, delivery_range
from gridahead.forecasting.publish import Issue
from gridahead.lake.folder import Folder
from gridahead.reading.card import Card, Shown
from gridahead.reading.change import Cause, SinceYesterday
from gridahead.reading.figures import figures_of
from gridahead.reading.record import Record, Skill
from gridahead.reports.views import QualityLine, ReportView, SeriesView

ZONE = "Europe/Berlin"
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
NEWEST = dt.date(2025, 12, 31)
NOTHING = pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))


def shown_of(
    day: dt.date = NEWEST,
    *,
    series: str = "DE/load",
    levels: Sequence[float] = LEVELS,
    base: float = 50_000.0,
    mtu: Mtu = Mtu.PT60M,
    timezone: str = ZONE,
    known: bool = True,
    official: bool = True,
    **manifest: Any,
) -> Shown:
    """A day of which the median rises from the base by 100 MW an hour; a tenth of level is 1 000 MW.

    The official forecast is 1 000 MW above the median, the outturn 500 MW, what was forecast before 300 MW below it.
    """
    member, whole = Series.parse(series), delivery_range(day, timezone)
    times = whole.times(mtu)
    median = pd.Series(base + 100 * np.arange(len(times)) / mtu.per_hour, times)
    wide = pd.DataFrame({level: median + 10_000 * (level - 0.5) for level in levels})
    issued = pd.Timestamp(day).tz_localize(timezone) - pd.Timedelta(hours=13)
    told = {
        "series": series,
        "forecast_id": f"{member.slug}-{day}",
        "issue_time": issued.tz_convert("UTC").isoformat(),
        "delivery_day": str(day),
        "published_at": issued.tz_convert("UTC").isoformat(),
        "model": "lstm",
        "model_version": "3",
        "rung": "full",
        "missing": "",
        "data_hash": "9f2c61d07ab3e845c0",
        "csv": "forecast-9f2c.csv",
        **manifest,
    }
    home = f"/published/{member.slug}/{day}/{issued.tz_convert('UTC'):%Y-%m-%dT%H%MZ}"
    beside = median + 1_000 if official else NOTHING
    figures = figures_of(wide, beside, mtu=mtu, energy=member.quantity != "price", daily=told.get("daily"))
    outturn = median + 500 if known else NOTHING
    return Shown(Issue(Folder.at(Path(home)), told), day, whole, mtu, wide, beside, outturn, median - 300, figures)


def record_of(*, days: int = 30, coverage: float = 0.8, skill: float = 0.31) -> Record:
    """Of a month that ends before the newest day: a mean error of 1 000 MW and what is asked for."""
    end = pd.Timestamp(NEWEST).tz_localize(ZONE).tz_convert("UTC")
    error = 1_000 + 150 * np.sin(np.arange(days))
    daily = pd.DataFrame(
        {
            "day": [NEWEST - dt.timedelta(days=days - at) for at in range(days)],
            "mae": error,
            "official_mae": error / (1 - skill),
            "coverage": coverage,
        }
    )
    against = (Skill("official", 1_000 / (1 - skill), skill, (skill - 0.06, skill + 0.06), 24 * days),)
    interval = (coverage - 0.04, coverage + 0.04)
    hours = 24 * days
    return Record(end - pd.Timedelta(days=days), end, hours, hours, 1_000.0, coverage, interval, against, daily)


def since_of() -> SinceYesterday:
    """The day before moved by +800 MW, by the official forecast above all."""
    causes = (Cause("DE/load_official", 620.0), Cause("DE/load", 340.0), Cause("time has passed", -160.0))
    start = pd.Timestamp("2025-12-30T23:00Z")
    return SinceYesterday(start - pd.Timedelta(days=1), start, start + pd.Timedelta(days=1), 50_350, 51_150, causes)


def normal_of(shown: Shown) -> pd.DataFrame:
    """What is usual: 4 000 MW around the median."""
    median = shown.wide[0.5]
    rows = {"valid_time": median.index, "low": median - 4_000, "median": median, "high": median + 4_000}
    return pd.DataFrame(rows).reset_index(drop=True)


def scores_of(model: str = "lstm", error: float = 1_200.0, coverage: float = 0.79, n: int = 8_000) -> pd.DataFrame:
    """Scores of a holdout: ours, and an official forecast that errs by half as much again; by lead time as well."""
    rows = []
    for name, factor in ((model, 1.0), ("official", 1.5)):
        common = {"run": "holdout", "zone": "DE", "quantity": "load", "model": name}
        rows += [{**common, "metric": "mae", "lead": np.nan, "value": error * factor, "n": n}]
        rows += [
            {**common, "metric": "mae", "lead": lead, "value": factor * (error + 10 * lead), "n": n // 24}
            for lead in range(14, 38)
        ]
        if name == model:
            rows.append({**common, "metric": "coverage_80", "lead": np.nan, "value": coverage, "n": n})
    frame = pd.DataFrame(rows).astype({"lead": "Float64"}).astype({"lead": "Int64"})
    start, end = pd.Timestamp("2024-12-31T23:00Z"), pd.Timestamp("2025-12-30T23:00Z")
    return SCORES.check(frame.assign(start=start, end=end, scored_at=end, unit="MW"))


def card_of(series: str = "DE/load", days: int = 14, **changes: Any) -> Card:
    """A card with everything on it; the newest day has no outturn yet.

    Args:
        series: of it.
        days: how many are shown.
        changes: fields of the card, or arguments of its days.
    """
    own = {name: changes.pop(name) for name in list(changes) if name in Card.__dataclass_fields__}
    dates = [NEWEST - dt.timedelta(days=back) for back in range(days)]
    shown = tuple(shown_of(day, series=series, known=back > 0, **changes) for back, day in enumerate(dates))
    member = Series.parse(series)
    told: dict[str, Any] = {
        "series": member,
        "title": f"{quantity_of(member.quantity).title} {member.zone}",
        "timezone": ZONE,
        "unit": None,
        "at": pd.Timestamp("2025-12-30T10:05Z"),
        "shown": shown,
        "normal": normal_of(shown[0]) if shown else pd.DataFrame(columns=["valid_time", "low", "median", "high"]),
        "since": since_of(),
        "record": record_of(),
        "holdout": scores_of(),
        "drifted": {},
        "files": {kind: f"{member.slug}/latest.{kind}" for kind in ("csv", "xlsx", "parquet", "json")},
    }
    return Card(**{**told, **own})


def series_view(card: Card, **changes: Any) -> SeriesView:
    """The series of a card, with complete data."""
    start, end = pd.Timestamp("2024-12-31T23:00Z"), pd.Timestamp("2025-12-30T09:00Z")
    hours = int((end - start) / pd.Timedelta(hours=1))
    told: dict[str, Any] = {
        "quality": QualityLine(start, end, hours, hours - 1, 2),
        "links": {"Model card": "cards/DE.load-v3.html"},
    }
    return SeriesView(card, **{**told, **changes})


def table_of(card: Card) -> pd.DataFrame:
    """A table of scores: ours and the official forecast."""
    rows = [
        {"run": "holdout", "series": str(card.series), "model": "lstm", "n": 8_000, "mae": 1_200.0, "mape": 0.021},
        {"run": "holdout", "series": str(card.series), "model": "official", "n": 8_000, "mae": 1_800.0, "mape": 0.032},
    ]
    return pd.DataFrame(rows)


def report_view(*cards: Card) -> ReportView:
    """A page of these cards, on the morning on which the newest of them was issued."""
    tables = [table_of(card) for card in cards]
    return ReportView(
        "Day-ahead forecasts",
        pd.Timestamp("2025-12-30T10:05Z"),
        "Data: SMARD.de",
        tuple(series_view(card) for card in cards),
        pd.concat(tables, ignore_index=True)
        if tables
        else pd.DataFrame(columns=["run", "series", "model", "n", "mae"]),
        "quality.html",
    )
