"""What has changed since an earlier forecast: parts that add up, and news that are only news."""

import numpy as np
import pandas as pd
import pytest
from builders.models import model_on
from builders.rows import LOAD
from builders.windows import FIRST, made_load, made_windows

from gridahead.core.tables import Observations
from gridahead.explain.news import TIME, Change, changed
from gridahead.reports.explanation import change_sentences

OBSERVATIONS = made_load()
WINDOWS = made_windows(observations=OBSERVATIONS)
MODEL = model_on("linear", WINDOWS)
THEN, NOW = (
    pd.Timestamp(FIRST, tz="UTC") + pd.Timedelta("15d10h"),
    pd.Timestamp(FIRST, tz="UTC") + pd.Timedelta("16d10h"),
)


def higher(quantity: str, by: float) -> Observations:
    """The same rows, with what was not known at the earlier time so much higher."""
    rows = OBSERVATIONS.copy()
    rows.loc[(rows["quantity"] == quantity) & (rows["available_at"] > THEN), "value"] += by
    return Observations(rows)


def change_of(observations: Observations) -> Change:
    found = changed(MODEL, observations, THEN, NOW)
    assert found is not None
    return found


def test_the_parts_add_up_to_the_difference_hour_by_hour():
    found = change_of(OBSERVATIONS)
    np.testing.assert_allclose(sum(found.parts.values()), found.now - found.then, atol=0.02)
    assert np.abs(found.now - found.then).max() > 50


def test_the_hours_are_those_that_the_earlier_forecast_was_published_for_and_are_still_to_come():
    times = change_of(OBSERVATIONS).local_times
    assert (times[0].day, times[0].hour, times[-1].day, times[-1].hour) == (NOW.day, 11, NOW.day, 23)


def test_news_of_the_load_is_no_passing_of_time_and_no_news_of_the_official_forecast():
    plain, news = (change_of(rows) for rows in (OBSERVATIONS, higher("load", 3000.0)))
    np.testing.assert_allclose(news.parts[TIME], plain.parts[TIME], atol=0.02)
    assert np.abs(news.parts[str(LOAD)] - plain.parts[str(LOAD)]).mean() > 100
    assert news.surprise - plain.surprise == pytest.approx(3000, abs=1)
    sentences = " ".join(change_sentences(news))
    assert "new values of DE/load" in sentences and "above the forecast" in sentences


def test_nothing_is_compared_with_a_later_forecast_or_one_of_other_hours():
    assert changed(MODEL, OBSERVATIONS, NOW, THEN) is None
    assert changed(MODEL, OBSERVATIONS, THEN - pd.Timedelta(days=5), NOW) is None
