"""What has changed since the day before, as a manifest keeps it."""

import json

import pandas as pd
import pytest

from gridahead.reading.change import SINCE, Cause, SinceYesterday, in_manifest, since_yesterday

START = pd.Timestamp("2025-03-18T10:00Z")


@pytest.mark.parametrize("size", [0.000_5, 1.0, 60_000.0])  # a house, a town, a country [MW]
def test_a_house_has_its_change_in_the_manifest_as_a_country_has(size):
    change = SinceYesterday(
        since=START - pd.Timedelta(days=1),
        start=START,
        end=START + pd.Timedelta(hours=13),
        before_mw=size,
        now_mw=1.1 * size,
        causes=(Cause("DE/load", 0.15 * size), Cause("time has passed", -0.05 * size)),
    )
    again = since_yesterday(json.loads(json.dumps({SINCE: in_manifest(change)})))
    assert again is not None
    assert again.difference_mw == pytest.approx(0.1 * size, rel=1e-4)
    assert [cause.effect_mw for cause in again.causes] == pytest.approx([0.15 * size, -0.05 * size], rel=1e-5)
