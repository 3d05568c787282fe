"""Who made a forecast, in words that a person would use."""

import pytest

from gridahead.core.runs import maker


@pytest.mark.parametrize(
    ("model", "version", "words"),
    [
        ("gru", "3", "gru v3"),
        ("ridge", "2026-11-29", "ridge of 2026-11-29"),
        ("naive", "-", "naive"),
        ("official_corrected", "", "official_corrected"),
        ("by_hand", "gru 3", "a person, from gru v3"),
        ("by_hand", "naive -", "a person, from naive"),
        ("lstm", "9f2c61d07ab3e845", "lstm 9f2c61d07ab3e845"),
    ],
)
def test_a_maker_is_named_as_people_name_it(model, version, words):
    assert maker(model, version) == words
