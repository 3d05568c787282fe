"""Files and settings with faults in them, and what their bytes literally say, read by the standard library alone."""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import random
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

HEADERS = ("time", "load", "region")
NASTY = (
    "",
    " ",
    "-",
    "n/a",
    "ND",
    "?",
    "inf",
    "-inf",
    "Infinity",
    "NaN",
    "1e999",
    "-1e400",
    "1" * 400,
    "1,234",
    "1.234,5",
    "1 234",
    "1'234",
    "+5",
    "5.",
    ".5",
    "0x10",
    "1_000",
    "١٢",
    "½",
    "∞",
    "--5",
    "1e5",
    "1E-3",
    "true",
    "'",
    '"',
    '"a',
    "\0",
    "é",
    "\ufeff",
    "24:00",
    "2024-01-01",
    "2024-01-01 24:00",
    "9999-12-31 23:00",
    "0001-01-01 00:00",
    "2024-02-30 00:00",
    "20240101T0000",
    "2024-01-01T0000Z",
    "2024-01-01 00:00 UTC",
    "2024-01-01 00:00 CET",
    "2024-01-01 00:00+14:00",
    "2024-01-01T00:00:00+99:99",
    "1704067200",
    "45292.5",
    "Total",
    "#",
    "2024-03-31 02:30",
    "2024-10-27 02:30",
    "31.01.2024 13:00",
    "01/02/2024 1:00 PM",
    "2024-01-01 2A:00",
    "2024-01-01 00:00 - 01:00",
)
"""Cells that people and programs write."""
FORMATS = (
    None,
    "%d.%m.%Y %H:%M",
    "%Y-%m-%d %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%Y%m%d%H%M",
    "%d/%m/%y %H:%M",
    "epoch",
    "excel",
    "%Y-%m-%d %H:%M %Z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Q",
    "%",
    "",
    "%H:%M",
    "%Y-%m-%d",
    "ISO8601",
    "mixed",
    "%Y%Y",
)

Settings = dict[str, object]


def made(pick: random.Random) -> tuple[bytes, Settings]:
    """A sound file of 30 to 60 hours, often over a clock change, and the settings that read it."""
    timezone = pick.choice(["UTC", "Europe/Berlin", "+01:00"])
    begin = pick.choice(["2024-01-01T00:00", "2024-03-30T12:00", "2024-10-26T12:00", "2023-12-31T06:00"])
    step = pick.choice([60, 60, 30, 15])
    form = pick.choice(["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y %I:%M %p"])
    decimal, separator = pick.choice([(".", ","), (",", ";"), (".", "\t")])
    zone, first = zone_of(timezone), dt.datetime.fromisoformat(begin).replace(tzinfo=dt.UTC)
    lines = [separator.join(HEADERS)]
    for number in range(pick.randint(30, 60)):
        time = (first + dt.timedelta(minutes=number * step)).astimezone(zone)
        value = f"{1000 + 300 * pick.random():.{pick.choice([1, 3])}f}".replace(".", decimal)
        lines.append(separator.join([time.strftime(form), value, "North"]))
    settings: Settings = {
        "timezone": timezone,
        "mtu": f"PT{step}M",
        "separator": separator,
        "decimal": decimal,
        "time_column": "time",
        "value_column": "load",
        **({} if form.startswith("%Y") else {"time_format": form}),
    }
    return ("\n".join(lines) + "\n").encode(), settings


def zone_of(timezone: str) -> dt.tzinfo:
    if timezone[0] in "+-":
        sign = -1 if timezone[0] == "-" else 1
        return dt.timezone(sign * dt.timedelta(hours=int(timezone[1:3]), minutes=int(timezone[4:6])))
    return ZoneInfo(timezone)


def _in_line(content: bytes, pick: random.Random, change: Callable[[list[str], str], list[str]]) -> bytes:
    """The content with the cells of one line changed."""
    lines = content.decode("utf-8", "replace").split("\n")
    place = pick.randrange(len(lines))
    separator = next((mark for mark in ",;\t" if mark in lines[0]), ",")
    lines[place] = separator.join(change(lines[place].split(separator), separator))
    return "\n".join(lines).encode()


def _lines(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"\n".join(change(content.split(b"\n")))


def mutated_bytes(content: bytes, pick: random.Random) -> bytes:
    """The content with one fault."""
    at, line = pick.randrange(len(content) + 1), pick.randrange(content.count(b"\n") + 1)
    other = pick.randrange(content.count(b"\n") + 1)

    def cell(cells: list[str], separator: str) -> list[str]:
        cells[pick.randrange(len(cells))] = pick.choice(NASTY)
        return cells

    def swapped(lines: list[bytes]) -> list[bytes]:
        lines[line], lines[other] = lines[other], lines[line]
        return lines

    faults: list[Callable[[], bytes]] = [
        *[lambda: _in_line(content, pick, cell)] * 6,
        lambda: content[:at] + bytes([pick.randrange(256)]) + content[at + 1 :],
        lambda: content[:at] + pick.choice(list(b'0123456789.,;:-+ "\n\r\t\0#')).to_bytes(1, "little") + content[at:],
        lambda: content[:at] + content[at + pick.randint(1, 4) :],
        lambda: content[:at],
        lambda: _lines(content, lambda lines: lines[:line] + lines[line : line + 1] * 2 + lines[line + 1 :]),
        lambda: _lines(content, lambda lines: lines[:line] + lines[line + pick.randint(1, 5) :]),
        lambda: _lines(content, swapped),
        lambda: _lines(content, lambda lines: lines[:1] + lines[:0:-1]),
        lambda: _lines(content, lambda lines: [b"# export of today", b'"a, b', *lines]),
        lambda: _lines(content, lambda lines: [lines[0], b"UTC,MW,", *lines[1:]]),
        lambda: content + b"Total,53559.1,\n",
        lambda: content.replace(b"\n", pick.choice([b"\r\n", b"\r", b";\n", b",\n", b"\n\n", b",,,\n"])),
        lambda: pick.choice([codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"PAR1", b"PK\x03\x04", b"\x1f\x8b"]) + content,
        lambda: content.decode("utf-8", "replace").encode(pick.choice(["utf-16", "utf-16-le", "utf-32"])),
        lambda: gzip.compress(content),
        lambda: gzip.compress(content)[: pick.randint(1, 200)],
        lambda: pick.choice([b"", codecs.BOM_UTF8, b"\n", b"time,load", b"\0", b",\n,\n"]),
    ]
    return pick.choice(faults)()


def mutated_settings(settings: Settings, pick: random.Random) -> Settings:
    """The settings with one key changed to something that may not fit the file, or not be allowed."""
    values: dict[str, list[object]] = {
        "timezone": ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "-03:30"],
        "mtu": ["PT15M", "PT30M", "PT60M"],
        "stamp": ["beginning", "ending"],
        "separator": [",", ";", "\t", "|", ";;", "", '"', "0", " "],
        "decimal": [".", ",", ";", ""],
        "thousands": ["", ".", ",", " ", "'"],
        "unit": ["W", "kW", "MWh", "kWh", "GW", "m/s"],
        "encoding": ["cp1252", "utf-16", "utf-16-le", "ascii", "rot13", "nope"],
        "skip_rows": [0, 1, 3, 500, -1],
        "skip_after_header": [0, 1, 500],
        "skip_footer": [0, 1, 500],
        "comment": ["#", "2", ""],
        "missing": [["?"], ["Total", ""], ["--5"]],
        "time_format": list(FORMATS),
        "date_order": ["dmy", "mdy", "ymd", "ydm"],
        "row_order": ["rising", "falling", "any"],
        "repeated_hour": ["first", "second"],
        "skipped_hour": ["drop"],
        "row_minutes": [5, 15, 60, 0],
        "where": [{"region": "North"}, {"region": "South"}, {"area": "x"}],
        "interval_separator": [" - ", "-"],
        "units_from": ["utc"],
        "time_column": ["Time", "region", "load"],
        "value_column": ["Load", "region", "time"],
        "max_size_mb": [0.0001, 0],
        "day_month_exchanged": [True],
        "sheet": ["Sheet1", 3],
    }
    key = pick.choice(sorted(values))
    return {**settings, key: pick.choice(values[key])}


def said(content: bytes, settings: Settings) -> Iterator[tuple[dt.datetime, float]]:
    """Every time, UTC, with the value beside it [MW], that a line says in any way in which it can be read literally."""
    text = _text(content, settings)
    separator = str(settings["separator"])
    lines = [[cell.strip().strip('"').strip() for cell in line.split(separator)] for line in re.split(r"[\r\n]+", text)]
    header = next((cells for cells in lines if {settings["time_column"], settings["value_column"]} <= set(cells)), None)
    if header is None:
        return
    places = [header.index(str(settings[name])) for name in ("time_column", "value_column")]
    for cells in lines:
        if len(cells) > max(places) and (value := _value(cells[places[1]], settings)) is not None:
            yield from ((time, value) for time in _times(cells[places[0]], settings))


def _text(content: bytes, settings: Settings) -> str:
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding)
    return content.decode(str(settings.get("encoding") or "utf-8"))


def _value(cell: str, settings: Settings) -> float | None:
    """The number of a cell as mean power [MW]."""
    thousands = str(settings.get("thousands", ""))
    plain = cell.replace(thousands, "") if thousands else cell
    try:
        number = float(Decimal(plain.replace(str(settings["decimal"]), ".")))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    unit, minutes = str(settings.get("unit", "MW")), int(str(settings["mtu"])[2:-1])
    factor = {"W": 1e-6, "k": 1e-3, "M": 1.0, "G": 1e3}[unit[0]]
    return number * factor * (60 / minutes if unit.endswith("h") else 1)


def _times(cell: str, settings: Settings) -> Iterator[dt.datetime]:
    """The beginnings of the unit that a cell may mean, UTC."""
    zone = zone_of(str(settings["timezone"]))
    step = dt.timedelta(minutes=int(str(settings["mtu"])[2:-1])) * (settings.get("stamp") == "ending")
    for time in _read(cell, settings):
        if time.tzinfo is not None:
            yield time.astimezone(dt.UTC) - step
            continue
        for fold in (0, 1):
            yield time.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) - step
            yield (time - step).replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)


def _read(cell: str, settings: Settings) -> Iterator[dt.datetime]:
    cell, days = re.sub(r"\s*\(?(UTC|GMT)\)?$", "+00:00", cell), 0
    between = str(settings.get("interval_separator") or "")
    cell = cell.rpartition(between)[0].strip() if between else cell
    if found := re.search(r"(?<=[ T])24:00|(?<=\d{8})24(?=00)", cell):
        cell, days = cell.replace(found[0], found[0].replace("24", "00"), 1), 1
    for time in _plain(cell, settings):
        yield time + dt.timedelta(days=days)
        if settings.get("day_month_exchanged") and time.day <= 12:
            yield time.replace(month=time.day, day=time.month)


def _plain(cell: str, settings: Settings) -> Iterator[dt.datetime]:
    form, order = settings.get("time_format"), settings.get("date_order")
    if form in ("epoch", "excel"):
        if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", cell):
            number = float(cell)
            if form == "epoch":
                yield dt.datetime.fromtimestamp(number, dt.UTC)
            else:
                yield dt.datetime(1899, 12, 30) + dt.timedelta(seconds=round(number * 86_400))
        return
    if form not in (None, "ISO8601"):
        for one in (str(form), str(form).removesuffix(" %Z") + "%z", re.split(r"[\sT]*%[HI]", str(form))[0]):
            try:
                yield dt.datetime.strptime(cell, one)
            except (ValueError, re.error):
                continue
        return
    if order is not None:
        numbers = [int(digits) for digits in re.findall(r"\d+", cell)]
        parts = dict(zip(str(order), numbers, strict=False))
        afternoon = 12 if re.search(r"[Pp]\.?[Mm]", cell) else 0
        clock = [*numbers[3:6], 0, 0, 0][:3]
        hour = clock[0] % 12 + afternoon if re.search(r"[AaPp]\.?[Mm]", cell) else clock[0]
        year = parts.get("y", 0)
        try:
            time = dt.datetime(
                year + (2000 if year < 69 else 1900) * (year < 100), parts["m"], parts["d"], hour, clock[1], clock[2]
            )
        except (ValueError, KeyError, TypeError):
            return
        offset = re.search(r"([+-]\d\d):?(\d\d)$|Z$", cell)
        yield (
            time
            if offset is None
            else time.replace(tzinfo=dt.datetime.fromisoformat(f"2024-01-01T00:00{offset[0]}").tzinfo)
        )
        return
    spelled = re.sub(r"^(\d{4})[./](\d{1,2})[./](\d{1,2})", r"\1-\2-\3", cell)
    spelled = re.sub(r"^(\d{4})-(\d)-", r"\1-0\2-", spelled)
    spelled = re.sub(r"^(\d{4}-\d\d)-(\d)(?!\d)", r"\1-0\2", spelled)
    spelled = re.sub(r"([T ])(\d)([:.h]|$)", r"\g<1>0\2\3", re.sub(r"\s+", " ", spelled))
    for one in (cell, spelled, re.sub(r"(\d\d):?(\d\d)(.*)$", r"\1:\2\3", spelled)):
        try:
            yield dt.datetime.fromisoformat(one)
            return
        except ValueError:
            continue
