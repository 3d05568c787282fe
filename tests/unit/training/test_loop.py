"""The training loop: the loss, masks, determinism, the best epoch, and a loss that is no number."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gridahead.config import TrainingSettings
from gridahead.errors import ModelError
from gridahead.features.scaling import Inputs
from gridahead.models.recurrent import NetworkConfig, RecurrentNetwork
from gridahead.scoring import metrics
from gridahead.training.loop import Batch, pinball, train_network

LEVELS = (0.1, 0.5, 0.9)
N, S, E, H, D = 48, 8, 4, 6, 3
RNG = np.random.default_rng(6)


def inputs_of(target, n=N, seed=6):
    rng = np.random.default_rng(seed)
    return Inputs(
        rng.normal(size=(n, S, E)).astype(np.float32),
        rng.normal(size=(n, H, D)).astype(np.float32),
        np.broadcast_to(target, (n, H)).astype(np.float32),
    )


def batch_of(target, n=N, seed=6):
    return Batch.of(inputs_of(target, n, seed), np.ones((n, H), bool), 0.0)


def trained(train, validation, *, seed=0, network_seed=0, epochs=5, **changes):
    """The network, and what it told after every epoch."""
    settings = TrainingSettings.model_validate({"quantiles": LEVELS, "epochs": epochs, "batch_size": 16, **changes})
    torch.manual_seed(network_seed)
    network = RecurrentNetwork(NetworkConfig("gru", E, D, len(LEVELS), 8, 6, 1, 0.3, "direct"))
    told = []
    best = train_network(
        network, train, validation, LEVELS, settings, model="DE/load gru", member=0, seed=seed, progress=told.append
    )
    return best, told


def loss_of(network, batch):
    with torch.inference_mode():
        return float(pinball(network.eval()(batch.encoder, batch.decoder), batch, torch.tensor(LEVELS)))


# -- the loss -------------------------------------------------------------------------------------------------------


def test_the_loss_of_the_training_is_the_score_of_the_evaluation():
    answer, target = RNG.normal(size=(N, H, 3)), RNG.normal(size=(N, H))
    ours = pinball(torch.from_numpy(answer), batch_of(target), torch.tensor(LEVELS, dtype=torch.float64))
    assert float(ours) == pytest.approx(metrics.pinball(answer, LEVELS, target), rel=1e-6)


def test_the_loss_by_hand():
    # e = 2 above the 0.9 quantile costs 1.8, e = −4 below it 0.4; with weights 1 and 3 the mean is (1.8 + 1.2) / 4.
    batch = Batch(torch.zeros(1, 1, 1), torch.zeros(1, 2, 1), torch.tensor([[10.0, 10.0]]), torch.tensor([[1.0, 3.0]]))
    loss = pinball(torch.tensor([[[8.0], [14.0]]]), batch, torch.tensor([0.9]))
    assert float(loss) == pytest.approx(0.75)


def test_targets_that_are_not_known_do_not_count():
    target = RNG.normal(size=(N, H))
    answer = RNG.normal(size=(N, H, 3))
    holed = target.copy()
    holed[::3, 2] = np.nan
    ours = pinball(torch.from_numpy(answer), batch_of(holed), torch.tensor(LEVELS, dtype=torch.float64))
    assert float(ours) == pytest.approx(metrics.pinball(answer, LEVELS, holed), rel=1e-6)


def test_units_before_the_delivery_day_count_with_the_weight_given():
    delivery = np.broadcast_to(np.arange(H) >= 2, (N, H))
    target = np.zeros((N, H))
    target[:, 4] = np.nan
    weight = Batch.of(inputs_of(target), delivery, 0.3).weight
    assert weight[0].tolist() == pytest.approx([0.3, 0.3, 1.0, 1.0, 0.0, 1.0])


# -- the loop -------------------------------------------------------------------------------------------------------


def test_the_network_learns_a_level_it_has_not_begun_with():
    train, validation = batch_of(2.0), batch_of(2.0, seed=7)
    best, told = trained(train, validation, epochs=12, learning_rate=0.03)
    assert loss_of(best, validation) < 0.5 * told[0].validation_loss


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    train, validation = batch_of(RNG.normal(size=(N, H))), batch_of(RNG.normal(size=(N, H)), seed=7)
    one, other, third = (trained(train, validation, seed=seed)[0].state_dict() for seed in (5, 5, 6))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], third[name]) for name in one)


def test_the_weights_of_the_best_epoch_are_restored():
    # Training pulls the answer from 0 to 3; on the validation windows the truth is 1, so it is passed on the way.
    train, validation = batch_of(3.0), batch_of(1.0, seed=7)
    best, told = trained(train, validation, epochs=20, learning_rate=0.03, patience=20)
    losses = [epoch.validation_loss for epoch in told]
    assert 0 < int(np.argmin(losses)) < len(losses) - 1, "the best epoch must not be the first or the last"
    assert losses[-1] > 1.2 * min(losses)
    assert loss_of(best, validation) == pytest.approx(min(losses), rel=1e-6)


def test_training_stops_when_the_validation_has_not_improved_for_some_epochs():
    train, validation = batch_of(3.0), batch_of(1.0, seed=7)
    _, told = trained(train, validation, epochs=40, learning_rate=0.03, patience=3)
    losses = [epoch.validation_loss for epoch in told]
    assert len(told) == int(np.argmin(losses)) + 1 + 3 < 40


def test_unknown_targets_leave_no_trace_in_the_weights():
    """NaN and an absurd number under the mask teach the same: nothing."""
    target = RNG.normal(size=(N, H))
    holed = target.copy()
    holed[::2, 3] = np.nan
    train = batch_of(holed)
    wild = replace(train, target=torch.where(train.weight == 0, 1e6, train.target))
    validation = batch_of(target, seed=7)
    one, other = (trained(batch, validation)[0].state_dict() for batch in (train, wild))
    assert all(torch.isfinite(weights).all() for weights in one.values())
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_an_absurd_learning_rate_is_a_model_error_that_says_what_to_lower():
    with pytest.raises(
        ModelError, match=r"DE/load gru: the loss is (nan|inf) .*lower training.learning_rate \(1e\+36\)"
    ):
        trained(batch_of(1.0), batch_of(1.0, seed=7), learning_rate=1e36)


def test_an_infinite_input_is_a_model_error_that_says_where_to_look():
    train = batch_of(1.0)
    train.encoder[3, 2, 1] = torch.inf
    with pytest.raises(ModelError, match=r"in epoch 1: look for absurd values in the inputs \(`gridahead validate`\)"):
        trained(train, batch_of(1.0, seed=7))


def test_every_epoch_is_told():
    _, told = trained(batch_of(1.0), batch_of(1.0, seed=7), epochs=3)
    assert [epoch.epoch for epoch in told] == [0, 1, 2]
    assert all(epoch.epochs == 3 and epoch.windows_per_second > 0 and epoch.gradient_norm > 0 for epoch in told)
    assert str(told[1]).startswith("DE/load gru seed 0: epoch 2/3, loss ")


def test_the_loss_that_is_told_is_the_mean_over_the_batches():
    # 9 windows in batches of 2: torch cuts them into three, not into the four asked for. At a learning rate of nearly
    # nothing and without dropout every batch has the loss of the untrained network.
    settings = TrainingSettings.model_validate(
        {"quantiles": LEVELS, "epochs": 1, "batch_size": 2, "learning_rate": 1e-30, "weight_decay": 0}
    )
    torch.manual_seed(0)
    network = RecurrentNetwork(NetworkConfig("gru", E, D, len(LEVELS), 8, 6, 1, 0.0, "direct"))
    train, told = batch_of(1.0, n=9), []
    expected = loss_of(network, train)
    train_network(network, train, train, LEVELS, settings, model="m", member=0, seed=0, progress=told.append)
    assert told[0].train_loss == pytest.approx(expected, rel=0.05)
