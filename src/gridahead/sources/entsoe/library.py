"""The File Library of ENTSO-E: tables of all areas, a month each, with the time of the last update of every row.

Columns are parted by tabs, whatever the ending; times are UTC and the beginning of units. A row that was updated stands
there once for each update that the file has.

Source: https://fms.tp.entsoe.eu, folder TP_export, files of the third revision (_r3). Licence CC BY 4.0.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone
from gridahead.sources.entsoe.areas import area_of
from gridahead.sources.entsoe.psr_types import CURRENT, INTRADAY, NET, QUANTITY_OF_TYPE, TYPE_OF_NAME
from gridahead.sources.findings import Findings
from gridahead.sources.numerals import numbers

UPDATED = "UpdateTime(UTC)"
_DOWNLOAD = "Download the file again from the File Library, and keep its name."
_TIME, _UNIT, _AREA, _AREA_TYPE, _PSR = "DateTime(UTC)", "ResolutionCode", "AreaCode", "AreaTypeCode", "ProductionType"
_FORECASTS = {
    "DayAheadGenerationForecast": OFFICIAL_SUFFIX,
    "IntradayGenerationForecast": INTRADAY,
    "CurrentGenerationForecast": CURRENT,
}
_LOADS = {"ActualTotalLoad": "load", "DayAheadTotalLoadForecast": "load" + OFFICIAL_SUFFIX}
"""Which load a file has, by its name: the columns are the same."""
_RANK = ("BZN", "CTY", "CTA")
"""Of an area that is there as several kinds, the bidding zone counts first."""


def is_of_library(first_line: str) -> bool:
    """Whether a file with that header is of the File Library."""
    return UPDATED in first_line and "\t" in first_line


def read_library(
    content: bytes, name: str, zones: Mapping[str, BiddingZone], findings: Findings
) -> Iterator[pd.DataFrame]:
    """The rows of the zones, a frame a quantity: zone, quantity, valid_time, minutes, value, unit and updated.

    Args:
        content: the file, unpacked.
        name: of the file.
        zones: by their codes.
        findings: receives what is wrong.

    Raises:
        SourceError: it has other columns, or cells that cannot be read.
    """
    table = _table(content, findings)
    columns = {re.sub(r"[\[(](MW|Currency/MWh)[\])]", "", column): column for column in table.column_names}
    price = "Price" in columns
    for zone in zones.values():
        of_zone = _of_area(table, area_of(zone, "price" if price else "load"))
        if not len(of_zone):
            continue
        for quantity, rows, column in _quantities(of_zone, columns, name, findings):
            values = column if column.dtype == float else numbers(column, findings)
            frame = _clocks(rows, findings).assign(zone=zone.code, quantity=quantity, value=values)
            yield frame.assign(unit=rows["Currency"] + "/MWh" if price else "MW")


def _table(content: bytes, findings: Findings) -> pa.Table:
    """Every cell as text."""
    header = content.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace").strip().split("\t")
    missing = [column for column in (_TIME, _UNIT, _AREA, _AREA_TYPE) if column not in header]
    if missing:
        raise findings.refuse(f"row 1: no column {', '.join(missing)}", _DOWNLOAD)
    try:
        return csv.read_csv(
            io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise findings.refuse(f"it is cut or damaged ({error})", _DOWNLOAD) from error


def _of_area(table: pa.Table, eic: str) -> pd.DataFrame:
    """The rows of an area, of its first kind if it is there as several; the index is the row of the file."""
    rows = table.append_column("row", pa.array(range(2, len(table) + 2))).filter(pc.equal(table[_AREA], pa.scalar(eic)))
    frame: pd.DataFrame = rows.to_pandas().set_index("row")
    kinds = frame[_AREA_TYPE].unique()
    chosen = [next((kind for kind in kinds if kind and rank in kind.split("/")), None) for rank in _RANK]
    first = next((kind for kind in chosen if kind is not None), None)
    return frame[frame[_AREA_TYPE] == first]


def _quantities(
    rows: pd.DataFrame, columns: Mapping[str, str], name: str, findings: Findings
) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Of each quantity its rows and the column of its values."""
    if "TotalLoad" in columns:
        quantity = next((load for part, load in _LOADS.items() if part in name), None)
        if quantity is None:
            remedy = f"Keep the names of the File Library, which have {' or '.join(_LOADS)} in them."
            raise findings.refuse("neither its columns nor its name tell actual load from its forecast", remedy)
        yield quantity, rows, rows[columns["TotalLoad"]]
    elif "Price" in columns:
        coupled = rows["ContractType"].eq("Day-ahead") & rows["Sequence"].fillna("").isin(["", "1"])
        yield "price", rows[coupled], rows.loc[coupled, columns["Price"]]
    elif _PSR in columns and ("ActualGenerationOutput" in columns or set(_FORECASTS) & set(columns)):
        for psr_name, of_type in rows.groupby(_PSR):
            quantity = QUANTITY_OF_TYPE.get(TYPE_OF_NAME.get(str(psr_name).lower(), ""))
            if quantity is not None:
                yield from _of_type(quantity, of_type, columns, findings)
    else:
        known = "load, generation per type, wind and solar forecasts, prices"
        raise findings.refuse(f"row 1: these are not the columns of what is read: {known}", "Leave it out.")


def _of_type(
    quantity: str, rows: pd.DataFrame, columns: Mapping[str, str], findings: Findings
) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Generation, of storage minus consumption, or the forecasts of a type."""
    for column, suffix in _FORECASTS.items():
        if column in columns:
            given = rows[columns[column]].fillna("").ne("")
            yield quantity + suffix, rows[given], rows.loc[given, columns[column]]
    if "ActualGenerationOutput" in columns:
        made = rows[columns["ActualGenerationOutput"]].fillna("")
        if quantity in NET:
            used = numbers(rows[columns["ActualConsumption"]].fillna(""), findings)
            output = numbers(made, findings)
            there = output.notna() | used.notna()
            yield quantity, rows[there], (output.fillna(0.0) - used.fillna(0.0))[there]
        else:
            yield quantity, rows[made.ne("")], made[made.ne("")]


def _clocks(rows: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """When each unit begins, how long it is, and when its row was updated."""
    clocks = {}
    for name, column in (("valid_time", _TIME), ("updated", UPDATED)):
        times = pd.to_datetime(rows[column], format="ISO8601", utc=True, errors="coerce")
        findings.add_rows(rows[column][times.isna()], f"in column {column!r} is no time", _DOWNLOAD)
        clocks[name] = times.dt.as_unit("us")
    minutes = rows[_UNIT].map({"PT15M": 15, "PT30M": 30, "PT60M": 60})
    unit_remedy = "Read are quarters, halves and whole hours."
    findings.add_rows(rows[_UNIT][minutes.isna()], "is no market time unit that is read", unit_remedy)
    return pd.DataFrame({**clocks, "minutes": minutes})
