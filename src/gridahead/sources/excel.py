"""Sheets of Excel files, read row by row: only as much is in memory as the table has cells."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from gridahead.core.errors import GridaheadError
from gridahead.sources.findings import Findings
from gridahead.sources.header import LOOKED_AT
from gridahead.sources.nameless import numbered
from gridahead.sources.packed import is_zip, refuse_large_archive
from gridahead.sources.text import Layout
from gridahead.sources.typed import typed

_OLD = b"\xd0\xcf\x11\xe0"
"""The first bytes of Excel files from before 2007, and of encrypted ones."""

_Row = tuple[int, list[object]]


def is_excel(content: bytes) -> bool:
    """Whether the content is a workbook, whatever the file is called."""
    if content.startswith(_OLD):
        return True
    if not is_zip(content):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def read_sheet(content: bytes, sheet: str | int | None, layout: Layout, findings: Findings) -> pd.DataFrame:
    """The cells of a sheet as they are: texts, numbers, times; the index is the row as Excel shows it.

    Raises:
        SourceError: the workbook is damaged, encrypted, too old or too large, or the sheet is not there or has no rows.
    """
    with _opened(content, findings, layout.max_bytes) as book:
        rows = [*_rows(book[_chosen(book, sheet, layout, findings)])]
    return _table(rows, layout, findings)


def every_sheet(content: bytes, findings: Findings, max_bytes: int) -> dict[str, list[_Row]]:
    """The rows that are not blank of every sheet, by its name.

    Raises:
        SourceError: the workbook is damaged, encrypted, too old or too large.
    """
    with _opened(content, findings, max_bytes) as book:
        return {str(sheet.title): [*_rows(sheet)] for sheet in book.worksheets}


@contextmanager
def _opened(content: bytes, findings: Findings, max_bytes: int) -> Iterator[Any]:
    """The workbook, while it is read.

    Raises:
        SourceError: it is damaged, encrypted, too old or too large.
    """
    if content.startswith(_OLD):
        remedy = "Save it as .xlsx, without a password, or as CSV."
        raise findings.refuse("this is an Excel file of before 2007, or one with a password", remedy)
    refuse_large_archive(content, findings, max_bytes)
    try:
        import openpyxl

        yield openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except ImportError as error:
        raise findings.refuse("Excel files are read with openpyxl", "Install it: pip install openpyxl.") from error
    except GridaheadError:
        raise
    except Exception as error:  # openpyxl raises whatever the XML inside makes it stumble over
        raise findings.refuse(f"the Excel file is cut or damaged ({error})", "Fetch it again.") from error


def _rows(sheet: Any) -> Iterator[_Row]:
    """Number and cells of every row that is not blank."""
    # What the file says of its own size is often wrong, and would cut the table.
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if any(cell is not None and str(cell).strip() for cell in cells):
            yield number, list(cells)


def _chosen(book: Any, sheet: str | int | None, layout: Layout, findings: Findings) -> str:
    """The name of the sheet that is meant.

    Raises:
        SourceError: it is not there, or several could be meant.
    """
    names = [worksheet.title for worksheet in book.worksheets]
    if isinstance(sheet, int) and 1 <= sheet <= len(names):
        return str(names[sheet - 1])
    if isinstance(sheet, str) and sheet in names:
        return sheet
    filled = [name for name in names if next(_rows(book[name]), None) is not None]
    if sheet is None and len(filled) == 1:
        return str(filled[0])
    fitting = [name for name in filled if _header_row(_first_rows(book[name]), layout.needed) is not None]
    written = ", ".join(f'"{name}"' for name in fitting or filled)
    having = "The columns are in" if fitting else "It has"
    finding = (
        f"there is no sheet {sheet!r}" if sheet is not None else f"the workbook has {len(filled)} sheets with cells"
    )
    raise findings.refuse(finding, f"{having} {written or 'nothing'}: set sheet = {written or '…'} in the settings.")


def _first_rows(sheet: Any) -> list[_Row]:
    return [row for row, _ in zip(_rows(sheet), range(LOOKED_AT), strict=False)]


def _header_row(rows: list[_Row], needed: tuple[str, ...]) -> int | None:
    """The first row that has all columns which are asked for."""
    return next((number for number, cells in rows if needed and set(needed) <= {*_names(cells)}), None)


def _names(cells: list[object]) -> list[str]:
    """The names of columns; a number without decimals stands as such."""
    return [str(int(cell)) if isinstance(cell, float) and cell.is_integer() else _name(cell) for cell in cells]


def _name(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _table(rows: list[_Row], layout: Layout, findings: Findings) -> pd.DataFrame:
    body_rows = [
        (number, cells)
        for number, cells in rows
        if number > layout.skip_rows and not (layout.comment and _name(next(iter(cells))).startswith(layout.comment))
    ]
    if not body_rows:
        raise findings.refuse("the sheet has no rows", "Fetch the file again, or choose another one with `sheet`.")
    if not layout.has_header:
        body_rows = [(body_rows[0][0], [*numbered(max(len(cells) for _, cells in body_rows))]), *body_rows]
    (row, header), body = body_rows[0], body_rows[1 + layout.skip_after_header :]
    names = _names(header)
    is_there = not layout.has_header or set(layout.needed) <= set(names)
    header_row = None if is_there else _header_row(rows[:LOOKED_AT], layout.needed)
    if header_row is not None and header_row != row:
        finding = f"row {header_row} is the header, not row {row}"
        raise findings.refuse(finding, f"Set skip_rows = {header_row - 1} in the settings.")
    for name, times in sorted(Counter(name for name in names if name in layout.needed).items()):
        if times > 1:
            findings.add(f"row {row}: column {name!r} is there {times} times", "Rename one of them in the file.")
    findings.stop()
    body = body[: max(0, len(body) - layout.skip_footer)]
    if not body:
        raise findings.refuse("the sheet has a header and no rows", "Fetch the file again.")
    columns = {
        name: typed(pd.Series([_cell(cells, place) for _, cells in body], [row for row, _ in body], object, name))
        for place, name in reversed([*enumerate(names)])
        if name
    }
    return pd.DataFrame(columns)[list(dict.fromkeys(filter(None, names)))]


def _cell(cells: list[object], place: int) -> object:
    return cells[place] if place < len(cells) else None
