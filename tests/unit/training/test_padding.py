"""What stands in padding teaches nothing: no weight, no calibration and no figure changes by a bit."""

import datetime as dt
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from builders.long import first_of
from builders.windows import FIRST, SPEC, made_load

from gridahead.models.bundle import TrainedModel
from gridahead.models.tabular import TABULAR
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training import tabular
from gridahead.training.fit import fit
from gridahead.training.split import split
from gridahead.training.tabular import fit_tabular

LEVELS = (0.1, 0.5, 0.9)
SETTINGS = TrainingSettings(
    quantiles=LEVELS,
    epochs=1,
    batch_size=16,
    context_days=8,
    validation_days=12,
    device="cpu",
    holdout_start=FIRST + dt.timedelta(days=95),
)
PARTS = split(made_load(days=95), SPEC, SETTINGS)
"""Day 83 is 30 March and has 23 hours; it is learnt, it stops or it judges, and every other day is longer."""


def with_noise(size):
    """The same split, its padding filled with numbers of such a size [MW]."""
    windows, rng = PARTS.windows, np.random.default_rng(1)
    pads = ~windows.within
    assert pads.sum() == 1
    future, target = windows.future.copy(), windows.target.copy()
    future[pads] = size * rng.normal(size=future[pads].shape)
    target[pads] = size
    return replace(PARTS, windows=replace(windows, future=future, target=target))


@pytest.mark.parametrize("size", first_of([1e12, 5e4], 1))
@pytest.mark.parametrize(
    ("decoder", "anchor"),
    first_of([("recursive", "official"), ("attention", "profile"), ("recurrent", "linear")], 2),
)
def test_noise_in_padding_moves_no_weight_of_a_network(decoder, anchor, size):
    torch.set_num_threads(1)
    config = ModelSettings(
        cell="gru", hidden=4, decoder_hidden=4, members=1, decoder=decoder, bidirectional=True, anchor=anchor
    )
    clean, noisy = (fit("gru", parts, config, SETTINGS, lambda epoch: None) for parts in (PARTS, with_noise(size)))
    for one, other in zip((clean.model, *clean.folds), (noisy.model, *noisy.folds), strict=True):
        assert isinstance(one, TrainedModel)
        assert isinstance(other, TrainedModel)
        weights, others = one.members[0].state_dict(), other.members[0].state_dict()
        assert all(torch.equal(weights[name], others[name]) for name in weights)
        assert one.scaler.to_dict() == other.scaler.to_dict()
        if one.scaler.linear is not None:
            pairs = (
                (getattr(each.scaler.linear, field.name) for each in (one, other))
                for field in fields(one.scaler.linear)
            )
            assert all(np.array_equal(*pair) for pair in pairs)
    assert clean.model.calibration.tolist() == noisy.model.calibration.tolist()
    assert clean.forecasts.tobytes() == noisy.forecasts.tobytes()
    assert clean.validation == noisy.validation


@pytest.mark.parametrize("name", TABULAR)
def test_noise_in_padding_moves_no_regression(name, monkeypatch):
    monkeypatch.setattr(tabular, "MOST_TREES", 10)
    clean, noisy = (fit_tabular(name, parts, LEVELS, ("week",)) for parts in (PARTS, with_noise(1e12)))
    assert clean.calibration.tolist() == noisy.calibration.tolist()
    assert clean.predict(PARTS.windows).tobytes() == noisy.predict(PARTS.windows).tobytes()
