"""How recorded answers and examples of European services beside ENTSO-E are read, and what comes of each."""

from __future__ import annotations

from dataclasses import dataclass

from builders.answers import payload_of, service
from builders.recordings import Recording
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations

PREFIXES = (
    *("elexon/", "energy_charts/", "smard/", "_documented_errors/energy_charts"),
    *("operators/DK/", "operators/ES/", "operators/FR/", "operators/GB/", "operators/NORDPOOL/"),
    *("operators/SMARTGRIDDASHBOARD/", "operators/elia/"),
)
IRELAND = BiddingZone("IE", "Europe/Dublin", "IE", codes={"eirgrid": "ROI"})
NORTH = BiddingZone("NIR", "Europe/London", "GB")


@dataclass(frozen=True)
class Reading:
    """How an answer is read, and what comes of it: so many rows, or a reason to refuse it."""

    kind: str
    item: str
    zones: tuple[str | BiddingZone, ...]
    rows: int = 0
    reason: str = ""
    fecha: str = ""
    """The day that REE was asked for."""


NO_TIME = "a time that cannot be read"
READINGS = {
    "_documented_errors/energy_charts_200_empty.json": Reading("energy_charts", "price", ("DE",), reason="price"),
    "elexon/spec_examples/balancing__settlement__system-prices__settlementDate.json": Reading(
        "elexon", "price", ("GB",), reason="have no price"
    ),
    "elexon/spec_examples/datasets__FUELHH.json": Reading("elexon", "fuel", ("GB",), 1),
    "elexon/spec_examples/datasets__FUELINST.json": Reading("elexon", "fuel", ("GB",), 1),
    "elexon/spec_examples/datasets__MID.json": Reading("elexon", "price", ("GB",), 1),
    "elexon/spec_examples/datasets__NDF.json": Reading("elexon", "load_official", ("GB",), 0),
    "elexon/spec_examples/datasets__WINDFOR.json": Reading("elexon", "wind_official", ("GB",), reason=NO_TIME),
    "elexon/spec_examples/demand__actual__total.json": Reading("elexon", "total_load", ("GB",), 1),
    "elexon/spec_examples/demand__outturn.json": Reading("elexon", "demand", ("GB",), reason=NO_TIME),
    "elexon/spec_examples/forecast__demand__day-ahead.json": Reading(
        "elexon", "load_official", ("GB",), reason="have no demand"
    ),
    "elexon/spec_examples/forecast__demand__day-ahead__history.json": Reading(
        "elexon", "load_official", ("GB",), reason="have no demand"
    ),
    "elexon/spec_examples/forecast__demand__total__day-ahead.json": Reading(
        "elexon", "total_load_official", ("GB",), 1
    ),
    "elexon/spec_examples/forecast__generation__wind-and-solar__day-ahead.json": Reading(
        "elexon", "wind_and_solar_official", ("GB",), 0
    ),
    "elexon/spec_examples/forecast__generation__wind__history.json": Reading(
        "elexon", "wind_official", ("GB",), reason=NO_TIME
    ),
    "elexon/spec_examples/generation__actual__per-type.json": Reading(
        "elexon", "wind_and_solar", ("GB",), reason="have no quantity, psrType"
    ),
    "elexon/spec_examples/generation__actual__per-type__wind-and-solar.json": Reading(
        "elexon", "wind_and_solar", ("GB",), 1
    ),
    "energy_charts/price_DE-LU_2024-12-10.json": Reading("energy_charts", "price", ("DE",), 48),
    "operators/DK/ElectricityProdex5MinRealtime.json": Reading("energinet", "power", ("DK1", "DK2"), 96),
    "operators/DK/Forecasts_5Min.json": Reading("energinet", "forecast", ("DK1",), 3 * 96 * 4),
    "operators/ES/demandaGeneracionPeninsula.json": Reading("ree", "demand", ("ES",), 9 * 96, fecha="2024-10-26"),
    "operators/FR/response.json": Reading("eco2mix", "eco2mix", ("FR",), 17 * 97),
    "operators/GB/eco2mix_api_live.xml": Reading("eco2mix", "eco2mix", ("FR",), reason="no whole JSON"),
    "operators/NORDPOOL/stats_ger_2026-05-09.json": Reading("nordpool", "intraday", ("DE",), 96),
    "operators/SMARTGRIDDASHBOARD/consumption.json": Reading("eirgrid", "load", (NORTH,), 259),
    "operators/SMARTGRIDDASHBOARD/consumptionForecast.json": Reading("eirgrid", "load", (IRELAND,), 28),
    "operators/SMARTGRIDDASHBOARD/solarForecast.json": Reading("eirgrid", "solar", (IRELAND,), 96),
    "operators/SMARTGRIDDASHBOARD/solarProduction.json": Reading("eirgrid", "solar", (IRELAND,), 76),
    "operators/SMARTGRIDDASHBOARD/windForecast.json": Reading("eirgrid", "wind", (IRELAND,), 96),
    "operators/SMARTGRIDDASHBOARD/windProduction.json": Reading("eirgrid", "wind", (IRELAND,), 76),
    "operators/elia/elia_wind_2018-01.csv": Reading("elia", "wind", ("BE",), 2 * 6 * 240),
    "smard/spec_chart_data.json": Reading("smard_live", "load", ("DE",), 2),
    "smard/spec_index_hour.json": Reading("smard_live", "load", ("DE",), reason="under series"),
    "smard/spec_table_data.json": Reading("smard_live", "load", ("DE",), reason="under series"),
}
"""By its name in the manifest. Quantities and vintages times the units that each has a value or a place of; of the
examples without values Elexon's NDF is of no boundary, and the day-ahead forecast of the intraday process."""


def parsed(answer: Recording) -> Observations:
    """What the service of an answer reads in it."""
    reading = READINGS[answer.name]
    source = service(reading.kind, *reading.zones)
    asked = {"parameters": {"fecha": reading.fecha}} if reading.fecha else {}
    codes = [zone.code for zone in source.zones]
    return source.parse(payload_of(reading.kind, answer.content, reading.item, *codes, **asked))
