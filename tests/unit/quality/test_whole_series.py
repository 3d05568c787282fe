"""Faults that run through a whole file: hours off, summers off, weeks that are there twice, years in another unit."""

import numpy as np
import pandas as pd
import pytest
from builders.years import TIMEZONE, as_rows

from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.quality.curves import curves_of
from gridahead.quality.gate import inspect
from gridahead.quality.whole_series.other_units import unit_of_counterpart, unit_of_years
from gridahead.quality.whole_series.repeated_weeks import weeks_repeated
from gridahead.quality.whole_series.shifted_hours import hours_off
from gridahead.settings.file_source import FileSource
from gridahead.sources.base import RawPayload
from gridahead.sources.file import FileTable

NOTHING = Observations(OBSERVATIONS.empty())
SERIES_CHECKS = (hours_off, weeks_repeated, unit_of_years, unit_of_counterpart)
NAMES = [check.__name__ for check in SERIES_CHECKS]


def judged(wide, settings):
    rows = as_rows(wide, "Z")
    at = rows["valid_time"].max()
    findings = inspect(rows, NOTHING, settings, decided_at=at, limits=LIMITS.empty()).findings
    return findings[findings["rule"].isin(NAMES)]


def found(check, wide, settings):
    """The faults that a check finds, by quantity."""
    curves = curves_of(as_rows(wide, "Z"), settings, {})
    return {series.quantity: list(check(curve)) for (series, _), curve in curves.items() if check(curve)}


def in_summer(times: pd.DatetimeIndex) -> np.ndarray:
    return np.array([bool(time.dst()) for time in times.tz_convert(TIMEZONE).to_pydatetime()])


def of_year(times: pd.DatetimeIndex, year: int) -> np.ndarray:
    return np.asarray(times.tz_convert(TIMEZONE).year == year)


def moved(column: pd.Series, hours: int, where: np.ndarray) -> pd.Series:
    """The values at `where` stand so many hours late."""
    return column.where(~where, column.shift(hours))


def test_a_sound_zone_has_none_of_them(wide, settings):
    assert judged(wide, settings).empty


@pytest.mark.parametrize(("hours", "words"), [(1, "1 hour earlier"), (-1, "1 hour later"), (-5, "5 hours later")])
def test_a_series_that_stands_hours_off_is_found_by_its_official_forecast(wide, settings, hours, words):
    faulty = wide.assign(load=moved(wide["load"], hours, np.ones(len(wide), dtype=bool)))
    (fault,) = found(hours_off, faulty, settings)["load"]
    assert fault.measured > fault.limit and fault.note.startswith(f"2022, 2023 it fits {words}, or its counterpart")
    assert ('`stamp = "ending"`' in fault.note) == (hours == 1)


def test_one_year_of_it_is_one_finding_that_names_the_year_and_the_setting(wide, settings):
    year = of_year(wide.index, 2023)
    wide = wide[["load", "load_official"]]
    findings = judged(wide.assign(load=moved(wide["load"], 1, year)), settings)
    assert findings[["series", "rule", "severity"]].values.tolist() == [["Z/load", "hours_off", "flag"]]
    assert findings["rows"].tolist() == [year.sum()]
    assert "in 2023 it fits 1 hour earlier" in findings["words"].iloc[0]
    assert "set `timezone`, or `stamp = " in findings["words"].iloc[0]


@pytest.mark.parametrize("wrong", ["load", "load_official"])
@pytest.mark.parametrize(("summer", "when"), [(True, "while daylight saving time holds"), (False, "outside daylight")])
def test_half_a_year_off_is_blamed_on_the_one_that_jumps_with_the_clocks(wide, settings, wrong, summer, when):
    faulty = wide.assign(**{wrong: moved(wide[wrong], -1, in_summer(wide.index) == summer)})
    told = found(hours_off, faulty, settings)
    assert list(told) == [wrong]
    assert told[wrong][0].note.startswith(f"2022, 2023 {when}") and "it fits 1 hour later" in told[wrong][0].note


@pytest.mark.parametrize("hours", [1, -1])
def test_solar_power_alone_tells_a_wrong_summer_by_the_sun(wide, settings, hours):
    solar = wide[["solar"]]
    summer = in_summer(wide.index)
    (fault,) = found(hours_off, solar.assign(solar=moved(wide["solar"], hours, summer)), settings)["solar"]
    assert fault.where.sum() == pytest.approx(summer.sum(), abs=24)
    assert found(hours_off, solar, settings) == {}


def test_the_offset_that_the_finding_asks_for_mends_a_file_in_one_offset_all_year(wide, settings):
    wall = wide.index.tz_convert("Etc/GMT-1").tz_localize(None)
    # Without the days on which clocks change: with them the file is refused, as it has an hour that is skipped.
    whole = ~wall.normalize().isin(pd.to_datetime(["2022-03-27", "2022-10-30", "2023-03-26", "2023-10-29"]))
    table = wide.assign(time=wall.strftime("%Y-%m-%d %H:%M"))[whole]
    text = table[["time", "load"]].dropna().to_csv(index=False)
    official = as_rows(wide[["load_official"]], "Z")

    def read(timezone: str) -> pd.DataFrame:
        given = {
            "kind": "file",
            "path": "load.csv",
            "zone": "Z",
            "quantity": "load",
            "time_column": "time",
            "value_column": "load",
            "timezone": timezone,
        }
        source = FileTable(FileSource.model_validate(given), settings.zone("Z"))
        payload = RawPayload("load", "load.csv", text.encode(), {}, pd.Timestamp("2024-02-01", tz="UTC"))
        rows = source.parse(payload)
        return pd.concat([rows[rows["value"].notna()], official])

    def told(rows: pd.DataFrame) -> list[str]:
        curves = curves_of(rows.reset_index(drop=True), settings, {})
        return [fault.note for curve in curves.values() for fault in hours_off(curve)]

    assert any("while daylight saving time holds" in note for note in told(read(TIMEZONE)))
    assert told(read("Etc/GMT-1")) == []


def week(times: pd.DatetimeIndex, day: str) -> slice:
    at = int(np.flatnonzero(times == pd.Timestamp(day, tz=TIMEZONE))[0])
    return slice(at, at + 7 * 24)


def with_copy(wide: pd.DataFrame, again: str, first: str) -> pd.DataFrame:
    """The load with one week in the place of another."""
    faulty, times = wide.copy(), pd.DatetimeIndex(wide.index)
    faulty.iloc[week(times, again), 0] = wide["load"].iloc[week(times, first)].to_numpy()
    return faulty


@pytest.mark.parametrize(("first", "again"), [("2022-02-07", "2023-09-04"), ("2023-09-04", "2022-02-07")])
@pytest.mark.parametrize("columns", [["load"], ["load", "load_official"]])
def test_a_week_that_is_there_twice_is_found_however_far_apart_and_the_copy_named(
    wide, settings, first, again, columns
):
    told = found(weeks_repeated, with_copy(wide[columns], again, first), settings)
    assert list(told) == ["load"] and told["load"][0].measured == 7.0
    assert told["load"][0].note == f"{again} as those from {first}"
    assert np.flatnonzero(told["load"][0].where).tolist() == list(range(*week(wide.index, again).indices(len(wide))))


def test_the_copy_of_a_week_is_one_finding_that_withholds_it(wide, settings):
    findings = judged(with_copy(wide[["load"]], "2023-09-04", "2022-02-07"), settings)
    assert findings[["series", "rule", "severity"]].values.tolist() == [["Z/load", "weeks_repeated", "quarantine"]]
    assert findings["start"].iloc[0] == pd.Timestamp("2023-09-04", tz=TIMEZONE) and findings["rows"].iloc[0] == 168
    assert "up to 7 have: the days from 2023-09-04 as those from 2022-02-07" in findings["words"].iloc[0]


def test_what_repeats_by_its_nature_or_stands_still_has_no_copies(wide, settings):
    profile = np.tile(wide["load"].iloc[:168].to_numpy(), 200)[: len(wide)]
    assert found(weeks_repeated, wide[["load"]].assign(load=profile), settings) == {}
    still = wide[["load"]].copy()
    still.iloc[1000:2000] = 40_000.0
    assert found(weeks_repeated, still, settings) == {}


def test_a_year_that_is_the_year_before_is_found(wide, settings):
    year = wide["load"].to_numpy()[:8760]
    (fault,) = found(weeks_repeated, wide[["load"]].assign(load=np.r_[year, year]), settings)["load"]
    assert fault.measured == 365.0 and fault.where.sum() == 8760


@pytest.mark.parametrize("factor", [1000, 0.001, 4, 0.25])
@pytest.mark.parametrize("columns", [["load"], ["load", "load_official"]])
@pytest.mark.parametrize("wrong", ["load", "load_official"])
def test_a_year_in_another_unit_is_found_and_blamed_on_the_series_that_changed(wide, settings, factor, columns, wrong):
    columns = [wrong] if len(columns) == 1 else columns
    year = of_year(wide.index, 2023)
    told = found(
        unit_of_years, wide[columns].assign(**{wrong: wide[wrong].where(~year, wide[wrong] * factor)}), settings
    )
    assert list(told) == [wrong] and told[wrong][0].where.sum() == year.sum()
    times = f"{max(factor, 1 / factor):,.0f} times as {'large' if factor > 1 else 'small'}"
    assert told[wrong][0].note == f"2023 are {times}"


def test_all_years_in_another_unit_than_the_official_forecast_are_a_flag_for_the_outturn(wide, settings):
    wide = wide[["load", "load_official"]]
    findings = judged(wide.assign(load_official=wide["load_official"] * 1000), settings)
    assert findings[["series", "rule", "severity"]].values.tolist() == [["Z/load", "unit_of_counterpart", "flag"]]
    assert "2022, 2023 are 1,000 times as small as there. Set `unit`" in findings["words"].iloc[0]


def test_solar_power_that_is_built_is_no_other_unit_but_a_thousand_times_is(wide, settings):
    year = of_year(wide.index, 2023)
    assert (
        found(unit_of_years, wide[["solar"]].assign(solar=wide["solar"].where(~year, 4 * wide["solar"])), settings)
        == {}
    )
    told = found(unit_of_years, wide[["solar"]].assign(solar=wide["solar"].where(~year, 1e3 * wide["solar"])), settings)
    assert list(told) == ["solar"]
