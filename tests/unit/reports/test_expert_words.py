"""What counts in a forecast for how much, as a reader is told."""

from gridahead.reports.trust import expert_words


def test_experts_are_named_by_what_they_count_and_those_that_count_nothing_are_left_out():
    weights = {"lstm": 0.21, "gru": 0.304, "ridge": 0.004, "official_corrected": 0.482}
    assert expert_words({"adapted": {"weights": weights}}) == "corrected official 48%, gru 30%, lstm 21%"


def test_of_a_forecast_by_one_model_nothing_is_said():
    assert expert_words({"adapted": {"weights": {}}}) == ""
    assert expert_words({}) == ""
