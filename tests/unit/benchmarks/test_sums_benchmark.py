"""The benchmark of sums: its settings, and its figures by hand."""

import datetime as dt

import pandas as pd
import pytest
import sums
from builders.scores import DAY, forecasts

from gridahead.core.tables import Forecasts


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(sums, "FOLDER", tmp_path / "trial")
    return sums.workspace_of(dt.date(2017, 11, 6)).settings


def test_the_total_is_the_sum_of_the_eleven_zones_and_made_to_add_up(settings):
    (one,) = settings.sums_with(sums.TOTAL)
    assert set(one.parts) == set(sums.ZONES) and len(one.parts) == 11
    assert len(settings.series) == 12
    assert settings.training.holdout_start == dt.date(2017, 11, 6)


def of(series, *medians):
    rows = forecasts([[value - 1, value, value + 1] for value in medians], levels=(0.1, 0.5, 0.9))
    return Forecasts(rows.assign(zone=series.zone, quantity=series.quantity))


def test_errors_ratios_and_how_far_the_series_are_apart_are_those_of_a_hand_calculation():
    alone = {one: of(one, 10.0, 20.0) for one in sums.ZONES} | {sums.TOTAL: of(sums.TOTAL, 113.0, 216.0)}
    assert sums.apart(alone) == 4.0
    measured = pd.Series([110.0, 219.0], pd.date_range(DAY, periods=2, freq="h"))
    assert sums.bottom_up(alone, measured).value == 0.5
    together = of(sums.TOTAL, 111.0, 219.0)
    rows = sums.of_series(sums.TOTAL, alone[sums.TOTAL], together, measured)
    value = {(row.model, row.metric): row.value for row in rows}
    assert value[sums.ALONE, "mae"] == 3.0 and value[sums.RECONCILED, "mae"] == 0.5
    assert value[sums.RECONCILED, sums.MAE_RATIO] == pytest.approx(1 / 6)
