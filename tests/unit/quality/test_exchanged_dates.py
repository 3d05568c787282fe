"""Faults that run through a whole file: the dates of it with day and month exchanged."""

import numpy as np
import pandas as pd
import pytest
from builders.years import TIMEZONE, as_rows, made_zone

from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.quality.curves import curves_of
from gridahead.quality.gate import inspect
from gridahead.quality.whole_series.exchanged_dates import DatePairs, dates_exchanged, torn
from gridahead.settings.model import Settings

RULE = "dates_exchanged"


def exchanged(column: pd.Series, years: tuple[int, ...], timezone: str = TIMEZONE) -> pd.Series:
    """The column as a file has it whose dates were once read with day and month in the other order."""
    wall = pd.DatetimeIndex(column.index).tz_convert(timezone).tz_localize(None)
    wrong = (wall.day <= 12) & wall.year.isin(years)
    stamps = pd.DatetimeIndex(
        pd.to_datetime(
            pd.DataFrame({"year": wall.year, "month": wall.day, "day": wall.month, "hour": wall.hour})[wrong]
        )
    )
    times = column.index.to_series()
    times[wrong] = stamps.tz_localize(timezone).tz_convert("UTC")
    return pd.Series(column.to_numpy(), index=pd.DatetimeIndex(times)).sort_index().reindex(column.index)


def judged(wide, settings):
    rows = as_rows(wide, "Z")
    at = rows["valid_time"].max()
    return inspect(rows, Observations(OBSERVATIONS.empty()), settings, decided_at=at, limits=LIMITS.empty())


def found(column: pd.Series, settings: Settings):
    (curve,) = curves_of(as_rows(column.to_frame(), "Z"), settings, {}).values()
    return dates_exchanged(curve)


def ambiguous_days(times: pd.DatetimeIndex) -> int:
    local = times.tz_convert(TIMEZONE)
    return len({day for day in local.date if day.day <= 12 and day.day != day.month})


def test_exchanged_dates_of_one_column_are_one_finding_about_it_that_names_every_day_and_the_remedy(wide, settings):
    faulty = wide.assign(load=exchanged(wide["load"], (2022, 2023)))
    report = judged(faulty, settings)
    named = report.findings[report.findings["rule"] == RULE]
    assert named["series"].tolist() == ["Z/load"] and named["rows"].tolist() == [264 * 24]
    assert "of the dates of 2022, 2023" in named["words"].iloc[0]
    assert "set day_month_exchanged = true" in named["words"].iloc[0]
    verdicts = report.verdicts[report.verdicts["rule"] == RULE]
    assert ambiguous_days(pd.DatetimeIndex(verdicts["valid_time"])) == 264  # 12 times 12 without 12, in two years
    assert set(verdicts["severity"]) == {"quarantine"}
    # All else would only say the same again, of the column and of what is compared with it.
    sound = judged(wide.drop(columns="load"), settings).findings
    others = report.findings[report.findings["series"] != "Z/load"]
    assert set(report.findings["rule"][report.findings["series"] == "Z/load"]) == {RULE}
    assert others[["series", "rule", "start"]].values.tolist() == sound[["series", "rule", "start"]].values.tolist()


@pytest.mark.parametrize("quantity", ["load", "solar"])
@pytest.mark.parametrize("timezone", [TIMEZONE, "UTC", "Etc/GMT-1"])
def test_they_are_found_in_each_year_alone_whatever_clock_the_file_was_written_in(wide, settings, quantity, timezone):
    (fault,) = found(exchanged(wide[quantity], (2023,), timezone).dropna(), settings)
    assert fault.measured > fault.limit and fault.where.sum() == 132 * 24


def test_a_sound_series_has_none(wide, settings):
    for quantity in wide:
        assert found(wide[quantity], settings) == []


def test_a_file_of_some_months_lies_scattered_and_is_found_by_that(settings):
    column = made_zone("2023-02-01", "2023-04-01")["load"]
    wall = pd.DatetimeIndex(column.index).tz_convert(TIMEZONE).tz_localize(None)
    wrong = wall.day <= 12
    parts = {"year": 2023, "month": np.where(wrong, wall.day, wall.month), "day": np.where(wrong, wall.month, wall.day)}
    stamps = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame({**parts, "hour": wall.hour})))
    times = stamps.tz_localize(TIMEZONE, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
    scattered = pd.Series(column.to_numpy(), index=times, name="load")
    (fault,) = found(scattered[times.notna()].sort_index(), settings)
    assert fault.measured > fault.limit


def test_gaps_of_a_sound_series_are_no_exchanged_dates(wide, settings):
    local = wide.index.tz_convert(TIMEZONE)
    assert found(wide["load"][(local.day > 3) & (local.month != 5)], settings) == []


def test_dates_have_their_partner_and_scattered_ones_come_together():
    pairs = DatePairs.around(pd.DatetimeIndex(["2024-03-05", "2024-03-06"]))
    assert len(pairs.dates) == 366
    at = pairs.dates.get_indexer(pd.DatetimeIndex(["2024-03-05", "2024-03-13", "2024-04-04"]))
    assert pairs.dates[pairs.partner[at]].strftime("%d.%m.").tolist() == ["03.05.", "13.03.", "04.04."]
    february = (pairs.dates.month == 2) & (pairs.dates.day <= 12)
    there = np.zeros(366, dtype=bool)
    there[pairs.partner[february]] = True
    assert torn(there, pairs) and not torn(february, pairs)


def test_who_knows_better_may_let_the_rule_pass(wide, settings):
    told = settings.model_copy(update={"quality": settings.quality.model_copy(update={"severity": {RULE: "pass"}})})
    report = judged(wide[["load"]].assign(load=exchanged(wide["load"], (2022, 2023))), told)
    assert RULE not in set(report.verdicts["rule"])
