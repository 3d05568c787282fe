"""The files that a person points at: one, several, a folder or a pattern, each kind opened as a table of cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.sources.columnar import is_parquet, read_columns
from gridahead.sources.excel import is_excel
from gridahead.sources.findings import Findings
from gridahead.sources.found import SUFFIXES, files_of
from gridahead.sources.sniff.layout import Table, read_table
from gridahead.sources.sniff.notes import Notes
from gridahead.sources.sniff.workbook import read_workbook
from gridahead.sources.text import Layout


@dataclass
class FileGroup:
    """Files with the same columns, and the `path` that names them all."""

    path: str
    """A file or a pattern, as it stands in the settings."""
    files: list[Path]
    table: Table
    notes: Notes
    first: int = 0
    """Rows of the first file: only within one file does their order mean something."""


def open_groups(paths: Sequence[Path]) -> list[FileGroup]:
    """The tables of all files, those with the same columns together.

    Raises:
        SourceError: there is no such file, or one cannot be read as a table.
    """
    groups: dict[tuple[str, ...], FileGroup] = {}
    for file in sorted({file for path in paths for file in _files(path)}):
        notes = Notes()
        table = open_table(file, notes)
        key = tuple(map(str, table.cells.columns))
        if (held := groups.get(key)) is None:
            groups[key] = FileGroup(str(file), [file], table, notes, len(table.cells))
        else:
            held.files.append(file)
            held.table.cells = pd.concat([held.table.cells, table.cells], ignore_index=True)
            held.notes.uncertain += [text for text in notes.uncertain if text not in held.notes.uncertain]
    for group in groups.values():
        group.path = _common_path(group.files)
    return list(groups.values())


def _files(path: Path) -> list[Path]:
    """The files of a path that may be a folder or a pattern."""
    files = files_of(path)
    if path.is_dir() and not files:
        raise SourceError(str(path), f"the folder holds no file of a known kind ({', '.join(SUFFIXES)})")
    if not files or not all(file.is_file() for file in files):
        raise SourceError(
            str(path), "there is no such file. Say a file, a folder, or a pattern in quotes: 'load_*.csv'"
        )
    return files


def _common_path(files: list[Path]) -> str:
    """One path for all: the file itself, or the widest pattern that names these files and no other.

    Raises:
        SourceError: no pattern does.
    """
    if len(files) == 1:
        return str(files[0])
    names, folder = [file.name for file in files], files[0].parent
    head = _beginning(names)
    tail = _beginning([name[len(head) :][::-1] for name in names])[::-1]
    wide = re.sub(r"\d[\d_-]*$", "", head), re.sub(r"^[\d_-]*\d", "", tail)
    patterns = [str(folder / f"{begin}*{end}") for begin, end in (wide, (head, tail)) if begin or end]
    for pattern in patterns:
        if files_of(Path(pattern)) == files:
            return pattern
    raise SourceError(
        str(folder),
        f"{len(files)} files have the same columns, but no pattern names them and no others. Put them into a folder of "
        "their own",
    )


def _beginning(names: list[str]) -> str:
    """The longest text with which all names begin."""
    first, last = min(names), max(names)
    return next((first[:place] for place, mark in enumerate(first) if last[place : place + 1] != mark), first)


def open_table(file: Path, notes: Notes) -> Table:
    """The cells of one file.

    Raises:
        SourceError: it cannot be read as a table.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SourceError(file.name, f"cannot read {file}: {error.strerror}") from error
    if is_parquet(content, file.name):
        return Table(read_columns(content, Layout(), Findings(file.name)))
    if is_excel(content):
        return read_workbook(content, notes, file.name)
    return read_table(content, notes, file.name)
