"""The line of a text file that has the columns which are asked for."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

LOOKED_AT = 200
"""Lines in which the header is looked for; what stands above it is a page at most."""
_SEPARATORS = ",;\t|"
_COMMENT_MARKS = "#;%!*/"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the header is: row as a spreadsheet shows it, and what divides its columns."""

    row: int
    separator: str

    def keys(self, lines: Sequence[str], tried: Place, comment: str) -> str:
        """What to set to read the header here and not where it was tried."""
        keys = []
        if comment and lines[self.row - 1].lstrip().startswith(comment):
            keys.append('comment = ""')
        elif self.row != tried.row:
            mark = _comment_mark(lines[: self.row - 1])
            keys.append(f"skip_rows = {self.row - 1}" + (f' (or comment = "{mark}")' if mark else ""))
        if self.separator != tried.separator:
            keys.append(f'separator = "{self.separator}"'.replace("\t", "\\t"))
        return f"set {' and '.join(keys)} in the settings"


def _comment_mark(above: Sequence[str]) -> str | None:
    """The mark with which all lines above the header begin, if it is a usual one."""
    marks = {line.strip()[0] for line in above if line.strip()}
    return marks.pop() if len(marks) == 1 and marks <= set(_COMMENT_MARKS) else None


def find_header(lines: Sequence[str], needed: Sequence[str], separator: str) -> Place | None:
    """The first line that has all columns, divided at the separator if it can be, else at another common mark."""
    others = [mark for mark in _SEPARATORS if mark != separator]
    for mark, (number, line) in itertools.product((separator, *others), enumerate(lines[:LOOKED_AT], start=1)):
        if set(needed) <= _names(line, mark):
            return Place(number, mark)
    return None


def _names(line: str, separator: str) -> set[str]:
    try:
        return {name.strip() for fields in csv.reader([line], delimiter=separator) for name in fields}
    except csv.Error:
        return set()
