"""What MLflow serves says what the model says, to the last bit."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from builders.rows import LOAD, day_ahead, measured, together
from builders.windows import SPEC, made_load, made_windows

from gridahead.core.grid import Series
from gridahead.features.scaling import Scaler
from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.conditions import Condition, Conditions
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.registry.logged import signature
from gridahead.registry.served_model import ServedModel

LEVELS = (0.1, 0.5, 0.9)


def windows_of(quantity):
    """Windows of a made-up series, by day only where it lives on the sun."""
    rows = made_load()
    rows["quantity"] = rows["quantity"].str.replace(LOAD.quantity, quantity)
    if quantity == "solar":
        rows["value"] = rows["value"].where(rows["valid_time"].dt.hour.between(6, 18), 0.0)
    return made_windows(spec=replace(SPEC, series=Series("DE", quantity)), observations=rows)


def served(model, windows):
    """What MLflow's model answers to the arrays of some windows."""
    behind = ServedModel()
    behind.model = model
    return behind.predict(None, {name: getattr(windows, name) for name in signature(model).inputs.input_names()})


def untrained(windows, decoder="recurrent"):
    """A network that has learnt nothing, which reads its horizon in both directions."""
    torch.manual_seed(0)
    scaler = Scaler.fit(windows, "official")
    inputs = scaler.inputs(windows, "day")
    shape = NetworkConfig(
        "lstm", inputs.encoder.shape[-1], inputs.decoder.shape[-1], LEVELS, 8, 6, decoder=decoder, bidirectional=True
    )
    network = Network(shape).eval()
    return TrainedModel("lstm", windows.spec, scaler, LEVELS, shape, (network,), as_it_is(LEVELS))


@pytest.mark.parametrize("quantity", ["load", "solar", "price"])
def test_tensors_are_answered_like_windows(quantity):
    windows = windows_of(quantity)
    model = untrained(windows)
    assert served(model, windows).tobytes() == predict_each(model, windows).tobytes()


def test_a_price_is_answered_with_the_intervals_of_its_deadline_though_its_horizon_begins_at_midnight():
    windows = windows_of("price")
    late = Condition("late"), np.full((24, len(LEVELS)), 3.0)
    model = replace(untrained(windows), conditions=Conditions(24.0, dict([late])))
    told = served(model, windows)
    assert told.tobytes() == predict_each(model, windows).tobytes()
    assert (told[..., 0] < told[..., -1]).all()


def test_days_of_23_24_and_25_hours_are_answered_to_the_bit_as_each_is_forecast_alone():
    # The clocks go forward on 30 March 2025 and back on 26 October: days of 23 and 25 hours, between others of 24.
    days = [dt.date(2025, 3, 29), dt.date(2025, 3, 30), dt.date(2025, 10, 25), dt.date(2025, 10, 26)]
    times = pd.date_range("2025-03-15T00:00Z", "2025-10-28T00:00Z", freq="h", inclusive="left")
    noise = np.random.default_rng(5)
    rows = together(
        measured(LOAD, times, noise.normal(50, 5, len(times))),
        day_ahead(LOAD.official, times, noise.normal(50, 5, len(times))),
    )
    side_by_side = build_windows(rows, SPEC, days)
    model = untrained(side_by_side)
    answers = served(model, side_by_side)
    for row, day in enumerate(days):
        alone = model.predict(build_windows(rows, SPEC, [day]))[0]
        assert answers[row, : len(alone)].tobytes() == alone.tobytes()
        assert np.isnan(answers[row, len(alone) :]).all()
