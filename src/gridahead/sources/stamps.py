"""The time column of a file, checked against the settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.resolution import past_begin
from gridahead.core.time import Mtu, lasting
from gridahead.settings.file_source import FileSource
from gridahead.sources.clock import check_rising, is_repeated, not_skipped, skips_the_spring_hour, to_utc
from gridahead.sources.findings import Findings
from gridahead.sources.labels import Labels
from gridahead.sources.spacing import RUN, unit_lengths
from gridahead.sources.tidy import twice_advice

HALF = 0.5
"""More than half of the steps back in time: the newest row comes first."""
_HOUR = pd.Timedelta(hours=1)
_COARSE = tuple(hours * _HOUR for hours in range(2, 13))
"""Steps of weather models, which no market time unit is."""
_PLAIN = "Change `mtu` in the settings, which is {}, or `stamp`, which is {}."


@dataclass(frozen=True)
class Times:
    """The instants of the stamps of a file, and the length of the unit of each row; the index is the row."""

    instant: pd.Series
    """UTC"""
    length: pd.Series
    ending: bool
    """Whether an instant is the ending of its unit."""
    grid: str
    """The time zone from whose midnights units are counted."""

    @property
    def rows(self) -> pd.Index:
        """The rows that are read: not those of an hour that there never was."""
        return self.instant.index

    def begin(self, length: pd.Series) -> pd.Series:
        """The start of each unit, UTC."""
        return self.instant - length if self.ending else self.instant

    def units(self, present: pd.Series) -> tuple[pd.DatetimeIndex, pd.TimedeltaIndex]:
        """The start and the length of the unit of every row, as one column has them.

        Hours that stand at every fourth row of a file of quarter hours are hours.

        Args:
            present: by row, whether the column has a value.
        """
        present = present.loc[self.rows]
        return self._whole_units if present.all() else self._units(present)

    @cached_property
    def _whole_units(self) -> tuple[pd.DatetimeIndex, pd.TimedeltaIndex]:
        """Those of a column that has a value in every row: in a file of many zones most of them."""
        return self._units(pd.Series(True, index=self.rows))

    def _units(self, present: pd.Series) -> tuple[pd.DatetimeIndex, pd.TimedeltaIndex]:
        length, instants = self.length.copy(), self.instant[present]
        if len(instants):
            own = unit_lengths(pd.DatetimeIndex(instants), length.max(), ending=self.ending)
            longer = pd.Series(own, index=instants.index)
            fits = ~off_grid(instants - longer if self.ending else instants, longer, self.grid)
            longer = longer[fits & (longer > length[instants.index])]
            length[longer.index] = longer
        return pd.DatetimeIndex(self.begin(length)), pd.TimedeltaIndex(length)


def read_times(
    labels: Labels,
    settings: FileSource,
    zone_timezone: str,
    findings: Findings,
    present: pd.Series,
    cells: pd.DataFrame,
) -> Times:
    """The instants and unit lengths of the rows of a file, checked.

    Args:
        labels: the times as they are written.
        settings: says its time zone, its format, and whether a stamp begins or ends its unit.
        zone_timezone: local time of the bidding zone, to which units are aligned.
        findings: what has been found so far.
        present: by row, whether there is any value. Where clocks skip an hour, a row without one is left out.
        cells: the table, of which another column may say why a time is there twice.

    Raises:
        SourceError: a stamp cannot be read or contradicts the settings, or something else has been found before.
    """
    stamps, offsets, column = labels.stamps, labels.offsets, labels.texts
    remedy, twice = _zone_remedy(settings.timezone), _twice_remedy(labels, settings, zone_timezone, cells)
    if not labels.in_utc:
        instants = _from_wall(labels, settings, findings, (remedy, twice), present)
        if settings.timezone != zone_timezone:
            _check_not_local(stamps[instants.index], instants, column, settings, zone_timezone, findings)
    else:
        instants = stamps
        if offsets is not None:
            _check_offsets(pd.DatetimeIndex(instants), offsets, column, settings, findings)
        check_rising(pd.DatetimeIndex(instants), column, findings, twice, _order_remedy(instants))
    findings.stop()
    times = _with_lengths(instants, settings, zone_timezone)
    _check_spacing(times, column, settings, findings)
    findings.stop()
    return times


def _with_lengths(instants: pd.Series, settings: FileSource, zone_timezone: str) -> Times:
    ending, step = settings.stamp == "ending", _step(settings)
    length = pd.Series(step, index=instants.index)
    if settings.row_minutes is None:
        length = pd.Series(unit_lengths(pd.DatetimeIndex(instants), step, ending=ending), index=instants.index)
    return Times(instants, length, ending, zone_timezone if settings.units_from == "local" else "UTC")


def _step(settings: FileSource) -> pd.Timedelta:
    """The length of the unit of a row by the settings."""
    return settings.mtu.delta if settings.row_minutes is None else pd.Timedelta(minutes=settings.row_minutes)


def _from_wall(
    labels: Labels, settings: FileSource, findings: Findings, remedies: tuple[str, str], present: pd.Series
) -> pd.Series:
    """The instants of local times, without rows of an hour that there never was.

    The ending of an hour is a local time like any other. Some files write the beginning and an hour more instead: the
    hour that is there twice then ends at 3:00 both times, and the one before the skipped hour at 2:00. Where the first
    way of reading contradicts the clocks and the second does not, it is the second; so it is where days always have 24
    hours, as such files count them.
    """
    instants, findings_as_written = _localised(labels.stamps, labels, settings, remedies, present)
    if settings.stamp == "ending" and (findings_as_written.messages or _has_days_of_24_hours(settings)):
        wall = labels.stamps
        length = pd.Series(unit_lengths(pd.DatetimeIndex(wall), _step(settings), ending=True), index=wall.index)
        begun, findings_of_begun = _localised(wall - length, labels, settings, remedies, present)
        if not findings_of_begun.messages:
            return begun + length[begun.index]
    findings.take(findings_as_written)
    return instants


def _has_days_of_24_hours(settings: FileSource) -> bool:
    """Whether the hours of a day are always numbered 1 to 24: none of them is the ending of an hour on the clock."""
    return settings.skipped_hour == "drop" or settings.repeated_hour is not None


def _localised(
    wall: pd.Series, labels: Labels, settings: FileSource, remedies: tuple[str, str], present: pd.Series
) -> tuple[pd.Series, Findings]:
    """The instants of the local times that are read, and what contradicts the clocks."""
    (remedy, twice), findings, exists = remedies, Findings(""), not_skipped(wall, settings.timezone)
    kept = exists | (present & (settings.skipped_hour == "refuse"))
    wall, texts = wall[kept], labels.texts[kept]
    marks = None if labels.second is None else labels.second[kept]
    times = to_utc(wall, texts, settings.timezone, findings, remedy, repeated_hour=settings.repeated_hour, marks=marks)
    known = times.notna()
    check_rising(times[known], texts[known], findings, twice, _order_remedy(wall))
    return pd.Series(times, index=wall.index), findings


def _twice_remedy(labels: Labels, settings: FileSource, zone_timezone: str, cells: pd.DataFrame) -> str:
    """What to do about a time that is there twice: it may be the hour that local clocks repeat, or two series."""
    twice = labels.stamps[labels.stamps.duplicated(keep=False)]
    if twice.empty:
        return ""
    if not labels.in_utc and is_repeated(twice, zone_timezone).all():
        return _zone_remedy(settings.timezone)
    hour = pd.Timedelta(hours=1)
    if not labels.in_utc and settings.stamp == "beginning" and is_repeated(twice - hour, settings.timezone).all():
        return 'If times are endings of their units, set stamp = "ending" in the settings.'
    return twice_advice(cells, labels, settings)


def _order_remedy(stamps: pd.Series) -> str:
    """What to do about rows out of order."""
    steps = stamps.diff().dropna()
    order = "falling" if (steps <= pd.Timedelta(hours=1)).all() and (steps < pd.Timedelta(0)).mean() > HALF else "any"
    return f'Sort the rows by time, oldest first, or set row_order = "{order}" in the settings.'


def _zone_remedy(timezone: str) -> str:
    return (
        f"The file seems not to be in {timezone}: is it in UTC, a fixed offset or another local time? "
        "Say so with `timezone` in the settings."
    )


def _check_offsets(
    times: pd.DatetimeIndex, offsets: pd.Series, texts: pd.Series, settings: FileSource, findings: Findings
) -> None:
    """Find offsets that are neither zero nor what the declared time zone has at that instant."""
    declared = times.tz_convert(settings.timezone).tz_localize(None) - times.tz_localize(None)
    strange = (offsets != pd.Timedelta(0)) & (offsets != declared)
    remedy = "Set `timezone` in the settings to the one the file is in."
    findings.add_rows(texts[strange], f"has another offset than timezone = {settings.timezone!r}", remedy)


def _check_not_local(
    wall: pd.Series,
    instants: pd.Series,
    texts: pd.Series,
    settings: FileSource,
    zone_timezone: str,
    findings: Findings,
) -> None:
    """Find a file declared as UTC, or another zone, that leaves out just the hour which local clocks skip."""
    step = _usual(instants, settings)
    skipping = (instants.diff() > step) & skips_the_spring_hour(wall, zone_timezone, step)
    findings.add_rows(
        texts[wall.index][skipping],
        f"comes after a gap that is just the hour which clocks skip in {zone_timezone}",
        f"The file seems to be in {zone_timezone}, not in {settings.timezone}: change `timezone` in the settings.",
    )


def _usual(instants: pd.Series, settings: FileSource) -> pd.Timedelta:
    """The most frequent step from row to row."""
    steps = instants.diff().dropna().mode()
    return steps.iloc[0] if len(steps) else _step(settings)


def _check_spacing(times: Times, texts: pd.Series, settings: FileSource, findings: Findings) -> None:
    """Find a market time unit that the rows do not have, or rows that are off its grid."""
    remedy = _PLAIN.format(settings.mtu, settings.stamp)
    usual, step = _usual(times.instant, settings), _step(settings)
    if _is_coarse(usual, times.instant, settings):
        findings.add(
            f"most rows are {lasting(usual)} apart, which contradicts {_unit_key(settings)}",
            f"Set row_hours = {usual // _HOUR} in the settings to have the hours between them on a straight line, as "
            "is right for a temperature."
            if settings.quantity is None
            else remedy,
        )
        return
    if not settings.mtu_changes and _contradicts(times, usual, step):
        findings.add(
            f"most rows are {usual / pd.Timedelta(minutes=1):g} minutes apart, which contradicts {_unit_key(settings)}",
            _spacing_remedy(usual, settings),
        )
        return
    begin = times.begin(times.length)
    off = off_grid(begin, times.length, times.grid)
    if off.all() and not off_grid(begin, times.length, "UTC").any():
        remedy = (
            f"Units are counted from midnight in {times.grid}; if those of the file are counted from midnight in UTC, "
            'say so with units_from = "utc". If not, change `mtu`, `stamp` or `timezone` in the settings.'
        )
    for length, rows in texts[times.rows][off].groupby(times.length[off]):
        unit = f"{settings.stamp} of a PT{pd.Timedelta(length) / pd.Timedelta(minutes=1):g}M unit"
        findings.add_rows(rows, f"is no {unit}", remedy)


def _is_coarse(usual: pd.Timedelta, instants: pd.Series, settings: FileSource) -> bool:
    """Whether the rows are whole hours apart, other ones than the settings say, and none of them a single one."""
    if settings.row_hours is not None:
        return usual != settings.row_step
    steps = instants.diff()
    return len(instants) > RUN and usual in _COARSE and not (steps <= _HOUR).any()


def _contradicts(times: Times, usual: pd.Timedelta, step: pd.Timedelta) -> bool:
    """Whether the rows are not as far apart as the settings declare, nor any stretch of them."""
    if usual == step:
        return False
    if usual < step and (usual not in [mtu.delta for mtu in Mtu] or not (times.instant.diff() == step).any()):
        return True
    return not (times.length == step).any()


def _unit_key(settings: FileSource) -> str:
    rows = settings.row_minutes
    if settings.row_hours is not None:
        return f"row_hours = {settings.row_hours}"
    return f"mtu = {settings.mtu}" if rows is None else f"row_minutes = {rows}"


def _spacing_remedy(usual: pd.Timedelta, settings: FileSource) -> str:
    minutes = usual / pd.Timedelta(minutes=1)
    if settings.row_minutes is not None:
        return f"Set row_minutes = {minutes:g} in the settings."
    if usual not in [mtu.delta for mtu in Mtu]:
        averaged = f" If they are that far apart, set row_minutes = {minutes:g}: they are averaged to `mtu`."
        return _PLAIN.format(settings.mtu, settings.stamp) + (averaged if minutes in range(1, 61) else "")
    return (
        f'Set mtu = "{Mtu.from_delta(usual)}" in the settings. If the series has gone over from one unit to another, '
        "and other files of it have the other one, set mtu_changes = true."
    )


def off_grid(begin: pd.Series, length: pd.Series, timezone: str) -> npt.NDArray[np.bool_]:
    """Which units (T,) do not begin where such units do, as counted from midnight in a time zone."""
    return np.asarray(past_begin(pd.DatetimeIndex(begin), pd.TimedeltaIndex(length), timezone) != 0)
