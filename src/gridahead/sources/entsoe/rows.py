"""Curves of ENTSO-E as rows of our quantities: what comes twice, what is net, and what was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone
from gridahead.core.time import lasting
from gridahead.core.vintages import Floats, Instants, from_micros
from gridahead.sources.entsoe.document import Curve, TimeSeries
from gridahead.sources.entsoe.psr_types import CAPACITY, CURRENT, INTRADAY, NET, QUANTITY_OF_TYPE, WEATHER_DRIVEN

_MINUTE = 60_000_000
"""Microseconds."""
_NEVER_STILL = ("load", *WEATHER_DRIVEN)
_STILL = pd.Timedelta(hours=12)
"""Load, wind and solar power that is not nothing changes at least so often: in the recorded answers within the hour."""
_ROUNDED_MW = 50.0
"""A series that never reaches it may stand still because it is told in whole MW."""
_CUT_AT = 1000
"""Values after which the platform cut answers off in November and December 2025. Source: entsoe-py, issue 482."""
_POWER, _ENERGY = "MAW", "MWH"
_ROUNDING = {_POWER: 1.0, _ENERGY: 0.02}
"""By how much the mean of quarters may differ from their hour: both are rounded."""


class CutOffError(ValueError):
    """An answer that ends too early, and fills what is missing with its last value."""


@dataclass(frozen=True)
class Laid:
    """Values in the order of time, each once."""

    times: Instants
    """(T,) start of each unit, microseconds since 1970 UTC."""
    minutes: npt.NDArray[np.int64]
    """(T,) length of each unit."""
    value: Floats
    """(T,)"""

    @property
    def ends(self) -> Instants:
        """(T,) end of each unit."""
        return self.times + self.minutes * _MINUTE

    def where(self, chosen: npt.NDArray[np.bool_]) -> Laid:
        """Those that are chosen."""
        return Laid(self.times[chosen], self.minutes[chosen], self.value[chosen])


@dataclass(frozen=True)
class Rows:
    """One quantity of an answer."""

    quantity: str
    laid: Laid
    unit: str | None = None
    """Of a price, such as EUR/MWh; None where it is that of the quantity."""
    warning: str = ""
    """What a person should look at."""


def rows_of(item: str, suffix: str, series: Sequence[TimeSeries], zone: BiddingZone) -> Iterator[Rows]:
    """The rows of every quantity that we have a name for.

    Args:
        item: what was asked for, such as generation.
        suffix: of the quantities of the item.
        series: of the answer.
        zone: whose prices are in its currency, if it says one.

    Raises:
        ValueError: units are unknown, values contradict each other, or an answer is cut off.
    """
    price = item == "price"
    strange = {one.unit for one in series} - {_ENERGY if price else _POWER}
    if strange:
        raise ValueError(f"it is in {', '.join(sorted(strange))}, not in {_ENERGY if price else _POWER}")
    if price:
        yield from _prices(series, zone)
        return
    if item.startswith("load"):
        yield _measured("load" + suffix, series)
        return
    for psr_type in sorted({one.psr_type for one in series}):
        name = QUANTITY_OF_TYPE.get(psr_type)
        if name is None or (suffix == CAPACITY and name not in WEATHER_DRIVEN):
            continue
        of_type = [one for one in series if one.psr_type == psr_type]
        made = [one for one in of_type if not one.consumed]
        if name in NET and not suffix:
            yield Rows(name, _net(made, [one for one in of_type if one.consumed]))
        elif made:
            yield _measured(name + suffix, made)


def _prices(series: Sequence[TimeSeries], zone: BiddingZone) -> Iterator[Rows]:
    """Prices of the coupled auction: sequence 1 of the day-ahead market, or the only one."""
    coupled = [one for one in series if one.sequence in ("", "1") and one.contract in ("", "A01")]
    currencies = sorted({one.currency for one in coupled})
    chosen = zone.currency if zone.currency in currencies else next(iter(currencies), "")
    if currencies:
        curves = [curve for one in coupled if one.currency == chosen for curve in one.curves]
        yield Rows("price", _laid(curves, _ROUNDING[_ENERGY]), f"{chosen}/MWh")


def _measured(quantity: str, series: Sequence[TimeSeries]) -> Rows:
    """What is measured or forecast, looked at for a curve that was cut off."""
    curves = [curve for one in series for curve in one.curves]
    base = quantity
    for suffix in (OFFICIAL_SUFFIX, INTRADAY, CURRENT):
        base = base.removesuffix(suffix)
    warning = ""
    if base in _NEVER_STILL:
        for one in series:
            is_full = sum(curve.given for curve in one.curves) == _CUT_AT
            for curve in one.curves:
                _require_whole(curve, quantity, is_full=is_full and curve is one.curves[-1])
        warning = _stands_still(curves, quantity)
    return Rows(quantity, _laid(curves, _ROUNDING[_POWER]), warning=warning)


def _require_whole(curve: Curve, quantity: str, *, is_full: bool) -> None:
    """Let a curve pass that may be what it seems: the last value may hold on, but not for ever.

    Args:
        curve: a Period of a time series.
        quantity: for the message.
        is_full: whether it is the last one of a time series with as many values as the platform once cut it off after.

    Raises:
        CutOffError: the last value that was given stands for what no load, wind or sun has.
    """
    last = curve.value[-1]
    span = curve.tail * curve.mtu.delta
    flat = last != 0 and span >= _STILL and curve.given > 1 and curve.value.max() >= _ROUNDED_MW
    if flat or (is_full and curve.tail):
        at = from_micros(curve.times[len(curve.times) - 1 - curve.tail :][:1])[0]
        raise CutOffError(
            f"{quantity} has {curve.given:,} values, the last of {at:%Y-%m-%d %H:%M} UTC, and would stand at {last:g} "
            f"for the {lasting(span)} after it: the answer was cut off. Ask for fewer days at a time, with `gridahead "
            "backfill --start … --end …`, if it is not mended later"
        )


def _stands_still(curves: Sequence[Curve], quantity: str) -> str:
    """A warning of the longest time in which a value that is not nothing stands still, if that is long."""
    longest, level, begins = pd.Timedelta(0), 0.0, curves[0].times[:1] if curves else None
    for curve in curves:
        given = np.flatnonzero(~curve.repeated)
        lengths = np.diff(np.append(given, len(curve.value))) * (curve.value[given] != 0)
        first = given[int(lengths.argmax())]
        if (lasts := int(lengths.max()) * curve.mtu.delta) > longest:
            longest, level, begins = lasts, curve.value[first], curve.times[first : first + 1]
    if begins is None or longest < _STILL or max(curve.value.max() for curve in curves) < _ROUNDED_MW:
        return ""
    since = f"{from_micros(begins)[0]:%Y-%m-%d %H:%M} UTC"
    return f"{quantity} stands at {level:g} MW for {lasting(longest)} from {since} on"


def _net(made: Sequence[TimeSeries], consumed: Sequence[TimeSeries]) -> Laid:
    """Generation minus consumption; where only one of them is published, the other is nothing at that time.

    France and Italy leave out the hours of generation in which the plants pump, and the other way round.
    """
    sides = [_laid([curve for one in series for curve in one.curves], _ROUNDING[_POWER]) for series in (made, consumed)]
    finest = min((int(side.minutes.min()) for side in sides if len(side.times)), default=60)
    generation, consumption = (_divided(side, finest) for side in sides)
    times = np.union1d(generation.times, consumption.times)
    value = np.zeros(len(times))
    for sign, side in ((1.0, generation), (-1.0, consumption)):
        value[np.searchsorted(times, side.times)] += sign * side.value
    return Laid(times, np.full(len(times), finest), value)


def _divided(laid: Laid, minutes: int) -> Laid:
    """The same in units of that length; a mean of power holds for every part."""
    parts = laid.minutes // minutes
    number = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    times = np.repeat(laid.times, parts) + number * minutes * _MINUTE
    return Laid(times, np.full(len(times), minutes), np.repeat(laid.value, parts))


def _laid(curves: Sequence[Curve], rounding: float) -> Laid:
    """The values of curves in the order of time, each once.

    Raises:
        ValueError: two curves contradict each other.
    """
    if not curves:
        return Laid(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    times = np.concatenate([curve.times for curve in curves])
    minutes = np.concatenate([np.full(len(curve.times), 60 // curve.mtu.per_hour) for curve in curves])
    order = np.lexsort((minutes, times))
    laid = Laid(times[order], minutes[order], np.concatenate([curve.value for curve in curves])[order])
    twice = (np.diff(laid.times) == 0) & (np.diff(laid.minutes) == 0)
    if (differs := twice & (np.diff(laid.value) != 0)).any():
        raise ValueError(_contradiction(laid.times[:-1][differs], "two values"))
    return _without_wholes(laid.where(np.append(True, ~twice)), rounding)


def _without_wholes(laid: Laid, rounding: float) -> Laid:
    """The values without those of units of which the parts are there as well.

    Raises:
        ValueError: a unit is not the mean of its parts, or units overlap in another way.
    """
    if not _overlaps(laid).any():
        return laid
    finest = int(laid.minutes.min())
    parts, wholes = laid.where(laid.minutes == finest), laid.where(laid.minutes > finest)
    first, last = np.searchsorted(parts.times, wholes.times), np.searchsorted(parts.times, wholes.ends)
    sums, there = np.append(0.0, parts.value.cumsum()), last - first
    mean = (sums[last] - sums[first]) / np.maximum(there, 1)
    wrong = (there != wholes.minutes // finest) | (np.abs(mean - wholes.value) > rounding)
    if (wrong & (there > 0)).any():
        raise ValueError(_contradiction(wholes.times[wrong & (there > 0)], "a unit that is not the mean of its parts"))
    kept = laid.where((laid.minutes == finest) | ~np.isin(laid.times, wholes.times[there > 0]))
    if (overlaps := _overlaps(kept)).any():
        raise ValueError(_contradiction(kept.times[:-1][overlaps], "a unit that overlaps another"))
    return kept


def _overlaps(laid: Laid) -> npt.NDArray[np.bool_]:
    """(T - 1,) whether a unit, or one before it, ends after the next begins."""
    return laid.times[1:] < np.maximum.accumulate(laid.ends)[:-1]


def _contradiction(at: Instants, what: str) -> str:
    return f"it contradicts itself: at {from_micros(at)[0]:%Y-%m-%d %H:%M} UTC there is {what}"
