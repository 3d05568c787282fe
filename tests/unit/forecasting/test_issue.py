"""Forecast rows: every one tells its own story, and what was missing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD
from builders.windows import FIRST, SPEC, WITHOUT_REFERENCE, made_windows

from gridahead.core.tables import FORECASTS
from gridahead.core.time import Mtu
from gridahead.forecasting.issue import degradations, issue

LEVELS = (0.1, 0.5, 0.9)
MADE_AT = pd.Timestamp("2026-01-01T00:00Z")
WINDOWS = made_windows(12, 14)


def issued(windows=WINDOWS, **changes):
    n, horizon = windows.target.shape
    # Window × 1000 + unit of the horizon, and a tenth of it between the quantiles.
    quantiles = np.arange(n)[:, None, None] * 1000 + np.arange(horizon)[None, :, None] + np.array([-0.25, 0.0, 0.25])
    told = {"run": "live", "model": "gru", "version": "3", "made_at": MADE_AT, **changes}
    return issue(windows, quantiles.astype(np.float32), LEVELS, **told)


def holed(windows, *, past=(), future=()):
    """The windows with gaps in the target's context and in the official forecast."""
    changed = replace(windows, past=windows.past.copy(), future=windows.future.copy())
    changed.past[:, list(past), 0] = np.nan
    changed.future[:, list(future), 0] = np.nan
    return changed


# -- rows -----------------------------------------------------------------------------------------------------------


def test_there_is_a_row_for_every_unit_of_the_delivery_day_and_every_quantile():
    rows = issued()
    assert len(rows) == 3 * 24 * 3
    assert list(rows.columns) == FORECASTS.names
    assert rows.groupby("issue_time").size().tolist() == [72, 72, 72]


def test_every_value_stands_at_its_issue_time_valid_time_and_quantile():
    rows = issued().set_index(["issue_time", "valid_time", "quantile"])["value_mw"]
    # The second window is issued on 18 January at 11:00 and delivers the 19th; 05:00 is the 18th unit after it.
    issue_time = pd.Timestamp(FIRST, tz="Europe/Berlin") + pd.Timedelta(days=12, hours=11)
    valid_time = issue_time + pd.Timedelta(hours=18)
    key = (issue_time.tz_convert("UTC"), valid_time.tz_convert("UTC"))
    assert rows[(*key, 0.1)] == 1017.75
    assert rows[(*key, 0.5)] == 1018.0
    assert rows[(*key, 0.9)] == 1018.25


def test_nothing_before_the_delivery_day_is_issued():
    rows = issued()
    lead = rows["valid_time"] - rows["issue_time"]
    assert lead.min() == pd.Timedelta(hours=13)
    assert lead.max() == pd.Timedelta(hours=36)


def test_a_row_tells_where_it_comes_from():
    rows = issued()
    one = rows.iloc[100]
    assert one[["run", "zone", "quantity", "model", "model_version", "mtu", "rung"]].tolist() == [
        "live",
        "DE",
        "load",
        "gru",
        "3",
        "PT60M",
        "full",
    ]
    assert one["made_at"] == MADE_AT
    hashes = rows.groupby("issue_time")["data_hash"].unique()
    assert [list(found) for found in hashes] == [[WINDOWS.data_hash(n)] for n in range(3)]
    assert hashes.explode().nunique() == 3


def test_each_window_tells_its_own_rung():
    part = replace(WINDOWS, future=WINDOWS.future.copy())
    part.future[1, :, 0] = np.nan
    told = issued(part).groupby("issue_time")[["rung", "missing"]].first()
    assert told["rung"].tolist() == ["full", "degraded", "full"]
    assert told["missing"].tolist() == ["", "official forecast missing for 24 of 24 units", ""]


def test_a_forecast_that_is_no_number_does_not_leave():
    quantiles = np.full((*WINDOWS.target.shape, 3), np.nan, np.float32)
    with pytest.raises(Exception, match="value_mw: 216 missing"):
        issue(WINDOWS, quantiles, LEVELS, run="live", model="gru", version="3", made_at=MADE_AT)


# -- what was missing -----------------------------------------------------------------------------------------------


def test_complete_inputs_are_not_degraded():
    assert degradations(WINDOWS, 0) == []


@pytest.mark.parametrize(("missing", "said"), [(6, []), (7, ["newest value of DE/load is 7 h old"])])
def test_an_old_newest_value_is_told_from_the_seventh_hour(missing, said):
    """Of the 192 hours of the context the last `missing` are gone."""
    assert degradations(holed(WINDOWS, past=range(192 - missing, 192)), 0) == said


def test_from_which_age_on_a_value_is_late_is_the_settings_to_say():
    windows = holed(WINDOWS, past=range(192 - 7, 192))
    assert degradations(windows, 0, late_after_hours=7) == []
    missing = [set(issued(windows, late_after_hours=hours)["missing"]) for hours in (6, 7)]
    assert missing == [{"newest value of DE/load is 7 h old"}, {""}]


def test_the_age_is_in_hours_for_quarter_hours_too():
    spec = replace(SPEC, mtu=Mtu.PT15M)
    windows = made_windows(12, 12, spec=spec)
    # Hourly data on a quarter-hour grid are repeated; the newest of 768 quarters starts at 09:45.
    assert degradations(windows, 0) == []
    older = holed(windows, past=range(768 - 40, 768))
    assert degradations(older, 0)[0] == "newest value of DE/load is 10 h old"


def test_gaps_are_told_when_they_are_more_than_a_twentieth():
    few, many = range(50, 50 + 8), range(50, 50 + 10)  # with the hour before the issue time 9 and 11 of 192
    assert degradations(holed(WINDOWS, past=few), 0) == []
    assert degradations(holed(WINDOWS, past=many), 0) == ["6% of the last 8 days of DE/load missing"]


def test_a_missing_official_forecast_is_told_with_its_units():
    assert degradations(holed(WINDOWS, future=range(20, 25)), 0) == ["official forecast missing for 5 of 24 units"]
    assert degradations(holed(WINDOWS, future=range(13)), 0) == []


def test_an_official_forecast_that_always_comes_after_the_issue_time_is_not_missed():
    """That of wind power is published at 18:00; a window of load stands for it here."""
    without = holed(WINDOWS, future=range(WINDOWS.delivery.shape[1]))
    name = f"{without.spec.series.official} ahead"
    assert degradations(without, 0, {**WINDOWS.known_share(), name: 0.0}) == []
    assert degradations(without, 0, {**WINDOWS.known_share(), name: 1.0}) == [
        "official forecast missing for 24 of 24 units"
    ]


def test_several_findings_are_told_together():
    windows = holed(WINDOWS, past=range(180, 192), future=[36])
    assert issued(windows)["missing"].iloc[0] == (
        "newest value of DE/load is 12 h old; official forecast missing for 1 of 24 units"
    )


def test_without_a_single_value_that_is_all_there_is_to_say():
    assert degradations(holed(WINDOWS, past=range(192)), 0) == ["no value of DE/load in the 8 days before"]


def test_a_model_without_the_official_forecast_does_not_miss_it():
    windows = made_windows(12, 12, spec=WITHOUT_REFERENCE)
    assert degradations(windows, 0) == []


def test_a_short_day_is_issued_with_its_23_hours():
    windows = made_windows(83, 83)  # 30 March; the lake has nothing of it, and the rows say so
    rows = issued(windows)
    assert len(rows) == 23 * 3
    assert rows["missing"].unique().tolist() == ["no value of DE/load in the 8 days before"]


def test_a_covariate_that_is_missing_more_than_usual_is_named_and_one_that_never_is_there_is_not():
    known_share = WINDOWS.known_share()
    name = "DE/load_official"
    assert degradations(WINDOWS, 0, known_share) == []
    official = WINDOWS.official_past.copy()
    official[0, -12:] = np.nan  # half of the last day
    missing = WINDOWS.with_values(LOAD.official, past=official)
    assert degradations(missing, 0, known_share) == [f"{name}: 50% known, usually 100%"]
    assert degradations(missing, 0, {**known_share, name: 0.5}) == []
