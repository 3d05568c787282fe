"""Windows beside those of the deadlines: issued at other times, or without inputs that may not come.

A model serves the issue times that it was trained and judged for. So issue times are drawn between the deadline and the
gate closure, and with `intraday` in all hours until the delivery day ends; what was not known then is not in the
window. And of every day there are copies without whole inputs, as when a source is silent: what answers then is tuned
on them. What is drawn for a day is always the same, whatever other days there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import delivery_range
from gridahead.features.missing import covariates, official_inputs, without
from gridahead.features.windows import END_OF_TIME, Windows, WindowSpec, build_windows
from gridahead.models.conditions import AGES, Issued, issued_when, usually_there

LATE_SHARE = 0.08
"""Of the days are learnt as of a time between deadline and gate closure as well: it is little later."""
INTRADAY_SHARE = 1.0
"""Of the days are learnt as of an hour of their own, where that is asked for: the errors of the morning are news."""
SILENT_COPIES = 2
"""Of every window without inputs, each lacks others. On German load of 2024, as the mean over all that can be missing,
a network tuned on one had a pinball loss of 553 and 559 MW from two seeds, on two of 553 and 543 MW."""
OUTTURN_SILENT, OFFICIAL_SILENT, COVARIATE_SILENT = 0.4, 0.5, 0.3
"""Of these windows lack the newest outturn, the official forecast, one or all of the covariates; a stale outturn is
learnt from few of them."""

Rows = npt.NDArray[np.bool_]
Hours = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Copies:
    """Further windows of days that have a window already."""

    complete: Windows
    """M of them, as they are with all inputs."""
    days: tuple[dt.date, ...]
    """M"""
    silent: Mapping[Series, Hours] = field(default_factory=dict)
    """By input (M,) for how long it is silent in each of them [h]; none where nothing is taken away."""

    @property
    def windows(self) -> Windows:
        """M of them without what is silent, made when they are asked for: of many series they would fill the memory."""
        return without(self.complete, self.silent) if self.silent else self.complete

    def where(self, chosen: Rows) -> Copies:
        """Some of them."""
        kept = tuple(day for day, keep in zip(self.days, chosen, strict=True) if keep)
        silent = {series: hours[chosen] for series, hours in self.silent.items()}
        return Copies(self.complete.where(chosen), kept, silent)

    def of_days(self, days: Sequence[dt.date]) -> Copies:
        """Those of some days."""
        wanted = set(days)
        return self.where(np.array([day in wanted for day in self.days], bool))


Drawn = Mapping[Issued, Copies]
"""By kind of issue time, one window a day."""


def drawn_windows(
    observations: Observations,
    spec: WindowSpec,
    days: Sequence[dt.date],
    *,
    judged_from: dt.date | None = None,
    outturn_as_of: pd.Timestamp = END_OF_TIME,
) -> dict[Issued, Copies]:
    """The windows of drawn issue times, everything in them as of these.

    Args:
        observations: every vintage of what is read.
        spec: what is read, and until when a forecast may be issued.
        days: the delivery days.
        judged_from: from this day on there is one of every day, before it of those only that are learnt.
        outturn_as_of: targets that were not available then are NaN.
    """
    drawn: dict[Issued, Copies] = {}
    for issued, share in _kinds(spec).items():
        wanted = [day for day in days if (judged_from and day >= judged_from) or _learnt(day, issued, share)]
        times = [_drawn_time(spec, day, issued) for day in wanted]
        if wanted:
            windows = build_windows(observations, spec, wanted, issue_times=times, outturn_as_of=outturn_as_of)
            drawn[issued] = Copies(windows, tuple(wanted))
    return drawn


def later_copies(spec: WindowSpec, drawn: Drawn) -> tuple[Copies, ...]:
    """What is learnt beside the windows of the deadlines, each part of its own horizon: as it was at drawn issue times.

    Args:
        spec: of the windows.
        drawn: the windows of drawn issue times.
    """
    shares = _kinds(spec)
    chosen = {
        issued: np.array([_learnt(day, issued, shares[issued]) for day in copies.days], bool)
        for issued, copies in drawn.items()
    }
    return _any(*(copies.where(chosen[issued]) for issued, copies in drawn.items()))


def silent_copies(daily: Windows, days: Sequence[dt.date], later: Sequence[Copies]) -> tuple[Copies, ...]:
    """The windows of the deadlines, and what is learnt of the delivery days themselves, each without inputs.

    Args:
        daily: N windows of the deadlines.
        days: N
        later: what is learnt as of drawn issue times.
    """
    usual, parts = daily.known_share(), {"deadline": Copies(daily, tuple(days))}
    for copies in later:
        if issued_when(copies.complete.alone(0)) == ["intraday"]:
            parts["intraday"] = copies
    numbered = [(f"{issued} {number}", copies) for number in range(SILENT_COPIES) for issued, copies in parts.items()]
    return _any(*(_silent(copies, usual, kind) for kind, copies in numbered))


def _any(*parts: Copies) -> tuple[Copies, ...]:
    return tuple(one for one in parts if one.days)


def _kinds(spec: WindowSpec) -> dict[Issued, float]:
    """The kinds of issue times besides the deadline, and the share of the days that are learnt as of them."""
    is_late = spec.intraday or (spec.issued_until is not None and spec.issued_until.offset > spec.deadline.offset)
    kinds: dict[Issued, float] = {"late": INTRADAY_SHARE / 2 if spec.intraday else LATE_SHARE} if is_late else {}
    return {**kinds, "intraday": INTRADAY_SHARE} if spec.intraday else kinds


def _drawn_time(spec: WindowSpec, day: dt.date, issued: Issued) -> pd.Timestamp:
    """An issue time of a delivery day, to the minute: the same for the same day."""
    delivery, deadline = delivery_range(day, spec.zone.timezone), spec.deadline.for_delivery(day)
    if issued == "intraday":
        begin, end = max(delivery.start, deadline), delivery.end
    else:
        latest = delivery.start if spec.intraday or spec.issued_until is None else spec.issued_until.for_delivery(day)
        begin, end = deadline, max(min(latest, delivery.start), deadline + pd.Timedelta(minutes=2))
    minutes = int((end - begin) / pd.Timedelta(minutes=1))
    return begin + pd.Timedelta(minutes=int(_chance(day, issued).integers(1, minutes)))


def _silent(copies: Copies, usual: Mapping[str, float], kind: str) -> Copies:
    """The same windows, each without what is drawn for its day."""
    if not copies.days:
        return copies
    spec = copies.complete.spec
    drawn = [_drawn_silence(spec, usual, _chance(day, f"{kind} without")) for day in copies.days]
    hours = {series: np.array([one.get(series, 0.0) for one in drawn]) for series in spec.inputs}
    silent = {series: of_series for series, of_series in hours.items() if of_series.any()}
    return Copies(copies.complete, copies.days, silent)


def _drawn_silence(spec: WindowSpec, usual: Mapping[str, float], chance: np.random.Generator) -> dict[Series, float]:
    """How long which inputs have been silent [h]: one of them at least."""
    has_official, has_covariates = usually_there(spec, usual)
    others = covariates(spec)
    silent: dict[Series, float] = {}
    outturn, official, covariate = chance.random(3)
    if has_official and official < OFFICIAL_SILENT:
        silent |= dict.fromkeys(official_inputs(spec), _drawn_hours(spec, chance, least=1))
    if has_covariates and covariate < COVARIATE_SILENT:
        # All of them, as they come from one service, or any one.
        which = others if chance.random() < 0.5 else (others[int(chance.integers(len(others)))],)
        silent |= dict.fromkeys(which, _drawn_hours(spec, chance, least=24))
    if outturn < OUTTURN_SILENT or not silent:
        silent[spec.series] = _drawn_hours(spec, chance, least=AGES[0])
    return silent


def _drawn_hours(spec: WindowSpec, chance: np.random.Generator, least: float) -> float:
    """Between some hours and the whole context: every doubling is as likely as any other."""
    return float(np.exp(chance.uniform(np.log(least), np.log(24 * spec.context_days + 24))))


def _learnt(day: dt.date, issued: Issued, share: float) -> bool:
    return bool(_chance(day, f"{issued} learnt").random() < share)


def _chance(day: dt.date, what: str) -> np.random.Generator:
    """Chance of a day: every other day has another, every purpose too."""
    return np.random.default_rng([day.toordinal(), *what.encode()])
