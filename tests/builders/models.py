"""Small models of every kind, untrained or fitted in a moment, for tests of what is done with models."""

from typing import cast

import numpy as np
import torch

from gridahead.features.scaling import Scaler
from gridahead.models.aggregate import Aggregate, expert_answers, with_regression
from gridahead.models.base import Forecaster, possible
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.ensemble import Ensemble
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.models.regressions import Regression, RidgeRegression
from gridahead.models.tabular import TabularForecaster, features

LEVELS = (0.1, 0.5, 0.9)


class _Made:
    name, quantiles = "made", (0.1, 0.5, 0.9)

    def __init__(self, answer):
        self.answer = answer

    def predict(self, windows):
        said = self.answer(windows).astype(np.float32)
        return np.broadcast_to(said[..., None], (*said.shape, 3))


def made(answer) -> Forecaster:
    """A forecaster whose median is a function of the windows; it can do no more than predict."""
    return cast("Forecaster", _Made(answer))


def model_on(anchor, windows, cell="gru"):
    """Two members with random weights."""
    scaler = Scaler.fit(windows, anchor)
    inputs = scaler.inputs(windows, "day")
    config = NetworkConfig(cell, inputs.encoder.shape[-1], inputs.decoder.shape[-1], LEVELS, hidden=8, decoder_hidden=8)
    torch.manual_seed(4)
    networks = tuple(Network(config).eval() for _ in range(2))
    return TrainedModel(cell, windows.spec, scaler, LEVELS, config, networks, as_it_is(LEVELS))


def tabular_on(name, windows):
    """Regressions on a few rows."""
    scaler = Scaler.fit(windows, "week")
    scaled = scaler.target(windows)
    counted = windows.delivery & ~np.isnan(scaled)
    table, target = features(name, windows, scaler)[counted], scaled[counted]
    regressions: tuple[Regression, ...]
    if name == "ridge":
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        regressions = (RidgeRegression.of(make_pipeline(StandardScaler(), Ridge(10.0)).fit(table, target)),) * 3
    else:
        import lightgbm

        few = {"objective": "quantile", "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 5, "num_leaves": 7}
        data = lightgbm.Dataset(table, target, free_raw_data=False)
        regressions = tuple(lightgbm.train({**few, "alpha": level}, data, 5) for level in LEVELS)
    offsets = np.array([-0.1, 0, 0.1], np.float32)
    return TabularForecaster(name, windows.spec, scaler, LEVELS, regressions, offsets, as_it_is(LEVELS) + 0.1)


def every_kind(windows):
    """One model of each kind, by kind; the aggregate is of the ensemble, the regression and the reference."""
    network, other = model_on("week", windows), model_on("linear", windows, "lstm")
    kinds = {
        "network": network,
        "ensemble": Ensemble("both", (network, other), (0.25, 0.75), as_it_is(LEVELS)),
        "ridge": tabular_on("ridge", windows),
        "lightgbm": tabular_on("lightgbm", windows),
        "reference": ReferenceForecast.fit("official", windows, LEVELS),
    }
    return {**kinds, "aggregate": aggregate_of(kinds["ensemble"], (kinds["ridge"], kinds["reference"]), windows)}


PRIOR = (0.5, 0.25, 0.1, 0.15)
"""Weights of the networks, two others and the regression."""


def aggregate_of(recurrent, beside, windows, prior=PRIOR):
    """Experts and the regression on them, as it has followed the windows."""
    experts = (recurrent, *beside)
    answers = np.stack([possible(expert_answers(expert, windows), windows) for expert in experts])
    _, regression = with_regression(answers, windows, windows.target, None, lag=2)
    weights = np.array(prior)[:, None] * np.ones(len(LEVELS))
    return Aggregate("all", recurrent, beside, weights, as_it_is(LEVELS) + 0.1, regression)
