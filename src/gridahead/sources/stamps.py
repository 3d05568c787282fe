"""The time column of a file, checked against what the settings say about it."""

from __future__ import annotations

import pandas as pd

from gridahead.config import FileSource
from gridahead.sources.clock import check_rising, skips_the_spring_hour, to_utc
from gridahead.sources.findings import Findings

_OFFSET = r"(?:Z|([+-]\d\d):?(\d\d)?)$"
"""UTC offset at the end of a time: Z, +01:00, +0100 or +01."""


def read_times(column: pd.Series, settings: FileSource, zone_timezone: str, findings: Findings) -> pd.DatetimeIndex:
    """The start of the market time unit of every row, UTC.

    Args:
        column: the time column, text or time stamps; the index is the row.
        settings: says its time zone, its format, and whether a stamp begins or ends its unit.
        zone_timezone: local time of the bidding zone, to which units are aligned.
        findings: what has been found so far.

    Raises:
        SourceError: a stamp cannot be read or contradicts the settings, or something else has been found before.
    """
    stamps, offsets = _stamps(column, settings, findings)
    findings.stop()
    if offsets is None:
        times = to_utc(stamps, column, settings.timezone, findings, _zone_remedy(settings.timezone))
        if settings.timezone != zone_timezone:
            _check_not_local(stamps, times, column, settings, zone_timezone, findings)
    else:
        times = pd.DatetimeIndex(stamps)
        _check_offsets(times, offsets, column, settings, findings)
    check_rising(times, column, findings, _zone_remedy(settings.timezone) + " If not, remove one of the rows.")
    findings.stop()
    if settings.stamp == "ending":
        times = times - settings.mtu.delta
    _check_spacing(times, column, settings, zone_timezone, findings)
    findings.stop()
    return times


def _zone_remedy(timezone: str) -> str:
    return (
        f"The file seems not to be in {timezone}: is it in UTC, a fixed offset or another local time? "
        "Say so with `timezone` in the settings."
    )


def _stamps(column: pd.Series, settings: FileSource, findings: Findings) -> tuple[pd.Series, pd.Series | None]:
    """Naive wall times and None, or UTC times and the offset from UTC that the file gives for each."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        wall, utc = column.dt.tz_localize(None), column.dt.tz_convert("UTC")
        _refuse_unread(utc, column, settings, findings)
        return utc, wall - utc.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column):
        _refuse_unread(column, column, settings, findings)
        return column, None
    if pd.api.types.is_numeric_dtype(column):
        finding = f"time column {column.name!r} holds numbers ({column.dtype}), no times"
        raise findings.refuse(finding, "Write times like 2024-01-31T13:00:00Z.")
    return _read_text(column.astype("str").fillna("").str.strip(), settings, findings)


def _read_text(texts: pd.Series, settings: FileSource, findings: Findings) -> tuple[pd.Series, pd.Series | None]:
    if settings.time_format is not None:
        aware = pd.Series("%z" in settings.time_format, index=texts.index)
    else:
        aware = texts.str.fullmatch(r".*\d\d:\d\d.*" + _OFFSET)
    stamps = pd.to_datetime(texts, format=settings.time_format or "ISO8601", errors="coerce", utc=bool(aware.any()))
    _refuse_unread(stamps, texts, settings, findings)
    if not aware.any():
        return stamps, None
    remedy = "Write an offset in every row, or in none."
    findings.add_rows(texts[~aware & stamps.notna()], "has no offset from UTC, other rows have", remedy)
    return stamps, _offsets(texts)


def _offsets(texts: pd.Series) -> pd.Series:
    """The offset from UTC at the end of each text, zero for Z."""
    parts = texts.str.extract(_OFFSET)
    hours, minutes = parts[0].fillna("+00"), parts[1].fillna("00").astype("int64")
    sign = hours.str[0].map({"+": 1, "-": -1}).astype("int64")
    return pd.to_timedelta(sign * (hours.str[1:].astype("int64") * 60 + minutes), unit="min")


def _refuse_unread(stamps: pd.Series, texts: pd.Series, settings: FileSource, findings: Findings) -> None:
    expected = f"the format {settings.time_format!r}" if settings.time_format else "ISO 8601 (2024-01-31T13:00:00)"
    remedy = f"Times are read in {expected}; change `time_format` in the settings."
    findings.add_rows(texts[stamps.isna()], "is no time", remedy)


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
    times: pd.DatetimeIndex,
    texts: pd.Series,
    settings: FileSource,
    zone_timezone: str,
    findings: Findings,
) -> None:
    """Find a file declared as UTC, or another zone, that leaves out just the hour which local clocks skip."""
    gaps = pd.Series(times, index=wall.index).diff() > settings.mtu.delta
    skipping = gaps & skips_the_spring_hour(wall, zone_timezone, settings.mtu.delta)
    findings.add_rows(
        texts[skipping],
        f"comes after a gap that is just the hour which clocks skip in {zone_timezone}",
        f"The file seems to be in {zone_timezone}, not in {settings.timezone}: change `timezone` in the settings.",
    )


def _check_spacing(
    times: pd.DatetimeIndex, texts: pd.Series, settings: FileSource, zone_timezone: str, findings: Findings
) -> None:
    """Find a market time unit that the rows do not have, or rows that are off its grid."""
    mtu = settings.mtu
    remedy = f"Change `mtu` in the settings, which is {mtu}, or `stamp`, which is {settings.stamp}."
    steps = pd.Series(times).diff().dropna()
    if len(steps) and (usual := steps.mode().iloc[0]) != mtu.delta:
        minutes = usual / pd.Timedelta(minutes=1)
        findings.add(f"most rows are {minutes:g} minutes apart, which contradicts mtu = {mtu}", remedy)
        return
    local = times.tz_convert(zone_timezone).tz_localize(None)
    off_grid = pd.Series(local != local.floor(mtu.delta), index=texts.index)
    findings.add_rows(texts[off_grid], f"is no {settings.stamp} of a {mtu} unit", remedy)
