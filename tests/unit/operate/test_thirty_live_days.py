"""Thirty days of live forecasts whose band does not hold what it says: the page says so, whatever the holdout says."""

import datetime as dt

import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.live_days import FIRST, live_days

from gridahead.core.runs import HOLDOUT
from gridahead.core.tables import SCORES, Forecasts
from gridahead.forecasting.publish import publish
from gridahead.operate.report import report
from gridahead.reports.wording import THIN

NARROW = "band has been too narrow: it held"


@pytest.fixture
def page_of(tmp_path):
    """The page after so many live days, with the forecast of the day to come; on the holdout the band was right."""

    def page(days: int, inside: float) -> str:
        workspace, clock = live_days(tmp_path, days, inside=inside, official_error=6_000.0, official_spread=0.5)
        rows = forecast_of(str(FIRST + dt.timedelta(days=days + 1)))
        made = rows["issue_time"].iloc[0]
        publish(workspace.settings.published_place, Forecasts(rows.assign(made_at=made)), BERLIN, {}, at=made)
        workspace.lake.scores.append(_holdout(clock()))
        return report(workspace).read_text()

    return page


def _holdout(at: pd.Timestamp) -> pd.DataFrame:
    told = {"run": HOLDOUT, "zone": "DE", "quantity": "load", "model": "gru", "lead": None, "n": 8_000}
    clocks = {"start": at - pd.Timedelta(days=365), "end": at - pd.Timedelta(days=31), "scored_at": at}
    values = [("mae", 1_000.0, "MW"), ("coverage_80", 0.8, "1")]
    rows = pd.DataFrame([{**told, "metric": name, "value": value, "unit": unit} for name, value, unit in values])
    return SCORES.check(rows.assign(**clocks))


def test_a_band_that_held_sixty_percent_for_thirty_days_is_a_concern(page_of):
    page = page_of(30, 0.6)
    assert f"{NARROW} 60{THIN}% of the outturns of the last 30 live days (95{THIN}% interval" in page
    assert "its band was too narrow lately" in page
    assert "In order" not in page


def test_a_band_that_held_what_it_says_is_in_order(page_of):
    page = page_of(30, 0.8)
    assert NARROW not in page
    assert "In order" in page


def test_after_five_days_the_page_says_that_it_cannot_be_told_yet(page_of):
    page = page_of(5, 0.6)
    assert NARROW not in page
    assert "Too few days to say anything: 120 of 168 hours" in page
