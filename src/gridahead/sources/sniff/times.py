"""How times are written: which column, in which format, in which order of day and month."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from gridahead.sources.serial import from_serial

ENOUGH = 0.9
"""Of the cells of a time column that have to be times; the rest may be a total at the end or a broken line."""
_ZONE = r"(?P<zone>\s*(?:Z|UTC|GMT|CES?T|ME[SZ]Z|[+-]\d\d:?\d\d|[+-]\d\d)(?:\[[\w/]+\])?)?"
_CLOCK = r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?::(?P<second>\d\d)(?P<part>\.\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_REST = rf"(?P<between>[T ,;]+)?(?:{_CLOCK})?{_ZONE}"
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_REST}")
_YEAR_LAST = re.compile(
    rf"(?P<leading>\d{{1,2}})(?P<mark>[-/.])(?P<middle>\d{{1,2}})[-/.](?P<year>\d{{4}}|\d\d){_REST}"
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?P<between>[T _-])?"
    rf"(?:(?P<hour>\d\d):?(?P<minute>\d\d)?:?(?P<second>\d\d)?)?{_ZONE}"
)
_NAMED = (
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y %H:%M",
    "%d-%b-%Y %H:%M",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d-%b-%y %H:%M",
    "%b %d, %Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d-%b-%y",
    "%B %d, %Y %I:%M %p",
    "%d %B %Y %H:%M",
    "%Y-%b-%d %H:%M",
)
SPAN = re.compile(r"\s+(?:-|–|to|bis|à|a)\s+|\s*/\s*(?=\d{4}-)|\s*–\s*")
_EPOCHS: dict[Literal["s", "ms", "us", "ns"], tuple[float, float]] = {
    "s": (9.4e8, 2.1e9),
    "ms": (9.4e11, 2.1e12),
    "us": (9.4e14, 2.1e15),
    "ns": (9.4e17, 2.1e18),
}
"""Numbers that are seconds, or parts of them, since 1970, of the years 2000 to 2036."""
_SERIAL = (36_526.0, 49_710.0)
"""Days since 1899-12-30 of the same years, as spreadsheets count them."""
_SERIAL_STEPS = (1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60, 1440)
"""Minutes from row to row of times; a load of as many megawatts does not rise by just so much every time."""


@dataclass(frozen=True)
class Times:
    """The times of a column: naive wall times, or UTC where the file gives offsets."""

    wall: pd.Series
    layout: str
    """How they are written: iso, year_first, year_last, compact, named, epoch, excel, typed."""
    format: str | None = None
    """A strptime format; None where the file's is ISO 8601 or a number."""
    order: str | None = None
    """dmy, mdy or ymd where the order of day and month is a question."""
    order_sure: bool = True
    aware: bool = False
    zones: tuple[str, ...] = ()
    """What stands behind the times: Z, UTC, +01:00 …"""
    span: bool = False
    """Whether a cell names the beginning and the ending of its interval."""
    dates_only: bool = False
    epoch: str | None = None
    has_24: bool = False

    @property
    def share(self) -> float:
        """The share of the cells that are times."""
        return float(self.wall.notna().mean()) if len(self.wall) else 0.0


def read_times(cells: pd.Series) -> Times | None:
    """The column read as times; None if it holds none."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        zoned = isinstance(cells.dtype, pd.DatetimeTZDtype)
        wall = cells.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else cells
        return Times(wall, "typed", aware=zoned, zones=(str(cells.dt.tz),) if zoned else ())
    if pd.api.types.is_numeric_dtype(cells):
        return _epoch(cells.astype("float64"), cells)
    texts = cells.fillna("").astype("str").str.strip()
    present = texts[texts != ""]
    if present.empty:
        return None
    for read in (_year_first, _year_last, _compact, _text_epoch, _text_serial, _named):
        if (times := read(present)) is not None and times.share >= ENOUGH:
            return replace(times, wall=times.wall.reindex(cells.index))
    is_span = bool(present.str.contains(SPAN, regex=True).mean() >= ENOUGH)
    if is_span and (times := read_times(present.str.split(SPAN, n=1, regex=True).str[0])) is not None:
        return replace(times, wall=times.wall.reindex(cells.index), span=True)
    return None


def _epoch(values: pd.Series, cells: pd.Series) -> Times | None:
    for unit, (low, high) in _EPOCHS.items():
        if values.between(low, high).mean() >= ENOUGH:
            good = values.where(values.between(low, high))
            wall = pd.Series(pd.to_datetime(good.to_numpy(), unit=unit), index=good.index).astype("datetime64[us]")
            return Times(wall, "epoch", aware=True, zones=("UTC",), epoch=unit)
    if (serial := _serial(values)) is not None:
        return serial
    texts = cells.astype("Int64").astype("str") if (values.dropna() % 1 == 0).all() else None
    return _compact(texts) if texts is not None else None


def _serial(values: pd.Series) -> Times | None:
    """Days since 1899-12-30 that follow one another as times do."""
    good = values.where(values.between(*_SERIAL))
    if good.notna().mean() < ENOUGH or good.nunique() < 2:
        return None
    wall = from_serial(good)
    steps = pd.Series(wall.dropna().unique()).sort_values().diff().dropna()
    usual = steps.mode().iloc[0]
    is_time = usual in [pd.Timedelta(minutes=minutes) for minutes in _SERIAL_STEPS] and (steps == usual).mean() > 0.8
    return Times(wall, "excel", dates_only=bool((good.dropna() % 1 == 0).all())) if is_time else None


def _text_serial(texts: pd.Series) -> Times | None:
    if not texts.str.fullmatch(r"\d{5}(?:[.,]\d+)?").mean() >= ENOUGH:
        return None
    return _serial(pd.to_numeric(texts.str.replace(",", "."), errors="coerce"))


def _text_epoch(texts: pd.Series) -> Times | None:
    if not texts.str.fullmatch(r"\d{9,19}(?:\.0+)?").mean() >= ENOUGH:
        return None
    return _epoch(pd.to_numeric(texts, errors="coerce"), pd.to_numeric(texts, errors="coerce"))


def _year_first(texts: pd.Series) -> Times | None:
    parts = texts.str.extract("^" + _YEAR_FIRST.pattern + "$")
    if parts["year"].notna().mean() < ENOUGH:
        return None
    mark = parts["mark"].mode().iloc[0]
    two_digits = (parts["month"].str.len() == 2).all() and (parts["hour"].dropna().str.len() == 2).all()
    built = _built(parts, parts["year"], parts["month"], parts["day"])
    is_iso = mark == "-" and two_digits and parts["half"].isna().all()
    form = None if is_iso else _strptime(parts, f"%Y{mark}%m{mark}%d")
    return replace(built, layout="iso" if is_iso else "year_first", format=form)


def _year_last(texts: pd.Series) -> Times | None:
    parts = texts.str.extract("^" + _YEAR_LAST.pattern + "$")
    if parts["year"].notna().mean() < ENOUGH:
        return None
    leading, middle = pd.to_numeric(parts["leading"]), pd.to_numeric(parts["middle"])
    mark = parts["mark"].mode().iloc[0]
    year = parts["year"].where(parts["year"].str.len() == 4, "20" + parts["year"])
    orders = {"dmy": (parts["middle"], parts["leading"]), "mdy": (parts["leading"], parts["middle"])}
    if (leading > 12).any() or (middle > 12).any():
        order, sure = (
            ("dmy" if (leading > 12).sum() >= (middle > 12).sum() else "mdy"),
            not ((leading > 12).any() and (middle > 12).any()),
        )
    else:
        order, sure = _evener(parts, year, orders)
        order = "dmy" if mark == "." else order
    month, day = orders[order]
    digits = "%Y" if (parts["year"].dropna().str.len() == 4).all() else "%y"
    form = f"%d{mark}%m{mark}{digits}" if order == "dmy" else f"%m{mark}%d{mark}{digits}"
    built = _built(parts, year, month, day)
    return replace(
        built, layout="year_last", format=_strptime(parts, form), order=order, order_sure=sure or mark == "."
    )


def _evener(parts: pd.DataFrame, year: pd.Series, orders: dict[str, tuple[pd.Series, pd.Series]]) -> tuple[str, bool]:
    """The order in which the rows follow one another more evenly."""
    jumps = {}
    for order, (month, day) in orders.items():
        steps = _built(parts, year, month, day).wall.diff().dropna()
        jumps[order] = int((steps != steps.mode().iloc[0]).sum()) if len(steps) else 0
    return min(jumps, key=lambda order: jumps[order]), jumps["dmy"] != jumps["mdy"]


def _compact(texts: pd.Series) -> Times | None:
    parts = texts.str.extract("^" + _COMPACT.pattern + "$")
    if parts["year"].notna().mean() < ENOUGH:
        return None
    parts = parts.assign(half=None, part=None)
    built = _built(parts, parts["year"], parts["month"], parts["day"])
    if built.share < ENOUGH:
        return None
    form = "%Y%m%d" + (parts["between"].mode().iloc[0] if parts["between"].notna().any() else "")
    for name, code in (("hour", "%H"), ("minute", "%M"), ("second", "%S")):
        form += code if parts[name].notna().any() else ""
    return replace(built, layout="compact", format=form)


def _named(texts: pd.Series) -> Times | None:
    sample = texts.iloc[:50]
    for form in _NAMED:
        if pd.to_datetime(sample, format=form, errors="coerce").notna().mean() >= ENOUGH:
            wall = pd.to_datetime(texts, format=form, errors="coerce")
            return Times(wall, "named", form, dates_only="%H" not in form and "%I" not in form)
    return None


def _built(parts: pd.DataFrame, year: pd.Series, month: pd.Series, day: pd.Series) -> Times:
    """Wall times from their parts, or UTC where every one has an offset."""
    dates = pd.to_datetime(
        pd.DataFrame({"year": pd.to_numeric(year), "month": pd.to_numeric(month), "day": pd.to_numeric(day)}),
        errors="coerce",
    )
    hour = pd.to_numeric(parts["hour"]).fillna(0)
    half = parts["half"].astype("str").str.lower().str[0]
    hour = hour.where(half != "p", hour % 12 + 12).where(half != "a", hour % 12)
    minutes = hour * 60 + pd.to_numeric(parts["minute"]).fillna(0)
    seconds = pd.to_numeric(parts["second"]).fillna(0)
    wall = dates + pd.to_timedelta(minutes, unit="min") + pd.to_timedelta(seconds, unit="s")
    zones = parts["zone"].str.strip()
    offset = zones.str.extract(r"^([+-])(\d\d):?(\d\d)?")
    aware = bool(
        zones.notna().mean() >= ENOUGH and (offset[0].notna() | zones.isin(["Z", "UTC", "GMT"])).mean() >= ENOUGH
    )
    if aware:
        shift = pd.to_numeric(offset[1]).fillna(0) * 60 + pd.to_numeric(offset[2]).fillna(0)
        wall = wall - pd.to_timedelta(np.where(offset[0] == "-", -1, 1) * shift, unit="min")
    return Times(
        wall.astype("datetime64[us]"),
        "",
        aware=aware,
        zones=tuple(sorted(zones.dropna().unique())[:8]),
        dates_only=bool(parts["hour"].isna().all()),
        has_24=bool((pd.to_numeric(parts["hour"]) == 24).any()),
    )


def _strptime(parts: pd.DataFrame, date: str) -> str:
    """The format of a date with the time behind it as most rows have it."""
    timed = parts[parts["hour"].notna()]
    if timed.empty:
        return date
    between = timed["between"].fillna(" ").mode().iloc[0]
    clock = ("%I:%M" if timed["half"].notna().any() else "%H:%M") + (":%S" if timed["second"].notna().any() else "")
    if timed["half"].notna().any():
        clock += " %p"
    zone = timed["zone"].fillna("").mode().iloc[0]
    offset = "%z" if re.fullmatch(r"\s*(?:Z|[+-]\d\d:?\d\d)", zone) else zone
    return f"{date}{between}{clock}{offset}"
