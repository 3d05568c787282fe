"""Files of ENTSO-E: a folder with what the portal exports and what the File Library holds.

Rows of the File Library say when they were updated, which is from when their value was known for certain: every update
is a vintage. The portal says nothing, and availability is assumed as that of the API is. Rows that come twice alike are
taken once; two values of one update are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.errors import SettingsError, SourceError, did_you_mean
from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone, Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Deadline, now
from gridahead.settings.sources import EntsoeFilesSource
from gridahead.sources.base import RawPayload
from gridahead.sources.entsoe.areas import eic_of
from gridahead.sources.entsoe.availability import assumed_availability, official_deadline
from gridahead.sources.entsoe.library import is_of_library, read_library
from gridahead.sources.entsoe.portal import read_portal
from gridahead.sources.entsoe.psr_types import CURRENT, INTRADAY, QUANTITY_OF_TYPE, WEATHER_DRIVEN
from gridahead.sources.findings import Findings
from gridahead.sources.packed import MEGABYTE, unpacked
from gridahead.sources.wanted import Wanted

QUANTITIES_OF_FILES = (
    "load",
    "load" + OFFICIAL_SUFFIX,
    "price",
    *QUANTITY_OF_TYPE.values(),
    *(name + suffix for suffix in (OFFICIAL_SUFFIX, INTRADAY, CURRENT) for name in WEATHER_DRIVEN),
)
_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".zip")


class EntsoeFiles:
    """Reads files that people have downloaded.

    Args:
        settings: of the source.
        zones: that are read.

    Raises:
        SettingsError: no file has one of the quantities, or a zone has no EIC.
    """

    name = "entsoe_files"

    def __init__(self, settings: EntsoeFilesSource, zones: Sequence[BiddingZone], clock: Clock = now) -> None:
        self.settings, self.clock = settings, clock
        self.zones: Mapping[str, BiddingZone] = {zone.code: zone for zone in zones}
        for zone in zones:
            eic_of(zone)
        for quantity in settings.quantities:
            if quantity not in QUANTITIES_OF_FILES:
                raise SettingsError(
                    f"ENTSO-E's files have no quantity {quantity!r}; {did_you_mean(quantity, QUANTITIES_OF_FILES)}they "
                    f"have {', '.join(QUANTITIES_OF_FILES)}"
                )

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when each official forecast has to be there, where the file does not say when it was."""
        names = [name for name in QUANTITIES_OF_FILES if name.endswith(OFFICIAL_SUFFIX) and self._is_asked(name)]
        return {
            str(Series(code, name)): official_deadline(zone, name.removesuffix(OFFICIAL_SUFFIX))
            for code, zone in self.zones.items()
            for name in names
        }

    def _is_asked(self, quantity: str) -> bool:
        return not self.settings.quantities or quantity in self.settings.quantities

    def fetch(self, wanted: Wanted | None = None) -> Iterator[RawPayload]:
        """Every file of the folder and of those in it, by name.

        Raises:
            SourceError: the folder has none, or a file cannot be read.
        """
        del wanted  # only reading a file tells what it has
        folder = self.settings.folder
        files = sorted(file for file in folder.rglob("*") if file.name.lower().endswith(_ENDINGS) and file.is_file())
        if not files:
            remedy = "Put the downloads there, or change `folder` of the entsoe_files source in the settings"
            raise SourceError(self.name, f"no file that ends with {', '.join(_ENDINGS)} in {folder}. {remedy}")
        for file in files:
            yield self._payload(file)

    def _payload(self, file: Path) -> RawPayload:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise SourceError(self.name, f"cannot read {file}: {error.strerror}", retryable=True) from error
        return RawPayload(self.name, file.name, content, self.request(file.name), self.clock(), str(file.absolute()))

    def request(self, name: str) -> dict[str, object]:
        """The settings, and the name, which tells what a file is of."""
        return {**self.settings.model_dump(mode="json", exclude={"folder", "attribution"}), "name": name}

    def parse(self, payload: RawPayload) -> Observations:
        """The series of a file, in MW or the currency of the auction per MWh.

        Raises:
            SourceError: it is none of ENTSO-E's files that are read; all findings at once, by row.
        """
        findings = Findings(self.name, payload.name)
        limit = int(self.settings.max_size_mb * MEGABYTE)
        content = unpacked(payload.content, findings, limit)
        header = content.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
        if is_of_library(header):
            blocks = list(read_library(content, payload.name, self.zones, findings))
        else:
            blocks = list(read_portal(content, payload.name, self.zones, findings, limit))
        findings.stop()
        blocks = [block for block in blocks if len(block) and self._is_asked(block["quantity"].iloc[0])]
        if not blocks:
            return Observations(OBSERVATIONS.empty())
        rows = pd.concat([self._dated(block) for block in blocks], ignore_index=True)
        rows = rows.drop_duplicates([*OBSERVATIONS.key, "minutes", "value"])
        twice = rows.duplicated(list(OBSERVATIONS.key), keep=False)
        if twice.any():
            first = rows[twice].sort_values(list(OBSERVATIONS.key)).iloc[0]
            at = f"{first['zone']}/{first['quantity']} at {first['valid_time']:%Y-%m-%d %H:%M} UTC"
            raise findings.refuse(f"{at} has two values of the same time", "Download the file again.")
        frame = rows.drop(columns="minutes").assign(
            mtu="PT" + rows["minutes"].astype(int).astype(str) + "M", source=payload.source, batch=payload.batch
        )
        return Observations(OBSERVATIONS.check(frame))

    def _dated(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of a quantity with from when each value may be used, and whether that is known."""
        zone, quantity = self.zones[rows["zone"].iloc[0]], str(rows["quantity"].iloc[0])
        item = quantity if quantity.startswith(("load", "price")) else f"wind_solar{_suffix(quantity)}"
        valid_time = pd.DatetimeIndex(rows["valid_time"])
        lengths = pd.to_timedelta(rows["minutes"].to_numpy(), unit="min").as_unit("us")
        lag = pd.Timedelta(minutes=self.settings.publication_lag_minutes)
        assumed = assumed_availability(item, zone, valid_time, lengths, lag)
        if "updated" not in rows:
            return rows.assign(available_at=assumed, availability="assumed")
        updated = pd.DatetimeIndex(rows["updated"])
        recorded = (updated <= assumed) | (self.settings.late_updates == "recorded")
        return rows.drop(columns="updated").assign(
            available_at=updated.where(recorded, assumed), availability=np.where(recorded, "recorded", "assumed")
        )


def _suffix(quantity: str) -> str:
    return next((suffix for suffix in (OFFICIAL_SUFFIX, INTRADAY, CURRENT) if quantity.endswith(suffix)), "")
