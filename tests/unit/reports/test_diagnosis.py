"""What is told of a network's memory."""

from dataclasses import replace

import numpy as np

from gridahead.explain.gradient_report import GradientReport
from gridahead.reports.diagnosis import memory_sentence, span, undefined_sentence

REPORT = GradientReport("lstm", 24.0, 10.0 ** -(np.arange(14) / 4.5), np.ones(14), np.ones(14), np.ones(8))


def test_the_memory_is_told_in_the_units_of_a_person():
    reach = "Through the encoder, the loss on the delivery day reaches back 9 days; "
    assert memory_sentence(REPORT) == reach + "older steps have less than 1% of the gradient at the newest."
    assert "reaches back all 14 days" in memory_sentence(replace(REPORT, norms=np.ones(14)))
    assert "the oldest step is 100% of that" in memory_sentence(replace(REPORT, norms=np.ones(14)))
    assert (span(30.2), span(50)) == ("30 hours", "2 days")


def test_what_a_cell_does_not_have_is_said():
    without_gates = replace(REPORT, gate_hours=None)
    assert undefined_sentence(REPORT) is None
    assert undefined_sentence(without_gates) == "A plain rnn has no forget gate."
    assert "neither a step Jacobian nor a forget gate" in str(undefined_sentence(replace(without_gates, stretch=None)))
