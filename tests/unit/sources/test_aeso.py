"""AESO: recorded reports of wind and solar power."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.answers import payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, now
from gridahead.sources.http.source import Job

AESO = BiddingZone("AESO", "America/Edmonton", "CA")
CAME = pd.Timestamp("2025-03-20T10:30Z")
"""The first hour without actual power in the recordings begins at 04:00 of 2025-03-20, six hours behind UTC."""


def read(quantity: str) -> Observations:
    content = recording(f"operators/CA_AB/{quantity}_rpt_longterm.csv").content
    return service("aeso", AESO).parse(replace(payload_of("aeso", content, quantity, "AESO"), retrieved_at=CAME))


def test_actual_power_ends_where_the_forecast_begins():
    rows = read("wind")
    measured, forecast = values_of(rows, "wind"), values_of(rows, "wind_official")
    assert measured["2025-03-18T10:00Z"] == 2210.66  # 04:00
    assert max(measured) == "2025-03-20T09:00Z"
    assert (min(forecast), forecast["2025-03-20T10:00Z"]) == ("2025-03-20T10:00Z", 2518.45)
    assert forecast["2025-03-27T09:00Z"] == 2080.44
    assert (len(measured), len(forecast)) == (48, 168)


def test_a_forecast_is_known_from_when_it_was_fetched():
    rows = read("solar")
    assert set(rows.loc[rows["quantity"] == "solar_official", "available_at"]) == {CAME}
    newest = rows[rows["quantity"] == "solar"].iloc[-1]
    assert newest["available_at"] == CAME  # an hour after its end would be later


def test_labels_are_the_beginnings_of_hours():
    """At 112 degrees west the sun is highest at 19:36 UTC in the middle of March: 12 h + 7:28 h + 8 min."""
    rows = read("solar")
    times = pd.DatetimeIndex(rows["valid_time"])
    first = pd.Timestamp("2025-03-21T06:00Z")
    is_of_day = (rows["quantity"] == "solar_official") & (times >= first) & (times < first + pd.Timedelta(days=1))
    sun = rows.loc[is_of_day, "value"].to_numpy(dtype=float)
    hours = (times[is_of_day] - pd.Timestamp("2025-03-21T00:00Z")).total_seconds().to_numpy() / 3600 + 0.5
    assert (sun * hours).sum() / sun.sum() == pytest.approx(19.6, abs=0.5)


def test_a_report_of_another_form_is_refused():
    with pytest.raises(SourceError, match="no Forecast Transaction Date"):
        service("aeso", AESO).parse(payload_of("aeso", b"a,b\n1,2\n", "wind", "AESO"))


def test_the_past_is_not_asked_for():
    content = recording("operators/CA_AB/wind_rpt_longterm.csv").content
    source = service("aeso", AESO, told=lambda request: content)
    past = TimeRange(pd.Timestamp("2025-03-18T00:00Z"), pd.Timestamp("2025-03-20T00:00Z"))
    assert source.answers_to(Job(source.items[0], (AESO,), past)) == []
    present = TimeRange(now() - pd.Timedelta(hours=1), now().ceil("h"))
    assert len(source.answers_to(Job(source.items[1], (AESO,), present))) == 1
