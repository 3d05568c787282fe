"""What a rule expects, in words that have no empty place."""

import re

import pytest

from gridahead.settings.quality_rules import RULE_BY_NAME, RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_a_rule_means_has_no_empty_place(rule):
    assert not re.search(r"\{|  | [;,]|\s$", rule.meaning)


def test_figures_stand_in_their_unit_or_without_one():
    spike = RULE_BY_NAME["spike"]
    stand_out = "a few values stand out from those before and after by at most"
    assert spike.said("MW", limit=3, measured=5) == f"{stand_out} 3 MW; they do by 5 MW"
    assert spike.said(limit=3, measured=5) == f"{stand_out} 3; they do by 5"
    assert spike.meaning == f"{stand_out} X; they do by Y (X is its limit, Y is what was measured)"
