"""Meters that count: an ever-rising column is no load, and the energy of a unit is the difference of two readings."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from unit.sources.test_units_of_files import parse, refusal, stamped

HOURS = pd.date_range("2024-01-01T00:00Z", periods=8 * 24 + 1, freq="1h")
KWH = 100 + 20 * np.sin(2 * np.pi * np.arange(8 * 24) / 24)
READINGS = 5_000 + np.r_[0.0, np.cumsum(KWH)]


def test_a_column_that_only_rises_for_a_week_is_said_to_be_a_meter_and_the_advice_works():
    message = refusal(stamped(HOURS, READINGS), unit="kWh")
    assert "column 'load' only ever rises, from 5000 to 24200" in message
    assert "Set meter_reading = true" in message
    rows = parse(stamped(HOURS, READINGS), unit="kWh", meter_reading=True)
    # 100 kWh in the first hour are 0.1 MW; the last reading begins nothing.
    assert rows["value"].tolist() == pytest.approx((KWH / 1000).tolist())
    assert rows["valid_time"].tolist() == HOURS[:-1].tolist()


def test_readings_at_the_ending_of_a_unit_are_of_the_unit_before():
    rows = parse(stamped(HOURS, READINGS), unit="kWh", meter_reading=True, stamp="ending")
    assert rows["value"].tolist() == pytest.approx((KWH / 1000).tolist())
    assert rows["valid_time"].iloc[0] == HOURS[0]


def test_less_than_a_week_a_fall_or_a_straight_line_is_no_meter():
    assert len(parse(stamped(HOURS[:160], READINGS[:160]))) == 160
    assert len(parse(stamped(HOURS, np.where(np.arange(193) == 100, 0.0, READINGS)))) == 193
    assert len(parse(stamped(HOURS, np.arange(193.0)))) == 193
    assert len(parse(stamped(HOURS, np.where(np.arange(193) < 150, 0.0, 1.0)))) == 193


def test_a_meter_that_begins_anew_and_a_gap_leave_units_without_energy():
    exchanged = READINGS - 5_000 * (np.arange(193) >= 100)
    rows = parse(stamped(HOURS.delete(50), np.delete(exchanged, 50)), unit="kWh", meter_reading=True)
    missing = HOURS[:-1].difference(pd.DatetimeIndex(rows["valid_time"]))
    assert missing.tolist() == [HOURS[49], HOURS[50], HOURS[99]]


def test_quarters_after_hours_are_each_of_their_own_length():
    quarters = pd.date_range(HOURS[-1], periods=9, freq="15min")[1:]
    counted = np.r_[READINGS, READINGS[-1] + 25.0 * np.arange(1, 9)]
    rows = parse(stamped(HOURS.append(quarters), counted), unit="kWh", meter_reading=True)
    assert rows["value"].tolist()[-8:] == pytest.approx([0.1] * 8)


def test_a_meter_counts_energy():
    with pytest.raises(ValidationError, match='set unit = "kWh"'):
        parse(stamped(HOURS, READINGS), unit="kW", meter_reading=True)
