"""Strict reading of text tables: a cell is what it says, or it is refused with its row as a spreadsheet shows it.

Row 1 is the header. Nothing is guessed, skipped or filled: half a file or a word among numbers gives an error, never a
shorter table.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib

import numpy as np
import pandas as pd

from gridahead.sources.findings import Findings

FIRST_ROW = 2
"""Row of the first data line in a spreadsheet, under the header."""

MISSING = ("", "-", "NaN", "nan", "NA", "N/A", "n/a", "null", "NULL", "None")
"""Cells that say that there is no value."""

ALIKE = 10
"""Rows that must have the same number of decimals before a last line without line end is believed to have all of its
own. With two or three rows it may be chance: 1000.5 above 500.25, which was cut to 500.2."""

_FETCH_AGAIN = "Fetch the file again."
_SEPARATORS = ",;\t|"


def unpacked(content: bytes, findings: Findings) -> bytes:
    """The content, unpacked if it is gzip.

    Raises:
        SourceError: the content is empty, or gzip that ends early or is damaged.
    """
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise findings.refuse(f"the gzip file is cut or damaged ({error})", _FETCH_AGAIN) from error
    if not content.strip():
        raise findings.refuse("the file is empty", _FETCH_AGAIN)
    return content


def read_cells(content: bytes, separator: str, findings: Findings) -> pd.DataFrame:
    """Every cell of a CSV as text; the index is the row as a spreadsheet shows it.

    Raises:
        SourceError: the content is empty, not UTF-8, without rows or cut, or a row has too few or too many fields.
    """
    text = _decoded(unpacked(content, findings), findings)
    records = _records(text, separator, findings)
    (_, header), body = records[0], records[1:]
    _check_header(header, separator, findings)
    if not body:
        raise findings.refuse("the file has a header and no rows", _FETCH_AGAIN)
    _check_shape(header, body, text, findings)
    findings.stop()
    rows, cells = zip(*body, strict=True)
    return pd.DataFrame(list(cells), columns=[name.strip() for name in header], index=list(rows), dtype="str")


def _decoded(content: bytes, findings: Findings) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        remedy = "Save it as CSV in UTF-8 (a spreadsheet file has to be saved as CSV first)."
        raise findings.refuse(f"row {row}: {content[error.start :][:8]!r} is not UTF-8", remedy) from error


def _records(text: str, separator: str, findings: Findings) -> list[tuple[int, list[str]]]:
    """Row number and fields of every line that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [(row, fields) for row, fields in enumerate(reader, start=1) if fields]
    except csv.Error as error:
        remedy = "The file may be cut inside a quoted field; fetch it again."
        raise findings.refuse(f"line {reader.line_num}: {error}", remedy) from error


def _check_header(header: list[str], separator: str, findings: Findings) -> None:
    """Find a header of one field that another separator would divide, and names that occur twice."""
    if len(header) == 1:
        for other in _SEPARATORS.replace(separator, ""):
            if other in header[0]:
                finding = f"row 1: {header[0]!r} is one field when divided at {separator!r}"
                raise findings.refuse(finding, f"The separator seems to be {other!r}.")
    names = [name.strip() for name in header]
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.add(f"row 1: column {name!r} is there {names.count(name)} times", "Rename one of them.")


def _check_shape(header: list[str], body: list[tuple[int, list[str]]], text: str, findings: Findings) -> None:
    """Find rows with too few or too many fields, and a last row that may be cut."""
    last = body[-1][0]
    for row, fields in body:
        if len(fields) == len(header):
            continue
        line = ",".join(fields)
        if row == last and len(fields) < len(header):
            findings.add(f"row {row}: {line!r} is cut: {len(fields)} of {len(header)} fields", _FETCH_AGAIN)
        else:
            remedy = "Look for a separator inside a number or a name."
            findings.add(f"row {row}: {line!r} has {len(fields)} fields, the header has {len(header)}", remedy)
    if not findings.found and _may_be_cut([fields[-1] for _, fields in body], text):
        finding = f"row {last}: the last line has no line end, so {body[-1][1][-1]!r} may be cut"
        findings.add(finding, "Fetch the file again; if it is whole, end its last line with a line break.")


def _may_be_cut(last_column: list[str], text: str) -> bool:
    """Whether the last field may lack its end.

    Without a line end only a closing quote, or a fixed number of decimals, shows that a number is whole: 43 could be
    the beginning of 43,500.50.
    """
    if text.endswith(("\n", "\r", '"')):
        return False
    present = [cell for cell in last_column if cell.strip() not in MISSING]
    lengths = {_decimals(cell) for cell in present}
    # A minus sign alone looks like a missing value.
    return last_column[-1].strip() in MISSING or len(present) <= ALIKE or len(lengths) != 1 or lengths == {0}


def _decimals(cell: str) -> int:
    match = re.search(r"[.,](\d+)$", cell.strip())
    return len(match[1]) if match else 0


def numbers(texts: pd.Series, findings: Findings, *, decimal: str = ".", thousands: str = "") -> pd.Series:
    """The cells as floats, NaN where there is no value; a cell that is no number is a finding.

    A thousands separator is allowed only where it is declared and only between groups of three digits: 1,234 is a
    thousand in one country and one and a bit in another.
    """
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    number = rf"[+-]?(?:{grouped}\d+)(?:{re.escape(decimal)}\d+)?(?:[eE][+-]?\d+)?"
    cells = texts.str.strip()
    missing = cells.isin(MISSING)
    good = cells.str.fullmatch(number)
    remedy = f"Numbers are read with {decimal!r} as decimal mark and {repr(thousands) if thousands else 'no mark'}"
    findings.add_rows(texts[~missing & ~good], f"in column {texts.name!r} is no number", f"{remedy} for thousands.")
    plain = cells.where(good & ~missing, "nan")
    if thousands:
        plain = plain.str.replace(thousands, "", regex=False)
    # Python's own float() is exact to the last digit; pandas' to_numeric is not.
    values = plain.str.replace(decimal, ".", regex=False).to_numpy(dtype=object).astype(np.float64)
    return pd.Series(values, index=texts.index, name=texts.name)
