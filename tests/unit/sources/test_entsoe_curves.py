"""Curves of ENTSO-E by hand: what a Period says, what it leaves out, and what was cut off.

The documents are made up: no recorded one is of a night on which clocks change, or was cut off.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from builders.entsoe import DE_LU, Period, Series, acknowledgement, document, payload, service
from hypothesis import given
from hypothesis import strategies as st

from gridahead.core.errors import SourceError
from gridahead.core.grid import ZONES
from gridahead.sources.entsoe.document import Document, acknowledged, pages_may_follow

FR = ZONES["FR"].eic or ""
DAY = ("2024-06-14T22:00Z", "2024-06-15T22:00Z")


def load(*series: Series, window: tuple[str, str] | None = None) -> pd.DataFrame:
    """The load of France in a document of these time series."""
    asked = payload(document("A65", "A16", FR, series), "load", "FR", *([window] if window else []))
    return service().parse(asked).set_index("valid_time")


def refused(*series: Series, item: str = "load", kinds: tuple[str, str] = ("A65", "A16")) -> str:
    with pytest.raises(SourceError) as error:
        service().parse(payload(document(*kinds, FR, series), item, "FR"))
    return str(error.value)


def test_what_is_left_out_in_the_middle_and_at_the_end_repeats_what_stands_before_it():
    rows = load(Series([Period("2024-06-15T00:00Z", "2024-06-15T06:00Z", {1: 10, 2: 20, 5: 50})]))
    assert rows["value"].tolist() == [10, 20, 20, 20, 50, 50]
    assert [f"{time:%H:%M}" for time in rows.index] == ["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]


def test_before_the_first_position_there_is_nothing():
    rows = load(Series([Period("2024-06-15T00:00Z", "2024-06-15T04:00Z", {3: 30})]))
    assert rows["value"].tolist() == [30, 30]
    assert rows.index[0] == pd.Timestamp("2024-06-15T02:00Z")


def test_a_curve_that_gives_every_value_has_a_gap_where_one_is_missing():
    rows = load(Series([Period("2024-06-15T00:00Z", "2024-06-15T04:00Z", {1: 10, 4: 40})], curve="A01"))
    assert [f"{time:%H:%M} {value:g}" for time, value in rows["value"].items()] == ["00:00 10", "03:00 40"]


def test_between_two_periods_there_is_a_gap():
    first = Period("2024-06-15T00:00Z", "2024-06-15T03:00Z", {1: 10})
    second = Period("2024-06-15T05:00Z", "2024-06-15T07:00Z", {1: 60, 2: 70})
    rows = load(Series([first, second]))
    assert [f"{time:%H:%M} {value:g}" for time, value in rows["value"].items()] == [
        "00:00 10",
        "01:00 10",
        "02:00 10",
        "05:00 60",
        "06:00 70",
    ]


def test_hours_and_quarters_stand_in_one_answer_each_with_its_unit():
    hourly = Period("2024-06-15T00:00Z", "2024-06-15T02:00Z", {1: 10, 2: 20})
    quarters = Period("2024-06-15T02:00Z", "2024-06-15T03:00Z", {1: 1, 3: 3}, "PT15M")
    half_hours = Period("2024-06-15T03:00Z", "2024-06-15T04:00Z", {1: 5, 2: 6}, "PT30M")
    rows = load(Series([hourly, quarters, half_hours]))
    assert rows["value"].tolist() == [10, 20, 1, 1, 3, 3, 5, 6]
    assert rows["mtu"].tolist() == ["PT60M"] * 2 + ["PT15M"] * 4 + ["PT30M"] * 2
    # A measured value is known an hour after the end of its own unit.
    known = rows["available_at"] - rows.index
    assert known.dt.total_seconds().div(60).tolist() == [120, 120, 75, 75, 75, 75, 90, 90]


def test_an_hour_whose_quarters_are_there_gives_way_to_them():
    hourly = Period("2024-06-15T00:00Z", "2024-06-15T02:00Z", {1: 10, 2: 20})
    quarters = Period("2024-06-15T01:00Z", "2024-06-15T02:00Z", {1: 14, 2: 18, 3: 22, 4: 26}, "PT15M")
    rows = load(Series([hourly, quarters]))
    assert rows["value"].tolist() == [10, 14, 18, 22, 26]


def test_an_hour_that_its_quarters_contradict_is_refused():
    hourly = Period("2024-06-15T00:00Z", "2024-06-15T01:00Z", {1: 100})
    quarters = Period("2024-06-15T00:00Z", "2024-06-15T01:00Z", {1: 14, 2: 18, 3: 22, 4: 26}, "PT15M")
    assert "at 2024-06-15 00:00 UTC there is a unit that is not the mean of its parts" in refused(
        Series([hourly]), Series([quarters])
    )


def test_a_row_that_comes_twice_alike_is_taken_once_and_otherwise_refused():
    once, again = (Series([Period("2024-06-15T00:00Z", "2024-06-15T02:00Z", {1: 10, 2: last})]) for last in (20, 21))
    assert load(once, once)["value"].tolist() == [10, 20]
    assert "at 2024-06-15 01:00 UTC there is two values" in refused(once, again)


@pytest.mark.parametrize(
    ("start", "end", "quarters"),
    [
        ("2024-03-30T23:00Z", "2024-03-31T22:00Z", 92),
        ("2024-10-26T22:00Z", "2024-10-27T23:00Z", 100),
    ],
)
def test_on_the_day_of_a_clock_change_a_local_day_has_92_or_100_quarters(start, end, quarters):
    """A synthetic document: times are UTC, so that neither hour is skipped or there twice."""
    points = {position: float(position) for position in range(1, quarters + 1)}
    rows = load(Series([Period(start, end, points, "PT15M")]), window=(start, end))
    assert rows["value"].tolist() == list(points.values())
    local = pd.DatetimeIndex(rows.index).tz_convert("Europe/Paris")
    assert {(one.hour, one.minute) for one in (local[0], local[-1])} == {(0, 0), (23, 45)}
    assert (rows.index.to_series().diff().dropna() == pd.Timedelta(minutes=15)).all()


def test_an_answer_is_clipped_to_the_window_that_was_asked_for():
    points = {hour: float(hour) for hour in range(1, 25)}
    rows = load(Series([Period(*DAY, points)]), window=("2024-06-15T00:00Z", "2024-06-15T02:00Z"))
    assert rows["value"].tolist() == [3, 4]


def test_two_windows_that_meet_have_no_row_in_common():
    points = {hour: float(hour) for hour in range(1, 25)}
    halves = (DAY[0], "2024-06-15T12:00Z"), ("2024-06-15T12:00Z", DAY[1])
    rows = pd.concat([load(Series([Period(*DAY, points)]), window=window) for window in halves])
    assert rows["value"].tolist() == list(points.values())


@pytest.mark.parametrize("namespace", ["urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0", "urn:any:7"])
def test_a_document_is_read_whatever_its_namespace(namespace):
    content = document("A65", "A16", FR, [Series([Period(*DAY, {1: 10})])], namespace=namespace)
    assert len(service().parse(payload(content, "load", "FR"))) == 24
    bare = content.replace(f' xmlns="{namespace}"'.encode(), b"")
    assert len(service().parse(payload(bare, "load", "FR"))) == 24


WEEK = ("2024-06-10T00:00Z", "2024-06-17T00:00Z")


def test_an_answer_that_was_cut_off_is_told_from_a_flat_line():
    """100 of 672 quarters: a load that stands still for six days is none."""
    points = {position: 50_000.0 + position for position in range(1, 101)}
    said = refused(Series([Period(*WEEK, points, "PT15M")]))
    assert "load has 100 values, the last of 2024-06-11 00:45 UTC, and would stand at 50100 for the 6 days" in said
    assert "gridahead backfill --start" in said


def test_an_answer_of_a_thousand_values_was_cut_off_even_at_night():
    """The platform stopped after 1000 values; here that is a night, when the sun gives nothing."""
    points = {position: float(position) for position in range(1, 1000)} | {1000: 0.0}
    end = "2024-06-20T12:00Z"  # 1008 quarters after the beginning
    said = refused(
        Series([Period("2024-06-10T00:00Z", end, points, "PT15M")], psr_type="B16"),
        item="generation",
        kinds=("A75", "A16"),
    )
    assert "solar has 1,000 values" in said


def test_a_thousand_values_are_counted_over_the_periods_of_a_time_series():
    first = Period("2024-06-10T00:00Z", "2024-06-15T00:00Z", {at: float(at) for at in range(1, 481)}, "PT15M")
    last = Period("2024-06-16T00:00Z", "2024-06-21T12:00Z", {at: float(at) for at in range(1, 521)}, "PT15M")
    assert "load has 520 values" in refused(Series([first, last]))
    assert len(load(Series([first]), Series([last]))) == 480 + 528  # each by itself may be whole


@pytest.mark.parametrize(
    ("points", "length"),
    [
        ({1: 500.0, 20: 0.0}, 96),  # a wind that lies still, or the sun of a polar night
        ({1: 40.0, 2: 41.0}, 96),  # told in whole MW
        ({1: 500.0, 60: 700.0}, 96),  # nine hours before the end
    ],
)
def test_what_may_be_a_real_flat_line_passes(points, length):
    content = document("A75", "A16", FR, [Series([Period(*DAY, points, "PT15M")], psr_type="B16")])
    assert len(service().parse(payload(content, "generation", "FR"))) == length


def test_a_value_that_stands_for_long_within_an_answer_is_told_to_a_person():
    source = service()
    content = document("A65", "A16", FR, [Series([Period(*WEEK, {1: 50_000.0, 10: 51_000.0, 30: 52_000.0, 162: 9.0})])])
    source.parse(payload(content, "load", "FR"))
    assert source.warnings == ["made-up.xml: FR/load stands at 52000 MW for 6 days from 2024-06-11 05:00 UTC on"]


def test_what_generators_take_from_the_grid_is_subtracted_from_storage_alone():
    made = Period("2024-06-15T00:00Z", "2024-06-15T02:00Z", {1: 10, 2: 20})
    used = Period("2024-06-15T01:00Z", "2024-06-15T03:00Z", {1: 5, 2: 7})
    series = [
        Series([period], psr_type=psr_type, consumed=consumed)
        for psr_type in ("B10", "B19")
        for period, consumed in ((made, False), (used, True))
    ]
    rows = service().parse(payload(document("A75", "A16", FR, series), "generation", "FR"))
    of = {quantity: part["value"].tolist() for quantity, part in rows.groupby("quantity")}
    assert of == {"hydro_pumped_storage": [10, 15, -7], "wind_onshore": [10, 20]}


def test_storage_that_only_fills_itself_is_negative_in_the_finer_unit():
    used = Period("2024-06-15T00:00Z", "2024-06-15T01:00Z", {1: 8})
    made = Period("2024-06-15T00:00Z", "2024-06-15T00:30Z", {1: 1, 2: 2}, "PT15M")
    for periods, values in (((used,), [-8.0]), ((used, made), [-7.0, -6.0, -8.0, -8.0])):
        series = [Series([one], psr_type="B25", consumed=one is used) for one in periods]
        rows = service().parse(payload(document("A75", "A16", FR, series), "generation", "FR"))
        assert rows["value"].tolist() == values


def test_storage_without_any_period_is_no_row():
    content = document("A75", "A16", FR, [Series([], psr_type="B10")])
    assert service().parse(payload(content, "generation", "FR")).empty


def test_a_year_of_capacity_begins_and_ends_at_local_midnight():
    """Two years of a zone, of which the first has 366 days."""
    period = Period("2023-12-31T23:00Z", "2025-12-31T23:00Z", {1: 100.0, 2: 200.0}, "P1Y")
    content = document("A68", "A33", FR, [Series([period], psr_type="B16")])
    rows = service().parse(payload(content, "capacity", "FR")).set_index("valid_time")
    assert rows.groupby("value").size().to_dict() == {100.0: 366 * 24, 200.0: 365 * 24}
    assert rows[rows["value"] == 200.0].index[0] == pd.Timestamp("2024-12-31T23:00Z")


def test_of_prices_those_of_the_coupled_auction_are_taken():
    at = ("2024-06-15T00:00Z", "2024-06-15T01:00Z")
    coupled, other = Series([Period(*at, {1: -5.0})], sequence="1"), Series([Period(*at, {1: 9.0})], sequence="2")
    rows = service().parse(payload(document("A44", "", DE_LU.eic or "", [other, coupled]), "price", "DE"))
    assert rows[["zone", "quantity", "value", "unit"]].to_numpy().tolist() == [["DE", "price", -5.0, "EUR/MWh"]]


def test_a_document_of_another_area_or_unit_is_refused():
    content = document("A65", "A16", "10YBE----------2", [Series([Period(*DAY, {1: 1})])])
    with pytest.raises(SourceError, match="area 10YBE----------2, and 10YFR-RTE------C was asked for"):
        service().parse(payload(content, "load", "FR"))
    assert "it is in KWH, not in MAW" in refused(
        Series([Period(*DAY, {1: 1})], more={"quantity_Measure_Unit.name": "KWH"})
    )


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (Period(*DAY, {}), "has no values"),
        (Period(*DAY, {0: 1.0}), "beyond its 24 units"),
        (Period(*DAY, {25: 1.0}), "beyond its 24 units"),
        (Period(*DAY, {2: 1.0, 1: 2.0}), "out of order"),
        (Period(*DAY, {1: float("nan")}), "no number"),
        (Period(*DAY, {1: 1.0}, "P1D"), "resolution of P1D"),
        (Period("2024-06-15T00:00Z", "2024-06-15T00:45Z", {1: 1.0}), "no whole number of units"),
        (Period("2024-06-15 00:00", "2024-06-15T01:00Z", {1: 1.0}), "no instant in UTC"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_the_reason(period, said):
    assert said in refused(Series([period]))


def test_a_curve_of_another_type_is_refused():
    assert "a curve of type A02" in refused(Series([Period(*DAY, {1: 1.0})], curve="A02"))


def test_a_document_with_entities_of_its_own_is_refused():
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa">]>' + document("A65", "A16", FR, [])
    content = bomb.replace(b'<?xml version="1.0"?>', b"")
    with pytest.raises(SourceError, match="declarations of its own"):
        service().parse(payload(content, "load", "FR"))


def test_an_acknowledgement_is_told_from_data():
    assert acknowledged(acknowledgement("No  matching\ndata")) == "No matching data"
    assert acknowledged(document("A65", "A16", FR, [])) is None
    with pytest.raises(SourceError, match="ENTSO-E answers: Unknown area"):
        service().parse(payload(acknowledgement("Unknown area."), "load", "FR"))


def test_a_page_is_full_when_it_has_as_many_days_as_fit():
    days = [Series([Period(*DAY, {1: 1.0}), Period(*DAY, {1: 1.0})])] * 50
    content = document("A44", "", FR, days)
    assert pages_may_follow(content, 100)
    assert not pages_may_follow(content, 101)


@given(st.data())
def test_a_curve_says_the_same_however_much_it_leaves_out(data):
    values = data.draw(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=24))
    whole = dict(enumerate(values, 1))
    short = {at: value for at, value in whole.items() if at == 1 or data.draw(st.booleans()) or value != whole[at - 1]}
    end = f"{pd.Timestamp('2024-06-15T00:00Z') + pd.Timedelta(hours=len(values)):%Y-%m-%dT%H:%MZ}"
    curves = [
        Document(document("A65", "A16", FR, [Series([Period("2024-06-15T00:00Z", end, points)])]))
        .series("UTC")[0]
        .curves[0]
        for points in (whole, short)
    ]
    assert curves[0].value.tolist() == curves[1].value.tolist() == values
    assert curves[1].given == len(short)
    assert curves[1].repeated.sum() == len(values) - len(short)


def test_a_payload_belongs_to_the_area_that_was_asked_though_the_settings_name_another_since():
    content = document("A65", "A16", "10YOLD", [Series([Period(*DAY, {1: 1.0})])])
    kept = payload(content, "load", "FR")
    asked = {**kept.asked, "parameters": {"outBiddingZone_Domain": "10YOLD"}}
    assert len(service().parse(replace(kept, asked=asked))) == 24


@pytest.mark.parametrize("content", [acknowledgement()[:-20], b"PK\x03\x04damaged", b"<html><h1>Error</h1></html>"])
def test_a_damaged_payload_is_refused(content):
    with pytest.raises(SourceError, match=r"made-up\.xml: "):
        service().parse(payload(content, "load", "FR"))
