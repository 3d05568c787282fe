"""Only what was there before the gate closed is scored as published."""

import pandas as pd
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.operation import operated
from builders.rows import LOAD

from gridahead.core.time import Deadline
from gridahead.evaluation.in_time import made_in_time
from gridahead.operate.forecast import forecast
from gridahead.operate.score import score_published

NOON = Deadline.parse("D-1T1200[Europe/Brussels]")


@pytest.mark.parametrize(
    ("day", "made_at", "counts"),
    [
        ("2025-12-31", "2025-12-30T11:00Z", True),
        ("2025-12-31", "2025-12-30T11:00:00.000001Z", False),
        # In summer noon is 10:00 UTC; the day on which the clocks go forward is still sold in winter.
        ("2025-07-01", "2025-06-30T10:30Z", False),
        ("2025-03-30", "2025-03-29T10:30Z", True),
        ("2025-03-31", "2025-03-30T10:30Z", False),
    ],
)
def test_the_gate_of_every_day_closes_by_its_own_clock(day, made_at, counts):
    rows = forecast_of(day, made_at=pd.Timestamp(made_at))
    assert len(made_in_time(rows, NOON, BERLIN)) == (len(rows) if counts else 0)


def test_of_no_rows_none_are_in_time():
    assert made_in_time(forecast_of("2025-12-31").iloc[:0], NOON, BERLIN).empty


def test_a_forecast_that_came_too_late_is_published_and_not_scored(tmp_path):
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-19T12:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-22T12:00Z")
    scores = score_published(workspace, LOAD).scores
    mae = scores[(scores["metric"] == "mae") & (scores["model"] == "published") & scores["lead"].isna()]
    assert mae["n"].tolist() == [24] and mae["end"].tolist() == [pd.Timestamp("2025-03-19T23:00Z")]
