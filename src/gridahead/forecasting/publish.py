"""Handing a forecast to the outside world: Parquet, CSV and XLSX for a spreadsheet, and a manifest.

    published/DE.load/2025-12-31/2025-12-30T1000Z/forecast-<hash>.parquet
                                                  forecast-<hash>.csv  .xlsx
                                                  paths-<hash>.parquet
                                                  manifest.json        names the files: no forecast is there without it
                                 2025-12-30T1045Z-by-hand/…            what a person has put beside it
    published/DE.load/latest.json  today.json  …                       as `forecasting.pointers` says

The folder of a delivery day has one for every issue time. The files are named by their content and written first; the
manifest is renamed into place last. A publisher that is killed at any point leaves the former forecast or the new one,
never half of one, and publishing again changes nothing: not even when it was first published. Nothing waits for the
XLSX or the paths: where they cannot be made, that is told, and the forecast is published without them.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.errors import LakeError, PublicationError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.runs import BY_HAND
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import Mtu
from gridahead.core.units import Unit
from gridahead.forecasting.identity import forecast_id
from gridahead.forecasting.paths import Paths, figures_of_paths, parquet_of, wide_of
from gridahead.forecasting.sheets import csv_bytes, day_sheet, sheet, xlsx_bytes
from gridahead.forecasting.slot import Slot
from gridahead.forecasting.sums import in_sums
from gridahead.lake.folder import Folder, write_if_new
from gridahead.settings.published import CsvStyle

log = logging.getLogger(__name__)

MANIFEST, WITHDRAWN = "manifest.json", "withdrawn.json"
SUPERSEDED = "superseded-"
"""How the manifest of a forecast is called that another one of the same issue time has superseded."""
HAND = "-by-hand"
"""How the folder of a correction ends: it may have the issue time of the forecast that it corrects."""
CLOCKS = ("made_at", "published_at", "late")
"""Lines of a manifest that differ when the same forecast is published again: those of the first time stay."""
FILES = ("parquet", "csv", "xlsx")
"""Lines of a manifest that name its files; one of a release before, or whose XLSX could not be made, has none of it."""

ROUNDED = 1e-9
"""Of the largest value: a difference of two sums that is less is none."""
OF_PATHS = ("paths", "daily")
"""Lines of a manifest that say where its paths are, and what the day may come to by them; none where there are none."""


@dataclass(frozen=True)
class Published:
    """A published forecast: its folder and its manifest."""

    folder: Folder
    manifest: Mapping[str, object]
    changed: bool
    """False if exactly this forecast had been published before."""
    unkept: str = ""
    """Why the lake does not have it yet; empty if it has."""
    unmade: str = ""
    """Why it has no XLSX; empty if it has."""
    unsunk: str = ""
    """Why the database of `[published] database` does not have it yet; empty if it has, or if there is none."""
    behind: str = ""
    """The id of the correction by hand that stays in front of it; empty if there is none."""

    @property
    def csv(self) -> bytes:
        """The table for a spreadsheet."""
        return self.folder.read(str(self.manifest["csv"]))


class Issue(NamedTuple):
    """A forecast of a delivery day, as it is found in the folder of what is published."""

    folder: Folder
    manifest: dict[str, Any]

    def at(self, line: str) -> pd.Timestamp:
        """The instant in a line of the manifest; NaT where it has none."""
        return pd.Timestamp(str(self.manifest.get(line) or "NaT"))

    @property
    def lead_days(self) -> int:
        """How many days before its delivery day it was due, by the clock of its zone."""
        return lead_days_of(self.manifest)

    @property
    def in_time(self) -> bool:
        """Whether it was out before the gate closed."""
        return bool(self.at("published_at") <= self.at("gate_closure"))

    @property
    def forecasts(self) -> Forecasts:
        """Its rows, as they are kept in the lake."""
        rows = pd.read_parquet(io.BytesIO(self.folder.read(str(self.manifest["parquet"]))))
        return Forecasts(FORECASTS.check(rows.assign(made_at=self.at("made_at"))))

    @property
    def paths(self) -> pd.DataFrame | None:
        """Its paths as `wide_of` gives them [MW]; None where it has none, as one of a release before."""
        file = self.manifest.get("paths")
        return None if file is None else wide_of(self.folder.read(str(file)))


def lead_days_of(manifest: Mapping[str, Any]) -> int:
    """How many days before its delivery day a forecast was due, by the clock of its zone."""
    if (deadline := manifest.get("deadline")) is None:  # of a release that did not tell: all were due on the day before
        return 1
    due = pd.Timestamp(str(deadline)).tz_convert(str(manifest["timezone"])).date()
    return (dt.date.fromisoformat(str(manifest["delivery_day"])) - due).days


def publish(
    place: str | Path | Folder,
    forecasts: Forecasts,
    timezone: str,
    about: Mapping[str, object],
    unit: Unit = "MW",
    official: pd.Series | None = None,
    *,
    at: pd.Timestamp,
    slot: Slot | None = None,
    live: bool = True,
    csv_style: CsvStyle = "plain",
    with_xlsx: bool = True,
    paths: Paths | None = None,
) -> Published:
    """Publish the forecast of one series, one delivery day and one issue time.

    Args:
        place: where published forecasts lie.
        forecasts: rows of one series, one issue time and one model.
        timezone: local time of the market, for CSV and XLSX.
        about: further lines of the manifest, the same for the same forecast; `attribution`, whom the licences of the
            data ask to name, stands in the Parquet file as well.
        unit: of CSV and XLSX; the Parquet file has MW.
        official: the official forecast as it was known at the issue time, by valid time [MW], for CSV and XLSX.
        at: when it is published.
        slot: its deadline and gate closure, for the manifest: `late` is by how much it missed the deadline [min].
        live: whether the deadline counts; a demonstration on history is never late.
        csv_style: of the CSV.
        with_xlsx: whether there is an XLSX.
        paths: of the whole day, where there are any.

    Raises:
        PublicationError: the rows are of several forecasts.
        LakeError: the folder cannot be written.
    """
    columns = ["run", "zone", "quantity", "issue_time", "model", "model_version", "rung", "missing", "data_hash"]
    identities = forecasts[columns].drop_duplicates()
    if len(identities) != 1:
        raise PublicationError(str(place), f"one forecast is published at a time, these rows are of {len(identities)}")
    identity = identities.iloc[0]
    series = Series(identity["zone"], identity["quantity"])
    # made_at differs from run to run; leaving it to manifest and lake keeps equal forecasts equal to the byte.
    parquet = _parquet(forecasts.drop(columns="made_at"), str(about.get("attribution", "")))
    table = sheet(forecasts, timezone, unit, official)
    stamp = digest(parquet)
    end = forecasts["valid_time"].max() + Mtu(forecasts["mtu"].iloc[0]).delta
    day = forecasts["valid_time"].min().tz_convert(timezone).date()
    late = slot.late_by(at) if slot is not None and live else None
    manifest = {
        "series": str(series),
        "forecast_id": forecast_id(identity),
        "issue_time": identity["issue_time"].isoformat(),
        "delivery_day": str(day),
        "delivery": [forecasts["valid_time"].min().isoformat(), end.isoformat()],
        "deadline": slot and slot.deadline.isoformat(),
        "gate_closure": slot and slot.gate_closure.isoformat(),
        "made_at": forecasts["made_at"].max().isoformat(),
        "published_at": at.isoformat(),
        "late": late and round(late / pd.Timedelta(minutes=1), 1),
        "model": identity["model"],
        "model_version": identity["model_version"],
        "rung": identity["rung"],
        "missing": identity["missing"],
        "data_hash": identity["data_hash"],
        "median": _median(forecasts, about),
        "unit": unit,
        "timezone": timezone,
        **{kind: f"forecast-{stamp}.{kind}" for kind in FILES},
        **about,
    }
    home = home_of(place, series, day, identity["issue_time"], identity["rung"])
    manifest |= _of_paths(home, manifest, forecasts, paths)
    if not with_xlsx:
        manifest |= {"xlsx": None}
    unmade = _put_files(home, manifest, parquet, csv_bytes(table, csv_style), table)
    return replace(_put(home, manifest), unmade=unmade)


def _put_files(home: Folder, manifest: dict[str, object], parquet: bytes, csv: bytes, table: pd.DataFrame) -> str:
    """Write the files of a forecast where they are new; gives why there is no XLSX, if there is none.

    One that was published before has an XLSX if it had one: its manifest stays as it is.
    """
    write_if_new(home, str(manifest["parquet"]), parquet)
    write_if_new(home, str(manifest["csv"]), csv)
    previous = read_manifest(home)
    if previous is not None and previous["parquet"] == manifest["parquet"]:
        manifest |= {"xlsx": previous.get("xlsx")}
    if manifest["xlsx"] is None:
        return ""
    try:
        content = xlsx_bytes(table, _title(manifest), _facts(manifest), _day(manifest))
        write_if_new(home, str(manifest["xlsx"]), content)
    except Exception as error:  # nobody goes without a forecast because a spreadsheet of it cannot be made
        log.exception("%s: published without an XLSX", home)
        manifest |= {"xlsx": None}
        return str(error) or type(error).__name__
    return ""


def _of_paths(
    home: Folder, manifest: Mapping[str, object], forecasts: Forecasts, paths: Paths | None
) -> dict[str, object]:
    """Write the paths of a forecast; gives their lines of its manifest. One that was published before keeps its own."""
    previous = read_manifest(home)
    if previous is not None and previous["parquet"] == manifest["parquet"]:
        return {name: previous[name] for name in OF_PATHS if name in previous}
    if paths is None:
        return {}
    try:
        content = parquet_of(paths, str(manifest.get("attribution") or ""))
        levels = sorted(map(float, forecasts["quantile"].unique()))
        name, mtu, quantity = f"paths-{digest(content)}.parquet", Mtu(forecasts["mtu"].iloc[0]), forecasts["quantity"]
        write_if_new(home, name, content)
        return dict(zip(OF_PATHS, (name, figures_of_paths(paths, levels, mtu, quantity.iloc[0])), strict=True))
    except Exception:  # nobody goes without a forecast because its paths cannot be kept
        log.exception("%s: published without paths", home)
        return {}


def _day(manifest: Mapping[str, Any]) -> pd.DataFrame | None:
    """What the day may come to, for a spreadsheet, in the unit of the manifest; None where a forecast has no paths."""
    daily = manifest.get("daily")
    return None if daily is None else day_sheet(daily, manifest["timezone"], manifest["unit"])


def _title(manifest: Mapping[str, object]) -> str:
    issued = pd.Timestamp(str(manifest["issue_time"])).tz_convert(str(manifest["timezone"]))
    return f"{manifest['series']}, {manifest['delivery_day']}, as of {issued:%Y-%m-%d %H:%M} ({manifest['timezone']})"


def _facts(manifest: Mapping[str, object]) -> dict[str, object]:
    """What a workbook tells of its forecast: all that is the same whenever it is published."""
    return {name: value for name, value in manifest.items() if name not in (*CLOCKS, *FILES, *OF_PATHS)}


def _median(forecasts: Forecasts, about: Mapping[str, object]) -> dict[str, object]:
    """What the day comes to: mean and peak of the median [MW], and when the unit of the peak begins.

    `adapted_mw` is by how much its mean was moved as the newest days asked for, where that was so [MW]; by how much it
    was moved so that it adds up with others is no part of it.
    """
    middle = forecasts[forecasts["quantile"] == 0.5].set_index("valid_time").sort_index()
    median, moved = middle["value_mw"], (middle["value_mw"] - middle["unadapted_mw"]).mean()
    if (said := in_sums(about)) is not None and said.made_of is not None:
        moved = moved - said.moved_mw
        moved = 0.0 if abs(moved) < ROUNDED * median.abs().max() else moved
    by_hand = (middle["rung"] == BY_HAND).any()  # what a person has changed is no adaptation
    return {
        "mean_mw": float(median.mean()),
        "peak_mw": float(median.max()),
        "peak_at": median.index[int(median.to_numpy().argmax())].isoformat(),
    } | ({"adapted_mw": float(moved)} if moved and not np.isnan(moved) and not by_hand else {})


def _put(home: Folder, manifest: dict[str, object]) -> Published:
    """Write the manifest of files that are there; of two of an issue time, the one that was made last stays."""
    previous = read_manifest(home)
    if previous is not None and previous["parquet"] != manifest["parquet"]:
        if str(previous["made_at"]) > str(manifest["made_at"]):
            write_if_new(home, _superseded(manifest), manifest_text(manifest))
            return Published(home, previous, changed=False)
        manifest["supersedes"] = previous["parquet"]
        write_if_new(home, _superseded(previous), manifest_text(previous))
    elif previous is not None and "supersedes" in previous:
        manifest["supersedes"] = previous["supersedes"]
    told = json.loads(manifest_text(manifest))
    if previous is not None and _lasting(previous) == _lasting(told) and not home.exists(WITHDRAWN):
        return Published(home, previous, changed=False)
    home.write(MANIFEST, manifest_text(told))
    home.delete(WITHDRAWN)  # of a correction before this one
    return Published(home, told, changed=True)


def retell(home: Folder, lines: Mapping[str, object]) -> dict[str, Any]:
    """Change lines of the manifest of a published forecast; gives the manifest.

    Raises:
        LakeError: nothing is published there, or it cannot be written.
    """
    manifest = read_manifest(home)
    if manifest is None:
        raise LakeError(f"{home}: nothing is published there")
    told = {**manifest, **lines}
    if told != manifest:
        home.write(MANIFEST, manifest_text(told))
    return told


def _superseded(manifest: Mapping[str, object]) -> str:
    return f"{SUPERSEDED}{str(manifest['parquet']).removesuffix('.parquet')}.json"


def manifest_text(manifest: Mapping[str, object]) -> bytes:
    """A manifest as its file has it."""
    return json.dumps(manifest, indent=2).encode() + b"\n"


def _lasting(manifest: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in manifest.items() if name not in CLOCKS and value is not None}


def home_of(
    place: str | Path | Folder, series: Series, day: dt.date, issue_time: pd.Timestamp, rung: str = ""
) -> Folder:
    """Where the forecast of a delivery day lies that was issued then, and beside it what a person has made of it."""
    return folder_of(place, series) / f"{day}" / f"{issue_time:%Y-%m-%dT%H%MZ}{HAND if rung == BY_HAND else ''}"


def folder_of(place: str | Path | Folder, series: Series) -> Folder:
    """Where the published forecasts of a series lie."""
    return Folder.at(place) / series.slug


def published_days(place: str | Path | Folder, series: Series) -> list[dt.date]:
    """The delivery days of a series that have a folder, in order; a killed publisher may have left one empty."""
    days = []
    for name in folder_of(place, series).folders():
        try:
            days.append(dt.date.fromisoformat(name))
        except ValueError:
            continue
    return days


def issues_of(place: str | Path | Folder, series: Series, day: dt.date) -> list[Issue]:
    """What was published of a delivery day, by issue time; a correction behind what a computer made then."""
    of_day = folder_of(place, series) / str(day)
    found = ((of_day / name, read_manifest(of_day / name)) for name in of_day.folders())
    return [Issue(home, manifest) for home, manifest in found if manifest is not None]


def standing_corrections(place: str | Path | Folder, series: Series, day: dt.date) -> set[str]:
    """The data hashes of the corrections of a delivery day that have not been withdrawn."""
    issues = [issue for issue in issues_of(place, series, day) if issue.manifest["rung"] == BY_HAND]
    return {str(issue.manifest["data_hash"]) for issue in issues if not issue.folder.exists(WITHDRAWN)}


def superseded_at(home: Folder) -> list[Issue]:
    """What was published of an issue time before it was forecast once more with other values."""
    names = [name for name in home.names(".json") if name.startswith(SUPERSEDED)]
    return [Issue(home, manifest) for name in names if (manifest := _json(home, name)) is not None]


def newest_of(place: str | Path | Folder, series: Series, day: dt.date) -> Issue | None:
    """What a reader is given of a delivery day: what a person has corrected last, else what was issued last.

    A correction stays in front of what a computer makes later, until it is withdrawn.
    """
    of_day = folder_of(place, series) / str(day)
    names = of_day.folders()
    for name in sorted(names, key=lambda name: (name.endswith(HAND), name), reverse=True):
        home = of_day / name
        if (manifest := read_manifest(home)) is not None and not home.exists(WITHDRAWN):
            return Issue(home, manifest)
    return None


def read_manifest(home: Folder) -> dict[str, Any] | None:
    """The manifest of a published forecast, None if there is none."""
    return _json(home, MANIFEST)


def latest_manifest(place: str | Path | Folder, series: Series) -> dict[str, Any] | None:
    """The manifest that `latest.json` of a series has, None if nothing has been published."""
    return _json(folder_of(place, series), "latest.json")


def _json(folder: Folder, name: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(folder.read(name)))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise LakeError(f"{folder / name} is no JSON: {error}. Delete it, and run again") from error


def _parquet(rows: pd.DataFrame, attribution: str) -> bytes:
    schema = FORECASTS.arrow_schema()
    schema = schema.remove(schema.get_field_index("made_at"))
    if attribution:
        schema = schema.with_metadata({**(schema.metadata or {}), "attribution": attribution})
    buffer = io.BytesIO()
    ordered = rows.sort_values(["valid_time", "quantile"])
    pq.write_table(pa.Table.from_pandas(ordered, schema=schema, preserve_index=False), buffer, compression="zstd")
    return buffer.getvalue()
