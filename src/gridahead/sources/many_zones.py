"""Files of many zones: a column each, rows of all in one long table, or a file each.

Each zone is read as a file of its own would be, from cells that are read once. A file comes as payloads of some zones
each, so that memory is bounded by a block; where a block cannot be read, its zones are read one by one, and only those
that are wrong are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from gridahead.core.errors import SourceError, some_of
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Deadline, now
from gridahead.settings.file_source import ZONE_MARK, FileSource
from gridahead.sources.base import ZONES_READ, RawPayload
from gridahead.sources.file import FileTable, SharedTimes
from gridahead.sources.shapes import NAMED
from gridahead.sources.typed import as_texts
from gridahead.sources.wanted import Wanted

BLOCK = 25
"""Zones of a payload: two years of hours of so many take a quarter of a gigabyte while they are taken in."""
SMALL_BLOCK = 250
"""Zones of a payload of a small file: the weeks that the quality gate reads beside an hour of so many fit into memory,
and ten times fewer payloads are compared with the lake."""
SMALL = 100_000
"""Bytes of a file that has some hours or days, however it is packed."""


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells of one payload."""

    of: bytes
    all: pd.DataFrame
    rows: Mapping[str, pd.Index]
    """By what the zones are called in a long table, their rows."""
    times: SharedTimes = field(default_factory=dict)
    """Of a wide table, whose rows are the same for every zone."""


class ManyZones:
    """Reads what a source has of many zones.

    Args:
        settings: of the source.
        zones: by what its files call them.
        clock: tells when a file was read.
    """

    def __init__(self, settings: FileSource, zones: Mapping[str, BiddingZone], clock: Clock = now) -> None:
        self.settings, self.clock = settings, clock
        self.name = settings.path.name
        self.tables = {
            name: FileTable(settings.of_zone(zone.code, name, zone.timezone), zone, clock)
            for name, zone in zones.items()
        }
        self.warnings: list[str] = []
        """What people should look at although it is no error, of what has been parsed."""
        self._cells: _Cells | None = None

    @property
    def official_available(self) -> dict[str, Deadline]:
        """From when the official forecasts may be used, by their series."""
        return dict(pair for table in self.tables.values() for pair in table.official_available.items())

    def fetch(self, wanted: Wanted | None = None) -> Iterator[RawPayload]:
        """The files, each as often as it has blocks of zones; of a file a zone, every file once.

        Raises:
            SourceError: there is none, or some cannot be read; the others have come by then.
        """
        failed: list[SourceError] = []
        for names, reader in self._readers():
            try:
                for payload in reader.fetch(wanted):
                    size = BLOCK if len(payload.content) > SMALL else SMALL_BLOCK
                    yield from (self._payload(payload, names[at : at + size]) for at in range(0, len(names), size))
            except SourceError as error:
                failed.append(error)
        self._cells = None  # of the last file; whoever wanted it has parsed it by now
        if failed:
            more = f" (and {len(failed) - 1} more files cannot be read)" if len(failed) > 1 else ""
            raise SourceError(self.name, f"{failed[0].reason}{more}", retryable=all(one.retryable for one in failed))

    def _readers(self) -> Iterator[tuple[list[str], FileTable]]:
        """What fetches the files, with the zones that each of them has."""
        if self.settings.has_file_a_zone:
            yield from (([name], table) for name, table in self.tables.items())
        else:
            nobody = BiddingZone("", "UTC")
            yield list(self.tables), FileTable(self.settings.of_zone("", ZONE_MARK, "UTC"), nobody, self.clock)

    def _payload(self, payload: RawPayload, names: Sequence[str]) -> RawPayload:
        """A payload to be read for some zones."""
        parts = tuple(self._request([name]) for name in names) if len(names) > 1 else ()
        return replace(payload, source=self.name, request=self._request(names), parts=parts)

    @cached_property
    def _said(self) -> dict[str, object]:
        """What the settings say of every zone alike."""
        return self.settings.model_dump(mode="json", exclude={"path", "attribution", "max_size_mb", "zones"})

    def _request(self, names: Sequence[str]) -> dict[str, object]:
        zones = {name: self.tables[name].zone for name in names}
        return {**self._said, ZONES_READ: {name: [zone.code, zone.timezone] for name, zone in zones.items()}}

    def request(self, name: str) -> Mapping[str, object]:
        """The settings by which a file of that name is read."""
        return self._request(list(self.tables))

    def parse(self, payload: RawPayload) -> Observations:
        """The series of the zones that a payload is read for; of a zone that the file does not have, no rows.

        Raises:
            SourceError: the file or a zone of it is not what the settings say; names the zone.
        """
        asked = payload.request[ZONES_READ]
        assert isinstance(asked, Mapping)
        if self.settings.has_file_a_zone:
            (name,) = asked
            return self.tables[name].parse(payload)
        cells = self._read(payload)
        there = [name for name in asked if self._has(name, cells)]
        missing = [name for name in asked if name not in there]
        if not there:
            finding = f"{payload.name} has {self._place} of {some_of(missing, NAMED)}"
            raise SourceError(self.name, f"{finding}. {self._remedy(cells)}")
        if missing:
            self.warnings.append(
                f"{payload.name} has {self._place} of {some_of(missing, NAMED)}; name those that it has with "
                "`zones` if the others are not to come"
            )
        rows = pd.concat([self._of_zone(name, cells, payload) for name in there], ignore_index=True)
        return Observations(OBSERVATIONS.check(rows))

    @property
    def _place(self) -> str:
        return "no row" if self.settings.zone_column is not None else "no column"

    def _remedy(self, cells: _Cells) -> str:
        there = list(cells.rows) if self.settings.zone_column is not None else list(map(str, cells.all.columns))
        where = f"Column {self.settings.zone_column!r}" if self.settings.zone_column is not None else "The file"
        return (
            f"{where} has: {some_of(there, NAMED)}. Say what the files call each zone with name_in_files in the "
            "zone table or in [[zones]]"
        )

    def _read(self, payload: RawPayload) -> _Cells:
        """The cells of a payload, which may be asked for many times."""
        if self._cells is not None and self._cells.of is payload.content:
            return self._cells
        first, column = next(iter(self.tables.values())), self.settings.zone_column
        # Which columns a file has is looked at by zone; the header is found by what all of them need.
        needed = set.intersection(*(set(table.needed_columns()) for table in self.tables.values()))
        needed |= {column} if column is not None else set()
        findings = first.findings(payload)
        cells = first.cells(payload, findings, sorted(needed))
        rows: Mapping[str, pd.Index] = {}
        if column is not None:
            if column not in cells:
                raise findings.refuse(f"no column {column!r}", f"The file has: {', '.join(map(str, cells.columns))}.")
            names = as_texts(cells[column]).str.strip()
            rows = {str(name): cells.index[places] for name, places in names.groupby(names).indices.items()}
            if unknown := [name for name in rows if name not in self.tables]:
                self.warnings.append(
                    f"{payload.name} has rows of {some_of(unknown, NAMED)} in {column!r}, which the settings do not "
                    "know; declare them in the zone table, or name them with name_in_files"
                )
        self._cells = _Cells(payload.content, cells, rows)
        return self._cells

    def _has(self, name: str, cells: _Cells) -> bool:
        if self.settings.zone_column is not None:
            return name in cells.rows
        return self.tables[name].columns[0].header in cells.all

    def _of_zone(self, name: str, cells: _Cells, payload: RawPayload) -> pd.DataFrame:
        table = self.tables[name]
        findings = table.findings(payload)
        shared: SharedTimes | None = None
        if self.settings.zone_column is not None:
            own = cells.all.loc[cells.rows[name]]
        else:
            wanted, shared = set(table.needed_columns()), cells.times
            own = cells.all[[column for column in cells.all.columns if column in wanted]]
        try:
            return table.parse_cells(own, payload, findings, shared)
        except SourceError as error:
            raise SourceError(self.name, f"{table.zone}: {error.reason}", retryable=error.retryable) from error
