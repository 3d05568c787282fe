"""Everything that is shown of one series: its forecast, what surrounds it, and what speaks for and against it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import pandas as pd

from gridahead.core.grid import PRICE, Series, quantity_of
from gridahead.core.runs import HOLDOUT, REFERENCES
from gridahead.core.tables import SCORES
from gridahead.core.time import Mtu, TimeRange, delivery_range
from gridahead.core.units import Unit
from gridahead.core.vintages import frozen, of_series
from gridahead.forecasting.publish import MANIFEST, Issue
from gridahead.monitoring.findings import DriftFinding
from gridahead.monitoring.published import DAYS, PAST, newest_day, published_drift_since
from gridahead.reading.change import SinceYesterday, since_yesterday
from gridahead.reading.figures import Figure, figures_of
from gridahead.reading.issues import SHOWN_DAYS, all_issues, issues, present
from gridahead.reading.known import official_of_days, outturn_known
from gridahead.reading.normal import COLUMNS as NORMAL
from gridahead.reading.normal import seasonal_normal
from gridahead.reading.record import Record, live_record
from gridahead.workspace import Workspace

Framed = TypeVar("Framed", pd.Series, pd.DataFrame)
FILES = ("csv", "xlsx", "parquet")
"""Lines of a manifest that name a file beside it."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One issue, as a chart draws it: everything within its delivery day."""

    issue: Issue
    day: dt.date
    time_range: TimeRange
    """The local day: 23, 24 or 25 hours."""
    mtu: Mtu
    wide: pd.DataFrame
    """Quantile levels as columns, valid times as rows [MW]."""
    official: pd.Series
    """By valid time [MW]; may be empty."""
    outturn: pd.Series
    """By valid time [MW], as far as it is known."""
    before: pd.Series
    """The median that was forecast for these units by the issue before; may be empty [MW]."""
    figures: tuple[Figure, ...]


@dataclass(frozen=True, eq=False)
class Card:
    """What a page shows of a series."""

    series: Series
    title: str
    timezone: str
    unit: Unit | None
    """In which power is shown; None for what fits it."""
    at: pd.Timestamp
    """As of when all of this is."""
    shown: tuple[Shown, ...]
    """The newest issue first, one a delivery day, at most fourteen; empty where nothing has been published."""
    normal: pd.DataFrame
    """The seasonal normal of the newest day; may be empty."""
    since: SinceYesterday | None
    record: Record | None
    """Of the last thirty live days."""
    holdout: pd.DataFrame
    """SCORES rows of the served model and its references on the holdout; may be empty."""
    drifted: Mapping[str, DriftFinding]
    """What has changed and is an alarm, by kind: `official` or `band`; `reports.drift.drift_words` says it."""
    files: Mapping[str, str]
    """Of the newest issue, by ending, relative to the published folder; `json` is the manifest."""

    @property
    def newest(self) -> Shown | None:
        """The newest delivery day; None where nothing has been published."""
        return self.shown[0] if self.shown else None

    @property
    def eve(self) -> pd.Series:
        """What was forecast of the day before, at the same hours of the local clock as the newest day [MW].

        Empty where the day before has not been published. An hour that comes twice has the same value twice, one that
        the day before did not have has none.
        """
        if len(self.shown) < 2 or self.shown[1].day != self.shown[0].day - dt.timedelta(days=1):
            return pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))
        newest, earlier = self.shown[0].wide.index, self.shown[1].wide[0.5]
        clock = _wall(earlier.index, self.timezone) + pd.Timedelta(days=1)
        by_clock = pd.Series(earlier.to_numpy(), clock)[~clock.duplicated()]
        return pd.Series(by_clock.reindex(_wall(newest, self.timezone)).to_numpy(), newest).dropna()


def _wall(times: pd.Index, timezone: str) -> pd.DatetimeIndex:
    """What the clock on the wall shows."""
    return pd.DatetimeIndex(times).tz_convert(timezone).tz_localize(None)


def card(workspace: Workspace, series: Series, at: pd.Timestamp | None = None, *, brief: bool = False) -> Card:
    """The card of a series.

    Args:
        workspace: where its data are.
        series: which.
        at: as it was seen then; unless given now, or in a demonstration on history when its newest forecast was issued.
        brief: only what an overview of many series needs: the newest day and the record, without what reads years.

    Raises:
        LakeError: lake or published folder cannot be read.
    """
    workspace = as_seen(workspace, present(workspace, series) if at is None else at)
    settings = workspace.settings
    found = issues(workspace, series, 1 if brief else SHOWN_DAYS, as_of=at)
    shown = _shown(workspace, series, found, at)
    manifest = found[0].manifest if found else {}
    return Card(
        series=series,
        title=f"{quantity_of(series.quantity).title} {series.zone}",
        timezone=settings.zone(series.zone).timezone,
        unit=settings.unit_wanted(series),
        at=workspace.clock(),
        shown=shown,
        normal=_normal(workspace, series, shown) if not brief else pd.DataFrame(columns=NORMAL),
        since=since_yesterday(manifest),
        record=live_record(workspace, series),
        holdout=_holdout(workspace, series, str(manifest.get("model", "")), at),
        drifted=_drifted(workspace, series, shown[0].time_range.end) if shown and not brief else {},
        files=_files(workspace, found[0]) if found else {},
    )


def as_seen(workspace: Workspace, at: pd.Timestamp) -> Workspace:
    """The same workspace, at an instant: whoever asks it what is known is told what was known then."""
    lake = workspace.lake
    return replace(workspace, clock=lambda: at, lake_of=lambda _: lake)


def _shown(workspace: Workspace, series: Series, found: list[Issue], at: pd.Timestamp | None) -> tuple[Shown, ...]:
    """Every issue with what was known of its day; the lake is read once for all days of a market time unit."""
    timezone = workspace.settings.zone(series.zone).timezone
    rows_of = [issue.forecasts for issue in found]
    mtus = [Mtu(rows["mtu"].iloc[0]) for rows in rows_of]
    days = [dt.date.fromisoformat(str(issue.manifest["delivery_day"])) for issue in found]
    ranges = [delivery_range(day, timezone) for day in days]
    known: dict[Mtu, tuple[pd.Series, pd.Series]] = {}
    for mtu in set(mtus):
        own = [day for day, other in zip(days, mtus, strict=True) if other == mtu]
        span = TimeRange(delivery_range(min(own), timezone).start, delivery_range(max(own), timezone).end)
        known[mtu] = (
            official_of_days(workspace, series, own, mtu, workspace.clock()),
            _by_time(outturn_known(workspace, series, span, mtu=mtu)),
        )
    shown = []
    for issue, rows, mtu, day, whole in zip(found, rows_of, mtus, days, ranges, strict=True):
        wide = _within(rows.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index(), whole)
        official, outturn = (_within(values, whole) for values in known[mtu])
        before = _before(workspace, series, issue, day, at)
        daily = issue.manifest.get("daily")
        figures = figures_of(wide, official, mtu=mtu, energy=series.quantity != PRICE, daily=daily)
        shown.append(
            Shown(issue, day, whole, mtu, wide, official, outturn, before.reindex(wide.index).dropna(), figures)
        )
    return tuple(shown)


def _before(workspace: Workspace, series: Series, issue: Issue, day: dt.date, at: pd.Timestamp | None) -> pd.Series:
    """The median of the newest forecast of the same day that was issued earlier; empty where there is none."""
    issued = issue.at("issue_time")
    earlier = [other for other in all_issues(workspace, series, day, at) if other.at("issue_time") < issued]
    if not earlier:
        return pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))
    rows = max(earlier, key=lambda other: (other.at("issue_time"), other.at("made_at"))).forecasts
    return rows[rows["quantile"] == 0.5].set_index("valid_time")["value_mw"].sort_index()


def _by_time(known: pd.DataFrame) -> pd.Series:
    return known.set_index("valid_time")["value"].sort_index()


def _within(values: Framed, whole: TimeRange) -> Framed:
    return values[(values.index >= whole.start) & (values.index < whole.end)]


def _normal(workspace: Workspace, series: Series, shown: tuple[Shown, ...]) -> pd.DataFrame:
    if not shown:
        return pd.DataFrame(columns=NORMAL)
    return seasonal_normal(workspace, series, shown[0].day, shown[0].mtu, workspace.clock())


def scored_by(workspace: Workspace) -> Literal["scored_at", "end"]:
    """By which column scores were there at an instant: a demonstration scores history long after."""
    return "scored_at" if workspace.settings.mode == "live" else "end"


def _holdout(workspace: Workspace, series: Series, model: str, at: pd.Timestamp | None) -> pd.DataFrame:
    """The newest scores of the holdout, of the model that serves and of the references."""
    scores = workspace.lake.scores.read({"run": HOLDOUT, "zone": series.zone, "quantity": series.quantity})
    if at is not None:
        scores = scores[scores[scored_by(workspace)] <= at]
    if scores.empty:
        return SCORES.empty()
    newest = scores["scored_at"] == scores["scored_at"].max()
    chosen: pd.DataFrame = scores[newest & scores["model"].isin([model, *REFERENCES])]
    return chosen.reset_index(drop=True)


def _drifted(workspace: Workspace, series: Series, end: pd.Timestamp) -> dict[str, DriftFinding]:
    """The alarms of what was published until the end of a day, as of the present of the workspace."""
    at = workspace.clock()
    spec, observations = workspace.inputs(series, TimeRange(end - PAST - pd.DateOffset(months=2), end))
    known = frozen(observations, at)
    if of_series(known, series).empty:
        return {}
    first = newest_day(known, spec) - pd.Timedelta(days=DAYS - 1)
    findings = published_drift_since(workspace, series, spec, known, first)
    return {finding.kind: finding for finding in findings if finding.level == "alarm"}


def _files(workspace: Workspace, issue: Issue) -> dict[str, str]:
    home = issue.folder.path.removeprefix(workspace.published.path).strip("/")
    names = {ending: str(issue.manifest[ending]) for ending in FILES if issue.manifest.get(ending)}
    return {ending: f"{home}/{name}" for ending, name in {**names, "json": MANIFEST}.items()}
