"""The files that a path of the settings means: one file, those of a pattern, or those of a folder."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (
    ".csv",
    ".csv.gz",
    ".csv.zip",
    ".txt",
    ".txt.gz",
    ".tsv",
    ".tsv.gz",
    ".zip",
    ".parquet",
    ".pq",
    ".xlsx",
    ".xlsm",
)
"""Of the files of a folder that are read; others are a licence or a note."""
_WILD = "*?["


def files_of(path: Path) -> list[Path]:
    """The files, by name; the path itself if it is neither a pattern nor a folder, whether it is there or not."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.name.lower().endswith(SUFFIXES) and _is_data(file))
    if is_pattern(path):
        anchor = Path(path.anchor)
        return sorted(file for file in anchor.glob(str(path.relative_to(anchor))) if _is_data(file))
    return [path]


def is_pattern(path: Path) -> bool:
    """Whether the path stands for every file that fits it; a file of just that name is itself."""
    return any(mark in str(path) for mark in _WILD) and not path.exists()


def _is_data(file: Path) -> bool:
    """Whether it is a file of its own: programs put hidden ones beside those that are open."""
    return file.is_file() and not file.name.startswith((".", "~$"))
