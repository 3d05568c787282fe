"""Of an outturn and its official forecast, the one that is odd by itself is wrong."""

import numpy as np
import pandas as pd
import pytest
from builders.years import TIMEZONE, as_rows, made_zone

from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.quality.curves import curves_of
from gridahead.quality.gate import inspect
from gridahead.quality.measures.order import days_exchanged
from gridahead.quality.trusted_values import trusted
from gridahead.settings.model import Settings

NOTHING = Observations(OBSERVATIONS.empty())


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    zones = [{"code": "Z", "timezone": TIMEZONE}]
    return Settings.model_validate({"data_folder": tmp_path_factory.mktemp("data"), "zones": zones})


def local_day(wide: pd.DataFrame, day: str) -> pd.Series:
    return pd.Series(pd.DatetimeIndex(wide.index).tz_convert(TIMEZONE).strftime("%Y-%m-%d") == day, index=wide.index)


def test_an_official_forecast_of_zero_all_day_is_wrong_and_the_outturn_is_not(settings):
    wide = made_zone("2023-01-01", "2024-01-01")[["load", "load_official"]]
    zero = local_day(wide, "2023-09-12")
    wide.loc[zero, "load_official"] = 0.0
    rows = as_rows(wide, "Z")
    at = rows["valid_time"].max()
    verdicts = inspect(rows, NOTHING, settings, decided_at=at, limits=LIMITS.empty()).verdicts
    of_day = verdicts[verdicts["valid_time"].isin(wide.index[zero])]
    assert set(of_day["quantity"]) == {"load_official"}
    assert "quarantine" in set(of_day["severity"])


def test_a_day_off_by_itself_and_an_absurd_value_judge_nobody():
    mine = np.full((29, 4), 100.0)
    other = np.full((29, 4), 90.0)
    other[3], other[7, 2], other[9, 0] = 10.0, 1_000.0, -5.0
    mine[12], other[12] = 20.0, 18.0  # a day on which both are low is a day on which both are low
    mine[20] = 10.0  # mine is the odd one
    kept = trusted(other, mine, highest=100.0, low=0.0)
    left_out = np.isnan(kept)
    assert left_out[3].all() and left_out[7].tolist() == [False, False, True, False] and left_out[9, 0]
    assert left_out.sum() == 4 + 1 + 1
    assert not np.isnan(trusted(other, mine, highest=1_000.0, low=None)).any()


def test_two_days_are_exchanged_only_where_their_midnights_mend(settings):
    wide = made_zone("2023-01-01", "2023-07-01")[["load", "load_official"]]
    friday, saturday = (local_day(wide, day).to_numpy() for day in ("2023-05-12", "2023-05-13"))

    def gain(load: pd.Series) -> float:
        curves = curves_of(as_rows(wide.assign(load=load), "Z"), settings, {})
        curve = next(one for (series, _), one in curves.items() if series.quantity == "load")
        return float(days_exchanged(curve)[""].measured[curve.clock.days.get_loc("2023-05-12")])

    swapped = wide["load"].copy()
    swapped[friday], swapped[saturday] = wide["load"][saturday].to_numpy(), wide["load"][friday].to_numpy()
    assert gain(swapped) > 8.0
    # By day each looks like the other, but at midnight each goes on from where it stands: nobody exchanged them.
    hours = np.r_[np.linspace(0, 1, 4), np.ones(16), np.linspace(1, 0, 4)]
    alike = wide["load"].copy()
    for one, other in ((friday, saturday), (saturday, friday)):
        alike[one] = (1 - hours) * wide["load"][one].to_numpy() + hours * wide["load"][other].to_numpy()
    assert gain(alike) <= 0.0
