"""How finely values are rounded, from the megawatt to the watt."""

import numpy as np
import pytest

from gridahead.quality.measures.repeats import _resolution


@pytest.mark.parametrize(
    ("values", "digit"),
    [
        ([52_431.0, 48_000.0], 1.0),
        ([52_431.25, 48_000.5], 0.25),
        ([52_431.27, 48_000.5], 0.01),
        ([0.000359, 0.000344, 0.000271], 1e-6),
        ([0.359, 0.344], 1e-3),
        ([2e-6, 5e-6], 1e-6),
    ],
)
def test_the_rounding_of_a_meter_is_found_whatever_its_size(values, digit):
    assert _resolution(np.array(values)) == digit


def test_values_that_are_not_rounded_have_a_billionth_of_their_size():
    assert _resolution(np.array([np.pi, np.e])) == pytest.approx(1e-9 * np.pi)
