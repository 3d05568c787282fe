"""What a version says of itself survives the registry, which keeps texts."""

import numpy as np
import pandas as pd
import pytest

from gridahead.core.grid import Series
from gridahead.registry.versions import Version, figure_tags


@pytest.mark.parametrize("value", [1183.4567890123, 0.0000043512345678901, np.float32(0.1), 0.0])
def test_the_figures_that_decide_keep_all_their_digits(value):
    tags = figure_tags({"validation_pinball": value})
    found = Version(Series("DE", "load"), "1", "run", pd.Timestamp("2025-01-01T00:00Z"), (), tags)
    assert found.validation == {"validation_pinball": float(value)}


def test_two_candidates_of_a_household_are_told_apart():
    one, other = (figure_tags({"validation_pinball": value}) for value in (4.351e-6, 4.352e-6))
    assert one != other
