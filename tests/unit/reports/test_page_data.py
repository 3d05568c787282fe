"""What the script of a page is given: every value, in few letters, and nothing that could end the script."""

import datetime as dt
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from builders.cards import card_of, shown_of
from hypothesis import given
from hypothesis import strategies as st

from gridahead.core.time import Mtu
from gridahead.reports import csp
from gridahead.reports.packed import packed
from gridahead.reports.page_data import MANY, page_data

VALUE = {letter: at for at, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}


def unpacked(letters, places, beside=None):
    """What `page.js` does, in Python: written apart from what packs."""
    found, before, at = [], 0, 0
    while at < len(letters):
        if letters[at] == "_":
            at += 1
            found.append(float("nan"))
            continue
        bits, shift = 0, 0
        while True:
            digit = VALUE[letters[at]]
            bits, shift, at = bits | (digit & 31) << shift, shift + 5, at + 1
            if not digit & 32:
                break
        before += -(bits >> 1) if bits & 1 else bits >> 1
        other = 0 if beside is None or np.isnan(beside[len(found)]) else round(beside[len(found)] * 10**places)
        found.append((before + other) / 10**places)
    return found


NUMBERS = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=30)


@given(NUMBERS, st.integers(0, 3))
def test_numbers_come_back_to_the_places_that_were_kept(values, places):
    for beside in (None, [value + 7 for value in values][::-1]):
        found = unpacked(packed(values, places, beside), places, beside)
        np.testing.assert_allclose(found, values, rtol=1e-9, atol=0.5001 * 10**-places)


def test_what_is_alike_takes_few_letters():
    # 0 is A, 1 is C and −1 is D, as in source maps (ECMA-426).
    assert packed([0.0, 1.0, 0.0, float("nan"), 0.0], 0) == "ACD_A"
    assert packed([16.0], 0) == "gB"
    assert packed([100.0, 200.0], 0, [100.0, 201.0]) == "AD"


def data_of(*cards):
    return json.loads(page_data(cards))


def test_a_day_of_25_hours_has_25_values_of_every_level():
    (series,) = data_of(card_of(shown=(shown_of(dt.date(2025, 10, 26)),)))["series"]
    (day,) = series["days"]
    assert (day["day"], day["n"], day["step"], len(day["levels"])) == ("2025-10-26", 25, 3600, 11)
    # Local midnight in summer time.
    assert dt.datetime.fromtimestamp(day["start"], dt.UTC).isoformat() == "2025-10-25T22:00:00+00:00"
    assert unpacked(day["quantiles"], day["places"])[:25] == [45_500 + 100 * hour for hour in range(25)]


def test_of_many_series_only_the_newest_days_are_on_the_page():
    few, many = ([card_of(f"Z{at}/load", days=3) for at in range(count)] for count in (2, MANY + 1))
    assert {len(series["days"]) for series in data_of(*few)["series"]} == {3}
    assert {len(series["days"]) for series in data_of(*many)["series"]} == {2}


def test_data_cannot_end_the_element_they_stand_in():
    told = page_data([card_of(title="</script><script>alert(1)</script><!-- & \u2028")])
    assert "<" not in told and "&" not in told and ">" not in told
    assert json.loads(told)["series"][0]["title"].startswith("</script>")


def test_values_that_are_missing_are_no_numbers_that_json_does_not_have():
    shown = shown_of(mtu=Mtu("PT15M"))
    shown.wide.iloc[5] = float("nan")
    shown.official.iloc[7] = float("nan")
    day = data_of(card_of(shown=(shown,)))["series"][0]["days"][0]
    assert day["n"] == 96 and day["quantiles"].count("_") == 11 and day["official"].count("_") == 1


def test_the_library_of_charts_is_the_one_that_was_released():
    released = {
        "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
        "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        "uPlot.LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    }
    folder = Path(csp.__file__).parent / "vendor"
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == released


def test_no_script_can_be_ended_by_what_is_in_it():
    assert all("</script" not in script and "<!--" not in script for script in csp.scripts())


@pytest.mark.parametrize("header", [False, True])
def test_the_rule_runs_our_scripts_and_asks_nobody(header):
    rule = dict(part.split(" ", 1) for part in csp.policy(header=header).split("; "))
    assert rule["default-src"] == "'none'"
    assert rule["script-src"] == " ".join(f"'{name}'" for name in csp.script_hashes())
    assert len(csp.script_hashes()) == 2 and "connect-src" not in rule
    assert ("frame-ancestors" in rule) == header  # which a page itself cannot say
