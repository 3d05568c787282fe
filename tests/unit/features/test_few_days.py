"""Level and spread of all days from a few, beside the same days of others; by hand."""

import numpy as np
import pytest

from gridahead.features.few_days import NARROWEST, as_of_all_days, so_far

NAN = np.nan


def contexts(*rows):
    return np.array(rows, np.float32)


def test_moments_are_of_all_that_is_known_up_to_each_window():
    found = so_far(contexts([NAN, NAN], [NAN, 4.0], [4.0, 10.0]))
    np.testing.assert_allclose(found.level, np.array([NAN, 4.0, 6.0]))
    np.testing.assert_allclose(found.spread, np.array([NAN, 0.0, np.std([4.0, 4.0, 10.0])]))


def test_large_levels_cost_no_digits():
    found = so_far(contexts([1e6 - 1, 1e6 + 1]))
    assert found.spread[0] == pytest.approx(1.0)


def test_a_high_week_of_others_is_a_high_week_of_the_series():
    """Others were one spread above their level, and varied half as much as usual; so 10 ± 2 is a week of 6 ± 4."""
    own = contexts([8.0, 12.0])
    other = contexts([0.5, 1.5])
    found = as_of_all_days(own, [other, other])
    assert (found.level[0], found.spread[0]) == pytest.approx((10 - 1 * 4, 4))


def test_one_odd_series_of_three_does_not_decide():
    own, usual = contexts([8.0, 12.0]), contexts([0.5, 1.5])
    assert as_of_all_days(own, [usual, contexts([-90.0, 90.0]), usual]).level[0] == pytest.approx(6)


def test_hours_that_are_missing_count_in_no_series():
    """Of others the weekend is low; it is not known of the series, and so not compared."""
    own = contexts([8.0, 12.0, NAN])
    whole, weekdays = contexts([-1.0, 1.0, -9.0]), contexts([-1.0, 1.0, NAN])
    np.testing.assert_allclose(as_of_all_days(own, [whole]), as_of_all_days(own, [weekdays]))
    assert as_of_all_days(own, [whole]).level[0] == pytest.approx(10)


def test_without_others_on_these_days_the_few_days_stand_for_themselves():
    own = contexts([8.0, 12.0])
    for others in ([], [contexts([NAN, NAN])]):
        found = as_of_all_days(own, others)
        assert (found.level[0], found.spread[0]) == pytest.approx((10, 2))


def test_others_that_stood_still_do_not_make_the_spread_boundless():
    found = as_of_all_days(contexts([8.0, 12.0]), [contexts([1.0, 1.0])])
    assert found.spread[0] == pytest.approx(2 / NARROWEST)


def test_what_comes_later_changes_nothing_before():
    own, other = contexts([8.0, 12.0], [9.0, 9.0]), contexts([0.5, 1.5], [3.0, 7.0])
    first = as_of_all_days(own[:1], [other[:1]])
    both = as_of_all_days(own, [other])
    assert (both.level[0], both.spread[0]) == (first.level[0], first.spread[0])
