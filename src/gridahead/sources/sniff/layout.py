"""The table in the text of a file: encoding, separator, lines around the table, and its cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from gridahead.sources.findings import Findings
from gridahead.sources.nameless import numbered
from gridahead.sources.packed import unpacked
from gridahead.sources.sniff.notes import Notes

SEPARATORS = (";", "\t", "|", ",")
"""In this order: a comma may be a decimal mark in a table divided by another of these, not the other way round."""
_TOP = 300
"""Lines at the beginning that decide the separator: metadata before a header is seldom longer than a screen."""
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NUMBER = re.compile(r"[+-]?\d[\d.,'\s\u00a0\u202f]*(?:[eE][+-]?\d+)?%?")
_TIMELIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*|\d{1,2}:\d\d.*|.*\d{1,2}:\d\d(:\d\d)?.*")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_UNIT_ROW = re.compile(r"[\[(]?\s*(?:[kMGT]?Wh?|°?C|degC|%|m/s|W/m[²2]|-|UTC|CET|(?:EUR|€)/MWh|h|)\s*[\])]?", re.I)


Row = tuple[int, list[str]]
"""Number of a row as a spreadsheet shows it, and its fields."""


@dataclass
class Table:
    """Cells as text and how the file has to be read to get them."""

    cells: pd.DataFrame
    """The index is the row as a spreadsheet shows it."""
    keys: dict[str, object] = field(default_factory=dict)
    """Settings of the file source that differ from its defaults."""
    preamble: str = ""
    """What stands before the header; it may name the unit and the clock."""
    units: dict[str, str] = field(default_factory=dict)
    """By column, the unit in a row of units under the header."""


def read_table(content: bytes, notes: Notes, name: str = "") -> Table:
    """The table in a text file.

    Raises:
        SourceError: the file is empty, cut, or holds no table.
    """
    findings = Findings(name)
    content = unpacked(content, findings)
    text, encoding = _decoded(content)
    keys: dict[str, object] = {}
    if encoding is not None:
        keys["encoding"] = encoding
        notes.guess("encoding", "the bytes are not UTF-8" if encoding == "cp1252" else "every other byte is zero")
    lines = text.splitlines()
    separator, width = _separator(lines, findings)
    if separator != ",":
        keys["separator"] = separator
        notes.guess("separator", f"it divides the lines into {width} fields")
    return table_of(_rows(text, separator), width, keys, findings, notes)


def table_of(rows: list[Row], width: int, keys: dict[str, object], findings: Findings, notes: Notes) -> Table:
    """The table in rows of fields: its header is searched, and lines above it are noted.

    Args:
        rows: number and fields of every row that is not blank.
        width: fields of most rows.
        keys: settings that are known already.
        findings: for what is wrong.
        notes: receive the reasons.

    Raises:
        SourceError: there is no header.
    """
    top, comment = _header(rows, width)
    has_header = top is not None
    if top is None:
        top = _first_values(rows, width)
    if top is None:
        raise findings.refuse("no row of values was found", "Is it a table with a time column?")
    above = rows[:top]
    if comment and all(fields[0].lstrip().startswith(comment) for _, fields in above):
        keys["comment"] = comment
        notes.guess("comment", f"lines that begin with {comment} stand above the table")
    elif above:
        keys["skip_rows"] = rows[top][0] - 1
        notes.guess("skip_rows", f"the {'row of names' if has_header else 'first row of values'} is row {rows[top][0]}")
    table = rows[top:]
    if not has_header:
        keys["header"] = False
        notes.guess("header", "no row of names stands above the values, so columns are called by their place")
        table = [(rows[top][0], numbered(width)), *table]
    return _cells(table, keys, "\n".join(" ".join(fields) for _, fields in above), notes)


def _decoded(content: bytes) -> tuple[str, str | None]:
    """The text, and its encoding where it is neither UTF-8 nor marked: UTF-16 by its zeros, else that of Windows."""
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace").removeprefix("\ufeff"), None
    if content[:200].count(0) > len(content[:200]) // 4:
        little = content[1:200:2].count(0) >= content[0:200:2].count(0)
        encoding = "utf-16-le" if little else "utf-16-be"
        return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), None
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"


def _separator(lines: list[str], findings: Findings) -> tuple[str, int]:
    """The mark that divides most lines into one number of fields, two at least, and that number."""
    top, best = [line for line in lines[:_TOP] if line.strip()], (0.0, ",", 1)
    for mark in SEPARATORS:
        try:
            counts = Counter(len(fields) for fields in csv.reader(top, delimiter=mark) if fields)
        except csv.Error:
            continue
        width, lines_of_it = max(counts.items(), key=lambda pair: pair[1] * (pair[0] > 1))
        if width > 1 and lines_of_it / len(top) > best[0] + 0.1:
            best = (lines_of_it / len(top), mark, width)
    if best[2] < 2:
        raise findings.refuse("no separator divides the lines into columns", "Is it a table with a time column?")
    return best[1], best[2]


def _rows(text: str, separator: str) -> list[Row]:
    """Line number and fields of every line that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [(number, fields) for number, fields in enumerate(reader, start=1) if any(field.strip() for field in fields)]


def _header(rows: list[Row], width: int) -> tuple[int | None, str]:
    """Which row holds the names, and the mark of comment lines above it."""
    comment = ""
    for place, (_, fields) in enumerate(rows[:_TOP]):
        first = fields[0].lstrip()
        if first[:1] in ("#", "%") and not first.startswith("%%"):
            comment = first[0]
            continue
        if abs(len(fields) - width) > 1:
            continue
        names = [field for field in fields if field.strip()]
        is_name = [not _is_value(name) for name in names]
        below = rows[place + 1][1] if place + 1 < len(rows) else []
        if (len(names) >= min(2, width) and all(is_name)) or _stands_above_a_date(fields, below):
            return place, comment
    return None, comment


def _stands_above_a_date(fields: list[str], below: list[str]) -> bool:
    """Whether a row without a date has one under it in the next: names may be numbers, such as hours, or be empty."""
    has_date, is_row = any(_DATE.match(field.strip()) for field in fields), 2 <= len(fields) <= len(below)
    return is_row and not has_date and any(_DATE.match(field.strip()) for field in below)


def _first_values(rows: list[Row], width: int) -> int | None:
    """The first row of a table without names."""
    return next(
        (
            place
            for place, (_, fields) in enumerate(rows[:_TOP])
            if len(fields) == width and any(_is_value(field) for field in fields)
        ),
        None,
    )


def _is_value(cell: str) -> bool:
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell) or _TIMELIKE.fullmatch(cell))


def _cells(rows: list[Row], keys: dict[str, object], preamble: str, notes: Notes) -> Table:
    """The cells under a header; a row of units and lines of another width are left out, with a note."""
    names = [name.strip() for name in rows[0][1]]
    width = len(names)
    if names and not names[-1]:
        names = names[:-1]  # a separator ends every line
    body, units = rows[1:], {}
    if body and len(body[0][1]) >= len(names) and not any(_is_value(field) for field in body[0][1]):
        first = [field.strip() for field in body[0][1]]
        if all(_UNIT_ROW.fullmatch(unit) or unit.lower() in ("utc", "local", "datetime", "date") for unit in first):
            units = dict(zip(names, first, strict=False))
            body = body[1:]
            keys["skip_after_header"] = 1
            notes.guess("skip_after_header", f"row {rows[1][0]} holds units")
    footer = 0
    while body and len(body[-1][1]) < min(width, 2):
        body, footer = body[:-1], footer + 1
    if footer:
        keys["skip_footer"] = footer
        notes.guess("skip_footer", f"the last {footer} lines are no rows of the table")
    filled = [(number, (fields + [""] * len(names))[: len(names)]) for number, fields in body]
    frame = pd.DataFrame([fields for _, fields in filled], columns=names, index=[n for n, _ in filled], dtype="str")
    return Table(frame, keys, preamble, units)
