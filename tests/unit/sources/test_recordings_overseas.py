"""Every recording from outside Europe is read, or refused with its reason, or is of a service that is not read."""

import sys

import pandas as pd
import pytest
from builders.readings_overseas import FOLDERS, LISTS, OF_OTHERS, READ, REFUSED, parsed
from builders.recordings import manifest, recording

from gridahead.core.errors import SourceError


@pytest.mark.parametrize("name", READ)
def test_a_recording_is_read(name):
    rows = parsed(recording(name), *READ[name])
    assert len(rows)
    measured = rows[~rows["quantity"].str.endswith("_official")]
    ends = measured["valid_time"] + pd.to_timedelta(measured["mtu"].str.slice(2, -1).astype(int), unit="min")
    assert (measured["available_at"] >= ends).all(), "no measured value is known before its unit has ended"
    assert rows["valid_time"].dt.minute.isin([0, 30]).all()


@pytest.mark.parametrize("name", REFUSED)
def test_a_recording_is_refused_and_the_reason_named(name):
    kind, item, words = REFUSED[name]
    with pytest.raises(SourceError, match=words) as refused:
        parsed(recording(name), kind, item)
    assert item in str(refused.value)


def test_every_recording_is_accounted_for():
    names = {entry["file"] for entry in manifest() if entry["file"].startswith(FOLDERS)}
    assert names == {*READ, *REFUSED, *LISTS, *OF_OTHERS}
    counts = {"read": len(READ), "refused": len(REFUSED), "lists": len(LISTS), "of others": len(OF_OTHERS)}
    sys.stdout.write("\n".join(f"{what:10} {count:3}" for what, count in counts.items()))
    assert counts == {"read": 39, "refused": 5, "lists": 3, "of others": 8}
