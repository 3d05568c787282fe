import pandas as pd
import pytest
from builders.quality import observations_of

from gridahead.quality.completeness import daily_completeness


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Berlin", "2024-03-30", 24),
        ("Europe/Berlin", "2024-03-31", 23),
        ("Europe/Berlin", "2024-10-27", 25),
        ("Europe/Berlin", "2024-10-28", 24),
        # South of the equator the long day comes in April and the short one in October.
        ("Australia/Sydney", "2024-04-07", 25),
        ("Australia/Sydney", "2024-10-06", 23),
    ],
)
@pytest.mark.parametrize(("mtu", "per_hour"), [("PT60M", 1), ("PT15M", 4)])
def test_a_whole_day_has_23_24_or_25_hours(timezone, day, hours, mtu, per_hour):
    around = [f"{pd.Timestamp(day) + pd.Timedelta(days=n):%Y-%m-%d}" for n in (-1, 2)]
    days = daily_completeness(observations_of(*around, timezone=timezone, mtu=mtu), timezone)
    assert days["delivery_day"].tolist() == [pd.Timestamp(day)]
    assert days["expected_mtus"].tolist() == days["found_mtus"].tolist() == [hours * per_hour]


def test_a_day_cut_at_utc_midnight_would_be_incomplete():
    rows = observations_of("2024-03-29", "2024-04-03")
    days = daily_completeness(rows, "UTC")
    assert days["found_mtus"].tolist() == [24, 24, 24, 24]
    assert daily_completeness(rows, "Europe/Berlin")["found_mtus"].tolist() == [24, 23, 24]


def test_the_first_and_the_last_day_are_not_judged():
    rows = observations_of("2024-05-01", "2024-05-05").iloc[7:-9]
    days = daily_completeness(rows, "Europe/Berlin")
    assert days["delivery_day"].dt.day.tolist() == [2, 3]
    assert (days["found_mtus"] == 24).all()


def test_a_day_without_any_row_is_expected_all_the_same():
    rows = observations_of("2024-05-01", "2024-05-06")
    local = rows["valid_time"].dt.tz_convert("Europe/Berlin")
    days = daily_completeness(rows[local.dt.day != 3], "Europe/Berlin").set_index("delivery_day")
    assert days.loc["2024-05-03", ["expected_mtus", "found_mtus"]].to_numpy().tolist() == [24, 0]


def test_two_vintages_of_one_hour_do_not_hide_a_missing_hour():
    rows = observations_of("2024-05-01", "2024-05-04")
    again = rows.iloc[[30]].assign(available_at=lambda row: row["available_at"] + pd.Timedelta(days=1))
    days = daily_completeness(pd.concat([rows.drop(index=31), again]), "Europe/Berlin")
    assert days["found_mtus"].tolist() == [23]


def test_a_series_of_one_day_has_no_day_to_judge():
    assert daily_completeness(observations_of("2024-05-01", "2024-05-02"), "Europe/Berlin").empty


def test_on_the_day_on_which_hours_become_quarters_the_shorter_units_are_counted():
    # The change comes at midnight UTC, two hours into the local day.
    rows = observations_of("2025-09-28", "2025-10-04")
    change = pd.Timestamp("2025-10-01T00:00Z")
    quarters = observations_of("2025-09-28", "2025-10-04", mtu="PT15M")
    both = pd.concat([rows[rows["valid_time"] < change], quarters[quarters["valid_time"] >= change]], ignore_index=True)
    days = daily_completeness(both, "Europe/Berlin").set_index("delivery_day")
    assert days.loc["2025-09-30", ["expected_mtus", "found_mtus", "mtu"]].to_numpy().tolist() == [24, 24, "PT60M"]
    assert days.loc["2025-10-01", ["expected_mtus", "found_mtus", "mtu"]].to_numpy().tolist() == [96, 96, "PT15M"]
    assert days.loc["2025-10-02", ["expected_mtus", "found_mtus", "mtu"]].to_numpy().tolist() == [96, 96, "PT15M"]
    gone = both[both["valid_time"] != pd.Timestamp("2025-09-30T23:00Z")]
    assert daily_completeness(gone, "Europe/Berlin").set_index("delivery_day").loc["2025-10-01", "found_mtus"] == 92
