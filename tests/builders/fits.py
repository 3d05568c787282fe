"""Fits that nobody has trained, and a workspace whose real registry knows two of them."""

from dataclasses import replace

import numpy as np
import torch

from builders.models import LEVELS, model_on
from builders.registry import day, workspace_at
from builders.windows import made_windows
from gridahead.promotion.promote import promote
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import Fit
from gridahead.workspace import Workspace

DELIVERY = 110
"""Days after the first that no fit has learnt."""


def fit_of(seed, fingerprint="data"):
    """A GRU with random weights that says it has learnt until day 100."""
    model = model_on("week", made_windows())
    torch.manual_seed(seed)
    for member in model.members:
        for weights in member.parameters():
            torch.nn.init.normal_(weights, std=0.1)
    nothing = np.zeros((0, 37, len(LEVELS)), np.float32)
    return Fit(
        model=model,
        folds=(),
        answers=nothing,
        forecasts=nothing,
        epochs=(),
        train_days=(day(10), day(79)),
        validation_days=(day(80), day(100)),
        judged_days=(day(85), day(100)),
        learnt_until=day(100),
        data_fingerprint=f"{fingerprint} {seed}",
        validation={"validation_mae": 1.0 + seed, "validation_pinball": 0.5 + seed},
        seconds=1.0,
    )


def group_of(*series, seed=0, names=("north", "north_tuned"), fingerprint="data"):
    """What a group has been trained to: such fits of each series, by the names of the candidates."""
    fits = []
    for place, one in enumerate(series):
        for number, name in enumerate(names):
            fit = fit_of(seed + 10 * place + number, fingerprint)
            model = replace(fit.model, name=name, spec=replace(fit.model.spec, series=one))
            fits.append(replace(fit, model=model, data_fingerprint=f"{fingerprint} {one}"))
    return fits


def register_group(workspace, fits, group="north"):
    """Such fits as versions, as a training of the group registers them; returns what became of each."""
    config, settings, registry = ModelSettings(cell="gru"), TrainingSettings(), workspace.registry
    training = registry.together(group, fits, config, settings)
    done = [registry.register(fit, config, settings, f"settings of {fit.model.name}", training) for fit in fits]
    training.withdraw_if_unused()
    return done


def register(workspace, seed):
    """Such a fit as a version."""
    settings = f"settings {seed}"
    return workspace.registry.register(fit_of(seed), ModelSettings(cell="gru"), TrainingSettings(), settings).version


def opened(folder):
    """The workspace of a folder with its real registry."""
    return Workspace(workspace_at(folder).settings)


def registered(folder):
    """Versions 1 and 2, of which 2 serves and 1 has served before."""
    workspace = opened(folder)
    for seed in (1, 2):
        version = register(workspace, seed)
        promote(workspace, version.series, version.number, f"reason {seed}", "Ada")
    return workspace


def issue_time(workspace):
    """The deadline of a day that nothing has learnt."""
    deadline = workspace.settings.series[0].deadline
    return deadline.for_delivery(day(DELIVERY))
