"""Correct: a published forecast as a person knows better, beside the one that a computer has made.

The correction is the forecast of its day from then on. What a computer makes of that day later is published as well,
but stays behind it, until a person withdraws it. Both are kept in the lake, and both are scored.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import PRICE, Series
from gridahead.core.runs import BY_HAND
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import TimeRange
from gridahead.core.units import Unit, per
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import WITHDRAWN, Issue, Published, newest_of
from gridahead.operate.foot import Foot
from gridahead.operate.paths import paths_of
from gridahead.operate.publication import alone_with, hand_out, keep_published
from gridahead.operate.sink import after_publication
from gridahead.operate.slots import due_slot, is_live, slot
from gridahead.workspace import Workspace

ROUNDED = 5e-5
"""A median of a file is the published one if it differs by less than this share of the largest: a CSV has five digits
of that, and a person who changes one hour changes no other."""


@dataclass(frozen=True)
class Change:
    """What becomes of the median; the other quantiles move along. Exactly one of the three is given."""

    add_mw: float | None = None
    """Added to every quantile [MW; of a price its currency per MWh]."""
    factor: float | None = None
    """Times which every quantile is taken [1]; above zero."""
    median: pd.Series | None = None
    """By valid time the median as it shall be [MW]; times that are not named stay as they are."""
    unit: Unit = "MW"
    """In which what is added is said to people."""

    def __str__(self) -> str:
        if self.add_mw is not None:
            return f"{per(self.add_mw, self.unit):+g} {self.unit}"
        return f"times {self.factor:g}" if self.factor is not None else "medians of a file"


def correct(
    workspace: Workspace,
    series: Series,
    day: dt.date,
    change: Change,
    reason: str,
    by: str,
    time_range: TimeRange | None = None,
) -> Published:
    """Publish a correction of what is published of a delivery day.

    Args:
        workspace: with what is published, and the lake.
        series: which.
        day: the delivery day.
        change: of the values.
        reason: why.
        by: who.
        time_range: which hours of the day; all of them unless given.

    Raises:
        LakeError: nothing is published of the day, or the folder cannot be written.
        SettingsError: the change changes nothing, names times that are not of the day, or the day is over.
    """
    with alone_with(workspace, series):
        original = newest_of(workspace.settings.published_place, series, day)
        if original is None:
            raise LakeError(
                f"{series}: nothing is published of {day} that could be corrected; run `gridahead forecast --series "
                f"{series} --day {day}` first"
            )
        rows = _corrected(original, change, time_range, workspace.settings.zone(series.zone).timezone)
        at, live = workspace.clock(), is_live(workspace)
        wanted = slot(workspace, series, at.floor("min"), day) if live else due_slot(workspace, series, day)
        issue_time = wanted.asked if live else original.at("issue_time")
        rows = Forecasts(rows.assign(issue_time=issue_time, made_at=at))
        told = {name: original.manifest.get(name) for name in ("inputs", "attribution", "suspect_inputs")}
        correction = {"by": by, "reason": reason, "change": str(change), "corrects": original.manifest["forecast_id"]}
        paths = paths_of(Foot(workspace, wanted), rows)
        published = hand_out(workspace, wanted, rows, {**told, "correction": correction}, paths)
        unkept = keep_published(workspace.lake, [rows])
    return replace(published, unkept=unkept, unsunk=after_publication(workspace, series))


def withdraw_correction(workspace: Workspace, series: Series, day: dt.date, reason: str, by: str) -> Issue:
    """Take the newest correction of a delivery day back; gives what is the forecast of the day since.

    Raises:
        LakeError: none stands, or the folder cannot be written.
    """
    place = workspace.settings.published_place
    with alone_with(workspace, series):
        found = newest_of(place, series, day)
        if found is None or found.manifest["rung"] != BY_HAND:
            raise LakeError(f"{series}: no correction of {day} stands")
        said = {"by": by, "reason": reason, "at": workspace.clock().isoformat()}
        found.folder.write(WITHDRAWN, json.dumps(said, indent=2).encode() + b"\n")
        renew_pointers(place, series, workspace.clock() if is_live(workspace) else None)
        left = newest_of(place, series, day)
        assert left is not None  # a correction corrects something
    after_publication(workspace, series)
    return left


def _corrected(original: Issue, change: Change, time_range: TimeRange | None, timezone: str) -> Forecasts:
    rows = original.forecasts
    inside = np.ones(len(rows), bool)
    if time_range is not None:
        inside = ((rows["valid_time"] >= time_range.start) & (rows["valid_time"] < time_range.end)).to_numpy()
        _require_some(inside, original, timezone)
    values = _changed(rows, change, original, timezone)
    if rows["quantity"].iloc[0] != PRICE and (rows["value_mw"] >= 0).all():
        values = values.clip(lower=0.0)
    values = values.where(inside, rows["value_mw"])
    if (values == rows["value_mw"]).all():
        raise SettingsError(f"{original.manifest['series']}: the correction of {change} changes no value")
    version = f"{original.manifest['model']} {original.manifest['model_version']}"
    data_hash = digest(f"{original.manifest['data_hash']}\n{values.tolist()}")
    made = rows.assign(value_mw=values, model=BY_HAND, model_version=version, rung=BY_HAND, data_hash=data_hash)
    return Forecasts(FORECASTS.check(made))


def _changed(rows: Forecasts, change: Change, original: Issue, timezone: str) -> pd.Series:
    if change.factor is not None:
        return rows["value_mw"] * change.factor
    if change.add_mw is not None:
        return rows["value_mw"] + change.add_mw
    assert change.median is not None
    known = change.median.index.isin(rows["valid_time"])
    _require_some(known, original, timezone)
    if not known.all():
        strange = pd.DatetimeIndex(change.median.index)[~known][0].tz_convert(timezone)
        raise SettingsError(f"{original.manifest['series']}: {strange:%Y-%m-%d %H:%M} is not of the forecast's day")
    median = rows.loc[rows["quantile"] == 0.5].set_index("valid_time")["value_mw"]
    moved = (change.median - median).reindex(rows["valid_time"]).fillna(0.0)
    moved = moved.where(moved.abs() > ROUNDED * median.abs().max(), 0.0)
    changed: pd.Series = rows["value_mw"] + moved.to_numpy()
    return changed


def _require_some(inside: np.ndarray, original: Issue, timezone: str) -> None:
    if not inside.any():
        first, end = (pd.Timestamp(text).tz_convert(timezone) for text in original.manifest["delivery"])
        raise SettingsError(
            f"{original.manifest['series']}: none of the named times is of the forecast, which goes from "
            f"{first:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} ({timezone})"
        )
