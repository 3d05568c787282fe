"""Scores of whole courses, by hand and by the formulas of the papers, written another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridahead.evaluation.metrics import jump, mae, rmse
from gridahead.evaluation.multivariate import energy_score, variogram_score

RANDOM = np.random.default_rng(7)


def test_the_energy_score_of_two_paths_by_hand():
    # Each is 5 from what came (3, 4), and they are 10 apart; of four pairs two are of a path with itself.
    paths, outturn = [[3.0, 4.0], [-3.0, -4.0]], [0.0, 0.0]
    assert energy_score(paths, outturn) == pytest.approx((5 - (10 + 10) / 4 / 2) / np.sqrt(2))


def test_the_energy_score_is_the_double_sum_of_the_paper():
    paths, outturn = RANDOM.normal(50_000, 900, (13, 24)), RANDOM.normal(50_000, 900, 24)
    missed = sum(np.sqrt(sum((x - y) ** 2 for x, y in zip(path, outturn, strict=True))) for path in paths) / 13
    apart = sum(np.linalg.norm(one - other) for one in paths for other in paths) / 13**2
    assert energy_score(paths, outturn) == pytest.approx((missed - apart / 2) / np.sqrt(24))


def test_of_one_unit_it_is_the_crps_and_of_one_path_the_root_of_the_mean_squared_error():
    members = np.array([1.0, 2.0, 4.0])
    crps = np.abs(members - 2.5).mean() - np.abs(members[:, None] - members).mean() / 2
    assert energy_score(members[:, None], [2.5]) == pytest.approx(crps)
    path, outturn = RANDOM.normal(size=24), RANDOM.normal(size=24)
    assert energy_score(path[None], outturn) == pytest.approx(rmse(path, outturn))


def test_the_variogram_score_by_hand():
    # √|0 − 4| = 2 came; paths have √|1 − 2| = 1 and √|0 − 9| = 3, whose mean is 2: nothing is wrong.
    assert variogram_score([[1.0, 2.0], [0.0, 9.0]], [0.0, 4.0]) == 0.0
    # One path with 3 where 2 came: (2 − 3)² at two of the four pairs.
    assert variogram_score([[0.0, 9.0]], [0.0, 4.0]) == pytest.approx(0.5)
    assert variogram_score([[0.0, 9.0]], [0.0, 4.0], order=1.0) == pytest.approx((9 - 4) ** 2 / 2)


def test_the_variogram_score_does_not_see_a_level_and_the_energy_score_does():
    paths, outturn = RANDOM.normal(size=(20, 24)), RANDOM.normal(size=24)
    assert variogram_score(paths + 100, outturn) == pytest.approx(variogram_score(paths, outturn))
    assert energy_score(paths + 100, outturn) > 90


def test_both_tell_hours_that_go_together_from_such_as_do_not():
    level = RANDOM.normal(size=(400, 1)) * np.ones(24)
    shuffled = RANDOM.permuted(level, axis=0)
    truth = RANDOM.normal(size=(60, 1)) * np.ones(24)
    for score in (energy_score, variogram_score):
        right, wrong = (np.mean([score(paths, day) for day in truth]) for paths in (level, shuffled))
        assert right < wrong


@given(st.integers(0, 23))
def test_a_unit_without_outturn_does_not_count(gap):
    paths, outturn = RANDOM.normal(size=(9, 24)), RANDOM.normal(size=24)
    holed = np.where(np.arange(24) == gap, np.nan, outturn)
    for score in (energy_score, variogram_score):
        assert score(paths, holed) == pytest.approx(score(np.delete(paths, gap, axis=1), np.delete(outturn, gap)))
        assert np.isnan(score(paths, np.full(24, np.nan)))
        with pytest.raises(ValueError, match="are not"):
            score(paths, outturn[:5])


def test_a_jump_is_what_has_changed_whatever_comes():
    assert jump([10.0, 12.0, np.nan], [11.0, 9.0, 1.0]) == pytest.approx(2.0)
    assert jump([1.0], [1.0]) == 0.0 != mae([1.0], [5.0])
