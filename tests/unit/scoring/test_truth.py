"""Planted leaks on the side of the outturn: a revision that came later, a forecast that was made afterwards."""

import pandas as pd
import pytest
from made_rows import LOAD, hours, rows
from made_scores import DAY, ISSUED, forecasts, outturn, scored, value

from gridahead.scoring.evaluate import score
from gridahead.scoring.truth import outturn_known_by, outturn_settled
from gridahead.tables import FORECASTS, Forecasts, Observations

TIMES = hours("2025-12-30T23:00Z", 2)
LAG = pd.Timedelta(hours=2)
REVISED = pd.Timestamp("2026-01-20T00:00Z")


def revised():
    """Two hours, 10 and 10 [MW] at first; the second becomes 14 three weeks later."""
    first = rows(LOAD, TIMES, [10.0, 10.0], TIMES + LAG)
    later = rows(LOAD, TIMES[1:], [14.0], REVISED)
    return Observations(pd.concat([first, later], ignore_index=True))


def error_against(truth):
    made = Forecasts(FORECASTS.check(forecasts([10.0, 14.0])))
    return value(score(made, truth, scored_at=REVISED), "mae")


def test_a_revision_that_came_later_does_not_change_the_score_that_was_asked_for():
    before = outturn_known_by(revised(), LOAD, REVISED - pd.Timedelta(microseconds=1))
    assert error_against(before) == pytest.approx(2.0)
    assert error_against(outturn_known_by(revised(), LOAD, REVISED)) == pytest.approx(0.0)


def test_values_of_the_same_age_are_compared_whenever_they_are_asked_for():
    assert error_against(outturn_settled(revised(), LOAD, pd.Timedelta(days=1))) == pytest.approx(2.0)
    assert error_against(outturn_settled(revised(), LOAD, pd.Timedelta(days=30))) == pytest.approx(0.0)
    assert len(outturn_settled(revised(), LOAD, pd.Timedelta(hours=1))) == 0, "nothing was published so soon"


def test_what_was_published_later_than_the_instant_is_not_there():
    assert list(outturn_known_by(revised(), LOAD, TIMES[1])["valid_time"]) == []
    assert list(outturn_known_by(revised(), LOAD, TIMES[0] + LAG)["value"]) == [10.0]


def test_an_actual_that_is_issued_afterwards_as_a_forecast_is_not_scored():
    honest = forecasts([13.0, 13.0], made=ISSUED)
    cheating = forecasts([10.0, 10.0], issued=DAY + pd.Timedelta(hours=9), made=DAY + pd.Timedelta(hours=9))
    scores = scored(honest, cheating, truth=outturn([10.0, 10.0]))
    assert value(scores, "mae") == pytest.approx(3.0)
    assert set(scores.loc[scores["lead"] == -1, "n"]) == {2}
    assert scored(cheating, truth=outturn([10.0, 10.0])).empty


def test_a_forecast_for_the_unit_that_begins_when_it_is_issued_counts():
    assert value(scored(forecasts([13.0], issued=DAY), truth=outturn([10.0])), "mae") == pytest.approx(3.0)
