"""Where the data of the benchmarks are, and where to get those that the repository does not carry."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from common import CHECKOUT, Bench

from gridahead.core.errors import SettingsError
from gridahead.core.tables import Observations
from gridahead.settings.sources import SmardSource
from gridahead.sources.smard import Smard

SAMPLE = CHECKOUT / "data" / "sample"
"""SMARD's exports of 2020 to 2025: enough for every benchmark on German data."""

ORIGIN = {
    "smard": "the SMARD portal, smard.de: 'Download market data', English, hour, as CSV",
    "elia": "Elia Open Data, data set ods032, as Parquet",
    "eia930": "Ruggles and Farnham, 'EIA Cleaned Hourly Electricity Demand Data', Zenodo 3517197: one Parquet file "
    "with the columns ba, time (hour ending, UTC), demand_mw, day_ahead_forecast_mw and category",
    "nyiso": "NYISO's public data, real-time load (pal) and load forecast (isolf): two Parquet files with a column a "
    "zone, time or valid_time (hour beginning, UTC), and lead_day of the forecasts",
    "epf": "the open-access benchmark of Lago et al. (2021), 'Forecasting day-ahead electricity prices', with the "
    "forecasts that its authors have published: one Parquet file with the columns market, time_local, price, exog1, "
    "exog2, 'bench DNN Ensemble' and 'bench LEAR Ensemble'",
    "ercot": "EIA's wholesale market data of ERCOT, and the scores by window of arXiv 2602.10848: two Parquet files, "
    "load by time (hour beginning, UTC), and model, context_length, horizon, period, window_idx, mae",
    "gefcom2014": "the supplementary material of Hong et al. (2016), 'Probabilistic energy forecasting: Global Energy "
    "Forecasting Competition 2014 and beyond', International Journal of Forecasting 32(3)",
    "gefcom2012_wind": "the supplementary material of Hong et al. (2014), 'Global Energy Forecasting Competition "
    "2012', International Journal of Forecasting 30(2)",
}
"""Where to get a data set, by its folder in --data."""


def dataset(bench: Bench, path: str) -> Path:
    """A file or folder of the data sets, such as `elia/elia_solar_be_15min_2020_2024.parquet`.

    Raises:
        SettingsError: it is not there; says where to get it.
    """
    if bench.data and (bench.data / path).exists():
        return bench.data / path
    where = f"is not in {bench.data}" if bench.data else "is not in the repository: name its folder with --data FOLDER"
    raise SettingsError(
        f"benchmark {bench.name} needs {path}, which {where}. Get it from {ORIGIN[Path(path).parts[0]]}"
    )


def smard(bench: Bench) -> Observations:
    """German load, wind and solar with their official forecasts, from `--data` or else from the sample."""
    given = bench.data and bench.data / "smard"
    source = Smard(SmardSource(kind="smard", folder=given if given and given.is_dir() else SAMPLE))
    rows = pd.concat([source.parse(one) for one in source.fetch()])
    return Observations(rows[rows["value"].notna()].reset_index(drop=True))
