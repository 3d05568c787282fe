"""Permutation importance: nothing for what is not read, the most for what decides."""

import numpy as np
from builders.models import made
from builders.windows import made_windows

from gridahead.explain.importance import permutation_importance

WINDOWS = made_windows()


def test_an_input_that_is_not_read_has_no_importance():
    official = made(lambda windows: windows.future[..., 0])
    found = permutation_importance(official, WINDOWS)
    assert found["DE/load"] == 0
    assert found["calendar"] == 0
    assert found["DE/load_official"] > 0.2


def test_the_same_seed_gives_the_same_figures():
    model = made(lambda windows: windows.future[..., 0] + np.nanmean(windows.past[:, :, :1], axis=1))
    assert permutation_importance(model, WINDOWS) == permutation_importance(model, WINDOWS)


def test_what_a_model_reads_of_the_past_is_exchanged_as_well():
    # The official forecast, corrected by how much the load of this very day's context differs from that of the others.
    usual = np.nanmean(WINDOWS.past[..., 0])
    model = made(lambda windows: windows.future[..., 0] + np.nanmean(windows.past[..., 0], axis=1)[:, None] - usual)
    assert abs(permutation_importance(model, WINDOWS)["DE/load"]) > 1e-6
