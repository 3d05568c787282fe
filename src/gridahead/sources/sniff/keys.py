"""The settings keys of how rows, numbers and times of a file are read."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.time import Mtu
from gridahead.sources.sniff.clock import CANDIDATES, Clock, clock_in, clock_of, clock_of_periods, stamp_of, step_of
from gridahead.sources.sniff.files import FileGroup
from gridahead.sources.sniff.notes import Notes
from gridahead.sources.sniff.shape import Shape

_SUMMER = {"CEST", "MESZ"}
"""Behind a time they mean that the clock is one that goes forward in summer."""


def row_step(shape: Shape, name: str) -> pd.Timedelta:
    """From row to row.

    Raises:
        SourceError: there are too few rows, or they are further apart than an hour.
    """
    if shape.days:
        return pd.Timedelta(days=1) / (24 * max(1, round(len(shape.days) / 24.5)))
    if shape.period_values is not None:
        most = int(shape.period_values.max()) + 1 - shape.first_period
        return pd.Timedelta(hours=1) / (1 if most <= 25 else 2 if most <= 50 else 4)
    step = step_of(shape.walls())
    if step is None:
        raise SourceError(name, "the file has one time only; at least two rows tell how far apart they are")
    if step > pd.Timedelta(hours=1):
        raise SourceError(
            name,
            f"its rows are {step / pd.Timedelta(hours=1):g} hours apart; forecasts are made for units of 15, 30 or 60 "
            "minutes. Export the file in a finer resolution",
        )
    return step


def layout_keys(group: FileGroup, shape: Shape, notes: Notes) -> dict[str, object]:
    """Keys of the text, the numbers and the order of rows."""
    keys = dict(group.table.keys)
    if shape.marks.decimal != ".":
        keys["decimal"] = shape.marks.decimal
        notes.guess("decimal", "numbers are written so")
    if shape.marks.thousands:
        keys["thousands"] = _mark(shape.marks.thousands)
        notes.guess("thousands", "it stands between groups of three digits")
    if not shape.marks.sure:
        read = "as thousands" if shape.marks.thousands else "as decimals"
        notes.doubt(f"numbers: three digits follow every mark; they are read {read}. Change `decimal` and `thousands`")
    if shape.missing:
        keys["missing"] = shape.missing
        notes.guess("missing", "cells among the numbers that stand for no value")
    if (footer := len(group.table.cells) - len(shape.cells)) and len(group.files) == 1:
        keys["skip_footer"] = footer + int(str(keys.get("skip_footer", 0)))
        notes.guess("skip_footer", "the last rows have no time, like a total")
    return keys


def _mark(mark: str) -> str:
    return {"’": "'", "\u00a0": " ", "\u202f": " "}.get(mark, mark)


def file_clock(
    group: FileGroup,
    shape: Shape,
    zone: BiddingZone | None,
    timezone: str | None,
    step: pd.Timedelta,
    places: Sequence[str],
    notes: Notes,
) -> Clock:
    """The clock of the times; `places` are the time zones of what the table holds, where it names several zones."""
    zone_timezone = None if zone is None else zone.timezone
    if timezone is not None:
        clock = Clock(timezone, "you said so", True)
    elif shape.times.aware:
        clock = _clock_of_offsets(shape, zone_timezone)
    elif shape.period is not None or shape.days:
        named_timezone = clock_in(shape.time, group.table.preamble)
        clock = (
            Clock(named_timezone, "the file says so", True) if named_timezone else _clock_of_days(shape, zone_timezone)
        )
    else:
        named_timezone = clock_in(*shape.times.zones, shape.time, group.table.preamble, *group.table.units.values())
        if _SUMMER & set(shape.times.zones):
            named_timezone = zone_timezone or "Europe/Berlin"
        clock = clock_of(shape.walls(), next(iter(shape.numbers.values())), zone_timezone, named_timezone, step)
    notes.guess("timezone", clock.why)
    if not clock.sure:
        alternative = "UTC" if clock.timezone != "UTC" else zone_timezone
        change = f"If it is {alternative}: --timezone {alternative}"
        if alternative is None and places:
            change = f"If it is a local time: --timezone {' or '.join(places)}"
        elif alternative is None:
            change = "If it is a local time, say which: --timezone with a name such as Europe/Madrid"
        notes.doubt(f"timezone: {clock.timezone}, because {clock.why}. {change}")
    return clock


def _clock_of_days(shape: Shape, zone_timezone: str | None) -> Clock:
    """The clock of a file that counts the units of each day."""
    if zone_timezone is not None:
        return Clock(zone_timezone, "periods count the local day", False)
    shown = (
        None
        if shape.period_values is None
        else clock_of_periods(shape.times.wall, shape.period_values + 1 - shape.first_period)
    )
    if shown is not None:
        return Clock(shown, f"its days of 23 or 25 hours are those of {shown}", False)
    return Clock("UTC", "periods count days, of which all have 24 hours and nothing names a zone", False)


def _clock_of_offsets(shape: Shape, zone_timezone: str | None) -> Clock:
    """The clock of a file that writes an offset behind every time."""
    zones = set(shape.times.zones)
    if zones <= {"Z", "UTC", "GMT", "+00:00", "+0000", "+00"}:
        return Clock("UTC", "every time says so", True)
    if shape.times.layout == "typed":
        return Clock(next(iter(zones)), "the column has this time zone", True)
    offsets = {zone if ":" in zone else f"{zone[:3]}:{zone[3:] or '00'}" for zone in zones}
    for timezone in dict.fromkeys([*([zone_timezone] if zone_timezone else []), *CANDIDATES]):
        local = pd.DatetimeIndex(shape.times.wall.dropna().iloc[::50]).tz_localize("UTC").tz_convert(timezone)
        there = {f"{stamp:%z}"[:3] + ":" + f"{stamp:%z}"[3:] for stamp in local}
        if offsets <= there:
            return Clock(timezone, "the offsets behind the times are those of its local time", len(offsets) > 1)
    return Clock(sorted(offsets)[0], "the offset behind the times", len(offsets) == 1)


def time_keys(shape: Shape, clock: Clock, step: pd.Timedelta, first: int, notes: Notes) -> dict[str, object]:
    """Keys of the times; `first` is the number of rows of the first file."""
    keys = {**_place_keys(shape, notes), **_format_keys(shape, notes), "timezone": clock.timezone}
    if shape.issue is not None:
        keys["issue_column"] = shape.issue
        notes.guess("issue_column", "it tells forecasts of the same time apart")
    if clock.repeated_hour:
        keys["repeated_hour"] = clock.repeated_hour
        notes.guess("repeated_hour", "the hour that is there twice in autumn is there once")
    if clock.skipped_hour:
        keys["skipped_hour"] = clock.skipped_hour
        notes.guess("skipped_hour", "days have 24 hours where clocks skip one")
    if shape.period is None and not shape.days:
        keys |= _stamp_keys(shape, step, notes)
        keys |= _order_keys(shape, first, notes)
    return keys | _unit_keys(shape, step, notes)


def _place_keys(shape: Shape, notes: Notes) -> dict[str, object]:
    """The keys of the columns that hold the times."""
    columns: dict[str, object] = {**(shape.date_parts or {"date": shape.time})}
    if shape.period is not None:
        why = f"dates alone, and a column that counts the units of the day from {shape.first_period}"
        notes.guess("time_columns", why)
        columns["period"] = shape.period
        if not shape.first_period:
            columns["first_period"] = 0
        return {"time_columns": columns}
    if shape.clock is not None:
        notes.guess("time_columns", "dates alone, and a column with the time of day")
        columns["time"] = shape.clock
        if shape.minute is not None:
            columns["minute"] = shape.minute
        return {"time_columns": columns}
    return {"time_column": shape.time}


def _format_keys(shape: Shape, notes: Notes) -> dict[str, object]:
    """The keys of the format in which the times are written."""
    keys: dict[str, object] = {}
    times = shape.times
    if times.epoch is not None:
        keys["time_format"] = "epoch" if times.epoch == "s" else f"epoch_{times.epoch}"
        notes.guess("time_format", "numbers that count from 1970")
    elif times.layout == "excel":
        keys["time_format"] = "excel"
        notes.guess("time_format", "numbers that count days from 1899-12-30, as spreadsheets do")
    elif times.layout == "year_first":
        keys["date_order"] = "ymd"
        notes.guess("date_order", "the year comes first")
    elif times.order is not None and not str(times.format).endswith("p"):
        keys["date_order"] = times.order
        notes.guess("date_order", "so no month is above 12" if times.order_sure else "the rows follow more evenly so")
    elif times.format is not None:
        keys["time_format"] = times.format
        notes.guess("time_format", "times are written so")
    if not times.order_sure:
        notes.doubt(f"date_order: {times.order}, which the days alone do not show. Change `date_order` if it is not so")
    if times.span or shape.clock_separator is not None:
        keys["interval_separator"] = shape.interval_separator()
        notes.guess("interval_separator", "a cell names beginning and end")
    return keys


def _stamp_keys(shape: Shape, step: pd.Timedelta, notes: Notes) -> dict[str, object]:
    """Which end of its unit a time is."""
    label = shape.clock or shape.time
    stamp, why, sure = stamp_of(
        shape.walls(),
        label,
        step,
        span=shape.times.span or shape.clock_separator is not None,
        has_24=shape.times.has_24 or shape.clock_ends,
    )
    if not sure:
        notes.doubt(
            f"stamp: a time is taken for the {stamp} of its unit ({why}). Change `stamp` if it is the other end"
        )
    if stamp == "beginning":
        return {}
    notes.guess("stamp", why)
    return {"stamp": stamp}


def _order_keys(shape: Shape, first: int, notes: Notes) -> dict[str, object]:
    """In which order the rows stand; dates with day and month exchanged jump until they are exchanged back."""
    order = shape.row_order(first)
    if order == "any" and shape.is_exchanged(first):
        notes.guess("day_month_exchanged", "with day and month exchanged the rows are in order")
        notes.doubt("day_month_exchanged: dates jump, and no more once day and month of days up to 12 are exchanged")
        return {"day_month_exchanged": True}
    if order == "rising":
        return {}
    notes.guess("row_order", "the newest row comes first" if order == "falling" else "rows are in no order of time")
    return {"row_order": order}


def _unit_keys(shape: Shape, step: pd.Timedelta, notes: Notes) -> dict[str, object]:
    """The market time unit, and the rows that are averaged to it."""
    keys: dict[str, object] = {}
    minutes = int(step / pd.Timedelta(minutes=1))
    mtu = next((unit for unit in Mtu if unit.delta % step == pd.Timedelta(0)), Mtu.PT60M)
    if mtu != Mtu.PT60M:
        keys["mtu"] = str(mtu)
        notes.guess("mtu", f"rows are {minutes} minutes apart")
    if step < mtu.delta and not shape.days and shape.period is None:
        keys["row_minutes"] = minutes
        notes.guess("row_minutes", f"rows are averaged to {mtu}")
    return keys
