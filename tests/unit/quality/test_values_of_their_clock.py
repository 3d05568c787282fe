"""What a clock or a unit says of a value: stamps of the future, hours of odd zones, 0 °C, net load."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders.quality import observations_of

from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.core.time import Mtu
from gridahead.quality.curves import curves_of
from gridahead.quality.gate import inspect
from gridahead.quality.limits import learnt_limits
from gridahead.quality.measures.repeats import false_zero
from gridahead.settings.model import Settings

LATER = pd.Timestamp("2025-06-01T00:00Z")


def judged(rows, settings, at=LATER):
    return inspect(rows, Observations(OBSERVATIONS.empty()), settings, decided_at=at, limits=LIMITS.empty())


def failed(rows, settings, rule, at=LATER):
    verdicts = judged(rows, settings, at).verdicts
    return verdicts[verdicts["rule"] == rule]


def test_measured_values_that_begin_after_the_present_are_kept_out(settings):
    rows = observations_of("2025-01-01", "2025-01-11")
    noon = pd.Timestamp("2025-01-08T12:00Z")
    found = failed(rows, settings, "in_the_future", noon)
    assert found["valid_time"].min() == pd.Timestamp("2025-01-08T13:00Z")
    assert len(found) == (rows["valid_time"] > noon).sum()
    assert set(found["severity"]) == {"quarantine"}
    assert "it begins 1 h after" in found.sort_values("valid_time")["reason"].iloc[0]
    assert failed(rows, settings, "in_the_future").empty


@pytest.mark.parametrize("quantity", ["load_official", "temperature"])
def test_forecasts_and_plans_may_be_of_the_future(settings, quantity):
    rows = observations_of("2025-01-01", "2025-01-11", quantity=quantity)
    ahead = Observations(rows.assign(available_at=rows["valid_time"] - pd.Timedelta(days=1)))
    assert failed(ahead, settings, "in_the_future", pd.Timestamp("2025-01-08T12:00Z")).empty


def test_a_measured_covariate_may_not(settings):
    rows = observations_of("2025-01-01", "2025-01-11", quantity="temperature")
    assert len(failed(rows, settings, "in_the_future", pd.Timestamp("2025-01-08T12:00Z")))


@pytest.mark.parametrize(
    ("timezone", "mtu", "minute", "misses"),
    [
        ("Asia/Kathmandu", "PT60M", 15, 0),
        ("Asia/Kathmandu", "PT60M", 0, 0),
        ("Asia/Kathmandu", "PT60M", 30, 15),
        ("Asia/Kathmandu", "PT30M", 15, 0),
        ("Asia/Kathmandu", "PT30M", 45, 0),
        ("Asia/Kolkata", "PT60M", 30, 0),
        ("Asia/Kolkata", "PT60M", 0, 0),
        ("Asia/Kolkata", "PT60M", 15, 15),
        ("Europe/Berlin", "PT60M", 30, 30),
        ("Europe/Berlin", "PT15M", 45, 0),
    ],
)
def test_an_hour_begins_on_a_full_one_of_local_time_or_of_utc(tmp_path, timezone, mtu, minute, misses):
    zone = {"code": "XY", "timezone": timezone}
    settings = Settings.model_validate({"data_folder": Path(tmp_path), "zones": [zone]})
    rows = observations_of("2025-01-01", "2025-01-03", zone="XY", timezone="UTC", mtu=mtu)
    rows["valid_time"] += pd.Timedelta(minutes=minute)
    found = failed(Observations(rows), settings, "off_the_grid")
    assert len(found) == (len(rows) if misses else 0)
    if misses:
        assert f"it is {misses} minutes off" in found["reason"].iloc[0]


def foggy(unit, quantity):
    """Three months that come near zero and never rest there, then a day and a half of zeros."""
    rows = observations_of("2025-01-01", "2025-04-01", quantity=quantity, value=10.0)
    rows.loc[rows.index[-36:], "value"] = 0.0
    return Observations(rows.assign(unit=unit))


def test_zero_degrees_are_a_value_and_zero_megawatts_for_a_day_are_none(settings):
    foggy_days = judged(foggy("degC", "temperature"), settings).verdicts
    assert set(foggy_days["severity"]) <= {"flag"}, "whole degrees may stand still in fog"
    assert "false_zero" not in set(foggy_days["rule"])
    assert len(failed(foggy("MW", "load"), settings, "false_zero")) == 36
    warm = curves_of(foggy("degC", "temperature"), settings, {})
    assert [false_zero(curve) for curve in warm.values()] == [{}]


def test_load_below_zero_is_kept_out_with_a_hint_to_the_quantity_that_may_be_negative(settings):
    rows = observations_of("2025-01-01", "2025-01-11")
    rows.loc[rows.index[100], "value"] = -50.0
    found = failed(Observations(rows), settings, "value_physical")
    assert 'its quantity is "residual_load"' in found["reason"].iloc[0]
    wind = Observations(rows.assign(quantity="wind", value=rows["value"].where(rows["value"] > 0, -5_000.0)))
    assert "residual_load" not in failed(wind, settings, "value_physical")["reason"].iloc[0]


def half_and_half(days=60):
    """Hours of official forecast and of load that becomes quarters half way, on a day that is far off in both."""
    end = pd.Timestamp("2025-01-01") + pd.Timedelta(days=days)
    change = pd.Timestamp("2025-01-31T00:00Z")
    hours, quarters = (observations_of("2025-01-01", str(end.date()), mtu=mtu) for mtu in ("PT60M", "PT15M"))
    load = pd.concat([hours[hours["valid_time"] < change], quarters[quarters["valid_time"] >= change]])
    official = hours.assign(quantity="load_official", value=hours["value"] + 100.0)
    return Observations(pd.concat([load, official], ignore_index=True))


def test_a_curve_finds_its_counterpart_in_another_unit(settings):
    curves = curves_of(half_and_half(), settings, {})
    by_mtu = {mtu: curve for (series, mtu), curve in curves.items() if series.quantity == "load"}
    for curve in by_mtu.values():
        assert curve.trusted_counterpart is not None
        beyond = curve.trusted_counterpart - curve.days
        known = beyond[~np.isnan(beyond)]
        # The official forecast of the hour lies 100 MW above its own first quarter.
        assert len(known) and np.allclose(known.min(), 100.0, atol=2_000)
    quarters = by_mtu[Mtu.PT15M]
    assert quarters.trusted_counterpart is not None
    assert np.array_equal(quarters.trusted_counterpart[5, 0:4], np.repeat(quarters.trusted_counterpart[5, 0], 4))


def test_a_new_unit_of_some_days_keeps_what_the_old_one_has_taught(settings):
    curves = curves_of(half_and_half(days=40), settings, {})
    learnt = learnt_limits(curves)
    load = next(values for series, values in learnt.items() if series.quantity == "load")
    hours = learnt_limits({key: curve for key, curve in curves.items() if key[1] is Mtu.PT60M})
    expected = next(values for series, values in hours.items() if series.quantity == "load")
    assert load["bulk_high"] == expected["bulk_high"]
