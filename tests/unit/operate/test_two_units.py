"""A series that goes over from hours to quarter hours: windows, back-tests, scores and views read it at one unit."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders.backtests import DAYS, forecasts, run_backtest, workspace_of
from builders.rows import LOAD, together
from builders.windows import made_load

from gridahead.backtest.results import rescore
from gridahead.core.resolution import repeated
from gridahead.core.tables import FORECASTS, Observations
from gridahead.core.time import Mtu
from gridahead.operate.figures import figures_of
from gridahead.operate.report import _quality
from gridahead.operate.score import score_published
from gridahead.workspace import Workspace

CHANGE = pd.Timestamp("2025-03-25T00:00Z")
DAY, NEXT = pd.Timestamp("2025-04-07T22:00Z"), pd.Timestamp("2025-04-08T22:00Z")
REFERENCES = ("official", "official_corrected", "naive")
HOURS = made_load(DAYS)
FINE = Observations(repeated(HOURS, Mtu.PT15M))
"""The same values in quarter hours, each known when its hour is."""


def changed_load() -> Observations:
    """Load and official forecast in hours until the change, the load in quarter hours since."""
    is_load = HOURS["quantity"] == "load"
    coarse = HOURS[~is_load | (HOURS["valid_time"] < CHANGE)]
    fine = FINE[(FINE["quantity"] == "load") & (FINE["valid_time"] >= CHANGE)]
    return together(Observations(coarse), Observations(fine))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    return workspace_of(tmp_path_factory.mktemp("changed"), changed_load())


WHOLE = -1
"""All lead times, as an index that can be asked for."""


def scores_of(result):
    return result.scores.fillna({"lead": WHOLE}).set_index(["model", "metric", "lead"])["value"].sort_index()


def test_a_back_test_across_a_change_is_that_of_a_series_in_quarter_hours_all_along(workspace, tmp_path):
    first, last = dt.date(2025, 3, 20), dt.date(2025, 3, 31)
    ours = run_backtest(workspace, *REFERENCES, first=first, last=last, retrain="never")
    whole = workspace_of(tmp_path, FINE)
    theirs = run_backtest(whole, *REFERENCES, first=first, last=last, retrain="never")
    assert set(forecasts(workspace)["mtu"]) == {"PT15M"}
    # Days are known to be whole as their hours are: only the vintages of the change differ.
    pd.testing.assert_series_equal(scores_of(ours), scores_of(theirs))
    assert ours.left_out.empty


def test_by_a_setting_it_is_read_in_hours(tmp_path):
    first, last = dt.date(2025, 3, 20), dt.date(2025, 3, 31)
    made, plain = workspace_of(tmp_path / "a", changed_load()), workspace_of(tmp_path / "b")
    entry = made.settings.series[0].model_copy(update={"mtu": Mtu.PT60M})
    hourly = Workspace(made.settings.model_copy(update={"series": (entry,)}))
    ours, theirs = (run_backtest(one, *REFERENCES, first=first, last=last, retrain="never") for one in (hourly, plain))
    assert set(forecasts(hourly)["mtu"]) == {"PT60M"}
    pd.testing.assert_series_equal(scores_of(ours), scores_of(theirs))


def test_a_back_test_in_hours_is_scored_again_in_hours_after_the_change(tmp_path):
    before = workspace_of(tmp_path, Observations(HOURS[HOURS["valid_time"] < CHANGE]))
    result = run_backtest(before, "naive", first=dt.date(2025, 3, 10), last=dt.date(2025, 3, 20), retrain="never")
    before.lake.observations.append(Observations(FINE[FINE["valid_time"] >= CHANGE]))
    assert before.inputs(LOAD)[0].mtu is Mtu.PT15M
    again = rescore(before, "backtest/t", LOAD).scores
    of_all = again[(again["metric"] == "mae") & again["lead"].isna()]["value"].item()
    assert of_all == scores_of(result)["naive", "mae", WHOLE]
    assert not figures_of(before, LOAD, "backtest/t", "none").empty


def published(start: pd.Timestamp, mtu: Mtu, value: float) -> pd.DataFrame:
    """A forecast of one delivery day, the same value all day."""
    times = pd.date_range(start, start + pd.Timedelta(days=1), freq=mtu.delta, inclusive="left")
    told: dict[str, Any] = {"run": "live", "zone": "DE", "quantity": "load", "model": "gru", "mtu": str(mtu)}
    told |= {"model_version": "1"}
    told |= {"issue_time": start - pd.Timedelta(hours=13), "rung": "full", "data_hash": str(mtu), "quantile": 0.5}
    frame = pd.DataFrame({"valid_time": times, "value_mw": value}).assign(**told, made_at=start)
    return FORECASTS.check(frame)


def test_forecasts_that_were_published_in_both_units_are_scored_together(workspace):
    workspace.lake.forecasts.append(published(DAY, Mtu.PT60M, 50_000.0))
    workspace.lake.forecasts.append(published(NEXT, Mtu.PT15M, 51_000.0))
    scored = score_published(workspace, LOAD).scores
    mae = scored[(scored["model"] == "published") & (scored["metric"] == "mae") & scored["lead"].isna()].iloc[0]
    load = HOURS[HOURS["quantity"] == "load"].set_index("valid_time")["value"]
    of_day, of_next = (load[start : start + pd.Timedelta(hours=23)].to_numpy() for start in (DAY, NEXT))
    assert mae["value"] == pytest.approx(np.r_[np.abs(of_day - 50_000), np.abs(of_next - 51_000)].mean())
    assert mae["n"] == 2 * 96


def test_the_share_that_is_there_counts_in_the_unit_of_today(workspace):
    line = _quality(workspace, LOAD, workspace.clock())
    assert line is not None
    assert line.present == line.expected == len(FINE[FINE["quantity"] == "load"])
