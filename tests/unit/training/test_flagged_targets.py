"""What the gate has flagged is no target: it cannot move a weight."""

import datetime as dt

import numpy as np
import pandas as pd
import torch
from builders.windows import FIRST, SPEC, made_load

from gridahead.core.tables import Observations
from gridahead.features.windows import build_windows
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import fit
from gridahead.training.split import split

SETTINGS = TrainingSettings(
    quantiles=(0.1, 0.5, 0.9),
    epochs=1,
    batch_size=8,
    context_days=8,
    validation_days=20,
    holdout_start=FIRST + dt.timedelta(days=100),
    refit=False,
)
NETWORK = ModelSettings(cell="gru", hidden=8, decoder_hidden=8, members=1, dropout=0.0, anchor="level")
LAST_LEARNT = FIRST + dt.timedelta(days=79)
AFTERNOON = pd.Timestamp(LAST_LEARNT, tz="Europe/Berlin") + pd.Timedelta(hours=15)
"""Of the last training day: a target there, and not yet a value of the past for any training window."""


def with_value(added: float, flag: str) -> Observations:
    rows = made_load(days=120)
    rows["flags"] = ""
    there = (rows["valid_time"] == AFTERNOON) & (rows["quantity"] == "load")
    assert there.sum() == 1
    rows.loc[there, "value"] += added
    rows.loc[there, "flags"] = flag
    return Observations(rows)


def weights(rows: Observations) -> list[np.ndarray]:
    torch.set_num_threads(1)
    parts = split(rows, SPEC, SETTINGS)
    assert parts.train_days[1] == LAST_LEARNT
    (network,) = fit("gru", parts, NETWORK, SETTINGS, lambda _: None).model.networks
    (member,) = network.members
    return [value.detach().numpy().copy() for value in member.state_dict().values()]


def test_a_flagged_value_cannot_move_a_weight_and_the_same_value_unflagged_does():
    honest, flagged = (weights(with_value(added, "unit_jump")) for added in (0.0, 30_000.0))
    assert all(np.array_equal(one, other) for one, other in zip(honest, flagged, strict=True))
    unflagged = weights(with_value(30_000.0, ""))
    assert not all(np.array_equal(one, other) for one, other in zip(honest, unflagged, strict=True))


def test_a_flagged_value_is_no_target_but_an_input_as_operation_sees_it():
    rows = with_value(30_000.0, "ramp")
    days = [LAST_LEARNT, LAST_LEARNT + dt.timedelta(days=1)]
    flagged, plain = build_windows(rows, SPEC, days), build_windows(rows.drop(columns="flags"), SPEC, days)
    at = flagged.valid_time == pd.Timestamp(AFTERNOON).value // 1000
    assert at.sum() == 2  # the end of one delivery day, and what leads up to the next
    assert np.isnan(flagged.target[at]).all() and not np.isnan(plain.target[at]).any()
    assert np.array_equal(flagged.target[~at], plain.target[~at], equal_nan=True)
    assert np.array_equal(flagged.past, plain.past, equal_nan=True)
