"""The sample that the project carries: real SMARD exports, trimmed to what is read, and proven to parse the same.

Run it as `python -m gridahead.sources.sample PORTAL_FOLDER data/sample`.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import ZONES
from gridahead.core.tables import Observations
from gridahead.core.time import now
from gridahead.settings.file_source import FileSource
from gridahead.settings.sources import SmardSource
from gridahead.sources.base import RawPayload
from gridahead.sources.file import FileTable
from gridahead.sources.findings import Findings
from gridahead.sources.smard import LEFT_OUT, QUANTITY_OF, TIMEZONE, ZONE, Smard, portal_name
from gridahead.sources.text import Layout, read_cells

GENERATION = "actual_generation_by_type_2021_2025.parquet"
"""Generation by type in Parquet: the portal's table, its start dates as naive local index."""

GENERATION_EXPORT = "Actual_generation_202101010000_202509170000_Hour.csv"
"""The name that the portal gives to the same export."""

IDENTITY = ["zone", "quantity", "valid_time"]


def make_sample(portal_folder: Path, sample_folder: Path) -> list[Path]:
    """The files of the sample, each made from one export and compared with it.

    Args:
        portal_folder: the portal's own exports (*.csv) and the Parquet file of generation by type.
        sample_folder: receives one *.csv.gz an export; the same input gives the same bytes.

    Raises:
        SourceError: an export cannot be read, or its trimmed copy does not parse to the same observations.
    """
    sample_folder.mkdir(parents=True, exist_ok=True)
    written = []
    for export in sorted(portal_folder.glob("*.csv")):
        cells = read_cells(export.read_bytes(), Layout(";"), Findings("sample", export.name))
        written.append(_write(_trimmed(cells), sample_folder / f"{export.name}.gz"))
        _prove_equal(_parsed(written[-1]), _parsed(export), export.name)
    generation = portal_folder / GENERATION
    written.append(_write(_exported(pd.read_parquet(generation)), sample_folder / f"{GENERATION_EXPORT}.gz"))
    _prove_equal(_parsed(written[-1]), _parsed_generation(generation), GENERATION)
    return written


def _trimmed(cells: pd.DataFrame) -> pd.DataFrame:
    """The dates and the columns that are read, every cell untouched."""
    return cells[[header for header in cells.columns if portal_name(header) not in LEFT_OUT]]


def _exported(generation: pd.DataFrame) -> pd.DataFrame:
    """The columns that are read, as the portal writes them."""
    dates = generation.reset_index()[["Start date", "End date"]].apply(_portal_dates)
    values = generation[[header for header in generation.columns[1:] if portal_name(header) in QUANTITY_OF]]
    cells = values.map(lambda mwh: "-" if pd.isna(mwh) else f"{mwh:,.2f}")
    return pd.concat([dates, cells.reset_index(drop=True)], axis="columns")


def _portal_dates(times: pd.Series) -> pd.Series:
    """Times like Jan 1, 2020 12:00 AM."""
    return pd.Series([f"{time:%b} {time.day}, {time.year} {time.hour % 12 or 12}:{time:%M %p}" for time in times])


def _write(cells: pd.DataFrame, path: Path) -> Path:
    """Write a table in the portal's format; without a time in the gzip header, the same table gives the same bytes."""
    lines = [";".join(cells.columns), *(";".join(row) for row in cells.itertuples(index=False))]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode("utf-8-sig"), compresslevel=9, mtime=0))
    return path


def _parsed(file: Path) -> Observations:
    source = Smard(SmardSource(kind="smard", folder=file.parent))
    return source.parse(RawPayload(source.name, file.name, file.read_bytes(), {}, now()))


def _parsed_generation(file: Path) -> Observations:
    """The generation file read by the other source: two paths, one answer."""
    payload = RawPayload(file.name, file.name, file.read_bytes(), {}, now())
    headers = {QUANTITY_OF[portal_name(h)]: h for h in pd.read_parquet(file).columns if portal_name(h) in QUANTITY_OF}
    blocks = []
    for quantity, header in headers.items():
        settings = FileSource(
            kind="file",
            path=file,
            zone=ZONE,
            quantity=quantity,
            time_column="Start date",
            value_column=header,
            timezone=TIMEZONE,
            unit="MWh",
        )
        blocks.append(FileTable(settings, ZONES[ZONE]).parse(payload))
    return Observations(pd.concat(blocks, ignore_index=True))


def _prove_equal(trimmed: Observations, original: Observations, name: str) -> None:
    """Compare every row, apart from where it came from.

    Raises:
        SourceError: they differ.
    """
    left, right = (
        rows.drop(columns=["source", "batch"]).sort_values(IDENTITY, ignore_index=True) for rows in (trimmed, original)
    )
    if not left.equals(right):
        raise SourceError("sample", f"{name} does not parse to the same observations once it is trimmed: a bug here")


def main() -> None:
    """Make the sample and print the size of its files."""
    parser = argparse.ArgumentParser(description="Trim SMARD exports to the sample that the project carries.")
    parser.add_argument("portal_folder", type=Path)
    parser.add_argument("sample_folder", type=Path)
    arguments = parser.parse_args()
    files = make_sample(arguments.portal_folder, arguments.sample_folder)
    for file in files:
        sys.stdout.write(f"{file.stat().st_size / 1e6:6.2f} MB  {file}\n")
    total = sum(file.stat().st_size for file in files) / 1e6
    sys.stdout.write(f"{total:6.2f} MB in {len(files)} files, each parses like its export\n")


if __name__ == "__main__":
    main()
