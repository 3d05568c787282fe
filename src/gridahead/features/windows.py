"""Windows: what a model reads and the outturns that it is to forecast, for many issue times at once.

For each issue time there is a context, the C market time units before it, and a horizon, the H units from it to the end
of the delivery day. The horizon begins at the issue time rather than at midnight, so that what is known about the rest
of today (an official forecast published yesterday, say) has a place. Of a price the auction of yesterday has said the
rest of today already: its context goes on to midnight, and its horizon begins there. Everything is read as of the issue
time; what was not known then is NaN, and stays NaN: a gap is masked, never filled from the future. More than a day
ahead, the official forecast of the context is that of the same lead, as it was known at the deadline of its own
delivery day: its errors are then those that the official forecast of the delivery day will have.

Delivery days have 23, 24 or 25 hours. Beside longer ones a horizon is padded at its end; what stands there is no part
of the window, is never learnt, and no answer depends on it.

Axes are named by one letter, everywhere: N issue times, C units of the context, H units of the horizon, P values that
are read of a unit of the context, F of a unit of the horizon, Q quantile levels. What stands where along P and F is
known here only; everybody else asks by name: `windows.target_past`, `windows.official_ahead`, `windows.input_past(…)`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import PRICE, BiddingZone, Series, lead_days
from gridahead.core.resolution import at_mtu
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange, clock_change, delivery_days, delivery_range
from gridahead.core.vintages import Instants, Vintages, from_micros, micros, of_series
from gridahead.features.calendar import CALENDAR, CALENDAR_FEATURES, DAY_FEATURES, calendar
from gridahead.features.correction import OLDEST_DAYS, corrections
from gridahead.features.weather_kinds import WeatherFeatures
from gridahead.lake.annotations import NOT_SCORED

Array = npt.NDArray[np.float32]
CORRECTION = "correction_of_official"
"""The name along axis F of what the official forecast has been off by of late."""
LONGEST_UNIT = max(mtu.delta for mtu in Mtu)
"""A value of so long a unit before a valid time may say what it was."""
END_OF_TIME = pd.Timestamp.max.tz_localize("UTC")
AHEAD_OF_OURS = pd.Timedelta(minutes=5)
"""By how much the clock of whoever begins a run may be ahead of ours: so much before its time nothing is early."""


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """Which values a model reads, and on which axis they stand. Part of the trained bundle."""

    series: Series
    zone: BiddingZone
    mtu: Mtu
    deadline: Deadline
    context_days: int
    use_official: bool = True
    past_covariates: tuple[Series, ...] = ()
    future_covariates: tuple[Series, ...] = ()
    weather: WeatherFeatures | None = None
    """What is made of the weather that is read ahead."""
    issued_until: Deadline | None = None
    """Until when a forecast may be issued, as the model has learnt and was judged; at the deadline only without it."""
    intraday: bool = False
    """Whether it was trained and judged for every hour until the delivery day ends."""

    def serves(self, issue_time: pd.Timestamp, day: dt.date) -> bool:
        """Whether a model of this spec was trained and judged for an issue time of a delivery day.

        Neither before its deadline, when less is known than it has learnt from, nor after the last time it has learnt.
        """
        due = self.deadline.for_delivery(day)
        if issue_time <= due:
            return issue_time >= due - AHEAD_OF_OURS
        if self.intraday:
            return issue_time < delivery_range(day, self.zone.timezone).end
        return self.issued_until is not None and issue_time <= self.issued_until.for_delivery(day)

    def unserved(self, issue_time: pd.Timestamp, day: dt.date) -> str:
        """Why a model of this spec must not be asked as of an issue time, in few words; empty if it serves it."""
        if self.serves(issue_time, day):
            return ""
        local = issue_time.tz_convert(self.deadline.timezone)
        return (
            f"is trained to be asked {self.issued_words}, not at {local:%Y-%m-%d %H:%M}; "
            "after a change of the deadline run `gridahead train`"
        )

    @property
    def issued_words(self) -> str:
        """For which issue times a model of this spec was trained and judged, in words."""
        if self.intraday:
            return f"from {self.deadline} until the delivery day ends"
        if self.issued_until is None or self.issued_until.offset <= self.deadline.offset:
            return f"at {self.deadline}"
        return f"from {self.deadline} until {self.issued_until}"

    def __post_init__(self) -> None:
        change = clock_change(self.zone.timezone)
        if change % self.mtu.delta:
            fitting = " or ".join(mtu for mtu in reversed(Mtu) if not change % mtu.delta)
            raise ModelError(
                str(self.series),
                f"has the market time unit {self.mtu}, but the clocks of {self.zone.timezone} change by "
                f"{change // pd.Timedelta(minutes=1)} minutes, so that its delivery days cannot be cut into such "
                f"units; bring it and its inputs in {fitting}",
            )

    @property
    def ahead(self) -> tuple[Series, ...]:
        """The series that are read over the context and the horizon: the official forecast first."""
        return (*([self.series.official] if self.use_official else []), *self.future_covariates)

    @property
    def inputs(self) -> tuple[Series, ...]:
        """Every series that is read, the target first."""
        return (self.series, *self.ahead, *self.past_covariates)

    @property
    def past_names(self) -> tuple[str, ...]:
        """Names along axis P, inputs before calendar features."""
        return (*map(str, self.inputs), *DAY_FEATURES)

    @property
    def future_names(self) -> tuple[str, ...]:
        """Names along axis F: inputs, calendar features, and what the official forecast is corrected by."""
        return (*map(str, self.ahead), *CALENDAR_FEATURES, *((CORRECTION,) if self.use_official else ()))

    @property
    def steps_per_day(self) -> int:
        """Market time units in 24 hours."""
        return 24 * self.mtu.per_hour

    @property
    def days_read(self) -> int:
        """How many days before its delivery day a window reads anything, the day of the deadline among them."""
        longest = max(self.context_days, OLDEST_DAYS + 1) if self.use_official else self.context_days
        return longest + self.deadline.days_before + 1

    @property
    def lead_days(self) -> int:
        """How many days before the delivery day the deadline is, by the clock of the zone."""
        return lead_days(self.deadline, self.zone)

    @property
    def units_before(self) -> int:
        """Market time units from the deadline to the delivery day, on a day on which no clock changes.

        They are those of the horizon: of a price none but whole days between.
        """
        day = dt.date(2025, 1, 15)
        deadline, start = self.deadline.for_delivery(day), delivery_range(day, self.zone.timezone).start
        return max(0, -((self.horizon_begins(deadline, day) - start) // self.mtu.delta))

    @property
    def known_to_midnight(self) -> bool:
        """Whether all of a local day is known while it lasts, as yesterday's auction has said its prices."""
        return self.series.quantity == PRICE

    def horizon_begins(self, issue_time: pd.Timestamp, day: dt.date) -> pd.Timestamp:
        """The start of the horizon: of the unit in which the forecast is issued, of a price the next midnight.

        Units are counted from local midnight: where local time is half an hour off UTC, so are hourly values.
        """
        start = delivery_range(day, self.zone.timezone).start
        if self.known_to_midnight and issue_time < start:
            return delivery_range(issue_time.tz_convert(self.zone.timezone).date(), self.zone.timezone).end
        return issue_time - (issue_time - start) % self.mtu.delta

    def has_scale_of_target(self, series: Series) -> bool:
        """Whether an input is the target or named after it, as `solar_p90` after `solar`; what is installed is not."""
        return series != self.series.capacity and f"{series}_".startswith(f"{self.series}_")

    def past_columns(self, name: Series | str) -> list[int]:
        """Where an input, or the calendar, stands along axis P; nowhere if it is not read."""
        return _columns(str(name), self.inputs, len(DAY_FEATURES))

    def future_columns(self, name: Series | str) -> list[int]:
        """Where an input, or the calendar, stands along axis F; nowhere if it is not read ahead.

        The correction of the official forecast stands and falls with it.
        """
        columns = _columns(str(name), self.ahead, len(CALENDAR_FEATURES))
        return [*columns, len(self.future_names) - 1] if columns and str(name) == str(self.series.official) else columns

    def to_dict(self) -> dict[str, Any]:
        """The spec as plain values, for a bundle."""
        return {
            "series": str(self.series),
            "zone": self.zone.to_dict(),
            "mtu": str(self.mtu),
            "deadline": str(self.deadline),
            "context_days": self.context_days,
            "use_official": self.use_official,
            "past_covariates": [*map(str, self.past_covariates)],
            "future_covariates": [*map(str, self.future_covariates)],
            "weather": self.weather and self.weather.to_dict(),
            "issued_until": None if self.issued_until is None else str(self.issued_until),
            "intraday": self.intraday,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> WindowSpec:
        """The spec from the plain values that `to_dict` gives."""
        return cls(
            series=Series.parse(stored["series"]),
            zone=BiddingZone(**stored["zone"]),
            mtu=Mtu(stored["mtu"]),
            deadline=Deadline.parse(stored["deadline"]),
            context_days=stored["context_days"],
            use_official=stored["use_official"],
            past_covariates=tuple(map(Series.parse, stored["past_covariates"])),
            future_covariates=tuple(map(Series.parse, stored["future_covariates"])),
            weather=WeatherFeatures.from_dict(weather) if (weather := stored.get("weather")) else None,
            issued_until=Deadline.parse(until) if (until := stored.get("issued_until")) else None,
            intraday=stored.get("intraday", False),
        )


def _columns(name: str, inputs: Sequence[Series], dates: int) -> list[int]:
    """Where a name stands on an axis that has so many features of the calendar behind the inputs."""
    if name == CALENDAR:
        return [*range(len(inputs), len(inputs) + dates)]
    return [column for column, series in enumerate(inputs) if str(series) == name]


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of N issue times."""

    spec: WindowSpec
    issue_time: Instants
    """(N,)"""
    valid_time: Instants
    """(N, H) start of each unit of the horizon."""
    past: Array
    """(N, C, P) as of the issue time; NaN where nothing was known."""
    future: Array
    """(N, H, F) as of the issue time; NaN where nothing was known."""
    target: Array
    """(N, H) the outturn, NaN where there is none (yet), and where a shorter day is padded."""
    delivery: npt.NDArray[np.bool_]
    """(N, H) whether the unit belongs to the delivery day; the others lead up to it or pad a short day."""

    def __len__(self) -> int:
        return len(self.issue_time)

    @property
    def within(self) -> npt.NDArray[np.bool_]:
        """(N, H) the horizon of each issue time; the other units pad it to the longest one, and mean nothing."""
        upto: npt.NDArray[np.bool_] = np.logical_or.accumulate(self.delivery[:, ::-1], axis=1)[:, ::-1]
        return upto

    @property
    def days(self) -> list[dt.date]:
        """The delivery day of each window."""
        last = self.within.shape[1] - 1 - self.delivery[:, ::-1].argmax(axis=1)
        ends = pd.to_datetime(self.valid_time[np.arange(len(self)), last], unit="us", utc=True)
        return [*pd.DatetimeIndex(ends).tz_convert(self.spec.zone.timezone).date]

    @property
    def skipped(self) -> npt.NDArray[np.int64]:
        """(N,) the units from the deadline to the beginning of each horizon, negative if it begins before."""
        begun = self.delivery[:, 0]  # a part of the day has been delivered, and is no part of the horizon
        units = self.spec.units_before - self.delivery.argmax(axis=1)
        if begun.any():
            days = self.where(begun).days
            starts = pd.DatetimeIndex([delivery_range(day, self.spec.zone.timezone).start for day in days])
            units[begun] += (self.valid_time[begun, 0] - micros(starts)) // self.spec.mtu.microseconds
        return np.asarray(units)

    @property
    def target_past(self) -> Array:
        """(N, C) the series that is forecast, in the context [MW]."""
        return self.input_past(self.spec.series)

    @property
    def official_past(self) -> Array:
        """(N, C) its official forecast in the context [MW]."""
        return self.input_past(self.spec.series.official)

    @property
    def official_ahead(self) -> Array:
        """(N, H) its official forecast of the horizon [MW]."""
        return self.input_ahead(self.spec.series.official)

    @property
    def corrected_ahead(self) -> Array:
        """(N, H) the official forecast without its recent error [MW], as far as the horizon is delivery."""
        return self.official_ahead + self.future[..., -1]

    @property
    def inputs_ahead(self) -> Array:
        """(N, H, A) every series that is read ahead, in the order of `spec.ahead`."""
        return self.future[..., : len(self.spec.ahead)]

    @property
    def calendar_past(self) -> Array:
        """(N, C, ·) the calendar in the context, as in `DAY_FEATURES`."""
        return self.past[..., len(self.spec.inputs) :]

    @property
    def calendar_ahead(self) -> Array:
        """(N, H, ·) the calendar of the horizon, as in `CALENDAR_FEATURES`."""
        first = len(self.spec.ahead)
        return self.future[..., first : first + len(CALENDAR_FEATURES)]

    def input_past(self, series: Series | str) -> Array:
        """(N, C) one series in the context.

        Raises:
            ModelError: it is not read.
        """
        if not (columns := self.spec.past_columns(series)):
            raise ModelError(str(self.spec.series), f"does not read {series}")
        return self.past[..., columns[0]]

    def input_ahead(self, series: Series | str) -> Array:
        """(N, H) one series in the horizon.

        Raises:
            ModelError: it is not read ahead.
        """
        if not (columns := self.spec.future_columns(series)):
            raise ModelError(str(self.spec.series), f"does not read {series} ahead")
        return self.future[..., columns[0]]

    def with_values(self, series: Series, *, past: Array | None = None, ahead: Array | None = None) -> Self:
        """The same windows with other values of one input; what is not given stays.

        Args:
            series: which input.
            past: (N, C) its values in the context.
            ahead: (N, H) its values in the horizon.
        """
        changed = replace(self, past=self.past.copy(), future=self.future.copy())
        if past is not None:
            changed.past[..., self.spec.past_columns(series)] = past[..., None]
        if ahead is not None:
            changed.future[..., self.spec.future_columns(series)[0]] = ahead
        return changed

    def corrected(self) -> Self:
        """The same windows, with the corrected official forecast in the place of the official one."""
        return self.with_values(self.spec.series.official, ahead=self.corrected_ahead)

    def with_place_for_official(self) -> Self:
        """The same windows of a series that has no official forecast, with a place for one that is not known."""
        spec = replace(self.spec, use_official=True)
        past = np.insert(self.past, spec.past_columns(spec.series.official), np.nan, axis=-1)
        first, last = spec.future_columns(spec.series.official)
        # `insert` counts along the axis as it was.
        future = np.insert(self.future, [first, last - 1], np.nan, axis=-1)
        return replace(self, spec=spec, past=past, future=future)

    def with_input(self, name: Series | str, from_: Windows) -> Self:
        """The same windows with one input, or the calendar, as it is in other ones of the same spec."""
        spec = self.spec
        past, future = self.past.copy(), self.future.copy()
        past[..., spec.past_columns(name)] = from_.past[..., spec.past_columns(name)]
        future[..., spec.future_columns(name)] = from_.future[..., spec.future_columns(name)]
        return replace(self, past=past, future=future)

    def take(self, rows: slice | npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Self:
        """The windows of some issue times, in that order."""
        arrays = {field.name: getattr(self, field.name)[rows] for field in fields(self) if field.name != "spec"}
        return replace(self, **arrays)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Self:
        """The windows for which `chosen`, (N,), holds."""
        return self.take(chosen)

    def alone(self, row: int) -> Self:
        """The window of one issue time as it is built for that day alone."""
        return self.take(slice(row, row + 1)).trimmed()

    def trimmed(self) -> Self:
        """The same windows without the units after the longest delivery day: those only pad shorter ones."""
        length = int(np.flatnonzero(self.delivery.any(axis=0)).max()) + 1
        if length == self.delivery.shape[1]:
            return self
        names = ("valid_time", "future", "target", "delivery")
        arrays: dict[str, Any] = {name: np.ascontiguousarray(getattr(self, name)[:, :length]) for name in names}
        return replace(self, **arrays)

    def followed_by(self, other: Windows) -> Self:
        """These windows and then the others, of the same spec and horizon."""
        names = [field.name for field in fields(self) if field.name != "spec"]
        arrays: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        return replace(self, **arrays)

    def known_share(self) -> dict[str, float]:
        """The share of every input that is known: in the last day of the context, and `… ahead` in the delivery day."""
        last_day, delivery = slice(-self.spec.steps_per_day, None), self.delivery
        return {
            **{str(series): _known_share(self.input_past(series)[:, last_day]) for series in self.spec.inputs},
            **{f"{series} ahead": _known_share(self.input_ahead(series)[delivery]) for series in self.spec.ahead},
        }

    def data_hash(self, row: int) -> str:
        """Fingerprint of everything that a model reads at one issue time, whatever other windows are beside it."""
        window = self.alone(row)
        return digest(*(np.ascontiguousarray(array).data for array in (window.past, window.future)))

    def fingerprint(self) -> str:
        """Fingerprint of inputs and targets of all windows: which data a model was trained on."""
        arrays = (self.issue_time, self.past, self.future, self.target)
        return digest(*(np.ascontiguousarray(array).data for array in arrays))


def _known_share(values: Array) -> float:
    return float((~np.isnan(values)).mean())


def build_windows(
    observations: Observations,
    spec: WindowSpec,
    days: Sequence[dt.date],
    *,
    issue_times: Sequence[pd.Timestamp] | None = None,
    outturn_as_of: pd.Timestamp = END_OF_TIME,
) -> Windows:
    """The windows of some delivery days.

    Args:
        observations: every vintage of the series in `spec.inputs`; what is not there is NaN in the windows, what has
            another market time unit is read at that of the spec. With a column `flags`, what is flagged there is no
            target; as an input it is what operation would see.
        spec: what to read.
        days: the delivery days, N of them.
        issue_times: when each forecast is made; the deadline of each day unless given.
        outturn_as_of: targets that were not available then are NaN; training passes the instant that it pretends to be.

    Returns:
        Windows of N issue times, in the order of the days.
    """
    observations = at_mtu(observations, spec.mtu, spec.zone.timezone)
    issue_times = list(issue_times or map(spec.deadline.for_delivery, days))
    issued, step = micros(pd.DatetimeIndex(issue_times)), spec.mtu.microseconds
    deliveries = [delivery_range(day, spec.zone.timezone) for day in days]
    starts = micros(pd.DatetimeIndex([delivery.start for delivery in deliveries]))
    ends = micros(pd.DatetimeIndex([delivery.end for delivery in deliveries]))
    begin = micros(pd.DatetimeIndex([*map(spec.horizon_begins, issue_times, days)]))
    horizon = int((ends - begin).max() // step)
    context_time = begin[:, None] + np.arange(-spec.context_days * spec.steps_per_day, 0) * step
    valid_time = begin[:, None] + np.arange(horizon) * step

    span = TimeRange(*(pd.Timestamp(t, unit="us", tz="UTC") for t in (context_time.min(), valid_time.max() + step)))
    by_series = {key: group for key, group in observations.groupby(["zone", "quantity"])}  # noqa: C416
    rows = {series: by_series.get((series.zone, series.quantity), observations.iloc[:0]) for series in spec.inputs}
    vintages = {series: Vintages.of(rows[series], span, spec.mtu) for series in spec.inputs}
    unflagged = _unflagged(rows[spec.series])
    measured = vintages[spec.series] if unflagged is rows[spec.series] else Vintages.of(unflagged, span, spec.mtu)
    times = micros(span.times(spec.mtu))
    dates = calendar(times, spec.zone)

    within = valid_time < ends[:, None]
    read_at = dict.fromkeys(spec.inputs, issued)
    if spec.use_official and spec.lead_days > 1:
        own = _deadlines(times, spec)[(context_time - times[0]) // step]
        read_at[spec.series.official] = np.minimum(issued[:, None], own)
    past = [vintages[series].as_of(read_at[series], context_time) for series in spec.inputs]
    future = [np.where(within, vintages[series].as_of(issued, valid_time), np.nan) for series in spec.ahead]
    delivery = (valid_time >= starts[:, None]) & within
    if spec.use_official:
        correction = corrections(observations, spec, spec.deadline, issued, valid_time)
        future.append(np.where(delivery, correction, 0.0))
    ahead = len(spec.ahead)
    return Windows(
        spec=spec,
        issue_time=issued,
        valid_time=valid_time,
        past=_stack(past, dates[(context_time - times[0]) // step][..., : len(DAY_FEATURES)]),
        future=_stack(future[:ahead], dates[(valid_time - times[0]) // step], future[ahead:]),
        target=np.where(within, _known_at(measured, valid_time, outturn_as_of), np.float32(np.nan)),
        delivery=delivery,
    )


def _deadlines(times: Instants, spec: WindowSpec) -> Instants:
    """The deadline of the delivery day that each unit belongs to, (T,)."""
    day, position = np.unique(delivery_days(from_micros(times), spec.zone.timezone), return_inverse=True)
    deadlines = [spec.deadline.for_delivery(one.date()) for one in pd.DatetimeIndex(day)]
    return micros(pd.DatetimeIndex(deadlines))[position]


def outturn_of(
    observations: Observations, spec: WindowSpec, valid_time: Instants, known_at: pd.Timestamp = END_OF_TIME
) -> Array:
    """The outturn of the series at some valid times, (N, H), in the vintage known at an instant.

    NaN where nothing was known then, or where the newest vintage carries a flag.
    """
    span = TimeRange(*(pd.Timestamp(t, unit="us", tz="UTC") for t in (valid_time.min(), valid_time.max())))
    near = observations["valid_time"].between(span.start - LONGEST_UNIT, span.end + LONGEST_UNIT)
    rows = at_mtu(Observations(of_series(observations[near], spec.series)), spec.mtu, spec.zone.timezone)
    measured = Vintages.of(_unflagged(rows), TimeRange(span.start, span.end + spec.mtu.delta), spec.mtu)
    return _known_at(measured, valid_time, known_at)


def _unflagged(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a series, without the values that carry a flag for as long as they do."""
    if "flags" not in rows or (unflagged := rows["flags"].isin(("", NOT_SCORED))).all():
        return rows
    return rows.assign(value=rows["value"].where(unflagged))


def _known_at(measured: Vintages, valid_time: Instants, known_at: pd.Timestamp) -> Array:
    """What was readable at an instant of some valid times, (N, H): the outturn of then, whatever is ruled later."""
    known_by = np.full(len(valid_time), micros(pd.DatetimeIndex([known_at]))[0])
    return measured.as_of(known_by, valid_time).astype(np.float32)


def _stack(
    values: Sequence[npt.NDArray[np.float64]], dates: Array, behind: Sequence[npt.NDArray[np.float64]] = ()
) -> Array:
    first, last = ([column[..., None].astype(np.float32) for column in columns] for columns in (values, behind))
    return np.concatenate([*first, dates, *last], axis=-1)
