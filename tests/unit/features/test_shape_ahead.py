"""The shape of what is read ahead, by hand."""

import numpy as np

from gridahead.features.shape_ahead import NEIGHBOUR_HOURS, shape_ahead

H = 12
COUNT = np.arange(H, dtype=np.float32)
DELIVERY = np.broadcast_to((np.arange(H) >= 2) & (np.arange(H) < 10), (1, H))


def column(found, kind):
    """One column for a single series: `("after", 1)`, `("before", 1)` or a figure of the day."""
    if kind in ("mean", "highest", "lowest"):
        return found[0, :, 2 * len(NEIGHBOUR_HOURS) + ("mean", "highest", "lowest").index(kind)].tolist()
    side, hours = kind
    return found[0, :, 2 * NEIGHBOUR_HOURS.index(hours) + ("after", "before").index(side)].tolist()


def test_neighbours_are_told_as_steps_and_end_with_the_delivery_day():
    found = shape_ahead((COUNT**2)[None, :, None], DELIVERY, units_an_hour=1)
    assert found.shape == (1, H, 11)
    assert column(found, ("after", 1))[:10] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 0]
    assert column(found, ("before", 2))[:5] == [0, 1, 4, 8, 12]


def test_a_quarter_hour_has_its_neighbours_hours_away():
    found = shape_ahead(COUNT[None, :, None], DELIVERY, units_an_hour=4)
    assert column(found, ("after", 1))[:10] == [4, 4, 4, 4, 4, 4, 3, 2, 1, 0]


def test_the_day_is_the_delivery_day_for_every_unit():
    found = shape_ahead(COUNT[None, :, None], DELIVERY, units_an_hour=1)
    assert column(found, "mean") == [5.5] * H
    assert column(found, "highest") == [9.0] * H
    assert column(found, "lowest") == [2.0] * H


def test_what_is_not_known_is_nought():
    holed = COUNT.copy()
    holed[[3, 11]] = np.nan
    found = shape_ahead(holed[None, :, None], DELIVERY, units_an_hour=1)
    assert column(found, ("after", 1))[:5] == [1, 1, 0, 0, 1]
    assert column(found, "lowest") == [2.0] * H
    nothing = shape_ahead(np.full((1, H, 2), np.nan, np.float32), DELIVERY, units_an_hour=1)
    assert nothing.tolist() == np.zeros((1, H, 22)).tolist()


def test_units_that_only_pad_a_shorter_day_change_nothing():
    long = np.concatenate([COUNT[:10], [99.0, 99.0]]).astype(np.float32)[None, :, None]
    padded = shape_ahead(long, DELIVERY, units_an_hour=1)[:, :10]
    alone = shape_ahead(long[:, :10], DELIVERY[:, :10], units_an_hour=1)
    assert padded.tobytes() == alone.tobytes()
