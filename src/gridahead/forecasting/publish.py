"""Handing a forecast to the outside world: Parquet, a CSV for a spreadsheet, and a manifest.

    published/DE.load/2025-12-30T1000Z/forecast-<hash>.parquet
                                       forecast-<hash>.csv
                                       manifest.json            names the files: a forecast without it does not exist
    published/DE.load/latest.csv  latest.json                   copies of the newest issue time

The files are named by their content and written first; the manifest is renamed into place last. A publisher that is
killed at any point leaves the former forecast or the new one, never half of one, and publishing again changes nothing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.errors import PublicationError
from gridahead.core.files import write_whole
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import Mtu
from gridahead.core.units import Unit, decimals, per
from gridahead.forecasting.identity import forecast_id

MANIFEST = "manifest.json"
DIGITS = 5
"""Significant digits that the largest value of a CSV has at least: differences of a hundredth of a percent are seen."""
LEAST_DECIMALS = 1
"""Where the largest value is of five digits, a tenth of its unit is shown as well."""


@dataclass(frozen=True)
class Published:
    """A published forecast: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, object]
    changed: bool
    """False if exactly this forecast had been published before."""

    @property
    def csv(self) -> Path:
        """The table for a spreadsheet."""
        return self.folder / str(self.manifest["csv"])


def publish(
    folder: Path, forecasts: Forecasts, timezone: str, about: Mapping[str, object], unit: Unit = "MW"
) -> Published:
    """Publish the forecast of one series and one issue time.

    Args:
        folder: where published forecasts lie.
        forecasts: rows of one series, one issue time and one model.
        timezone: local time of the market, for the CSV.
        about: further lines of the manifest, the same for the same forecast; `attribution`, whom the licences of the
            data ask to name, stands in the Parquet file as well.
        unit: of the CSV; the Parquet file has MW.

    Raises:
        PublicationError: the rows are of several forecasts.
        LakeError: the folder cannot be written.
    """
    columns = ["run", "zone", "quantity", "issue_time", "model", "model_version", "rung", "missing", "data_hash"]
    identities = forecasts[columns].drop_duplicates()
    if len(identities) != 1:
        raise PublicationError(str(folder), f"one forecast is published at a time, these rows are of {len(identities)}")
    identity = identities.iloc[0]
    series = Series(identity["zone"], identity["quantity"])
    # made_at differs from run to run; leaving it to the lake keeps equal forecasts equal to the byte.
    parquet = _parquet(forecasts.drop(columns="made_at"), str(about.get("attribution", "")))
    table = spreadsheet(forecasts, timezone, unit)
    places = max(LEAST_DECIMALS, decimals(per(float(forecasts["value_mw"].abs().max()), unit), DIGITS))
    csv = table.to_csv(index=False, lineterminator="\r\n", float_format=f"%.{places}f").encode()
    stamp = digest(parquet)
    end = forecasts["valid_time"].max() + Mtu(forecasts["mtu"].iloc[0]).delta
    manifest = {
        "series": str(series),
        "forecast_id": forecast_id(identity),
        "issue_time": identity["issue_time"].isoformat(),
        "delivery_day": f"{forecasts['valid_time'].min().tz_convert(timezone):%Y-%m-%d}",
        "delivery": [forecasts["valid_time"].min().isoformat(), end.isoformat()],
        "model": identity["model"],
        "model_version": identity["model_version"],
        "rung": identity["rung"],
        "missing": identity["missing"],
        "data_hash": identity["data_hash"],
        "median": _median(forecasts),
        "unit": unit,
        "timezone": timezone,
        "parquet": f"forecast-{stamp}.parquet",
        "csv": f"forecast-{stamp}.csv",
        **about,
    }
    return _put(home_of(folder, series, identity["issue_time"]), manifest, parquet, csv)


def _median(forecasts: Forecasts) -> dict[str, object]:
    """What the day comes to: mean and peak of the median [MW], and when the unit of the peak begins."""
    median = forecasts[forecasts["quantile"] == 0.5].set_index("valid_time")["value_mw"].sort_index()
    return {
        "mean_mw": float(median.mean()),
        "peak_mw": float(median.max()),
        "peak_at": median.index[int(median.to_numpy().argmax())].isoformat(),
    }


def _put(home: Path, manifest: dict[str, object], parquet: bytes, csv: bytes) -> Published:
    """Write what is new, the manifest last; then the copies of the newest."""
    previous = read_manifest(home)
    if previous is not None and previous["parquet"] != manifest["parquet"]:
        manifest["supersedes"] = previous["parquet"]
    elif previous is not None and "supersedes" in previous:
        manifest["supersedes"] = previous["supersedes"]
    text = json.dumps(manifest, indent=2).encode() + b"\n"
    for path, content in (
        (home / str(manifest["parquet"]), parquet),
        (home / str(manifest["csv"]), csv),
        (home / MANIFEST, text),
    ):
        _write_if_new(path, content)
    newest = max(path.parent for path in home.parent.glob(f"*/{MANIFEST}"))
    if newest == home:
        _write_if_new(home.parent / "latest.csv", csv)
        _write_if_new(home.parent / "latest.json", text)
    return Published(home, manifest, changed=previous != json.loads(text))


def home_of(folder: Path, series: Series, issue_time: pd.Timestamp) -> Path:
    """Where the forecasts of one issue time lie."""
    return folder / series.slug / f"{issue_time:%Y-%m-%dT%H%MZ}"


def read_manifest(home: Path) -> dict[str, object] | None:
    """The manifest of a published forecast, None if there is none."""
    path = home / MANIFEST
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def latest_manifest(folder: Path, series: Series) -> dict[str, object] | None:
    """The manifest of the newest issue time of a series, None if it has never been published."""
    path = folder / series.slug / "latest.json"
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def spreadsheet(forecasts: Forecasts, timezone: str, unit: Unit = "MW") -> pd.DataFrame:
    """One row a market time unit, local time and UTC, one column a quantile with the unit in its header."""
    wide = per(forecasts.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index(), unit)
    times = pd.DatetimeIndex(wide.index)
    wide.columns = [f"P{round(100 * float(level), 4):02g} [{unit}]" for level in wide.columns]
    wide.insert(0, f"start ({timezone})", times.tz_convert(timezone).strftime("%Y-%m-%d %H:%M"))
    if timezone != "UTC":
        wide.insert(1, "start (UTC)", times.strftime("%Y-%m-%d %H:%M"))
    return wide.reset_index(drop=True)


def _write_if_new(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)


def _parquet(rows: pd.DataFrame, attribution: str) -> bytes:
    schema = FORECASTS.arrow_schema()
    schema = schema.remove(schema.get_field_index("made_at"))
    if attribution:
        schema = schema.with_metadata({**(schema.metadata or {}), "attribution": attribution})
    buffer = io.BytesIO()
    ordered = rows.sort_values(["valid_time", "quantile"])
    pq.write_table(pa.Table.from_pandas(ordered, schema=schema, preserve_index=False), buffer, compression="zstd")
    return buffer.getvalue()
