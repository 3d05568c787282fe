"""Another recurrent cell: whatever keeps to torch's call works with every encoder and decoder."""

import pytest
import torch
from builders.networks import LEVELS, H, N, S, assert_near, config_of, inputs_of, network_of
from torch import nn

from gridahead.core.errors import ModelError
from gridahead.explain.gradients import gradient_report
from gridahead.models.determinism import deterministic
from gridahead.models.network.cells import CELLS, recurrent_layer
from gridahead.models.network.network import Network
from gridahead.training.batch import Batch


class MinimalGatedUnit(nn.Module):
    """One gate that depends on the input alone, from Feng et al. (2024), "Were RNNs all we needed?"."""

    def __init__(self, features, hidden):
        super().__init__()
        self.gate, self.candidate = nn.Linear(features, hidden), nn.Linear(features, hidden)

    def forward(self, values, state=None):
        share, new = self.gate(values).sigmoid(), self.candidate(values)
        state = torch.zeros_like(new[:, 0]) if state is None else state
        outputs = []
        for step in range(values.shape[1]):
            state = (1 - share[:, step]) * state + share[:, step] * new[:, step]
            outputs.append(state)
        return torch.stack(outputs, dim=1), state


@pytest.fixture(autouse=True)
def minimal(monkeypatch):
    """The cell under a name, as an entry in `CELLS` would bring it."""
    monkeypatch.setitem(CELLS, "minimal", MinimalGatedUnit)


@pytest.mark.parametrize("decoder", ["direct", "recurrent", "attention", "recursive"])
@pytest.mark.parametrize("bptt_steps", [None, 3])
def test_a_cell_of_our_own_encodes_and_decodes_and_gets_gradients(decoder, bptt_steps):
    network = network_of("minimal", decoder=decoder, layers=2, layer_norm=True, bptt_steps=bptt_steps)
    answer = network(*inputs_of(network.config), torch.zeros(N, H))
    assert answer.shape == (N, H, len(LEVELS))
    answer.sum().backward()
    assert all(weights.grad is not None and weights.grad.isfinite().all() for weights in network.parameters())


def test_truncation_stops_its_gradients_too():
    encoder, *rest = inputs_of(config_of("minimal"))
    encoder.requires_grad_()
    network_of("minimal", bptt_steps=3).eval()(encoder, *rest).sum().backward()
    assert (encoder.grad.abs().sum(dim=(0, 2)) > 0).tolist() == [False] * (S - 3) + [True] * 3


def test_the_gradient_diagnosis_says_that_it_cannot_open_it():
    config = config_of("minimal", dropout=0.0)
    encoder, decoder, static, length = inputs_of(config)
    batch = Batch(encoder, decoder, torch.zeros(N, H), torch.ones(N, H), static, length)
    with pytest.raises(ModelError, match="MinimalGatedUnit cell: cannot be taken step by step"):
        gradient_report(Network(config), batch, LEVELS, 24.0)


OURS = ("slstm", "mlstm", "mingru", "minlstm")


def values_of(steps, size=1.0):
    return size * torch.randn(3, steps, 5, generator=torch.Generator().manual_seed(6))


def layer_of(cell):
    torch.manual_seed(7)
    return recurrent_layer(cell, 5, 8)


@pytest.mark.parametrize("cell", OURS)
def test_what_comes_later_changes_no_bit_of_what_came_before(cell):
    layer, values = layer_of(cell), values_of(100)
    poisoned = values.clone()
    poisoned[:, 70:] = 1e12
    one, other = layer(values)[0], layer(poisoned)[0]
    assert torch.equal(one[:, :70], other[:, :70])
    assert not torch.equal(one[:, 70:], other[:, 70:])


@pytest.mark.parametrize("cell", OURS)
@pytest.mark.parametrize("flush", [True, False])
def test_long_sequences_of_any_size_have_finite_answers_and_gradients(cell, flush):
    """Beyond 88 an exponential gate has no number in single precision."""
    with deterministic(flush_denormal=flush):
        for size in (1e-6, 1.0, 1e3):
            layer, values = layer_of(cell), values_of(500, size).requires_grad_()
            shown, last = layer(values)
            shown.square().mean().backward()
            assert shown.isfinite().all()
            assert values.grad.isfinite().all()
            assert all(weights.grad.isfinite().all() for weights in layer.parameters())
            assert not last.isnan().any()


@pytest.mark.parametrize("cell", OURS)
def test_with_and_without_gradients_the_answer_is_the_same_to_the_bit(cell):
    layer, values = layer_of(cell), values_of(30)
    with torch.inference_mode():
        answer, last = layer(values)
    assert torch.equal(layer(values)[0], answer)
    assert torch.equal(layer(values)[1], last)


@pytest.mark.parametrize("cell", OURS)
def test_a_sequence_goes_on_from_the_state_that_its_beginning_left(cell):
    layer, values = layer_of(cell), values_of(30)
    whole, last = layer(values)
    begun, state = layer(values[:, :11])
    rest, end = layer(values[:, 11:], state)
    assert_near(torch.cat([begun, rest], dim=1), whole, atol=1e-5)
    assert_near(end, last, atol=1e-5)


def test_a_name_without_a_cell_is_no_other_cell():
    """Guard: a cell that is declared in the settings and forgotten here must not be trained as an LSTM."""
    with pytest.raises(KeyError):
        recurrent_layer("tcn", 3, 4)  # type: ignore[arg-type]
    assert isinstance(recurrent_layer("transformer", 3, 4), nn.LSTM)
