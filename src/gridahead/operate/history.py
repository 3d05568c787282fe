"""History for others: what was forecast of a series and when, what the official forecast said then, and what came.

    FOLDER/DE.load/2025.parquet         a row a forecast and market time unit, of the UTC year of the valid times
    FOLDER/dictionary.md  .json         what every column means, and its unit; the Parquet files have it as well

What has not changed since the last call is not written again.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.errors import LakeError
from gridahead.core.files import write_licence
from gridahead.core.grid import PRICE, Series
from gridahead.core.resolution import at_mtu
from gridahead.core.runs import LIVE, UNADAPTED
from gridahead.core.tables import FORECASTS, Column, Forecasts, Table
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import as_of
from gridahead.forecasting.identity import IDENTIFIES, forecast_id
from gridahead.lake.folder import Folder, write_if_new
from gridahead.reading.known import outturn_known
from gridahead.workspace import Workspace

DICTIONARY = "dictionary"
_TOLD = {column.name: column for column in FORECASTS.columns}
_WHOSE = [*IDENTIFIES, "made_at", "rung", "missing", "mtu"]


@dataclass(frozen=True)
class Exported:
    """One file of a history."""

    series: str
    year: int
    file: str
    rows: int
    forecasts: int


def history_table(levels: Iterable[float]) -> Table:
    """The columns of a history whose forecasts have these quantile levels."""
    unit, chosen = "MW", sorted(levels)
    quantiles = (
        Column(
            column_of(level),
            "float64",
            f"Forecast: the outturn is expected to be at or below it in {100 * level:g} % of cases; of a price the "
            "currency of its zone per MWh. Nothing where the forecast has no such quantile.",
            unit=unit,
            nullable=True,
        )
        for level in chosen
    )
    unadapted = (
        Column(
            f"{UNADAPTED}_{column_of(level)}",
            "float64",
            f"{column_of(level)} as the model answered it, before it was adapted to the newest days; the same where "
            "nothing was adapted.",
            unit=unit,
            nullable=True,
        )
        for level in chosen
    )
    return Table(
        "history",
        "Forecasts as they were issued, with the official forecast of that time and what came; a row a forecast and "
        "market time unit. Several forecasts of one unit are several rows.",
        (
            _TOLD["zone"],
            _TOLD["quantity"],
            _TOLD["valid_time"],
            Column("valid_until", "instant", "End of the market time unit, which is no part of it."),
            _TOLD["issue_time"],
            Column("lead_hours", "float64", "From the issue time to the start of the unit.", unit="h"),
            *quantiles,
            *unadapted,
            Column(
                "official",
                "float64",
                "The official forecast of the unit as it was known at the issue time; nothing where there was none.",
                unit=unit,
                nullable=True,
            ),
            Column(
                "outturn",
                "float64",
                "What came, in its newest vintage at the time of the export; nothing where it is not known yet.",
                unit=unit,
                nullable=True,
            ),
            Column("unit", "text", "Of quantiles, official forecast and outturn: MW, or of a price as EUR/MWh."),
            *(_TOLD[name] for name in ("mtu", "rung", "missing", "model", "model_version", "run", "data_hash")),
            _TOLD["made_at"],
            Column("forecast_id", "text", "Names the forecast: `gridahead reproduce` takes it."),
        ),
        key=("zone", "quantity", "valid_time", "forecast_id"),
    )


def column_of(level: float) -> str:
    """The name of the column of a quantile: p05, p50, p2_5."""
    return f"p{round(100 * level, 4):02g}".replace(".", "_")


def export_history(
    workspace: Workspace,
    folder: Path,
    series: Sequence[Series] = (),
    *,
    run: str = LIVE,
    time_range: TimeRange | None = None,
) -> list[Exported]:
    """Write the history of some series, a file a series and year, and the data dictionary beside them.

    Args:
        workspace: whose lake.
        folder: where to.
        series: which; those of the settings unless given.
        run: of which run; what was published unless given.
        time_range: of valid times.

    Raises:
        LakeError: there is no forecast at all, or a file cannot be written.
    """
    chosen = series or [entry.series for entry in workspace.settings.series]
    exported: list[Exported] = []
    levels: set[float] = set()
    for one in chosen:
        forecasts = workspace.lake.read_forecasts(one, run, time_range)
        if forecasts.empty:
            continue
        own = sorted(set(forecasts["quantile"]))
        rows = history_of(workspace, one, forecasts)
        exported += [_write(workspace, folder, one, own, year, part) for year, part in _by_year(rows)]
        levels |= set(own)
    if not exported:
        raise LakeError(
            f"nothing to export: the lake has no forecast of {', '.join(map(str, chosen))} in the run {run}; "
            "`gridahead reproduce --list` shows those that there are"
        )
    _write_dictionary(Folder.at(folder), history_table(levels))
    return exported


def history_of(workspace: Workspace, series: Series, forecasts: Forecasts) -> pd.DataFrame:
    """Forecasts of a series as rows of `history_table`, by valid time and issue time."""
    key = ["valid_time", *_WHOSE]
    wide = forecasts.pivot(index=key, columns="quantile", values="value_mw")
    unadapted = forecasts.pivot(index=key, columns="quantile", values="unadapted_mw")
    named = unadapted.rename(columns=lambda level: f"{UNADAPTED}_{column_of(level)}")
    rows = wide.rename(columns=column_of).join(named).reset_index().sort_values(["valid_time", "issue_time", "made_at"])
    rows["valid_until"] = rows["valid_time"] + rows["mtu"].map({str(mtu): mtu.delta for mtu in Mtu})
    rows["lead_hours"] = (rows["valid_time"] - rows["issue_time"]).dt.total_seconds() / 3600
    rows["official"], rows["outturn"], rows["forecast_id"] = np.nan, np.nan, ""
    rows["unit"] = workspace.settings.unit_of(series) if series.quantity == PRICE else "MW"
    for mtu in rows["mtu"].unique():
        own = rows["mtu"] == mtu
        span = TimeRange.spanning(rows.loc[own, "valid_time"])
        known = outturn_known(workspace, series, span, mtu=Mtu(mtu)).set_index("valid_time")["value"]
        rows.loc[own, "outturn"] = rows.loc[own, "valid_time"].map(known)
    officials = _Officials(workspace, series)
    for identity, of_one in rows.groupby(IDENTIFIES, sort=False):
        rows.loc[of_one.index, "forecast_id"] = forecast_id(dict(zip(IDENTIFIES, identity, strict=True)))
        rows.loc[of_one.index, "official"] = officials.known(of_one)
    return history_table(float(level) for level in wide.columns).check(rows)


class _Officials:
    """The official forecast of a series, read once, as it was known at many issue times."""

    def __init__(self, workspace: Workspace, series: Series) -> None:
        self._timezone = workspace.settings.zone(series.zone).timezone
        self._rows = workspace.lake.read_vintages(series.official)
        self._at: dict[str, pd.DataFrame] = {}

    def known(self, forecast: pd.DataFrame) -> pd.Series:
        """By row of a forecast [MW]; nothing where none was known at its issue time."""
        mtu, times = str(forecast["mtu"].iloc[0]), forecast["valid_time"]
        if mtu not in self._at:
            self._at[mtu] = at_mtu(self._rows, Mtu(mtu), self._timezone).sort_values("valid_time")
        rows = self._at[mtu]
        first, end = rows["valid_time"].searchsorted(times.min()), rows["valid_time"].searchsorted(times.max(), "right")
        found = as_of(rows.iloc[first:end], forecast["issue_time"].iloc[0])
        return times.map(found.set_index("valid_time")["value"])


def _by_year(rows: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """The rows of each UTC year of valid times."""
    years = rows["valid_time"].dt.year
    return [(int(year), rows[years == year]) for year in sorted(set(years))]


def _write(
    workspace: Workspace, folder: Path, series: Series, levels: Sequence[float], year: int, rows: pd.DataFrame
) -> Exported:
    home, name = folder / series.slug, f"{year}.parquet"
    attribution = workspace.settings.attribution_of(series)
    schema = history_table(levels).arrow_schema()
    schema = schema.with_metadata({**(schema.metadata or {}), "attribution": attribution})
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False), buffer, compression="zstd")
    write_if_new(Folder.at(home), name, buffer.getvalue())
    write_licence(home / name, attribution)
    return Exported(str(series), year, str(home / name), len(rows), rows["forecast_id"].nunique())


def _write_dictionary(folder: Folder, table: Table) -> None:
    """The data dictionary for people and for programs."""
    told = [
        {
            "name": column.name,
            "type": column.kind,
            "unit": column.unit,
            "nullable": column.nullable,
            "key": column.name in table.key,
            "meaning": column.meaning,
        }
        for column in table.columns
    ]
    write_if_new(folder, f"{DICTIONARY}.md", f"{table.dictionary()}\n".encode())
    about = {"table": table.name, "meaning": table.meaning, "version": table.version, "columns": told}
    write_if_new(folder, f"{DICTIONARY}.json", json.dumps(about, indent=2).encode() + b"\n")
