"""Since yesterday: what has changed since the forecast of the day before, and why, for the manifest of a forecast.

It is computed before a forecast is published, so that it is published with it, and must neither delay nor prevent that:
what it may cost is limited beforehand, and whatever goes wrong leaves it out.
"""

from __future__ import annotations

import datetime as dt
import logging
import math

import pandas as pd

from gridahead.core.runs import BY_HAND, DEGRADED, FULL
from gridahead.core.time import Mtu, delivery_range
from gridahead.explain.news import Change, as_published, changed
from gridahead.explain.shapley import MOST
from gridahead.features.windows import WindowSpec
from gridahead.forecasting.publish import Issue
from gridahead.forecasting.slot import Slot
from gridahead.models.base import Forecaster
from gridahead.operate.answer import Answer
from gridahead.reading.change import SINCE, Cause, SinceYesterday, in_manifest
from gridahead.reading.issues import all_issues
from gridahead.workspace import Workspace, reading_range

log = logging.getLogger(__name__)

STEPS = 100_000
"""Units of time that networks may go through for it: a second or two of one core."""


def told_since_yesterday(workspace: Workspace, slot: Slot, answer: Answer) -> dict[str, object]:
    """The line of the manifest that says what has changed, or no line.

    Nothing is said of a day that has begun, of an answer that no network has made, or where the forecasts have no hour
    in common. The same forecast on the same data is told the same.

    Args:
        workspace: where the data and the models are.
        slot: what has been forecast.
        answer: not published yet.
    """
    if not _wanted(workspace):
        return {}
    try:
        change = _change(workspace, slot, answer)
    except Exception as error:  # an explanation is no reason to withhold a forecast
        log.warning(
            "%s: published without what has changed since yesterday (%s: %s)", slot.series, type(error).__name__, error
        )
        return {}
    return {} if change is None else {SINCE: in_manifest(summary(change))}


def _wanted(workspace: Workspace) -> bool:
    published = workspace.settings.published
    return published.is_made(published.explain, len(workspace.settings.series))


def _change(workspace: Workspace, slot: Slot, answer: Answer) -> Change | None:
    first, issued = answer.forecasts.iloc[0], answer.issue_time
    timezone = workspace.settings.zone(slot.series.zone).timezone
    if first["rung"] not in (FULL, DEGRADED) or issued >= delivery_range(slot.day, timezone).start:
        return None
    version = workspace.exports.version(slot.series, str(first["model_version"]))
    model = None if version is None else workspace.exports.load(version).model
    most = 0 if model is None else groups(model)
    day_before = slot.day - dt.timedelta(days=1)
    since, before = (None, None) if model is None else _issued_before(workspace, slot, model.spec, day_before, issued)
    if model is None or since is None or most == 0:
        return None
    spec = model.spec
    observations = workspace.lake.read_vintages(*spec.inputs, time_range=reading_range(spec, day_before, slot.day))
    change = changed(model, observations, since, issued, (day_before, slot.day), most)
    if change is None or before is None or answer.median is None or not _is_of(before, first):
        return change
    return as_published(change, _median(before), answer.median)


def _is_of(before: Issue, first: pd.Series) -> bool:
    """Whether the version that answers has made the forecast before: only then is the difference one of adaptation."""
    names = ("model", "model_version")
    return before.manifest["rung"] in (FULL, DEGRADED) and all(before.manifest[name] == first[name] for name in names)


def _median(before: Issue) -> pd.Series:
    """The median of a published forecast by valid time [MW]."""
    rows = before.forecasts
    median: pd.Series = rows[rows["quantile"] == 0.5].set_index("valid_time")["value_mw"]
    return median


def groups(model: Forecaster) -> int:
    """Into how many groups of inputs news may be shared out without going through too many units; 0 if into none."""
    spec = model.spec
    units = (spec.context_days + spec.lead_days + 1) * spec.steps_per_day * len(model.networks)
    return 0 if units == 0 or 2 * units > STEPS else min(MOST, int(math.log2(STEPS / units)))


def _issued_before(
    workspace: Workspace, slot: Slot, spec: WindowSpec, day_before: dt.date, issued: pd.Timestamp
) -> tuple[pd.Timestamp | None, Issue | None]:
    """When the forecast of the day before was issued, as far as a model serves that, or else was due; None if later.

    With it, what was published of it, if anything was.
    """
    made = (one for one in all_issues(workspace, slot.series, day_before) if one.manifest["rung"] != BY_HAND)
    begins = delivery_range(day_before, spec.zone.timezone).start
    served = {at: one for one in made if (at := one.at("issue_time")) < begins and spec.serves(at, day_before)}
    since = max(served, default=spec.deadline.for_delivery(day_before))
    return (since, served.get(since)) if since < issued else (None, None)


def summary(change: Change) -> SinceYesterday:
    """A change as means over the hours that both forecasts have."""
    causes = [Cause(name, float(effect.mean())) for name, effect in change.parts.items()]
    times = change.local_times.tz_convert("UTC")
    length = Mtu(change.spec.mtu).delta
    return SinceYesterday(
        since=change.since,
        start=times[0],
        end=times[-1] + length,
        before_mw=float(change.then.mean()),
        now_mw=float(change.now.mean()),
        causes=tuple(sorted(causes, key=lambda cause: -abs(cause.effect_mw))),
    )
