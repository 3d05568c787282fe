"""How long the unit of each row of a file is, on which hours it begins, and what a clock change makes of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.time import Mtu
from gridahead.settings.file_source import CovariateSettings, FileSource
from gridahead.sources.base import RawPayload
from gridahead.sources.file import FileTable
from gridahead.sources.spacing import unit_lengths

HOUR, QUARTER = pd.Timedelta(hours=1), pd.Timedelta(minutes=15)
BERLIN, KOLKATA, KATHMANDU = "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu"


def parse(content, zone=BERLIN, **changes):
    """The values in a CSV with the columns time and load, of a zone with that local time."""
    plain = {"kind": "file", "path": Path("meters.csv"), "zone": "DE", "quantity": "load", "time_column": "time"}
    settings = FileSource(**{**plain, "value_column": "load", "timezone": zone, **changes})
    payload = RawPayload("meters.csv", "meters.csv", content.encode(), {}, pd.Timestamp("2026-01-01", tz="UTC"))
    return FileTable(settings, BiddingZone("DE", zone)).parse(payload).dropna(subset="value")


def refusal(content, **changes):
    with pytest.raises(SourceError) as caught:
        parse(content, **changes)
    return str(caught.value)


def lines(*rows, header="time,load"):
    return "\n".join([header, *rows]) + "\n"


def instants(rows):
    return rows["valid_time"].dt.strftime("%dT%H:%MZ").tolist()


def stamped(times, values=None):
    values = range(len(times)) if values is None else values
    return lines(*(f"{time:%Y-%m-%dT%H:%MZ},{value}" for time, value in zip(times, values, strict=True)))


def changing(coarse=12, fine=16, start="2025-09-30T12:00Z"):
    """The beginnings of hours and then of quarters."""
    hours = pd.date_range(start, periods=coarse, freq="1h")
    return hours.append(pd.date_range(hours[-1] + HOUR, periods=fine, freq="15min"))


CHANGE = changing()
LENGTHS = ["PT60M"] * 12 + ["PT15M"] * 16


@pytest.mark.parametrize("mtu", [Mtu.PT60M, Mtu.PT15M])
def test_in_a_file_that_goes_from_hours_to_quarters_every_row_is_as_long_as_it_is(mtu):
    rows = parse(stamped(CHANGE), mtu=mtu)
    assert rows["mtu"].tolist() == LENGTHS
    assert rows["valid_time"].tolist() == CHANGE.tolist()
    # An hour after the end of each.
    assert rows["available_at"].tolist()[11:13] == [CHANGE[11] + 2 * HOUR, CHANGE[12] + QUARTER + HOUR]


def test_it_may_go_back_to_hours_as_well():
    quarters = pd.date_range("2025-09-30T20:00Z", periods=16, freq="15min")
    times = quarters.append(pd.date_range("2025-10-01T00:00Z", periods=6, freq="1h"))
    assert parse(stamped(times), mtu=Mtu.PT15M)["mtu"].tolist() == ["PT15M"] * 16 + ["PT60M"] * 6


def test_stamps_at_the_ending_have_the_length_of_the_step_before_them():
    ends = [time + (HOUR if n < 12 else QUARTER) for n, time in enumerate(CHANGE)]
    rows = parse(stamped(ends), stamp="ending")
    assert rows["mtu"].tolist() == LENGTHS
    assert rows["valid_time"].tolist() == CHANGE.tolist()


def test_energy_becomes_power_by_the_length_of_its_own_row():
    rows = parse(stamped(CHANGE, [8.0] * 12 + [2.0] * 16), unit="MWh", mtu=Mtu.PT15M)
    assert set(rows["value"]) == {8.0}


@pytest.mark.parametrize("missing", [[5], [5, 6], [11], [14], [14, 15, 16], [12], [27]])
@pytest.mark.parametrize("stamp", ["beginning", "ending"])
def test_a_gap_makes_no_row_longer(missing, stamp):
    lasting = [HOUR if n < 12 else QUARTER for n in range(28)]
    there = [n for n in range(28) if n not in missing]
    times = [CHANGE[n] + (lasting[n] if stamp == "ending" else pd.Timedelta(0)) for n in there]
    rows = parse(stamped(times), stamp=stamp)
    assert rows["mtu"].tolist() == [LENGTHS[n] for n in there]
    assert rows["valid_time"].tolist() == [CHANGE[n] for n in there]


def test_three_hourly_rows_are_a_gap_and_four_are_hours():
    def lengths(count):
        quarters = pd.date_range("2025-01-01T00:00Z", periods=8, freq="15min")
        hours = pd.date_range("2025-01-01T02:00Z", periods=count, freq="1h")
        after = pd.date_range(hours[-1] + HOUR, periods=8, freq="15min")
        found = unit_lengths(pd.DatetimeIndex(quarters.append([hours, after])), QUARTER, ending=False)
        return set((found / np.timedelta64(15, "m")).tolist()[8 : 8 + count])

    assert lengths(3) == {1.0}
    assert lengths(4) == {4.0}


def test_a_unit_that_no_row_has_is_refused_and_the_advice_works():
    content = stamped(pd.date_range("2025-01-01T00:00Z", periods=12, freq="15min"))
    message = refusal(content)
    assert "most rows are 15 minutes apart, which contradicts mtu = PT60M" in message
    assert 'Set mtu = "PT15M"' in message
    assert "set mtu_changes = true" in message
    assert set(parse(content, mtu=Mtu.PT15M)["mtu"]) == {"PT15M"}
    assert set(parse(content, mtu_changes=True)["mtu"]) == {"PT15M"}


def test_hours_at_every_fourth_row_of_a_file_of_quarters_are_hours():
    times = pd.date_range("2025-01-01T00:00Z", periods=32, freq="15min")
    text = [f"{time:%Y-%m-%dT%H:%MZ},{n},{n if n % 4 == 0 else ''}" for n, time in enumerate(times)]
    warmth = CovariateSettings(column="warmth", name="temperature", unit="degC", known_ahead=False)
    rows = parse(lines(*text, header="time,load,warmth"), mtu=Mtu.PT15M, covariates=(warmth,))
    by_quantity = rows.groupby("quantity")["mtu"].agg(["unique", "size"])
    assert by_quantity["unique"].map(list).to_dict() == {"load": ["PT15M"], "temperature": ["PT60M"]}
    assert by_quantity["size"].to_dict() == {"load": 32, "temperature": 8}


UTC_HOURS = stamped(pd.date_range("2024-01-01T00:00Z", periods=48, freq="1h"))


@pytest.mark.parametrize("zone", [KOLKATA, KATHMANDU, "Australia/Adelaide"])
def test_hours_on_utc_in_a_zone_that_is_off_by_less_than_an_hour_are_a_declared_choice(zone):
    message = refusal(UTC_HOURS, zone=zone, timezone="UTC")
    assert f"Units are counted from midnight in {zone}" in message
    assert 'units_from = "utc"' in message
    rows = parse(UTC_HOURS, zone=zone, timezone="UTC", units_from="utc")
    assert len(rows) == 48
    assert set(rows["mtu"]) == {"PT60M"}


def test_local_hours_in_such_a_zone_need_no_choice_and_contradict_it():
    local = stamped(pd.date_range("2024-01-01T00:15Z", periods=48, freq="1h"))
    assert len(parse(local, zone=KATHMANDU, timezone="UTC")) == 48
    assert "is no beginning of a PT60M unit" in refusal(local, zone=KATHMANDU, timezone="UTC", units_from="utc")


def test_rows_off_both_grids_are_not_sent_to_utc():
    message = refusal(stamped(pd.date_range("2024-01-01T00:20Z", periods=8, freq="1h")), zone=KOLKATA)
    assert "units_from" not in message


ONCE = [f"2024-10-27 {hour:02}:00,{hour}" for hour in range(6)]


@pytest.mark.parametrize(("which", "at"), [("first", "27T00:00Z"), ("second", "27T01:00Z")])
def test_of_an_hour_that_should_be_there_twice_it_can_be_said_which_pass_is_there(which, at):
    message = refusal(lines(*ONCE))
    assert "row 4: '2024-10-27 02:00' should be there twice in Europe/Berlin" in message
    assert 'repeated_hour = "first" (daylight saving time) or "second"' in message
    told = instants(parse(lines(*ONCE), repeated_hour=which))
    assert told == ["26T22:00Z", "26T23:00Z", at, "27T02:00Z", "27T03:00Z", "27T04:00Z"]


def test_where_both_passes_are_there_the_choice_changes_nothing():
    both = lines(*ONCE[:3], "2024-10-27 02:00,9", *ONCE[3:])
    for which in (None, "first", "second"):
        assert parse(both, repeated_hour=which)["value"].tolist() == [0, 1, 2, 9, 3, 4, 5]


SPRING_24 = [f"2024-03-31 {hour:02}:00,{hour}" for hour in range(6)]


def test_a_row_without_value_at_the_hour_that_clocks_skip_is_left_out():
    kept = lines(*SPRING_24[:2], "2024-03-31 02:00,", *SPRING_24[3:])
    assert instants(parse(kept)) == ["30T23:00Z", "31T00:00Z", "31T01:00Z", "31T02:00Z", "31T03:00Z"]


def test_a_value_at_the_hour_that_clocks_skip_is_refused_and_the_advice_works():
    message = refusal(lines(*SPRING_24))
    assert "row 4: '2024-03-31 02:00' does not exist in Europe/Berlin" in message
    assert 'set skipped_hour = "drop"' in message
    assert parse(lines(*SPRING_24), skipped_hour="drop")["value"].tolist() == [0, 1, 3, 4, 5]


def test_days_that_always_have_24_hours_are_read_with_both_choices():
    # As standard time would have it: autumn lacks an hour, spring has one too many.
    rows = parse(lines(*SPRING_24), skipped_hour="drop", repeated_hour="second")
    assert len(rows) == 5
    assert len(parse(lines(*ONCE), skipped_hour="drop", repeated_hour="second")) == 6


def ends(day, *hours):
    return lines(*(f"{day} {hour:02}:00,{n}" for n, hour in enumerate(hours)))


def test_endings_may_be_the_beginning_and_an_hour_more_when_clocks_go_back():
    # The hours from 2:00 to 3:00, first and second pass, both end at 3:00 on the clock that they began by.
    rows = parse(ends("2024-10-27", 1, 2, 3, 3, 4, 5), stamp="ending")
    assert instants(rows) == ["26T22:00Z", "26T23:00Z", "27T00:00Z", "27T01:00Z", "27T02:00Z", "27T03:00Z"]
    # Or at 2:00 (the second time) and 3:00 on the clock of the moment at which they end.
    assert instants(parse(ends("2024-10-27", 1, 2, 2, 3, 4, 5), stamp="ending")) == instants(rows)


def test_endings_may_be_the_beginning_and_an_hour_more_when_clocks_go_forward():
    # The hour from 1:00 ends at 2:00 by the clock that it began by, and at 3:00 by that of the moment.
    rows = parse(ends("2024-03-31", 1, 2, 4, 5, 6), stamp="ending")
    assert instants(rows) == ["30T23:00Z", "31T00:00Z", "31T01:00Z", "31T02:00Z", "31T03:00Z"]
    assert instants(parse(ends("2024-03-31", 1, 3, 4, 5, 6), stamp="ending")) == instants(rows)


def test_quarter_hours_that_end_by_the_clock_they_began_by_are_read_as_well():
    times = pd.date_range("2024-10-26T22:00", periods=24, freq="15min", tz="UTC").tz_convert(BERLIN)
    rows = lines(*(f"{time.tz_localize(None) + QUARTER:%Y-%m-%d %H:%M},{n}" for n, time in enumerate(times)))
    parsed = parse(rows, stamp="ending", mtu=Mtu.PT15M)
    assert parsed["valid_time"].tolist() == times.tolist()


def test_utc_declared_as_local_endings_still_shows():
    assert "does not exist in Europe/Berlin" in refusal(ends("2024-03-31", *range(1, 9)), stamp="ending")
