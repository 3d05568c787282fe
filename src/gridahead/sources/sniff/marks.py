"""How numbers are written: decimal mark, thousands mark, and words for no value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.sources.numerals import MISSING

_SHAPE = re.compile(r"[+-]?\d+(?:(?P<marks>[.,'’\u00a0\u202f ])\d+)*(?:[eE][+-]?\d+)?")
_MARK = re.compile(r"[.,'’\u00a0\u202f ]")
_GROUPS_OF_THREE = re.compile(r"[+-]?[1-9]\d{0,2}(?:[.,'’\u00a0\u202f ]\d{3})+")
SENTINELS = ("-9999", "-999", "-99", "-9999.0", "-999.0", "99999", "-99999", "9999")
"""Numbers that stand for no value in files of instruments."""
MOST_WORDS = 0.6
"""Of the cells of a column may be words for no value; a column with more is no column of numbers."""
MOST_KINDS = 4
"""Words for no value in one column; more are a column of names."""
_SAMPLE = 20_000
"""Cells that decide; later ones are checked when the file is read by the settings."""


@dataclass(frozen=True)
class Marks:
    """Decimal mark, thousands mark (empty where there is none)."""

    decimal: str = "."
    thousands: str = ""
    sure: bool = True


def is_number(cells: pd.Series) -> pd.Series:
    """Which cells look like a number in some country."""
    return cells.str.strip().str.fullmatch(_SHAPE.pattern.replace("?P<marks>", ""))


def words_for_missing(cells: pd.Series) -> list[str] | None:
    """The words among the numbers of a column that stand for no value; None where it is no column of numbers."""
    texts = cells.str.strip()
    present = texts[~texts.isin(MISSING)]
    if present.empty:
        return []
    words = present[~is_number(present)]
    kinds = Counter(words)
    if len(words) > MOST_WORDS * len(present) or len(kinds) > MOST_KINDS or any(re.search(r"\d", w) for w in kinds):
        return None
    return list(kinds)


def marks_of(columns: Iterable[pd.Series], separator: str = ",") -> Marks:
    """The marks that all columns of numbers agree on; the separator of the table helps where they do not decide."""
    texts = pd.concat([column.iloc[:_SAMPLE] for column in columns] or [pd.Series(dtype="str")]).str.strip()
    texts = texts[is_number(texts)]
    pairs, single = Counter[tuple[str, str]](), Counter[str]()
    repeated, short = Counter[str](), Counter[str]()
    for text in texts[texts.str.contains(_MARK)]:
        marks = _MARK.findall(text)
        if len(set(marks)) > 1:
            pairs[(marks[-1], marks[0])] += 1
        elif len(marks) > 1:
            repeated[marks[0]] += 1
        else:
            single[marks[0]] += 1
            short[marks[0]] += not _GROUPS_OF_THREE.fullmatch(text)
    if pairs:
        (decimal, thousands), _ = pairs.most_common(1)[0]
        return Marks(decimal, thousands)
    if repeated:
        thousands = repeated.most_common(1)[0][0]
        return Marks("," if thousands == "." else ".", thousands)
    return _one_mark(texts, single, short, separator)


def _one_mark(texts: pd.Series, single: Counter[str], short: Counter[str], separator: str) -> Marks:
    """Where a number has one mark at most: it is decimal unless three digits always follow and the days then run on."""
    spaces = [mark for mark in single if mark not in ".,"]
    decimals = [mark for mark in single if mark in ".," and short[mark]]
    if spaces:
        return Marks(decimals[0] if decimals else ".", spaces[0])
    if decimals:
        others = [mark for mark in single if mark in ".," and mark != decimals[0]]
        return Marks(decimals[0], others[0] if others else "")
    if not single:
        return Marks()
    mark = single.most_common(1)[0][0]
    other_mark = "," if mark == "." else "."
    as_decimal, as_thousands = _roughness(texts, mark, ""), _roughness(texts, other_mark, mark)
    # A comma in a table that commas divide stands in quotes, as spreadsheets write thousands and not decimals.
    if as_thousands < 0.5 * as_decimal or mark == separator == ",":
        return Marks(other_mark, mark, sure=as_thousands < 0.5 * as_decimal)
    return Marks(mark, "", sure=mark == "." and separator != ";")


def _roughness(texts: pd.Series, decimal: str, thousands: str) -> float:
    """Mean step from row to row as a share of the mean."""
    values = values_of(texts, Marks(decimal, thousands)).dropna().to_numpy()
    level = float(np.mean(np.abs(values))) if len(values) else 0.0
    return float(np.mean(np.abs(np.diff(values)))) / level if len(values) > 1 and level else 0.0


def values_of(cells: pd.Series, marks: Marks) -> pd.Series:
    """The numbers as these marks read them, NaN for whatever is none."""
    texts = cells.str.strip()
    if marks.thousands:
        texts = texts.str.replace(marks.thousands, "", regex=False)
    return pd.to_numeric(texts.str.replace(marks.decimal, ".", regex=False), errors="coerce")


def sentinel_of(cells: pd.Series, values: pd.Series) -> str | None:
    """A number that stands for no value: far below or above all others, and always the same."""
    texts = cells.str.strip()
    for word in SENTINELS:
        here = texts == word
        rest = values[~here].dropna()
        if here.any() and len(rest) and not ((rest / float(word) > 1 / 3) & (rest / float(word) < 3)).any():
            return word
    return None
