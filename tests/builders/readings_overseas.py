"""How recorded answers from outside Europe are read, and what comes of each."""

from __future__ import annotations

import gzip

from builders.answers import payload_of, service
from builders.recordings import Recording
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations

FOLDERS = (
    "eia/",
    "us_iso/",
    "operators/AEMO/",
    "operators/CA_",
    "operators/EIA/",
    "operators/JP",
    "operators/OPENNEM/",
    "operators/US_",
    "operators/gridstatus/",
    "operators/opennem/",
)
ZONES = {
    "aemo": ("VIC1", "Australia/Melbourne"),
    "aeso": ("AESO", "America/Edmonton"),
    "caiso": ("CISO", "America/Los_Angeles"),
    "eia": ("ERCO", "America/Chicago"),
    "ercot": ("ERCO", "America/Chicago"),
    "ieso": ("IESO", "Etc/GMT+5"),
    "isone": ("ISNE", "America/New_York"),
    "isone_reports": ("ISNE", "America/New_York"),
    "miso": ("MISO", "Etc/GMT+5"),
    "miso_live": ("MISO", "Etc/GMT+5"),
    "nyiso": ("NYIS", "America/New_York"),
    "pjm": ("PJM", "America/New_York"),
}
READ = {
    "eia/reconstructed/region-data_offset0.json": ("eia", "region-data"),
    "eia/reconstructed/region-data_offset100.json": ("eia", "region-data"),
    "eia/reconstructed/region-data_offset200.json": ("eia", "region-data"),
    "eia/reconstructed/fuel-type-data_ERCO.json": ("eia", "fuel-type-data"),
    "operators/EIA/US_NW_BPAT-consumption.json": ("eia:BPAT", "region-data"),
    "operators/EIA/US-NW-PGE-with-nulls.json": ("eia:PGE", "fuel-type-data"),
    **{
        f"us_iso/isone/hourly_load_forecast_{days}.json": ("isone", "hourlyloadforecast")
        for days in (
            "2024-03-09_2024-03-11__20240309",
            "2024-03-09_2024-03-11__20240310",
            "2024-11-02_2024-11-04__20241102",
            "2024-11-02_2024-11-04__20241103",
        )
    },
    **{
        f"us_iso/isone/load_hourly_{days}.json": ("isone", "hourlysysload")
        for days in (
            "2024-03-09_2024-03-11__20240309",
            "2024-03-09_2024-03-11__20240310",
            "2024-11-02_2024-11-04__20241102",
            "2024-11-02_2024-11-04__20241103",
        )
    },
    "us_iso/isone/fuel_mix_2024-11-02_2024-11-04__20241102.json": ("isone", "genfuelmix"),
    "us_iso/isone/fuel_mix_2024-11-02_2024-11-04__20241103.json": ("isone", "genfuelmix"),
    "operators/US_NEISO/day_ahead_load_forecast_20250317.xml": ("isone", "hourlyloadforecast"),
    "operators/US_NEISO/seven_day_solar_power_forecast_20250225.csv": ("isone_reports", "sphf"),
    "operators/US_NEISO/seven_day_wind_power_forecast_20250225.csv": ("isone_reports", "wphf"),
    "operators/US_CA/20250204_20250211_SLD_REN_FCST_DAM_20250214_04_52_10_v1.zip": ("caiso", "SLD_REN_FCST-DAM"),
    "operators/US_ERCOT/load_forecast_specific_reportid.zip": ("ercot", "12311"),
    "operators/US_ERCOT/wind_specific_reportid.zip": ("ercot", "13028"),
    "operators/US_ERCOT/solar_specific_reportid.zip": ("ercot", "13483"),
    "operators/US_MISO/20250310_df_al.xls": ("miso", "df_al"),
    "operators/US_MISO/DataBrokerServicesgetWindForecast.asmx.json": ("miso_live", "getwindforecast"),
    "operators/US_MISO/DataBrokerServicesgetSolarForecast.asmx.json": ("miso_live", "getsolarforecast"),
    "operators/US_NY/20250219isolf.csv": ("nyiso", "isolf"),
    "operators/US_PJM/compressed_pjm_load_forecast_2025-03-19.gz": ("pjm", "load_frcstd_7_day"),
    "operators/US_PJM/pjm_solar_forecast_2025-02-24.json": ("pjm", "hourly_solar_power_forecast"),
    "operators/US_PJM/gen_by_fuel.json": ("pjm", "gen_by_fuel"),
    "operators/CA_ON/adequacy_report_20250228.xml": ("ieso", "Adequacy2"),
    "operators/CA_ON/var_gen_forecast_summary_report_20250228.xml": ("ieso", "VGForecastSummary"),
    "operators/CA_AB/wind_rpt_longterm.csv": ("aeso", "wind"),
    "operators/CA_AB/solar_rpt_longterm.csv": ("aeso", "solar"),
    "operators/AEMO/PUBLIC_FORECAST_OPERATIONAL_DEMAND_HH_202504011800_20250401173353.zip": ("aemo", "FORECAST_HH"),
    "operators/JP-TK/AREA_YOSOKU.csv": ("japan:JP-TK", "yosoku"),
    "operators/JP-TH/area_tso_yosoku_20250416.csv": ("japan:JP-TH", "yosoku"),
    "operators/JP-KN/20250416_yosoku.csv": ("japan:JP-KN", "yosoku"),
    "operators/JP_area/eria_jukyu_202604_09.csv": ("japan:JP-KY", "jukyu"),
}
REFUSED = {
    "eia/legacy_v1_series_hour_ending_dst.json": ("eia", "region-data", "no list of records under response.data"),
    "operators/EIA/US_NW_BPAT-wind.json": ("eia:BPAT", "fuel-type-data", "fueltype WIND was not asked for"),
    "operators/EIA/US-FLA-FPC_US-FLA-FPL_exchange.json": ("eia", "region-data", "no respondent"),
    "us_iso/isone/reliability_region_load_forecast_2024-11-02_2024-11-04__all.json": (
        "isone",
        "hourlyloadforecast",
        "no HourlyLoadForecasts",
    ),
    "operators/US_CA/20250219_20250227_SLD_FCST_7DA_20250221_01_09_58_v1.zip": (
        "caiso",
        "SLD_FCST-DAM",
        "rows of market run 7DA",
    ),
}
LISTS = {
    "operators/US_ERCOT/load_forecast_by_forecast_zone.json": "test_ercot",
    "operators/opennem/nemweb_dirlisting.html": "test_aemo",
    "operators/opennem/nemweb_dispatch_scada_dirlisting.html": "test_aemo",
}
"""Lists of files, and where they are read."""
OF_OTHERS = {
    "eia/derived/gridemissions_EBA_raw_test.csv": "a table that somebody made of EIA's values",
    "eia/derived/gridemissions_scrape_2022-07-10.csv": "a table that somebody made of EIA's values",
    "operators/OPENNEM/OPENNEM_AU-TAS.v4.json": "OpenElectricity",
    "operators/OPENNEM/OPENNEM_demand_AU-NSW.json": "OpenElectricity",
    "operators/gridstatus/test_get_seven_day_resource_adequacy_outlook_2026-03-11.yaml": "CAISO's web pages",
    "operators/opennem/aemo_5min_data.json": "AEMO's web pages",
    "operators/opennem/apvi_forecast_response.json": "the Australian PV Institute",
    "operators/opennem/nem_nsw1_7d.json": "OpenElectricity",
}
"""Whose they are: of services that are not read."""


def parsed(answer: Recording, kind: str, item: str) -> Observations:
    """What a service reads in an answer; its kind may say of which zone, as in eia:BPAT."""
    kind, _, code = kind.partition(":")
    code, timezone = (code, "Asia/Tokyo" if kind == "japan" else "America/Los_Angeles") if code else ZONES[kind]
    content = gzip.decompress(answer.content) if answer.content[:2] == b"\x1f\x8b" else answer.content
    source = service(kind, BiddingZone(code, timezone))
    return source.parse(payload_of(kind, content, item, code, path=f"/{answer.name}"))
