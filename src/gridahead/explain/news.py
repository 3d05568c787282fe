"""What has changed since an earlier forecast of the same hours, and why: had everything come as expected, and then not.

Between two issue times hours pass and things are learnt. First the model is asked at the later time with what could be
expected at the earlier one: the load came as it had been forecast, official forecasts are those that were out, and what
was not out is as a day before. What that changes is the passing of time. The rest is news, and is shared out among the
inputs that brought it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gridahead.core.quantiles import median_of
from gridahead.core.tables import Observations
from gridahead.core.vintages import Instants, from_micros, frozen
from gridahead.explain.attribution import same_gaps
from gridahead.explain.shapley import MOST, Floats, shapley
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.base import Forecaster

TIME = "time has passed"
ADAPTED = "adapted to the newest days"
"""What weights of experts, location and spread follow, beside what is read as an input."""


@dataclass(frozen=True, eq=False)
class Change:
    """Two forecasts of the same hours and the parts of their difference."""

    spec: WindowSpec
    since: pd.Timestamp
    issued: pd.Timestamp
    valid_time: Instants
    """(H,)"""
    then: Floats
    """(H,) median [MW]"""
    now: Floats
    """(H,) median [MW]"""
    parts: dict[str, Floats]
    """By cause, (H,) [MW]: they add up to now − then."""
    surprise: float
    """Mean of the outturn less the forecast of it, over the hours between the two [MW]; NaN without an outturn."""

    @property
    def local_times(self) -> pd.DatetimeIndex:
        """The hours in the zone's time."""
        return pd.DatetimeIndex(pd.to_datetime(self.valid_time, unit="us", utc=True)).tz_convert(
            self.spec.zone.timezone
        )


def changed(
    model: Forecaster,
    observations: Observations,
    since: pd.Timestamp,
    issued: pd.Timestamp,
    days: tuple[dt.date, dt.date] | None = None,
    most: int = MOST,
) -> Change | None:
    """What has changed between two issue times, for the hours that the earlier forecast had for its delivery day.

    Args:
        model: that made both.
        observations: every vintage of its inputs.
        since: the earlier issue time.
        issued: the later one.
        days: the delivery days of both; those whose deadlines come next unless given.
        most: into how many groups of inputs the news is shared out at most: 2 to the power of it are asked.

    Returns:
        None where no hour was forecast at both times.
    """
    spec = model.spec
    if since >= issued:
        return None
    day_before, day = days or (spec.deadline.delivery_day(since), spec.deadline.delivery_day(issued))
    before = build_windows(observations, spec, [day_before], issue_times=[since])
    after = build_windows(observations, spec, [day], issue_times=[issued])
    then, now = (median_of(model.predict(windows))[0].astype(np.float64) for windows in (before, after))
    common = np.intersect1d(before.valid_time[0][before.delivery[0]], after.valid_time[0])
    if len(common) == 0 or np.isnan(before.target_past).all():
        return None
    expected = _expected(observations, before, then, after, since, day)
    in_common = np.isin(after.valid_time[0], common)
    causes: list[tuple[str, ...]] = [(str(series),) for series in spec.inputs]
    if len(causes) > most:
        causes = [*causes[: most - 1], tuple(str(series) for series in spec.inputs[most - 1 :])]

    def medians(combinations: Sequence[tuple[bool, ...]]) -> Floats:
        mixed = [
            _mixed(
                expected, after, [name for names, new in zip(causes, combination, strict=True) if new for name in names]
            )
            for combination in combinations
        ]
        together = mixed[0]
        for windows in mixed[1:]:
            together = together.followed_by(windows)
        return median_of(model.predict(together))[:, in_common].astype(np.float64)

    shares = shapley(medians, len(causes))
    earlier = then[np.isin(before.valid_time[0], common)]
    passed = medians([(False,) * len(causes)])[0] - earlier
    news = {" and ".join(names): share for names, share in zip(causes, shares, strict=True)}
    return Change(
        spec, since, issued, common, earlier, now[in_common], {TIME: passed, **news}, _surprise(before, then, after)
    )


def as_published(change: Change, then: pd.Series, now: pd.Series) -> Change:
    """The change between what was published: that it is adapted to the newest days is one cause more.

    Args:
        change: of what the model answers.
        then: the published median of the earlier forecast by valid time [MW]; of every hour of the change.
        now: that of the later one.
    """
    times = from_micros(change.valid_time)
    before, after = (published.reindex(times).to_numpy(np.float64) for published in (then, now))
    adapted = (after - change.now) - (before - change.then)
    return replace(change, then=before, now=after, parts={**change.parts, ADAPTED: adapted})


def _expected(
    observations: Observations, before: Windows, then: Floats, after: Windows, since: pd.Timestamp, day: dt.date
) -> Windows:
    """The later inputs as they could be expected at the earlier issue time."""
    spec = after.spec
    issued = pd.Timestamp(after.issue_time[0], unit="us", tz="UTC")
    observed = frozen(observations, since)
    guess = build_windows(observed, spec, [day], issue_times=[issued])
    forecast = dict(zip(before.valid_time[0].tolist(), then, strict=True))
    times = _context_times(after)
    coming = np.array([forecast.get(time, np.nan) for time in times.tolist()])
    target = guess.target_past[0]
    expected = guess.with_values(spec.series, past=np.where(np.isnan(target), coming, target))
    for series in spec.inputs:
        past = _as_the_day_before(expected.input_past(series)[0], spec.steps_per_day)
        expected = expected.with_values(series, past=past)
    for series in spec.ahead:
        joined = np.concatenate([expected.input_past(series)[0], guess.input_ahead(series)[0]])
        ahead = _as_the_day_before(joined, spec.steps_per_day)[len(times) :]
        expected = expected.with_values(series, ahead=ahead)
    return same_gaps(replace(expected, target=after.target), after)


def _as_the_day_before(values: Array, day: int) -> Array:
    """What is not known is as it was a day before."""
    filled = values.copy()
    for at in np.flatnonzero(np.isnan(filled)):
        if at >= day:
            filled[at] = filled[at - day]
    return filled


def _mixed(expected: Windows, after: Windows, new: Sequence[str]) -> Windows:
    """What was expected, with the news of some inputs."""
    for name in new:
        expected = expected.with_input(name, from_=after)
    return expected


def _surprise(before: Windows, then: Floats, after: Windows) -> float:
    """Mean of the outturn less the forecast of it [MW]."""
    outturn = dict(zip(_context_times(after).tolist(), after.target_past[0], strict=True))
    forecast = zip(before.valid_time[0].tolist(), then, strict=True)
    errors = [outturn.get(time, np.nan) - median for time, median in forecast]
    known = np.array(errors)[~np.isnan(errors)]
    return float(known.mean()) if len(known) else float("nan")


def _context_times(windows: Windows) -> Instants:
    """The start of every unit of the context, (C,)."""
    step = windows.spec.mtu.microseconds
    times: Instants = windows.valid_time[0, 0] + np.arange(-windows.past.shape[1], 0) * step
    return times
