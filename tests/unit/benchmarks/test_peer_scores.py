"""One scorer for all models of the comparison with peers, and the references that it knows."""

import sys

import environments
import numpy as np
import pandas as pd
import pytest
from builders.windows import made_windows
from environments import interpreter, pinned
from peer_jobs import PEER_MODELS
from peer_scores import ENSEMBLE, SERVED, common_units, daily_crps, figures, scored
from peer_served import on_windows

from gridahead.core.errors import SettingsError
from gridahead.core.tables import Forecasts
from gridahead.core.vintages import from_micros

LEVELS = [0.1, 0.5, 0.9]


@pytest.fixture(scope="module")
def windows():
    return made_windows()


def spread(windows, shift, width=1000.0):
    """Quantiles around the outturn, so much too high [MW]."""
    centre = np.nan_to_num(windows.target) + shift
    return np.stack([centre - width, centre, centre + width], axis=-1).astype(np.float32)


def test_an_hour_that_one_model_lacks_counts_for_none(windows):
    ours, peer = spread(windows, 0), spread(windows, 100)
    day, hour = 2, int(np.flatnonzero(windows.delivery[2])[5])
    peer[day, hour, 0] = np.nan
    there = common_units({ENSEMBLE: ours, "peer": peer}, windows)
    assert windows.delivery.sum() - there.sum() == 1
    assert not there[day, hour]
    rows = scored("load", {ENSEMBLE: ours, "peer": peer, "official": ours}, windows, LEVELS)
    assert {row.n for row in rows if row.metric == "crps"} == {int(there.sum())}


def test_an_hour_without_official_forecast_or_outturn_does_not_count():
    windows = made_windows()
    hours = np.flatnonzero(windows.delivery[0])
    windows.target[0, hours[0]] = np.nan
    windows.future[0, hours[1], 0] = np.nan
    there = common_units({ENSEMBLE: spread(windows, 0)}, windows)
    assert windows.delivery.sum() - there.sum() == 2


def test_figures_by_hand():
    quantiles, outturn = np.array([[0.0, 2.0, 4.0], [1.0, 1.0, 1.0]]), np.array([3.0, 2.0])
    found = figures(quantiles, LEVELS, outturn)
    # First hour: pinball 0.1 · 3, 0.5 · 1, 0.1 · 1; levels stand for 0.3, 0.4 and 0.3 of all. The second is a point.
    assert found["crps"] == pytest.approx(
        (2 * (0.3 * 0.3 + 0.4 * 0.5 + 0.3 * 0.1) + 2 * 0.3 * 0.1 + 0.4 + 0.6 * 0.9) / 2
    )
    assert found["mae"] == pytest.approx(1.0)
    assert found["coverage_80"] == pytest.approx(1.0), "the point does not count"
    assert found["width_80"] == pytest.approx(2.0)


def test_daily_losses_average_to_the_whole_and_an_empty_day_has_none(windows):
    quantiles = spread(windows, np.arange(len(windows))[:, None] * 100.0)
    there = windows.delivery.copy()
    there[1] = False
    daily = daily_crps(quantiles, LEVELS, windows.target, there)
    assert np.isnan(daily[1])
    assert np.nanmean(daily) == pytest.approx(figures(quantiles[there], LEVELS, windows.target[there])["crps"])


def test_a_better_model_has_a_ratio_below_one_and_a_small_p(windows):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 200, windows.target.shape)
    answers = {
        ENSEMBLE: spread(windows, noise),
        "peer": spread(windows, 3000 + noise),
        "official": spread(windows, 1500),
    }
    rows = {(row.model, row.metric): row for row in scored("load", answers, windows, LEVELS)}
    assert rows["official", "crps_skill_to_official"].value == 0.0
    assert rows["peer", "mae_skill_to_official"].value == pytest.approx(-1.0, abs=0.02)
    ratio = rows[ENSEMBLE, "crps_ratio_to_peer"]
    assert ratio.value < 1
    assert ratio.n == len(windows)
    assert rows[ENSEMBLE, "diebold_mariano_p_to_peer"].value < 0.01


def test_what_a_user_gets_stands_beside_all_others_and_beside_the_ensemble(windows):
    answers = {ENSEMBLE: spread(windows, 500), SERVED: spread(windows, 300), "peer": spread(windows, 3000)}
    rows = {(row.model, row.metric): row.value for row in scored("load", answers, windows, LEVELS)}
    assert rows[SERVED, "crps_ratio_to_peer"] < rows[ENSEMBLE, "crps_ratio_to_peer"] < 1
    assert rows[SERVED, f"crps_ratio_to_{ENSEMBLE}"] < 1 < rows[ENSEMBLE, f"crps_ratio_to_{SERVED}"]
    assert not [metric for model, metric in rows if model == "peer" and "ratio" in metric]


def test_forecasts_of_the_product_stand_on_the_units_of_the_delivery_days(windows):
    day = 1
    units = windows.valid_time[day][windows.delivery[day]]
    rows = [(unit, level, 10 * level + n) for n, unit in enumerate(units) for level in LEVELS]
    table = pd.DataFrame(rows, columns=["valid_time", "quantile", "value_mw"])
    found = on_windows(Forecasts(table.assign(valid_time=from_micros(table["valid_time"].to_numpy()))), windows)
    assert found.shape == (*windows.valid_time.shape, len(LEVELS))
    there = ~np.isnan(found[..., 0])
    assert there[day].tolist() == windows.delivery[day].tolist()
    assert not there[[0, 2]].any()
    assert found[day][windows.delivery[day]][3] == pytest.approx([4.0, 8.0, 12.0])


def test_names_of_peers_tell_the_versions_that_are_pinned():
    names = [peer.name for peer in PEER_MODELS]
    assert len(set(names)) == len(names)
    assert pinned("openstef")["openstef-models"] == pinned("openstef")["openstef"]
    for peer in PEER_MODELS:
        assert all(pinned(peer.library)[package] in peer.name for package in peer.shown)


def test_this_python_is_taken_if_it_suits():
    version = sys.version_info[:2]
    assert str(interpreter("openstef", version)) == sys.executable


def test_a_python_that_is_missing_is_an_error_that_names_those_that_would_do(monkeypatch):
    monkeypatch.setattr(environments, "_version", lambda python: (3, 11))
    with pytest.raises(SettingsError, match=r"openstef needs python3\.12 or python3\.13.*on the PATH"):
        interpreter("openstef", (3, 12))
