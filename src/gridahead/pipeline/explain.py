"""Explain: which past hours and which inputs moved a forecast, measured from the usual inputs of that weekday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridahead.errors import ModelError
from gridahead.features.windows import Array, Windows, build_windows
from gridahead.forecasting.issue import degradations
from gridahead.forecasting.publish import latest_manifest
from gridahead.grid import Series
from gridahead.models.attribution import CALENDAR, Attribution, attribute, hourly_groups, same_gaps
from gridahead.pipeline.changes import Change, changed
from gridahead.pipeline.workspace import Workspace, reading_window
from gridahead.serving.explain_picture import change_picture, explain_picture
from gridahead.timeline import delivery_days
from gridahead.training.isolated import one_thread
from gridahead.training.versions import Registered
from gridahead.units import Power, PowerUnit, per, power
from gridahead.whole_files import write_whole

USUAL_WEEKS = 4
"""The usual inputs of a Wednesday are the mean of so many Wednesdays before."""
DAY, WEEK = 24, 168
BANDS = (
    (-DAY, 0, "last 24 h"),
    (-2 * DAY, -DAY, "day before"),
    (-WEEK, -2 * DAY, "rest of the week"),
    (-10_000, -WEEK, "older than a week"),
    (0, 10_000, "ahead"),
)
"""Hours from the issue time, and how people call them."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A forecast, what moved it, and what has changed since the one before."""

    registered: Registered
    windows: Windows
    """Of the forecast."""
    forecast: Array
    """(H,) median [MW]"""
    attribution: Attribution
    degraded: tuple[str, ...]
    unit: PowerUnit
    """In which power is told and drawn."""
    change: Change | None
    """None where the hours have not been forecast a day before."""
    picture: Path
    change_picture: Path | None

    @property
    def day(self) -> dt.date:
        """The delivery day."""
        spec = self.windows.spec
        last = pd.DatetimeIndex([self._instant(self.windows.valid_time[0][self.windows.delivery[0]][-1])])
        day: dt.date = delivery_days(last, spec.zone.timezone)[0].date()
        return day

    def rows(self) -> list[dict[str, object]]:
        """The mean share of the delivery day by input and how long ago it was [MW], the largest first."""
        delivery = self.windows.delivery[0]
        totals: dict[tuple[str, str], float] = {}
        for group, share in zip(self.attribution.groups, self.attribution.shares, strict=True):
            when = _band(group.hour)
            totals[group.name, when] = totals.get((group.name, when), 0.0) + float(share[delivery].mean())
        ordered = sorted(totals.items(), key=lambda item: -abs(item[1]))
        return [{"input": name, "when": when, "share_mw": value} for (name, when), value in ordered if value]

    def words(self) -> list[str]:
        """The same as sentences."""
        delivery, spec = self.windows.delivery[0], self.windows.spec
        issued = self._instant(self.windows.issue_time[0]).tz_convert(spec.zone.timezone)
        difference = float(self.attribution.difference[delivery].mean())
        first = (
            f"{spec.series}, {self.day:%a %-d %b %Y}: {power(float(self.forecast[delivery].mean()), self.unit)} on "
            f"average, issued {issued:%-d %b %H:%M} by {self.registered}. That is {power(abs(difference), self.unit)} "
            f"{'above' if difference >= 0 else 'below'} what the model says of the usual inputs of a {self.day:%A}, "
            f"the mean of the last {USUAL_WEEKS}."
        )
        largest = [row for row in self.rows() if abs(float(str(row["share_mw"]))) >= 0.05 * abs(difference)][:5]
        shares = [power(float(str(row["share_mw"])), self.unit, sign=True) for row in largest]
        parts = [f"{_name(row, spec.series)} {share}" for row, share in zip(largest, shares, strict=True)]
        told = [first, "What moved it: " + ", ".join(parts) + "."] if parts else [first]
        told += [f"Missing: {one}." for one in self.degraded]
        return told + (self.change.words(self.unit) if self.change else [])

    def to_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        windows = self.windows
        return {
            "series": str(windows.spec.series),
            "version": self.registered.version,
            "model": self.registered.model.name,
            "issue_time": self._instant(windows.issue_time[0]).isoformat(),
            "valid_time": [self._instant(time).isoformat() for time in windows.valid_time[0]],
            "forecast_mw": self.forecast.tolist(),
            "difference_mw": self.attribution.difference.tolist(),
            "left_mw": self.attribution.left.tolist(),
            "shares": [
                {"input": group.name, "hour": group.hour, "share_mw": share.tolist()}
                for group, share in zip(self.attribution.groups, self.attribution.shares, strict=True)
                if share.any()
            ],
            "degraded": list(self.degraded),
            "change": self.change.to_dict() if self.change else None,
            "words": self.words(),
            "picture": str(self.picture),
            "change_picture": str(self.change_picture) if self.change_picture else None,
        }

    @staticmethod
    def _instant(micros: np.int64) -> pd.Timestamp:
        return pd.Timestamp(micros, unit="us", tz="UTC")


def explain(
    workspace: Workspace,
    series: Series,
    issue_time: pd.Timestamp | None = None,
    since: pd.Timestamp | None = None,
    version: str | None = None,
) -> Explanation:
    """Share out a forecast among its inputs, and what has changed since an earlier one.

    Args:
        workspace: where the data and the models are.
        series: whose forecast.
        issue_time: as of when; without it, the newest published one.
        since: the earlier issue time; without it, a day before.
        version: a number or an alias; without it, the one that serves.

    Raises:
        ModelError: there is no such version, nothing is published, or nothing of the series is known in the context.
        LakeError: the lake does not have the series.
    """
    one_thread()
    registry = workspace.registry
    registered = registry.champion(series) if version is None else registry.load(registry.version(series, version))
    spec, model = registered.model.spec, registered.model
    issued = issue_time or _newest(workspace, series)
    day = spec.deadline.delivery_day(issued)
    days = [day - dt.timedelta(weeks=back) for back in range(USUAL_WEEKS + 1)]
    issue_times = [issued - pd.Timedelta(weeks=back) for back in range(USUAL_WEEKS + 1)]
    observations = workspace.lake.read_vintages(*spec.inputs, window=reading_window(spec, days[-1], day))
    windows = build_windows(observations, spec, days, issue_times=issue_times)
    one, usual = (windows.where(np.arange(len(days)) == 0), windows.where(np.arange(len(days)) > 0))
    if np.isnan(one.past[0, :, 0]).all():
        raise ModelError(str(series), f"nothing is known of it in the {spec.context_days} days before {issued}")
    found = attribute(model, one, same_gaps(_mean(usual), one), hourly_groups(one))
    middle = len(model.quantiles) // 2
    change = changed(model, observations, since or issued - pd.Timedelta(days=1), issued)
    folder = workspace.settings.published_folder / series.slug / f"{issued:%Y-%m-%dT%H%MZ}"
    explanation = Explanation(
        registered, one, model.predict(one)[0, :, middle], found, tuple(degradations(one, 0, model.known)),
        workspace.settings.unit_of(series), change,
        folder / "explained.png", folder / "changed.png" if change else None,
    )  # fmt: skip
    _draw(explanation)
    return explanation


def _newest(workspace: Workspace, series: Series) -> pd.Timestamp:
    manifest = latest_manifest(workspace.settings.published_folder, series)
    if manifest is None:
        raise ModelError(
            str(series), "nothing is published that could be explained; run `gridahead forecast`, or say --issue-time"
        )
    return pd.Timestamp(str(manifest["issue_time"]))


def _mean(windows: Windows) -> Windows:
    """One window of the means of what is known in several."""
    first = windows.where(np.arange(len(windows)) == 0)
    return replace(first, past=_known_mean(windows.past), future=_known_mean(windows.future))


def _known_mean(values: Array) -> Array:
    known = ~np.isnan(values)
    count = known.sum(axis=0, keepdims=True)
    total = np.where(known, values, 0).sum(axis=0, keepdims=True)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _draw(found: Explanation) -> None:
    spec, windows = found.windows.spec, found.windows
    times = pd.DatetimeIndex(pd.to_datetime(windows.valid_time[0], unit="us", utc=True)).tz_convert(spec.zone.timezone)
    attribution = found.attribution
    unit = found.unit
    maps = {
        str(series): (
            [group.hour for group in attribution.groups if group.name == str(series)],
            per(attribution.shares[[group.name == str(series) for group in attribution.groups]], unit),
        )
        for series in spec.inputs
    }
    content = explain_picture(
        maps, _per(attribution.by_input(), unit), per(attribution.difference, unit), windows.delivery[0], times,
        found.words()[0], unit,
    )  # fmt: skip
    write_whole(found.picture, content)
    if found.change is not None and found.change_picture is not None:
        parts = _per(found.change.parts, unit)
        content = change_picture(parts, found.change.local_times, found.change.words(unit)[0], unit)
        write_whole(found.change_picture, content)


def _band(hour: int | None) -> str:
    if hour is None:
        return "the day"
    return next(name for low, high, name in BANDS if low <= hour < high)


def _name(row: dict[str, object], series: Series) -> str:
    if row["input"] == CALENDAR:
        return CALENDAR
    name = "official forecast" if row["input"] == str(series.reference) else row["input"]
    return f"{name}, {row['when']}"


def _per(parts: Mapping[str, Power], unit: PowerUnit) -> dict[str, Power]:
    return {name: per(part, unit) for name, part in parts.items()}
