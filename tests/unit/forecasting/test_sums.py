"""Forecasts that are made to add up: by hand, by the formula of the paper, within physics, and without a look ahead."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.rows import measured, together

from gridahead.core.grid import Series
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, TimeRange, delivery_range
from gridahead.forecasting.sums import (
    FEWEST_DAYS,
    Errors,
    UnreconciledError,
    coherent,
    constraints,
    covariance,
    is_reconciled,
    members_of,
    reconcile,
    reconcile_each,
    vintages_of,
)

TOTAL, NORTH, SOUTH = (Series(zone, "load") for zone in ("TOTAL", "NORTH", "SOUTH"))
PARTS = {TOTAL: (NORTH, SOUTH)}
FREE = np.array([0.0, 0.0, 0.0])
FIRST = dt.date(2025, 6, 2)
NO_ERRORS = Errors(np.zeros((0, 3)), np.zeros(0, np.int64))


def moves(*rows):
    return np.zeros((len(rows), len(rows[0])), bool)


def errors(rng, spread, days=30):
    """Errors of three series, as independent as they can be, of so many days."""
    return Errors(rng.normal(size=(24 * days, 3)) * spread, np.repeat(np.arange(days), 24))


def of_day(series, day=FIRST, *, level=1_000.0, **changes):
    return forecast_of(str(day), level=level, zone=series.zone, quantity=series.quantity, **changes)


def medians(forecasts, series):
    mine = forecasts[(forecasts["zone"] == series.zone) & (forecasts["quantile"] == 0.5)]
    return mine.set_index("valid_time")["value_mw"].sort_index()


def test_what_is_too_much_is_shared_out_by_variance():
    # 10 too much. Of variances 6, 3 and 1 the total gives 6, the parts take 3 and 1.
    given = np.array([[110.0, 60.0, 40.0]])
    found = coherent(given, np.diag([6.0, 3.0, 1.0]), constraints(PARTS), FREE, moves(*given))
    assert found.tolist() == [pytest.approx([104.0, 63.0, 41.0])]


def test_what_adds_up_stays_as_it_is():
    given = np.array([[100.0, 60.0, 40.0], [7.0, 7.0, 0.0]])
    found = coherent(given, np.diag([6.0, 3.0, 1.0]), constraints(PARTS), FREE, moves(*given))
    assert np.array_equal(found, given)


def test_it_is_the_estimate_of_the_paper_for_sums_that_stand_on_one_another():
    country, east = Series("ALL", "load"), Series("EAST", "load")
    parts = {country: (TOTAL, east), TOTAL: (NORTH, SOUTH)}
    members, rng = members_of(parts), np.random.default_rng(4)
    assert [one.zone for one in members] == ["ALL", "TOTAL", "EAST", "NORTH", "SOUTH"]
    root = rng.normal(size=(5, 5))
    weights, given = root @ root.T, rng.uniform(50, 100, size=(6, 5))
    found = coherent(given, weights, constraints(parts), np.full(5, -np.inf), moves(*given))
    # S (S' W^-1 S)^-1 S' W^-1, where S makes all series of the three at the bottom: EAST, NORTH, SOUTH.
    summing = np.array([[1, 1, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)
    inverse = np.linalg.inv(weights)
    of_paper = summing @ np.linalg.inv(summing.T @ inverse @ summing) @ summing.T @ inverse
    assert found == pytest.approx(given @ of_paper.T, abs=1e-9)
    assert np.abs(found @ constraints(parts).T).max() < 1e-10


def test_nothing_falls_below_what_is_possible_and_the_others_take_what_is_left():
    given = np.array([[20.0, 1.0, 39.0]])  # 20 too little in the total: without a bound NORTH would fall to -4
    found = coherent(given, np.diag([2.0, 1.0, 1.0]), constraints(PARTS), FREE, moves(*given))
    assert found[0, 1] == 0.0
    # What is left to the others: 20 and 39 are 19 apart, of which the total takes two thirds.
    assert found.tolist() == [pytest.approx([20 + 2 * 19 / 3, 0.0, 39 - 19 / 3])]


def test_what_is_certain_does_not_move():
    given = np.array([[10.0, 0.0, 7.0]])
    found = coherent(given, np.eye(3), constraints(PARTS), FREE, np.array([[False, True, False]]))
    assert found.tolist() == [pytest.approx([8.5, 0.0, 8.5])]


def test_errors_that_are_independent_are_shrunk_to_that_and_those_that_are_not_stay():
    rng = np.random.default_rng(1)
    alone = covariance(errors(rng, [10.0, 2.0, 5.0]))
    assert np.sqrt(np.diag(alone)) == pytest.approx([10.0, 2.0, 5.0], rel=0.1)
    assert np.abs(alone - np.diag(np.diag(alone))).max() < 1.0
    common = rng.normal(size=24 * 30)
    both = errors(rng, [1.0, 1.0, 1.0]).off + 3 * common[:, None]
    found = covariance(Errors(both, np.repeat(np.arange(30), 24)))
    plain = both.T @ both / len(both)
    assert found == pytest.approx(plain, rel=0.02)


def test_hours_of_one_day_count_as_one():
    rng = np.random.default_rng(2)
    daily = rng.normal(size=(15, 3))  # every hour of a day errs alike: there are fifteen errors, not 360
    found = covariance(Errors(np.repeat(daily, 24, axis=0), np.repeat(np.arange(15), 24)))
    of_days = covariance(Errors(daily, np.arange(15)))
    assert found == pytest.approx(of_days)


def test_a_series_that_never_erred_is_not_moved():
    off = errors(np.random.default_rng(3), [5.0, 1.0, 0.0])
    given = np.array([[110.0, 60.0, 40.0]])
    found = coherent(given, covariance(off), constraints(PARTS), FREE, moves(*given))
    assert found[0, 2] == 40.0
    assert found[0, 0] == pytest.approx(found[0, 1] + 40.0)


def test_distributions_keep_their_shape_and_the_medians_add_up():
    given = {
        TOTAL: of_day(TOTAL, level=19_000.0),
        NORTH: of_day(NORTH, level=10_000.0),
        SOUTH: of_day(SOUTH, level=8_000.0),
    }
    given = {one: Forecasts(rows.assign(unadapted_mw=rows["value_mw"] - 5)) for one, rows in given.items()}
    made = reconcile(given, errors(np.random.default_rng(5), [9.0, 3.0, 3.0]), PARTS)
    found = {
        one: rows.pivot(index="valid_time", columns="quantile", values="value_mw")
        for one, rows in made.forecasts.items()
    }
    assert np.abs(found[TOTAL][0.5] - found[NORTH][0.5] - found[SOUTH][0.5]).max() < 1e-9
    for one, rows in given.items():
        before = rows.pivot(index="valid_time", columns="quantile", values="value_mw")
        assert (found[one][0.9] - found[one][0.1]).to_numpy() == pytest.approx((before[0.9] - before[0.1]).to_numpy())
        assert made.moved_mw[one] == pytest.approx((found[one][0.5] - before[0.5]).mean())
        assert made.forecasts[one]["unadapted_mw"].equals(rows["unadapted_mw"]), "what the model has answered stays"
        assert is_reconciled(made.forecasts[one]).all() and not is_reconciled(rows).any()
        assert made.forecasts[one]["data_hash"].str.startswith(f"{rows['data_hash'].iloc[0]}+").all()
    assert made.days == 30


def test_of_too_few_days_size_decides_and_that_is_said():
    # 24 too little in the total: half of it is the total's, of the rest three quarters are those of the larger part.
    given = {
        TOTAL: of_day(TOTAL, level=3_976.0),
        NORTH: of_day(NORTH, level=3_000.0),
        SOUTH: of_day(SOUTH, level=1_000.0),
    }
    given = {
        one: Forecasts(rows.assign(value_mw=rows.groupby("quantile")["value_mw"].transform("min")))
        for one, rows in given.items()
    }
    few = errors(np.random.default_rng(6), [1.0, 1.0, 1.0], days=FEWEST_DAYS - 1)
    made = reconcile(given, few, PARTS)
    assert made.days == 0
    assert [made.moved_mw[one] for one in (TOTAL, NORTH, SOUTH)] == pytest.approx([12.0, -9.0, -3.0], rel=0.01)
    again = reconcile(given, NO_ERRORS, PARTS)
    assert again.forecasts[TOTAL].equals(made.forecasts[TOTAL]), (
        "errors that do not count do not stand in its fingerprint"
    )


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"mtu": Mtu.PT30M}, "SOUTH/load is forecast in units of PT30M, TOTAL/load in PT60M"),
        ({"issue_time": pd.Timestamp("2025-06-01T07:00Z")}, "SOUTH/load and TOTAL/load are not forecast for the same"),
        ({"day": FIRST + dt.timedelta(days=1)}, "SOUTH/load and TOTAL/load are not forecast for the same hours"),
        ({"levels": (0.1, 0.9)}, "the forecast of SOUTH/load has no median"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(other, words):
    given = {TOTAL: of_day(TOTAL), NORTH: of_day(NORTH), SOUTH: of_day(SOUTH, **other)}
    with pytest.raises(UnreconciledError, match=words):
        reconcile(given, NO_ERRORS, PARTS)


def test_what_is_certain_of_all_series_and_does_not_add_up_is_refused():
    given = {one: of_day(one, level=100.0) for one in members_of(PARTS)}
    given = {one: Forecasts(rows.assign(value_mw=100.0)) for one, rows in given.items()}
    with pytest.raises(UnreconciledError, match="they stay 100 apart"):
        reconcile(given, NO_ERRORS, PARTS)


@pytest.fixture
def year():
    """Forty days of forecasts whose parts err by 10 MW and whose total errs by 300, and what came, apart and in all."""
    rng, days, made, came = np.random.default_rng(7), 40, [], []
    load = {NORTH: 1_000 + 50 * rng.normal(size=24 * days), SOUTH: 2_000 + 50 * rng.normal(size=24 * days)}
    load[TOTAL] = load[NORTH] + load[SOUTH]
    begin = delivery_range(FIRST, BERLIN).start
    times = pd.date_range(begin, periods=24 * days, freq="h")
    for one, spread in ((TOTAL, 300.0), (NORTH, 10.0), (SOUTH, 10.0)):
        came.append(measured(one, times, load[one]))
        said = load[one] + spread * rng.normal(size=24 * days)
        for day in range(days):
            rows = of_day(one, FIRST + dt.timedelta(days=day), level=0.0)
            median = said[24 * day : 24 * (day + 1)].repeat(3)
            made.append(rows.assign(value_mw=median + 100 * (rows["quantile"] - 0.5)))
    return pd.concat(made, ignore_index=True), together(*came), pd.Series(load[TOTAL], index=times)


def reconciled(forecasts, observations):
    span = TimeRange(observations["valid_time"].min(), observations["valid_time"].max() + Mtu.PT60M.delta)
    return reconcile_each(forecasts, vintages_of(observations, PARTS, span, Mtu.PT60M), PARTS, BERLIN)


def test_a_total_that_errs_more_than_its_parts_together_errs_as_little_as_they_once_this_is_known(year):
    forecasts, observations, outturn = year
    found = reconciled(forecasts, observations)
    assert len(found) == len(forecasts)
    known = outturn.index >= outturn.index[0] + pd.Timedelta(days=FEWEST_DAYS + 3)
    before, after = ((medians(rows, TOTAL) - outturn).abs()[known].mean() for rows in (forecasts, found))
    assert before > 200
    assert after < 1.2 * 10 * np.sqrt(2) * np.sqrt(2 / np.pi)
    parts = [(medians(found, one) - medians(forecasts, one)).abs()[known].mean() for one in (NORTH, SOUTH)]
    assert max(parts) < 3, "what is known to be better is hardly moved"
    apart = medians(found, TOTAL) - medians(found, NORTH) - medians(found, SOUTH)
    assert apart.abs().max() < 1e-9


def test_what_becomes_known_after_the_issue_time_changes_nothing(year):
    forecasts, observations, _ = year
    day = FIRST + dt.timedelta(days=30)
    issued = forecasts.loc[forecasts["valid_time"] == delivery_range(day, BERLIN).start, "issue_time"].iloc[0]
    later = observations["available_at"] > issued
    poisoned = observations.assign(value=observations["value"].where(~later, 1e6))
    corrected = observations[~later].tail(200).assign(value=-1e6, available_at=issued + pd.Timedelta(seconds=1))
    of_later = forecasts["issue_time"] > issued
    others = forecasts.assign(value_mw=forecasts["value_mw"].where(~of_later, 9e5))
    found = [
        reconciled(one, rows) for one, rows in ((forecasts, observations), (others, together(poisoned, corrected)))
    ]
    of_day_alone = [rows[rows["issue_time"] <= issued].reset_index(drop=True) for rows in found]
    pd.testing.assert_frame_equal(*of_day_alone)
    assert of_day_alone[0]["issue_time"].max() == issued
    known_before = together(observations.assign(value=observations["value"] * 1.001))
    assert not reconciled(forecasts, known_before).equals(found[0]), "what is known does change it"


def test_a_day_on_which_a_series_is_missing_is_left_out_and_counts_in_no_errors(year):
    forecasts, observations, _ = year
    gone = (forecasts["zone"] == "NORTH") & (
        forecasts["valid_time"] >= delivery_range(FIRST + dt.timedelta(days=35), BERLIN).start
    )
    found = reconciled(forecasts[~gone], observations)
    assert found["valid_time"].max() < delivery_range(FIRST + dt.timedelta(days=35), BERLIN).start
    assert reconciled(forecasts[:0], observations).empty
