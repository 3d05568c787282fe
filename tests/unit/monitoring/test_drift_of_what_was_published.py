"""What readers must know: that the official forecast has changed, and that the published band holds what it did."""

import numpy as np
import pandas as pd
import pytest
from builders.registry import DAYS, JUDGED, OBSERVATIONS, said, workspace_at
from builders.rows import LOAD, day_ahead, hours, measured, rows, together
from builders.windows import SPEC

from gridahead.core.tables import Observations
from gridahead.core.time import now
from gridahead.core.vintages import of_series
from gridahead.monitoring.drift import drift
from gridahead.monitoring.published import official_losses, published_drift
from gridahead.operate.promotion import admit
from gridahead.reports.drift import drift_sentence, drift_words

CHANGED = 12
"""Newest days on which the official forecast is another one."""


def with_changed_official(workspace, by):
    """The official forecast of the newest days is withdrawn and comes anew, wrong by so much more [MW]."""
    told = of_series(OBSERVATIONS, LOAD.official).sort_values("valid_time").tail(24 * CHANGED)
    wrong = by * np.where(np.arange(len(told)) // 6 % 2, 1, -1)
    later = told["available_at"] + pd.Timedelta(hours=1)
    workspace.lake.observations.append(Observations(told.assign(value=told["value"] + wrong, available_at=later)))
    return workspace


def test_the_error_of_a_day_is_that_of_what_was_published_when_it_began():
    times = hours("2025-03-30T00:00+01:00", 23 + 24 + 6)  # the day of 23 hours, a whole one, six hours of the next
    load = measured(LOAD, times, 1000.0)
    published = day_ahead(LOAD.official, times, np.r_[np.full(23, 1100.0), np.full(24, 970.0), np.full(6, 0.0)])
    corrected = rows(LOAD.official, times, 1000.0, pd.Timestamp("2025-03-31T00:00+02:00"))
    found = official_losses(together(load, published, corrected), SPEC, now())
    # The correction comes when the second day begins: too late for the first. The third has hardly begun.
    assert found["loss"].to_dict() == {pd.Timestamp("2025-03-30"): 100.0, pd.Timestamp("2025-03-31"): 0.0}
    assert set(found["season"]) == {"spring"}


def test_without_an_official_forecast_there_is_nothing_to_say_of_one():
    assert official_losses(measured(LOAD, hours("2025-03-01T00:00+01:00", 240), 1000.0), SPEC, now()).empty


def test_an_official_forecast_that_is_as_it_was_is_not_told(tmp_path):
    official, band = published_drift(workspace_at(tmp_path), LOAD)
    assert (official.kind, official.level) == ("official", "none")
    assert np.isnan(band.value), "nothing was published"


def test_an_official_forecast_that_changed_is_told_within_two_weeks_and_trains_nothing_by_itself(tmp_path):
    workspace = with_changed_official(workspace_at(tmp_path), 5000)
    official, _ = published_drift(workspace, LOAD)
    assert official.level == "alarm"
    assert drift_words(official, "MW").startswith("DE/load_official: over 28 days the mean error is")
    found = drift(workspace, LOAD)
    told = [one for one in found.findings if one.kind == "official"]
    assert [(one.value, one.limit) for one in told] == [(official.value, official.limit)], (
        "page and command say the same"
    )
    assert (found.alarm, any(one.retrain for one in told)) == (True, False)
    assert "the official forecast DE/load_official has changed" in drift_sentence(found)


@pytest.mark.parametrize(("live_error", "level"), [(500, "none"), (2500, "alarm")])
def test_a_published_band_that_no_longer_holds_the_outturn_is_told(tmp_path, live_error, level):
    """The band is made for errors of 500 MW."""
    workspace = workspace_at(tmp_path)
    version = workspace.registry.add("1", 300.0)
    admit(workspace, LOAD, [version])
    said(workspace, version, 500)
    said(workspace, version, live_error, run="live", span=(JUDGED[1] + 1, DAYS - 1), seed=5)
    live = workspace.lake.read_forecasts(LOAD, "live")
    if level == "alarm":
        narrow = live.assign(value_mw=live["value_mw"] - 1.2816 * (live_error - 500) * np.sign(live["quantile"] - 0.5))
        workspace.lake.forecasts.append(narrow.assign(made_at=live["made_at"] + pd.Timedelta(seconds=1)))
    band = published_drift(workspace, LOAD, days=18)[1]
    assert (band.kind, band.level) == ("band", level)
    assert drift_words(band, "MW").startswith("DE/load as published: the 80 % interval covers")
