"""Cells of a table as numbers: the value of a cell, or a finding with its row."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.sources.findings import Findings

MISSING = (
    "",
    "-",
    "NaN",
    "nan",
    "NA",
    "N/A",
    "n/a",
    "n/e",
    "N/E",
    "ND",
    "#N/A",
    "null",
    "NULL",
    "None",
)
"""Cells that mean that there is no value."""

BLANKS = " \u00a0\u2009\u202f"
"""A blank, and those that do not break a line: spreadsheets put them between groups of digits."""
LONGEST_WORD = 20
"""Characters of a word that may stand for no value; what is longer is a sentence."""
_NO_VALUE = r"[#\[]"
"""How a word for no value begins even if it has a digit or is a sentence: #DIV/0!, [-11059] No Good Data."""
APOSTROPHES = "'\u2019"
"""Both are written in Switzerland."""


def numbers(
    texts: pd.Series,
    findings: Findings,
    *,
    decimal: str = ".",
    thousands: str = "",
    missing: Sequence[str] = (),
    named: bool = False,
) -> pd.Series:
    """The cells as floats, NaN where there is no value; a cell that is no number is a finding.

    A thousands separator is allowed only where it is declared and only between groups of three digits: 1,234 is a
    thousand in one country and one and a bit in another.

    Args:
        texts: the cells; the index is the row, the name that of the column.
        findings: receives cells that are no numbers.
        decimal: the decimal mark.
        thousands: the mark between groups of three digits; "" for none.
        missing: what says that there is no value, besides the usual.
        named: whether the settings have keys for these marks, which the remedy then names.
    """
    marks = {" ": BLANKS, "'": APOSTROPHES}.get(thousands, thousands)
    grouped = rf"[0-9]{{1,3}}(?:[{re.escape(marks)}][0-9]{{3}})+|" if thousands else ""
    number = rf"[+-]?(?:{grouped}[0-9]+)(?:{re.escape(decimal)}[0-9]+)?(?:[eE][+-]?[0-9]+)?"
    cells = texts.str.strip()
    empty = cells.isin([*MISSING, *(token.strip() for token in missing)])
    good = cells.str.fullmatch(number)
    bad = ~empty & ~good
    remedy = _remedy(cells[~empty], cells[bad], decimal, thousands, named) if bad.any() else ""
    findings.add_rows(texts[bad], f"in column {texts.name!r} is no number", remedy)
    plain = cells.where(good & ~empty, "nan")
    if thousands:
        plain = plain.str.replace(f"[{re.escape(marks)}]", "", regex=True)
    # Python's own float() is exact to the last digit; pandas' to_numeric is not.
    values = plain.str.replace(decimal, ".", regex=False).to_numpy(dtype=object).astype(np.float64)
    return finite(pd.Series(values, index=texts.index, name=texts.name), texts, findings)


def finite(values: pd.Series, texts: pd.Series, findings: Findings) -> pd.Series:
    """The same values; one that is infinite is a finding, however it was written."""
    remedy = "Leave the cell empty where there is no value."
    findings.add_rows(texts[np.isinf(values)], f"in column {texts.name!r} is no finite number", remedy)
    return values


def _remedy(cells: pd.Series, bad: pd.Series, decimal: str, thousands: str, named: bool) -> str:
    """What to do about cells that are no numbers: the marks they seem to be written with, or a token for no value."""
    read = f"Numbers are read with {decimal!r} as decimal mark and {repr(thousands) if thousands else 'no mark'}"
    read = f"{read} for thousands."
    if not named:
        return read
    tips = []
    has_digits = bad.str.contains(r"[0-9]")
    if has_digits.any() and (marks := _marks(cells[cells.str.contains(r"[0-9]")], decimal, thousands)):
        tips.append(f"If they are numbers, set {', or '.join(marks)} in the settings.")
    is_word = (~has_digits & (bad.str.len() <= LONGEST_WORD)) | bad.str.match(_NO_VALUE)
    words = sorted(set(bad[is_word]))
    if words:
        written = ", ".join(json.dumps(word, ensure_ascii=False) for word in words[:5])
        tips.append(f"If it says that there is no value, set missing = [{written}] in the settings.")
    return " ".join([read, *tips])


def _marks(cells: pd.Series, decimal: str, thousands: str) -> list[str]:
    """The keys with which all cells would be numbers, each alternative as it is set; the fewest keys only."""
    fitting = []
    for decimal_mark, mark in itertools.product(".,", ("", ".", ",", " ", "'")):
        attempt = Findings("")
        if mark == decimal_mark or (decimal_mark, mark) == (decimal, thousands) or cells.empty:
            continue
        numbers(cells, attempt, decimal=decimal_mark, thousands=mark)
        if not attempt.messages:
            keys = [] if decimal_mark == decimal else [f'decimal = "{decimal_mark}"']
            fitting.append([*keys, *([] if mark == thousands else [f'thousands = "{mark}"'])])
    fewest = min(map(len, fitting), default=0)
    return [" and ".join(keys) for keys in fitting if len(keys) == fewest]
