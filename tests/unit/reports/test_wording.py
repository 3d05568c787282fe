"""Numbers as people read them."""

import pytest

from gridahead.reports.wording import Scale, floored_percent, number, p_words, percent

NARROW = "\N{NARROW NO-BREAK SPACE}"


def test_thousands_are_grouped_and_minus_is_a_minus():
    assert number(1234567) == f"1{NARROW}234{NARROW}567"
    assert number(-1234.5, 1) == f"\N{MINUS SIGN}1{NARROW}234.5"


def test_there_is_no_negative_zero_and_nothing_is_a_dash():
    assert number(-0.3) == "0"
    assert number(float("nan")) == "\N{EN DASH}"
    assert percent(float("nan")) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("highest", "value", "expected"),
    [(58_234, 58_234, "58.2 GW"), (5_000, 4_321, "4.32 GW"), (1_999, 1_234, "1 234 MW"), (42, 41.26, "41.3 MW")],
)
def test_power_has_the_unit_that_keeps_it_short(highest, value, expected):
    assert Scale.of(highest).text(value).replace(NARROW, " ") == expected


def test_only_what_is_complete_is_called_100_percent():
    assert floored_percent(1.0) == f"100{NARROW}%"
    assert floored_percent(0.99999) == f"99.99{NARROW}%"
    assert floored_percent(0.5) == f"50.00{NARROW}%"


def test_p_in_words_claims_no_more_than_is_known():
    assert [p_words(p) for p in (0.0342, 2e-7, float("nan"))] == ["p = 0.034", "p < 0.001", "no p, too few days"]
