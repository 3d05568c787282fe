"""What has changed since an earlier forecast of the same hours, and why: had everything come as expected, and then not.

Between two issue times hours pass and things are learnt. First the model is asked at the later time with what could be
expected at the earlier one: the load came as it had been forecast, official forecasts are those that were out, and what
was not out is as a day before. What that changes is the passing of time. The rest is news, and is shared out among the
inputs that brought it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.attribution import same_gaps
from gridahead.models.ensemble import Model
from gridahead.models.shapley import MOST, Floats, shapley
from gridahead.tables import Observations
from gridahead.units import PowerUnit, power
from gridahead.vintages import Instants, frozen

TIME = "time has passed"
WORTH_A_WORD = 0.05
"""Of the largest part: what is smaller is not told."""


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
    """Mean of what came less what had been forecast, over the hours between the two [MW]; NaN if nothing came."""

    @property
    def local_times(self) -> pd.DatetimeIndex:
        """The hours in the zone's time."""
        return pd.DatetimeIndex(pd.to_datetime(self.valid_time, unit="us", utc=True)).tz_convert(
            self.spec.zone.timezone
        )

    def words(self, unit: PowerUnit = "MW") -> list[str]:
        """What has changed and why, as sentences."""
        times, difference = self.local_times, float((self.now - self.then).mean())
        end = times[-1] + self.spec.mtu.delta
        since = self.since.tz_convert(self.spec.zone.timezone)
        higher = "higher" if difference >= 0 else "lower"
        first = (
            f"Since the forecast of {since:%-d %b %H:%M}, that of {times[0]:%a %-d %b %H:%M} to {end:%H:%M} is "
            f"{power(abs(difference), unit)} {higher} on average."
        )
        means = {name: float(part.mean()) for name, part in self.parts.items()}
        largest = max((abs(value) for value in means.values()), default=0.0)
        told = [
            f"{self._cause(name, unit)} {power(value, unit, sign=True)}"
            for name, value in sorted(means.items(), key=lambda item: -abs(item[1]))
            if abs(value) >= WORTH_A_WORD * largest > 0
        ]
        return [first, "Why: " + ", ".join(told) + "."] if told else [first]

    def _cause(self, name: str, unit: PowerUnit) -> str:
        if name == str(self.spec.series):
            side = "above" if self.surprise >= 0 else "below"
            came = f" (it came in {power(abs(self.surprise), unit)} {side} the forecast)"
            return f"new values of {name}{'' if np.isnan(self.surprise) else came}"
        if name == str(self.spec.series.reference):
            return "new official forecast"
        return name if name == TIME else f"news of {name}"

    def to_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        return {
            "since": self.since.isoformat(),
            "valid_time": [time.tz_convert("UTC").isoformat() for time in self.local_times],
            "then_mw": self.then.tolist(),
            "now_mw": self.now.tolist(),
            "parts_mw": {name: part.tolist() for name, part in self.parts.items()},
            "surprise_mw": None if np.isnan(self.surprise) else self.surprise,
        }


def changed(model: Model, observations: Observations, since: pd.Timestamp, issued: pd.Timestamp) -> Change | None:
    """What has changed between two issue times, for the hours that the earlier forecast had for its delivery day.

    Args:
        model: that made both.
        observations: every vintage of its inputs.
        since: the earlier issue time.
        issued: the later one.

    Returns:
        None where no hour was forecast at both times.
    """
    spec, middle = model.spec, len(model.quantiles) // 2
    if since >= issued:
        return None
    before = build_windows(observations, spec, [spec.deadline.delivery_day(since)], issue_times=[since])
    after = build_windows(observations, spec, [spec.deadline.delivery_day(issued)], issue_times=[issued])
    then, now = (model.predict(one)[0, :, middle].astype(np.float64) for one in (before, after))
    common = np.intersect1d(before.valid_time[0][before.delivery[0]], after.valid_time[0])
    if len(common) == 0 or np.isnan(before.past[0, :, 0]).all():
        return None
    expected = _expected(observations, before, then, after, since)
    here = np.isin(after.valid_time[0], common)
    causes: list[tuple[str, ...]] = [(str(one),) for one in spec.inputs]
    if len(causes) > MOST:
        causes = [*causes[: MOST - 1], tuple(str(one) for one in spec.inputs[MOST - 1 :])]

    def said(many: Sequence[tuple[bool, ...]]) -> Floats:
        mixed = [
            _mixed(expected, after, [name for names, new in zip(causes, made, strict=True) if new for name in names])
            for made in many
        ]
        together = mixed[0]
        for one in mixed[1:]:
            together = together.followed_by(one)
        return model.predict(together)[:, here, middle].astype(np.float64)

    shares = shapley(said, len(causes))
    earlier = then[np.isin(before.valid_time[0], common)]
    passed = said([(False,) * len(causes)])[0] - earlier
    news = {" and ".join(names): share for names, share in zip(causes, shares, strict=True)}
    return Change(
        spec, since, issued, common, earlier, now[here], {TIME: passed, **news}, _surprise(before, then, after)
    )


def _expected(
    observations: Observations, before: Windows, then: Floats, after: Windows, since: pd.Timestamp
) -> Windows:
    """The later inputs as they could be expected at the earlier issue time."""
    spec = after.spec
    issued = pd.Timestamp(after.issue_time[0], unit="us", tz="UTC")
    known = frozen(observations, since)
    guess = build_windows(known, spec, [spec.deadline.delivery_day(issued)], issue_times=[issued])
    past, future = guess.past.copy(), guess.future.copy()
    forecast = dict(zip(before.valid_time[0].tolist(), then, strict=True))
    times = _context_times(after)
    coming = np.array([forecast.get(time, np.nan) for time in times.tolist()])
    past[0, :, 0] = np.where(np.isnan(past[0, :, 0]), coming, past[0, :, 0])
    for n in range(len(spec.inputs)):
        past[0, :, n] = _as_the_day_before(past[0, :, n], spec.steps_per_day)
    for n, one in enumerate(spec.ahead):
        column = spec.inputs.index(one)
        joined = np.concatenate([past[0, :, column], future[0, :, n]])
        future[0, :, n] = _as_the_day_before(joined, spec.steps_per_day)[past.shape[1] :]
    return same_gaps(replace(guess, past=past, future=future, target=after.target), after)


def _as_the_day_before(values: Array, day: int) -> Array:
    """What is not known is as it was a day before."""
    filled = values.copy()
    for at in np.flatnonzero(np.isnan(filled)):
        if at >= day:
            filled[at] = filled[at - day]
    return filled


def _mixed(expected: Windows, after: Windows, new: Sequence[str]) -> Windows:
    """What was expected, with the news of some inputs."""
    spec = after.spec
    past, future = expected.past.copy(), expected.future.copy()
    for n, one in enumerate(spec.inputs):
        if str(one) in new:
            past[..., n] = after.past[..., n]
    for n, one in enumerate(spec.ahead):
        if str(one) in new:
            future[..., n] = after.future[..., n]
    return replace(expected, past=past, future=future)


def _surprise(before: Windows, then: Floats, after: Windows) -> float:
    """Mean of what came less what had been forecast [MW]."""
    came = dict(zip(_context_times(after).tolist(), after.past[0, :, 0], strict=True))
    errors = [came.get(time, np.nan) - said for time, said in zip(before.valid_time[0].tolist(), then, strict=True)]
    known = np.array(errors)[~np.isnan(errors)]
    return float(known.mean()) if len(known) else float("nan")


def _context_times(windows: Windows) -> Instants:
    """The start of every unit of the context, (C,)."""
    step = windows.spec.mtu.delta // pd.Timedelta(microseconds=1)
    times: Instants = windows.valid_time[0, 0] + np.arange(-windows.past.shape[1], 0) * step
    return times
