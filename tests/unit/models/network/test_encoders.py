"""The recurrent encoder: how it begins, how far gradients go back, where layer norm stands."""

import numpy as np
import pytest
import torch
from builders.networks import N, S, assert_near
from torch import nn

from gridahead.models.network.cells import RECURRENT, recurrent_layer
from gridahead.models.network.encoders import RecurrentEncoder

E, HIDDEN = 6, 8


def encoder_of(cell="lstm", seed=3, **changes):
    torch.manual_seed(seed)
    return RecurrentEncoder(cell, E, HIDDEN, **changes)


def segments(length=S):
    return torch.randn(N, length, E, generator=torch.Generator().manual_seed(4)).requires_grad_()


# -- the start ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_the_recurrence_of_every_gate_begins_orthogonal(cell, gates):
    for gate in np.split(recurrent_layer(cell, E, HIDDEN).get_parameter("weight_hh_l0").detach().numpy(), gates):
        np.testing.assert_allclose(gate @ gate.T, np.eye(HIDDEN), atol=1e-5)


def test_the_forget_gates_of_an_lstm_begin_open_and_the_other_gates_do_not():
    layer = recurrent_layer("lstm", E, HIDDEN)
    entry, forget, cell, output = layer.get_parameter("bias_ih_l0").detach().chunk(4)
    assert forget.tolist() == [1.0] * HIDDEN
    hidden = layer.get_parameter("bias_hh_l0").detach()
    assert all(part.abs().max() < 0.5 for part in (entry, cell, output, hidden))


# -- truncated back-propagation through time ------------------------------------------------------------------------

PIECES = [{"layers": 1}, {"layers": 2}, {"layers": 2, "layer_norm": True}]


def weighed(states, seed=5):
    """A loss that looks at every state."""
    return (states * torch.randn(states.shape, generator=torch.Generator().manual_seed(seed))).sum()


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("pieces", PIECES)
@pytest.mark.parametrize("steps", [S, S + 5])
def test_truncation_beyond_the_context_is_full_back_propagation_to_the_bit(cell, pieces, steps):
    full, truncated = (encoder_of(cell, bptt_steps=k, **pieces) for k in (None, steps))
    one, other = segments(), segments()
    states = full(one), truncated(other)
    for each in states:
        weighed(each).backward()
    assert torch.equal(*states)
    assert torch.equal(one.grad, other.grad)
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(full.parameters(), truncated.parameters(), strict=True))


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("pieces", PIECES)
def test_truncation_changes_no_value_and_stops_gradients_exactly_after_so_many_steps(cell, pieces):
    full, truncated = (encoder_of(cell, bptt_steps=k, **pieces) for k in (None, 3))
    one, other = segments(), segments()
    states = full(one), truncated(other)
    assert_near(*states, rtol=1e-5, atol=1e-6)
    for each in states:
        weighed(each[:, -1]).backward()
    assert (other.grad[:, : S - 3] == 0).all()
    assert (one.grad[:, : S - 3] != 0).any()
    # The loss looks at the last state alone, so the three newest inputs hear the same either way.
    assert_near(one.grad[:, -3:], other.grad[:, -3:], rtol=1e-4, atol=1e-6)


def test_truncated_gradients_of_the_weights_are_those_of_a_second_run_begun_with_the_carried_state():
    encoder, values = encoder_of("lstm", bptt_steps=2), segments().detach()
    weighed(encoder(values)[:, -2:]).backward()
    lone = nn.LSTM(E, HIDDEN, batch_first=True)
    lone.load_state_dict(encoder.layers[0].state_dict())
    _, (state, memory) = lone(values[:, :-2])
    weighed(lone(values[:, -2:], (state.detach(), memory.detach()))[0]).backward()
    for ours, theirs in zip(encoder.layers[0].parameters(), lone.parameters(), strict=True):
        assert_near(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_what_is_older_than_the_truncation_still_changes_the_answer():
    encoder, values = encoder_of("gru", bptt_steps=2), segments().detach()
    other = values.clone()
    other[:, 0] += 1
    assert not torch.equal(encoder(values)[:, -1], encoder(other)[:, -1])


# -- pieces ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "kind"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_two_plain_layers_are_torchs_own_two_layers(cell, kind):
    encoder, values = encoder_of(cell, layers=2), segments()
    stacked = kind(E, HIDDEN, 2, batch_first=True)
    names = {f"{name}_l{number}": layer for number, layer in enumerate(encoder.layers) for name in ("weight_ih",)}
    assert len(names) == 2
    stacked.load_state_dict(
        {
            name.replace("l0", f"l{number}"): weight
            for number, layer in enumerate(encoder.layers)
            for name, weight in layer.state_dict().items()
        }
    )
    assert_near(encoder(values), stacked(values)[0], rtol=1e-5, atol=1e-6)


def test_dropout_stands_between_layers_and_nowhere_else():
    one, two = (encoder_of("gru", layers=layers, dropout=0.5).train() for layers in (1, 2))
    values = segments()
    assert torch.equal(one(values), one(values))
    assert not torch.equal(two(values), two(values))
    assert torch.equal(two.eval()(values), two(values))


@pytest.mark.parametrize("cell", RECURRENT)
def test_layer_norm_gives_every_state_the_mean_nought_and_the_spread_one(cell):
    states = encoder_of(cell, layers=2, layer_norm=True)(segments() * 1000).detach().numpy()
    np.testing.assert_allclose(states.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(states.std(axis=-1), 1, atol=2e-2)  # the states of an mlstm are small at first


def test_layer_norm_keeps_inputs_of_any_size_from_saturating_the_gates():
    normed, plain = (encoder_of("lstm", layer_norm=on, seed=6) for on in (True, False))
    values = segments().detach()
    small, large = normed(values * 10), normed(values * 1e4)
    assert (small - large).abs().mean() < 0.1 < (plain(values * 10) - plain(values * 1e4)).abs().mean()


def test_without_layer_norm_nothing_of_it_is_built():
    assert [name for name in encoder_of("gru").state_dict() if not name.startswith("layers.0.")] == []
