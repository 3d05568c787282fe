"""The sheet of an Excel file that holds a table."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from gridahead.sources.excel import every_sheet
from gridahead.sources.findings import Findings
from gridahead.sources.packed import LIMIT
from gridahead.sources.sniff.layout import Table, table_of
from gridahead.sources.sniff.notes import Notes


def read_workbook(content: bytes, notes: Notes, name: str) -> Table:
    """The table of the sheet with most rows.

    Raises:
        SourceError: the workbook cannot be read, or no sheet holds a table.
    """
    findings = Findings(name)
    sheets = {
        title: [(number, [_text(cell) for cell in cells]) for number, cells in rows]
        for title, rows in every_sheet(content, findings, LIMIT).items()
    }
    filled = {title: rows for title, rows in sheets.items() if rows}
    if not filled:
        raise findings.refuse("no sheet has cells", "Is it the right file?")
    chosen = max(filled, key=lambda title: len(filled[title]))
    keys: dict[str, object] = {}
    if len(filled) > 1:
        keys["sheet"] = chosen
        notes.guess("sheet", "the sheet with most rows")
        notes.doubt(f"sheet: {chosen!r} is read; there are also {', '.join(map(repr, sorted(set(filled) - {chosen})))}")
    rows = filled[chosen]
    width = Counter(_width(fields) for _, fields in rows).most_common(1)[0][0]
    return table_of([(number, fields[:width]) for number, fields in rows], width, keys, findings, notes)


def _width(fields: list[str]) -> int:
    return max((place for place, field in enumerate(fields, start=1) if field), default=0)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
