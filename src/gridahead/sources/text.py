"""Strict reading of text tables: a cell that does not fit is refused with its row as a spreadsheet shows it.

Nothing is guessed or filled, and skipped only what the layout says: half a file or a word among numbers gives an error,
never a shorter table. An error about the layout names the key that would read the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from gridahead.sources.findings import Findings
from gridahead.sources.header import Place, find_header
from gridahead.sources.nameless import numbered
from gridahead.sources.numerals import MISSING
from gridahead.sources.packed import LIMIT, unpacked

ALIKE = 10
"""Rows that must have the same number of decimals before a last line without line end is believed to have all of its
own. With two or three rows it may be chance: 1000.5 above 500.25, which was cut to 500.2."""

_FETCH_AGAIN = "Fetch the file again."
_SEPARATORS = ",;\t|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins like that of UTF-16."""

Record = tuple[int, list[str]]
"""Row number and fields of a line."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table stands in a text file; the settings of a file source name what differs from a plain CSV."""

    separator: str = ","
    encoding: str | None = None
    skip_rows: int = 0
    skip_after_header: int = 0
    skip_footer: int = 0
    comment: str = ""
    max_bytes: int = LIMIT
    has_header: bool = True
    """Whether a row of names stands above the values; without one, columns are numbered."""
    needed: tuple[str, ...] = ()
    """Columns that are needed, by which the header is recognised."""
    has_keys: bool = False
    """Whether the settings have keys for all this, which a remedy then names."""


def read_cells(content: bytes, layout: Layout, findings: Findings) -> pd.DataFrame:
    """Every cell of a CSV as text; the index is the row as a spreadsheet shows it.

    Raises:
        SourceError: the content is empty or no text, without rows or cut, or a row has too few or too many fields.
    """
    text = _decoded(unpacked(content, findings, layout.max_bytes), layout, findings)
    lines = list(io.StringIO(text, newline=""))
    records = _records(lines, layout, findings)
    if layout.has_header:
        _refuse_other_header(lines, records, layout, findings)
    if not records:
        raise findings.refuse("the file has no rows" + _left_out(layout), _FETCH_AGAIN)
    if not layout.has_header:
        records = [(records[0][0], _numbers_for_names(records, layout, findings)), *records]
    header = _without_blank_end(records[0][1])
    body = records[1 + layout.skip_after_header :]
    end = max(0, len(body) - layout.skip_footer)
    body, footer = body[:end], body[end:]
    if not body:
        raise findings.refuse("the file has a header and no rows" + _left_out(layout), _FETCH_AGAIN)
    body = [(row, _trimmed(fields, len(header))) for row, fields in body]
    _check_header(header, records[0][0], layout, findings)
    _check_shape(header, body, findings, layout)
    if not findings.messages and not footer:
        _check_end(body, text, findings)
    findings.stop()
    rows, cells = zip(*body, strict=True)
    frame = pd.DataFrame(list(cells), columns=header, index=list(rows), dtype="str")
    return frame.loc[:, ~frame.columns.duplicated()]


def _decoded(content: bytes, layout: Layout, findings: Findings) -> str:
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    encoding = (marked if layout.has_keys else None) or layout.encoding or "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        row, name = content[:start].count(b"\n") + 1, encoding.removesuffix("-sig").upper()
        finding = f"row {row}: {content[start:][:8]!r} is not {name}"
        raise findings.refuse(finding, _encoding_remedy(content, encoding, layout)) from error
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        finding = f"row {row}: there is a NUL character, which no text has"
        raise findings.refuse(finding, _nul_remedy(content, encoding, layout))
    if not text.strip():
        raise findings.refuse("the file is empty", _FETCH_AGAIN)
    return text


def _encoding_remedy(content: bytes, tried: str, layout: Layout) -> str:
    plain = "Save it as CSV in UTF-8 (a spreadsheet file has to be saved as CSV first)."
    if not layout.has_keys or tried.startswith("utf-16"):
        return plain
    for encoding in ("cp1252", "cp1250", "latin-1"):
        if encoding != tried and _decodes(content, encoding):
            return f'Set encoding = "{encoding}" in the settings if it comes from there, or save it as CSV in UTF-8.'
    return plain


def _nul_remedy(content: bytes, tried: str, layout: Layout) -> str:
    wide = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    if layout.has_keys and tried != wide and _decodes(content, wide) and "\0" not in content.decode(wide):
        return f'It seems to be UTF-16 without a byte order mark: set encoding = "{wide}" in the settings.'
    return _FETCH_AGAIN


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _records(lines: list[str], layout: Layout, findings: Findings) -> list[Record]:
    """Row number and fields of every line that is not blank, a comment, or above the header."""

    def is_left_out(row: int, line: str) -> bool:
        return row <= layout.skip_rows or bool(layout.comment and line.lstrip().startswith(layout.comment))

    # A line that is left out stays as a blank one, so that rows are counted as a spreadsheet shows them.
    kept = ("\n" if is_left_out(row, line) else line for row, line in enumerate(lines, start=1))
    reader = csv.reader(kept, delimiter=layout.separator, strict=True)
    try:
        records = [(row, fields) for row, fields in enumerate(reader, start=1)]
    except csv.Error as error:
        remedy = "The file may be cut inside a quoted field; fetch it again."
        if layout.has_keys:
            remedy += ' If the line is no part of the table, leave it out with `skip_rows` or comment = "#".'
        raise findings.refuse(f"line {reader.line_num}: {error}", remedy) from error
    return [(row, fields) for row, fields in records if any(field.strip() for field in fields)]


def _refuse_other_header(lines: list[str], records: list[Record], layout: Layout, findings: Findings) -> None:
    """Go on only with the columns that are asked for, or where no line of the file has them either.

    Raises:
        SourceError: another line has them, perhaps with another separator; the remedy says how to read it.
    """
    names = {name.strip() for name in records[0][1]} if records else set()
    if not layout.needed or names >= set(layout.needed):
        return
    place = find_header(lines, layout.needed, layout.separator)
    if place is None:
        return
    tried = Place(records[0][0] if records else layout.skip_rows + 1, layout.separator)
    keys = place.keys(lines, tried, layout.comment)
    if place.separator != tried.separator:
        finding = f"row {place.row}: {lines[place.row - 1].strip()!r} is one field when divided at {tried.separator!r}"
        raise findings.refuse(finding, f"The separator seems to be {place.separator!r}: {keys}.")
    raise findings.refuse(f"row {place.row} is the header, not row {tried.row}", f"{keys[0].upper()}{keys[1:]}.")


def _check_header(header: list[str], row: int, layout: Layout, findings: Findings) -> None:
    """Find a header of one field that another separator would divide, and names that occur twice."""
    if len(header) == 1:
        for mark in _SEPARATORS.replace(layout.separator, ""):
            if mark in header[0]:
                finding = f"row {row}: {header[0]!r} is one field when divided at {layout.separator!r}"
                raise findings.refuse(finding, f"The separator seems to be {mark!r}.")
    names = [name for name in header if not layout.needed or name in layout.needed]
    for name, times in sorted(Counter(names).items()):
        if times > 1:
            findings.add(f"row {row}: column {name!r} is there {times} times", "Rename one of them in the file.")


def _numbers_for_names(records: list[Record], layout: Layout, findings: Findings) -> list[str]:
    """A name for every field that most rows have.

    Raises:
        SourceError: rows have one field, which another separator would divide.
    """
    width = Counter(len(fields) for _, fields in records).most_common(1)[0][0]
    row, fields = records[0]
    other_mark = next((mark for mark in _SEPARATORS if mark in fields[0] and mark != layout.separator), None)
    if width == 1 and other_mark is not None:
        finding = f"row {row}: {fields[0]!r} is one field when divided at {layout.separator!r}"
        key = f'separator = "{other_mark}"'.replace("\t", "\\t")
        raise findings.refuse(finding, f"Set {key} in the settings.")
    return numbered(width)


def _without_blank_end(header: list[str]) -> list[str]:
    """The names without the empty ones that separators at the end of the line leave."""
    names = [name.strip() for name in header]
    while len(names) > 1 and not names[-1]:
        names.pop()
    return names


def _trimmed(fields: list[str], width: int) -> list[str]:
    """The fields without empty ones beyond the header."""
    return fields[:width] if not any(field.strip() for field in fields[width:]) else fields


def _left_out(layout: Layout) -> str:
    """What the settings leave out, if anything, as the end of a finding."""
    keys_set: dict[str, object] = {"skip_rows": layout.skip_rows, "skip_after_header": layout.skip_after_header}
    keys_set |= {"skip_footer": layout.skip_footer, "comment": layout.comment}
    keys = ", ".join(f"{key} = {value!r}" for key, value in keys_set.items() if value)
    return f" besides what is left out by {keys}" if keys else ""


def _check_shape(header: list[str], body: list[Record], findings: Findings, layout: Layout) -> None:
    """Find rows with too few or too many fields."""
    odd = [(row, fields) for row, fields in body if len(fields) != len(header)]
    if not odd:
        return
    last = body[-1][0]
    footer = _footer_length(header, body)
    tip = f" If what stands at the end is no data, set skip_footer = {layout.skip_footer + footer} in the settings."
    ending = tip if layout.has_keys and footer else ""
    for row, fields in odd:
        line = layout.separator.join(fields)
        if row == last and len(fields) < len(header):
            finding = f"row {row}: {line!r} is cut: {len(fields)} of {len(header)} fields"
            findings.add(finding, _FETCH_AGAIN + ending)
        else:
            remedy = "Look for a separator inside a number or a name." + ending
            if layout.has_keys and all(record in body[:20] for record in odd):
                remedy += " `skip_rows` leaves out lines above the table, `skip_after_header` those under its header."
            findings.add(f"row {row}: {line!r} has {len(fields)} fields, the header has {len(header)}", remedy)


def _footer_length(header: list[str], body: list[Record]) -> int:
    """Rows at the end, the first of them with another number of fields than the header, under rows that have it."""
    whole = [number for number, (_, fields) in enumerate(body, start=1) if len(fields) == len(header)]
    return len(body) - whole[-1] if whole else 0


def _check_end(body: list[Record], text: str, findings: Findings) -> None:
    """Find a last row that may be cut."""
    row, fields = body[-1]
    if _may_be_cut([fields[-1] for _, fields in body], text):
        finding = f"row {row}: the last line has no line end, so {fields[-1]!r} may be cut"
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
