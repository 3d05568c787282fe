"""The training loop: the loss, masks, determinism, the best epoch, the record, and a loss that is no number."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.batches import GRU, LEVELS, D, H, N, batch_of, inputs_of, network_of, settings_of

from gridahead.core.errors import ModelError, SettingsError
from gridahead.evaluation import metrics
from gridahead.training.batch import Batch, pinball, weighted_pinball
from gridahead.training.device import training_device
from gridahead.training.epoch import Epoch
from gridahead.training.loop import train_network

RNG = np.random.default_rng(6)


def trained(train, validation, *, seed=0, config=GRU, network_seed=0, **changes):
    """The network, and what it told after every epoch."""
    network = network_of(config, network_seed)
    told: list[Epoch] = []
    best = train_network(
        network,
        train,
        validation,
        LEVELS,
        settings_of(**changes),
        model="DE/load gru",
        member=0,
        seed=seed,
        progress=told.append,
    )
    return best, told


def loss_of(network, batch):
    with torch.inference_mode():
        return float(
            pinball(
                network.eval()(batch.encoder, batch.decoder, batch.static, batch.length), batch, torch.tensor(LEVELS)
            )
        )


# -- the loss -------------------------------------------------------------------------------------------------------


def test_the_loss_of_the_training_is_the_score_of_the_evaluation():
    answer, target = RNG.normal(size=(N, H, 3)), RNG.normal(size=(N, H))
    ours = pinball(torch.from_numpy(answer), batch_of(target), torch.tensor(LEVELS, dtype=torch.float64))
    assert float(ours) == pytest.approx(metrics.pinball(answer, LEVELS, target), rel=1e-6)


def test_the_loss_by_hand():
    # e = 2 above the 0.9 quantile costs 1.8, e = −4 below it 0.4; with weights 1 and 3 the mean is (1.8 + 1.2) / 4.
    target, weight = torch.tensor([[10.0, 10.0]]), torch.tensor([[1.0, 3.0]])
    batch = Batch(torch.zeros(1, 1, 1), torch.zeros(1, 2, 1), target, weight, torch.zeros(1, 0), torch.tensor([2]))
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
    target = np.zeros((N, H), np.float32)
    target[:, 4] = np.nan
    weight = Batch.of(inputs_of(), target, delivery, 0.3).weight
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


def test_an_infinite_input_is_a_model_error_that_says_where_it_happened_and_where_to_look():
    train = batch_of(1.0)
    train.encoder[3, 2, 1] = torch.inf
    at = next(n for n, rows in enumerate(first_order(len(train), 3)) if 3 in rows) + 1
    with pytest.raises(
        ModelError, match=rf"in epoch 1, step {at} of 3, .*a value is inf spreads away .* with `gridahead validate`"
    ):
        trained(train, batch_of(1.0, seed=7))


def test_an_absurd_target_is_found_in_the_step_where_it_is_met():
    train = batch_of(1.0)
    train.target[3, 2] = 1e9
    at = next(n for n, rows in enumerate(first_order(len(train), 3)) if 3 in rows) + 1
    assert at > 1, "the first step is what a later loss is compared with"
    with pytest.raises(
        ModelError, match=rf"the loss is .*e\+0.* in epoch 1, step {at} of 3, .*a value is 1e\+09 spreads"
    ):
        trained(train, batch_of(1.0, seed=7))


def test_an_absurd_input_of_the_validation_is_found_too():
    validation = batch_of(1.0, seed=7)
    validation.decoder[0, 0, 0] = torch.nan
    with pytest.raises(ModelError, match="in epoch 1, on the validation days: a value is nan spreads away"):
        trained(batch_of(1.0), validation)


def first_order(windows, steps):
    """The batches of the first epoch of seed 0."""
    return torch.randperm(windows, generator=torch.Generator().manual_seed(0)).chunk(steps)


# -- the record -----------------------------------------------------------------------------------------------------


def test_every_epoch_is_told():
    _, told = trained(batch_of(1.0), batch_of(1.0, seed=7), epochs=3)
    assert [epoch.epoch for epoch in told] == [0, 1, 2]
    assert all(epoch.epochs == 3 and epoch.windows_per_second > 0 for epoch in told)
    assert all(0 < epoch.mean_gradient_norm <= epoch.gradient_norm for epoch in told)
    assert str(told[1]).startswith("DE/load gru 1/1: epoch 2/3, loss ")


def test_the_clip_rate_is_the_share_of_the_steps_whose_gradient_was_too_long():
    train, validation = batch_of(RNG.normal(size=(N, H))), batch_of(1.0, seed=7)
    _, free = trained(train, validation, epochs=1, clip_norm=1e9)
    assert free[0].clip_rate == 0
    # Between the largest and the mean of three norms is at least one of them and at most two.
    between = (free[0].gradient_norm + free[0].mean_gradient_norm) / 2
    _, some = trained(train, validation, epochs=1, clip_norm=between, learning_rate=1e-30, weight_decay=0)
    assert some[0].clip_rate in (pytest.approx(1 / 3), pytest.approx(2 / 3))
    _, all_of_them = trained(train, validation, epochs=1, clip_norm=1e-9)
    assert all_of_them[0].clip_rate == 1


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nothing():
    _, told = trained(batch_of(1.0), batch_of(1.0, seed=7), epochs=10, patience=10, learning_rate=0.01)
    rates = [epoch.learning_rate for epoch in told]
    assert rates[1] == max(rates) == pytest.approx(0.01, rel=0.01)  # a fifth of the steps
    assert rates[-1] < 1e-4


def test_the_loss_that_is_told_is_the_mean_over_the_windows():
    # 9 windows in batches of 2: torch cuts them into three, not into the four asked for. At a learning rate of nearly
    # nothing and without dropout every batch has the loss of the untrained network.
    config, train = dataclasses.replace(GRU, dropout=0.0), batch_of(RNG.normal(size=(9, H)), n=9)
    expected = loss_of(network_of(config), train)
    _, told = trained(train, train, config=config, epochs=1, batch_size=2, learning_rate=1e-30, weight_decay=0)
    assert told[0].train_loss == pytest.approx(expected, rel=1e-5)
    assert told[0].validation_loss == pytest.approx(expected, rel=1e-5)


# -- without validation, weights, schedules -------------------------------------------------------------------------


def test_without_validation_all_epochs_are_trained_and_the_last_average_is_kept():
    train = batch_of(3.0)
    _, short = trained(train, None, epochs=2, patience=1)
    last, told = trained(train, None, epochs=12, patience=1, learning_rate=0.03)
    assert [epoch.validation_loss for epoch in told] == [None] * 12
    assert len(short) == 2
    assert loss_of(last, train) < 0.5 * short[0].train_loss


def test_a_window_of_weight_zero_is_not_learnt():
    target = RNG.normal(size=(N, H)).astype(np.float32)
    factors = torch.ones(N)
    factors[10:20] = 0
    poisoned = target.copy()
    poisoned[10:20] = 1e6
    validation = batch_of(1.0, seed=7)
    one, other = (trained(batch_of(each).weighted(factors), validation)[0].state_dict() for each in (target, poisoned))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_window_that_weighs_twice_pulls_twice_however_the_batches_fall():
    """The loss of a batch is not divided by its own weight: a batch of old windows moves the network less."""
    config = dataclasses.replace(GRU, dropout=0.0)
    target = RNG.normal(size=(4, H))
    factors = torch.tensor([2.0, 2.0, 1.0, 1.0])
    train = batch_of(target, n=4).weighted(factors)
    _, told = trained(train, train, config=config, epochs=1, batch_size=1, learning_rate=1e-30, weight_decay=0)
    network, levels = network_of(config), torch.tensor(LEVELS)
    norms = []
    for row in range(4):
        network.zero_grad()
        part = train.rows(torch.tensor([row]))
        # Weights of six units each: (2 + 2 + 1 + 1) × 6 / 4 = 9 a window.
        loss = weighted_pinball(network(part.encoder, part.decoder, part.static, part.length), part, levels) / 9
        loss.backward()
        norms.append(float(torch.cat([weight.grad.ravel() for weight in network.parameters()]).norm()))
    assert told[0].mean_gradient_norm == pytest.approx(np.mean(norms), rel=1e-4)


def test_teacher_forcing_gives_way_linearly():
    seen, network = [], network_of(dataclasses.replace(GRU, decoder="recursive"))
    network.decoder.register_forward_pre_hook(lambda module, given: seen.append((module.training, given[4])))
    train_network(
        network,
        batch_of(1.0),
        batch_of(1.0, seed=7),
        LEVELS,
        settings_of(epochs=5, batch_size=48, patience=5),
        model="m",
        member=0,
        seed=0,
        progress=lambda epoch: None,
    )
    assert [sampling for training, sampling in seen if training] == [1.0, 0.75, 0.5, 0.25, 0.0]


@pytest.mark.parametrize("epochs", [1, 2, 5, 6])
def test_a_training_may_be_a_few_steps_short(epochs):
    """One-cycle schedules of five steps make torch divide by zero."""
    _, told = trained(batch_of(1.0, n=4), batch_of(1.0, seed=7), epochs=epochs, patience=9)
    assert len(told) == epochs


# -- the device -----------------------------------------------------------------------------------------------------


def test_without_a_gpu_auto_is_the_cpu_and_cuda_says_what_to_do(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert training_device(settings_of()).type == "cpu"
    with pytest.raises(SettingsError, match=r'training.device = "cuda", but torch sees no GPU'):
        training_device(settings_of(device="cuda"))


def test_with_a_gpu_auto_takes_it_and_the_cpu_can_still_be_chosen(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "set_float32_matmul_precision", lambda precision: None)
    assert training_device(settings_of()).type == "cuda"
    assert training_device(settings_of(precision="bfloat16")).type == "cuda"
    assert training_device(settings_of(device="cpu")).type == "cpu"


def test_bfloat16_is_refused_on_a_cpu_before_anything_is_trained():
    with pytest.raises(SettingsError, match=r'on a CPU it is slower than float32. Set training.precision = "float32"'):
        trained(batch_of(1.0), batch_of(1.0, seed=7), device="cpu", precision="bfloat16")


def test_a_batch_that_is_on_the_device_is_not_copied():
    batch = batch_of(1.0)
    moved = batch.to(torch.device("cpu"))
    assert all(one is other for one, other in zip(batch.tensors(), moved.tensors(), strict=True))


# -- batches --------------------------------------------------------------------------------------------------------


def test_shorter_horizons_are_padded_with_units_that_do_not_count():
    one, other = batch_of(1.0, n=3), batch_of(2.0, n=2, seed=7)
    short = dataclasses.replace(
        other, decoder=other.decoder[:, :4], target=other.target[:, :4], weight=other.weight[:, :4]
    )
    joined = Batch.join(one, short)
    assert len(joined) == 5
    assert joined.decoder.shape == (5, H, D)
    assert joined.target[3:].tolist() == [[2.0] * 4 + [0.0] * 2] * 2
    assert joined.weight[3:].tolist() == [[1.0] * 4 + [0.0] * 2] * 2
    assert torch.equal(joined.encoder[3:], other.encoder)
