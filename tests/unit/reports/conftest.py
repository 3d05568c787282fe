"""A small report with everything in it."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import delivery_range
from gridahead.evaluation.scores import score, table
from gridahead.reports.forecast_page import QualityLine, ReportView, SeriesView

ZONE = "Europe/Berlin"
LEVELS = (0.1, 0.5, 0.9)
NOW = pd.Timestamp("2025-12-31T07:05Z")


def forecast(day, model="lstm", *, levels=LEVELS, base=50_000.0, rung="full", missing=""):
    """Hourly forecasts of a delivery day: base + 100 MW an hour, 1 000 MW a tenth of level, peak at the end."""
    day = pd.Timestamp(day)
    time_range = delivery_range(day.date(), ZONE)
    times = pd.date_range(time_range.start, time_range.end, freq="h", inclusive="left")
    issued = (day - pd.Timedelta(days=1) + pd.Timedelta(hours=11)).tz_localize(ZONE)
    rows = [
        (time, level, base + 100 * hour + 10_000 * (level - 0.5)) for hour, time in enumerate(times) for level in levels
    ]
    return FORECASTS.check(
        pd.DataFrame(rows, columns=["valid_time", "quantile", "value_mw"]).assign(
            run="live",
            zone="DE",
            quantity="load",
            model=model,
            issue_time=issued,
            mtu="PT60M",
            model_version="3",
            rung=rung,
            missing=missing,
            data_hash="9f2c61d07ab3e845c0",
            made_at=issued,
        )
    )


@pytest.fixture
def series_view():
    days = pd.date_range("2025-12-22", "2025-12-31")
    history = pd.concat([forecast(day) for day in days], ignore_index=True)
    published = pd.concat([forecast(day, "official", levels=(0.5,), base=52_000.0) for day in days], ignore_index=True)
    point = history[history["quantile"] == 0.5]
    outturn = pd.DataFrame({"valid_time": point["valid_time"], "value": point["value_mw"] + 500})
    outturn = outturn[outturn["valid_time"] < NOW]
    official = published.rename(columns={"value_mw": "value"})[["valid_time", "value"]]
    scores = score(Forecasts(pd.concat([history, published])), outturn, scored_at=NOW)
    ends = outturn["valid_time"].max() + pd.Timedelta(hours=1)
    quality = QualityLine(outturn["valid_time"].min(), ends, len(outturn) + 1, len(outturn), 2)
    return SeriesView(
        "DE/load",
        "Load DE",
        ZONE,
        forecast("2025-12-31"),
        history,
        official,
        outturn,
        scores,
        quality,
        {"mlflow_run": "0c8e1f5b"},
        "forecasts/DE.load/2025-12-31.csv",
    )


@pytest.fixture
def report_view(series_view):
    return ReportView("Day-ahead forecast", NOW, "Data: SMARD.de", (series_view,), table(series_view.scores))


@pytest.fixture
def day_of():
    """Forecasts of any delivery day."""
    return forecast


@pytest.fixture
def nothing():
    """An empty frame of valid times and values."""
    times = pd.DatetimeIndex([], tz="UTC")
    return pd.DataFrame({"valid_time": times, "value": np.zeros(0)})
