"""Real series with a past to learn from and later years to be judged: Germany, Belgian solar, a GEFCom utility.

Wide frames, one column a quantity, indexed by the start of the market time unit in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from common import Bench
from datasets import dataset, smard

from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Mtu
from gridahead.settings.model import Settings
from gridahead.settings.zones import ZoneSettings

ELIA = "elia/elia_solar_be_15min_2020_2024.parquet"
GEFCOM = "gefcom2014/gefcom2014_load_L.parquet"


@dataclass(frozen=True, slots=True)
class RealSet:
    """One data set, and how its years are used."""

    name: str
    zone: str
    timezone: str
    mtu: Mtu
    wide: pd.DataFrame
    """One column a quantity; NaN where a value is missing."""
    targets: tuple[str, ...]
    """Quantities that faults are put into."""
    tuned: tuple[str, str, str]
    """While thresholds were chosen: learnt from, learnt until, judged until (days; the end is excluded)."""
    tested: tuple[str, str, str]
    """For what is reported."""

    def unit(self, quantity: str) -> str:
        """The unit of a quantity."""
        return "degF" if quantity == "temperature" else "MW"

    def observations(self, values: pd.DataFrame, zone: str | None = None) -> Observations:
        """Wide values as rows; missing ones are left out."""
        parts = [self._rows(values[quantity].dropna(), quantity, zone or self.zone) for quantity in values.columns]
        return Observations(OBSERVATIONS.check(pd.concat(parts, ignore_index=True)))

    def _rows(self, values: pd.Series, quantity: str, zone: str) -> pd.DataFrame:
        times = pd.DatetimeIndex(values.index)
        ahead = quantity.endswith("_official")
        return pd.DataFrame(
            {
                "zone": zone,
                "quantity": quantity,
                "valid_time": times,
                "available_at": times - pd.Timedelta(hours=36) if ahead else times + self.mtu.delta,
                "availability": "assumed",
                "value": values.to_numpy(dtype=float),
                "unit": self.unit(quantity),
                "mtu": str(self.mtu),
                "source": self.name,
                "batch": "0123456789abcdef",
            }
        )


def settings_for(data: RealSet, zones: list[str]) -> Settings:
    """Settings with copies of the zone of a data set under other names."""
    declared = tuple(ZoneSettings(code=zone, timezone=data.timezone) for zone in zones)
    return Settings(data_folder=Path("unused"), zones=declared)


def real_sets(bench: Bench) -> list[RealSet]:
    """The three data sets."""
    return [_smard(bench), _elia(bench), _gefcom(bench)]


def _smard(bench: Bench) -> RealSet:
    wide = smard(Bench(bench.name)).pivot(index="valid_time", columns="quantity", values="value").sort_index()
    # The sample, whatever data are named: it has generation by type as the portal exports it.
    targets = ("load", "load_official", "residual_load", "wind_solar", "solar", "wind_onshore")
    years = ("2021-01-01", "2023-01-01", "2024-01-01"), ("2021-01-01", "2024-01-01", "2025-09-01")
    return RealSet("smard", "DE", "Europe/Berlin", Mtu.PT60M, wide, targets, *years)


def _elia(bench: Bench) -> RealSet:
    table = pd.read_parquet(dataset(bench, ELIA))
    wide = table[["measured", "dayahead11hforecast"]].astype(float).set_axis(["solar", "solar_official"], axis=1)
    years = ("2020-01-01", "2022-01-01", "2023-01-01"), ("2021-01-01", "2024-01-01", "2025-01-01")
    return RealSet("elia", "BE", "Europe/Brussels", Mtu.PT15M, wide, ("solar",), *years)


def _gefcom(bench: Bench) -> RealSet:
    table = pd.read_parquet(dataset(bench, GEFCOM))
    # Hour-ending stamps in local standard time.
    times = (pd.DatetimeIndex(table.index) - pd.Timedelta(hours=1)).tz_localize("Etc/GMT+5").tz_convert("UTC")
    wide = pd.DataFrame({"load": table["LOAD"], "temperature": table["w1"]}).astype(float).set_axis(times)
    wide = wide[wide["load"].notna()]
    years = ("2005-01-01", "2007-01-01", "2008-01-01"), ("2007-01-01", "2010-01-01", "2012-01-01")
    return RealSet("gefcom2014", "L", "Etc/GMT+5", Mtu.PT60M, wide, ("load", "temperature"), *years)
