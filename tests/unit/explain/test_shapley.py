"""Shapley values: by hand."""

from typing import Any

import numpy as np
import pytest

from gridahead.explain.shapley import shapley


def test_what_two_bring_together_is_shared_and_what_one_brings_alone_is_its_own():
    def value(made):
        return np.array([[3.0 * a + 10.0 * (a and b), -1.0 * c] for a, b, c in made])

    np.testing.assert_allclose(shapley(value, 3), [[8.0, 0.0], [5.0, 0.0], [0.0, -1.0]])


def test_shares_add_up_whatever_the_value_is():
    draws = np.random.default_rng(2)
    table: dict[Any, np.ndarray] = {}

    def value(made):
        return np.array([table.setdefault(one, draws.normal(size=4)) for one in made])

    shares = shapley(value, 4)
    np.testing.assert_allclose(shares.sum(axis=0), table[(True,) * 4] - table[(False,) * 4])


def test_too_many_changes_are_refused():
    with pytest.raises(ValueError, match="put some together"):
        shapley(lambda made: np.zeros((len(made), 1)), 11)
