"""One scorer for all models of the comparison with peers, and the references that it knows."""

import sys

import environments
import numpy as np
import pytest
from builders.windows import made_windows
from environments import interpreter, pinned
from peer_jobs import PEER_MODELS
from peer_scores import OURS, common_units, daily_crps, figures, scored

from gridahead.core.errors import SettingsError

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
    there = common_units({OURS: ours, "peer": peer}, windows)
    assert windows.delivery.sum() - there.sum() == 1
    assert not there[day, hour]
    rows = scored("load", {OURS: ours, "peer": peer, "official": ours}, windows, LEVELS)
    assert {row.n for row in rows if row.metric == "crps"} == {int(there.sum())}


def test_an_hour_without_official_forecast_or_outturn_does_not_count():
    windows = made_windows()
    hours = np.flatnonzero(windows.delivery[0])
    windows.target[0, hours[0]] = np.nan
    windows.future[0, hours[1], 0] = np.nan
    there = common_units({OURS: spread(windows, 0)}, windows)
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
    answers = {OURS: spread(windows, noise), "peer": spread(windows, 3000 + noise), "official": spread(windows, 1500)}
    rows = {(row.model, row.metric): row for row in scored("load", answers, windows, LEVELS)}
    assert rows["official", "crps_skill_to_official"].value == 0.0
    assert rows["peer", "mae_skill_to_official"].value == pytest.approx(-1.0, abs=0.02)
    ratio = rows[OURS, "crps_ratio_to_peer"]
    assert ratio.value < 1
    assert ratio.n == len(windows)
    assert rows[OURS, "diebold_mariano_p_to_peer"].value < 0.01


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
