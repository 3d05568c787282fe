"""The gradient on its way back through time, against layers whose Jacobian is known and gradients taken by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from gridahead.core.errors import ModelError
from gridahead.explain.gradient_report import effective_memory
from gridahead.explain.gradients import gradient_report
from gridahead.explain.recurrence import entering, kept_share, largest_singular_values, nothing, step, unroll
from gridahead.models.network.cells import CELLS
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.training.batch import Batch, pinball

LEVELS = (0.1, 0.5, 0.9)
N, S, E, H, D, HIDDEN = 6, 5, 4, 3, 2, 8
LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
OURS = ("slstm", "mlstm", "mingru", "minlstm")


def close(found, known):
    np.testing.assert_allclose(found.detach().numpy(), known.detach().numpy(), rtol=1e-9, atol=1e-12)


def layer_of(cell, hidden=HIDDEN, features=E, **options):
    torch.manual_seed(2)
    if cell in OURS:
        return CELLS[cell](features, hidden, **options).double()
    return LAYERS[cell](features, hidden, batch_first=True, **options).double()


def inputs_of(steps=S, features=E):
    return torch.randn(N, steps, features, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def batch_of(steps=S, n=N):
    made = torch.Generator().manual_seed(4)
    encoder, decoder, target = (torch.randn(n, *shape, generator=made) for shape in ((steps, E), (H, D), (H,)))
    return Batch(encoder, decoder, target, torch.ones(n, H), torch.zeros(n, 0), torch.full((n,), H))


def doubled(batch):
    return Batch(*(part.double() if part.is_floating_point() else part for part in batch.tensors()))


def network_of(cell="lstm", **changes):
    torch.manual_seed(5)
    config = NetworkConfig(cell, E, D, LEVELS, HIDDEN, 6)
    return Network(replace(config, **changes))


def report_of(network, batch=None, hours_per_step=24.0):
    return gradient_report(network, batch or batch_of(), LEVELS, hours_per_step)


# -- one layer, step by step ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [*LAYERS, *OURS])
def test_a_layer_step_by_step_is_the_layer_as_a_whole(cell):
    layer, inputs = layer_of(cell), inputs_of()
    states = torch.stack(unroll(layer, entering(layer, inputs)), dim=1)
    close(states[..., :HIDDEN], layer(inputs)[0])
    if cell == "lstm":
        close(states[:, -1, HIDDEN:], layer(inputs)[1][1][0])
    if cell in OURS:
        close(states[:, -1], layer(inputs)[1])


def test_the_stretch_of_a_linear_recurrence_is_the_largest_singular_value_of_its_weights():
    """Where every unit of a rectified rnn is active, its Jacobian is the recurrent matrix itself."""
    layer = layer_of("rnn", nonlinearity="relu")
    with torch.no_grad():
        layer.bias_ih_l0.fill_(100.0)
    entered = entering(layer, inputs_of())
    before = torch.randn(N, HIDDEN, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    found = largest_singular_values(layer, entered[:, 0], before)
    known = torch.linalg.svdvals(layer.weight_hh_l0.detach())[0]
    assert found.tolist() == pytest.approx([float(known)] * N, rel=1e-3)


@pytest.mark.parametrize("cell", [*LAYERS, *OURS])
def test_the_stretch_of_a_step_is_that_of_its_whole_jacobian(cell):
    """Torch's Jacobian and its singular values, of the state (h, c) for an lstm."""
    layer = layer_of(cell)
    entered = entering(layer, inputs_of())[:, 2]
    before = unroll(layer, entering(layer, inputs_of()))[1].detach()
    found = largest_singular_values(layer, entered, before)
    for row in range(N):
        jacobian = torch.autograd.functional.jacobian(
            lambda state, row=row: step(layer, entered[row : row + 1], state[None])[0], before[row]
        )
        assert jacobian.shape == (before.shape[1],) * 2
        assert float(found[row]) == pytest.approx(float(torch.linalg.svdvals(jacobian)[0]), rel=1e-2)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_gate_held_by_its_bias_keeps_what_the_bias_says(cell):
    """With weights of nothing the second gate is σ(bias): 0.9 here, whatever the inputs and the first and third do."""
    layer = layer_of(cell)
    with torch.no_grad():
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(layer, name)[HIDDEN : 2 * HIDDEN] = 0.0
        layer.bias_hh_l0[HIDDEN : 2 * HIDDEN] = np.log(0.9 / 0.1)
    entered = entering(layer, inputs_of())
    states = torch.stack(unroll(layer, entered), dim=1)
    kept = kept_share(layer, entered, states)
    assert kept is not None
    assert kept.tolist() == pytest.approx([0.9] * HIDDEN)


@pytest.mark.parametrize(
    ("cell", "bias"),
    [
        ("mingru", [-np.log(9)] * HIDDEN),  # z = 1/10 is written
        ("minlstm", [np.log(9)] * HIDDEN + [-np.log(9)] * HIDDEN),  # 9/10 of 9/10 + 1/10
        ("mlstm", [0.0] * (4 * HIDDEN + 4) + [np.log(9)] * 4),
    ],
)
def test_a_gate_of_our_own_cells_held_by_its_bias_keeps_what_the_bias_says(cell, bias):
    layer = layer_of(cell)
    with torch.no_grad():
        layer.entry.weight.zero_()
        layer.entry.bias[: len(bias)] = torch.tensor(bias)
    entered = entering(layer, inputs_of())
    kept = kept_share(layer, entered, torch.stack(unroll(layer, entered), dim=1))
    assert kept is not None
    assert kept.tolist() == pytest.approx([0.9] * (4 if cell == "mlstm" else HIDDEN))


def test_the_first_step_of_an_slstm_keeps_nothing_and_the_next_ones_by_the_weight_that_is_there():
    """f = 1/2 and i = 1 all the time: weights 1, 3/2, 7/4, of which 0, 1/2 and 3/4 are old."""
    layer = layer_of("slstm")
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
    entered = entering(layer, inputs_of(steps=3))
    kept = kept_share(layer, entered, torch.stack(unroll(layer, entered), dim=1))
    assert kept is not None
    assert kept.tolist() == pytest.approx([(0 + (1 / 2) / (3 / 2) + (3 / 4) / (7 / 4)) / 3] * HIDDEN)


def test_a_gate_is_read_with_the_state_before_the_step():
    layer = layer_of("lstm")
    entered = entering(layer, inputs_of(steps=2))
    states = torch.stack(unroll(layer, entered), dim=1)
    first = torch.sigmoid(entered[:, 0, HIDDEN : 2 * HIDDEN] + layer.bias_hh_l0[HIDDEN : 2 * HIDDEN])
    weight = layer.weight_hh_l0[HIDDEN : 2 * HIDDEN]
    second = torch.sigmoid(
        entered[:, 1, HIDDEN : 2 * HIDDEN] + states[:, 0, :HIDDEN] @ weight.T + layer.bias_hh_l0[HIDDEN : 2 * HIDDEN]
    )
    close(kept_share(layer, entered, states), ((first + second) / 2).mean(0))


# -- the report -----------------------------------------------------------------------------------------------------


def test_the_norms_are_those_of_a_gradient_taken_by_hand():
    """Three steps of a plain rnn written out; the loss is that of the whole network on the same windows."""
    network, batch = network_of("rnn"), batch_of(steps=3)
    hand, layer = network_of("rnn").double().eval(), network_of("rnn").double().encoder.layers[0]
    double = doubled(batch)
    x, w, u = double.encoder, layer.weight_ih_l0, layer.weight_hh_l0
    bias = layer.bias_ih_l0 + layer.bias_hh_l0
    h1 = torch.tanh(x[:, 0] @ w.T + bias)
    h2 = torch.tanh(x[:, 1] @ w.T + h1 @ u.T + bias)
    h3 = torch.tanh(x[:, 2] @ w.T + h2 @ u.T + bias)
    answer = hand.decode(torch.stack([h1, h2, h3], 1), double.decoder, double.static, double.length)
    close(answer, hand(double.encoder, double.decoder, double.static, double.length))
    gradients = torch.autograd.grad(pinball(answer, double, torch.tensor(LEVELS).double()), [h3, h2, h1])
    by_hand = [float(torch.linalg.vector_norm(one, dim=1).sum()) for one in gradients]  # N × mean over N windows
    assert report_of(network, batch).norms.tolist() == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("cell", [*LAYERS, *OURS])
@pytest.mark.parametrize("decoder", ["direct", "attention"])
def test_going_back_a_step_is_going_through_its_jacobian(cell, decoder):
    """The gradient at a state is what the decoder reads there, plus Jᵀ times the gradient at the next state."""
    network, one = network_of(cell, decoder=decoder, decoder_hidden=8, heads=2), batch_of(n=1)
    exact = network_of(cell, decoder=decoder, decoder_hidden=8, heads=2).double().eval()
    double = doubled(one)
    layer = exact.encoder.layers[0]
    entered = entering(layer, double.encoder)
    states = [state.detach() for state in unroll(layer, entered)]
    hidden = torch.stack(states, dim=1)[..., :HIDDEN].requires_grad_()
    loss = pinball(
        exact.decode(hidden, double.decoder, double.static, double.length), double, torch.tensor(LEVELS).double()
    )
    (read,) = torch.autograd.grad(loss, hidden)
    expected, sigma, gradient = [], [], torch.zeros(states[0].shape[1], dtype=torch.float64)
    for number in reversed(range(S)):
        gradient[:HIDDEN] += read[0, number]
        expected.append(float(gradient.norm()))
        before = (states[number - 1] if number else nothing(layer, entered))[0]
        jacobian = torch.autograd.functional.jacobian(
            lambda state, number=number: step(layer, entered[:, number], state[None])[0], before
        )
        gradient = jacobian.T @ gradient
        sigma.append(float(torch.linalg.svdvals(jacobian)[0]))
    report = report_of(network, one)
    assert report.norms.tolist() == pytest.approx(expected, rel=1e-9)
    assert report.stretch.tolist() == pytest.approx(sigma, rel=1e-2)


def test_gradients_that_single_precision_cannot_hold_are_measured():
    network = network_of("rnn")
    with torch.no_grad():
        network.encoder.layers[0].weight_hh_l0.mul_(1e-3)
    norms = report_of(network, batch_of(steps=40)).norms
    assert 0 < norms[-1] < 1e-100


def test_the_last_of_several_layers_is_measured():
    """With a first layer that is silenced the second one reads nothing: the same as one layer on inputs of nothing."""
    deep = network_of("gru", layers=2)
    shallow = network_of("gru", encoder_features=HIDDEN)
    with torch.no_grad():
        for parameter in deep.encoder.layers[0].parameters():
            parameter.zero_()
        second = {
            name.replace("encoder.layers.1", "encoder.layers.0"): value for name, value in deep.state_dict().items()
        }
        shallow.load_state_dict({name: second[name] for name in shallow.state_dict()})
    silent = replace(batch_of(), encoder=torch.zeros(N, S, HIDDEN))
    found, known = report_of(deep), report_of(shallow, silent)
    assert found.norms.tolist() == pytest.approx(known.norms.tolist(), rel=1e-9)
    assert found.gate_hours.tolist() == pytest.approx(known.gate_hours.tolist(), rel=1e-9)


def test_layer_norm_stands_between_the_states_and_what_the_decoder_reads():
    network = network_of("lstm", layer_norm=True)
    before = report_of(network).norms
    with torch.no_grad():
        network.encoder.norms[-1].weight.mul_(0.0)
    assert before[-1] > 0
    assert report_of(network).norms.tolist() == [0.0] * S


def test_truncated_back_propagation_reaches_as_many_steps_as_it_goes_back():
    for decoder in ("direct", "attention"):
        network = network_of("lstm", bptt_steps=2, decoder=decoder, decoder_hidden=8, heads=2)
        report = report_of(network)
        assert (report.norms[:2] > 0).all()
        assert report.norms[2:].tolist() == [0.0] * (S - 2)
        assert report.memory_hours <= 48


def test_times_are_in_hours_of_the_segment():
    network = network_of("lstm")
    day, hour = report_of(network), report_of(network, hours_per_step=1.0)
    assert day.lags.tolist() == [0, 24, 48, 72, 96]
    assert day.memory_hours == pytest.approx(24 * hour.memory_hours)
    assert day.gate_hours == pytest.approx(24 * hour.gate_hours)
    assert day.stretch == pytest.approx(hour.stretch)


def test_a_gate_that_keeps_nine_tenths_a_day_forgets_in_nine_and_a_half_days():
    network = network_of("lstm")
    with torch.no_grad():
        for name, parameter in network.encoder.layers[0].named_parameters():
            parameter[HIDDEN : 2 * HIDDEN] = np.log(9) if name == "bias_ih_l0" else 0.0
    assert report_of(network).metrics()["forget_gate_hours_median"] == pytest.approx(24 * 9.4912, rel=1e-4)


def test_measuring_leaves_network_and_chance_as_they_were():
    network, batch = network_of("lstm").train(), batch_of()
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    chance = torch.get_rng_state()
    report_of(network, batch)
    assert torch.equal(torch.get_rng_state(), chance)
    assert network.training
    assert all(parameter.grad is None and parameter.dtype == torch.float32 for parameter in network.parameters())
    assert all(torch.equal(weights[name], value) for name, value in network.state_dict().items())
    assert not network.encoder.layers[-1]._forward_pre_hooks


def test_a_transformer_is_measured_where_the_segments_enter_and_says_what_it_has_not():
    network, batch = network_of("transformer", heads=2), batch_of()
    report = report_of(network, batch)
    assert report.norms.shape == (S,)
    assert (report.norms > 0).all()
    assert (report.stretch, report.gate_hours) == (None, None)
    # By hand: where a segment enters as it is, the gradient there is the gradient of the input.
    exact = network_of("transformer", heads=2, encoder_features=HIDDEN).double().eval()
    with torch.no_grad():
        exact.encoder.entry.weight.copy_(torch.eye(HIDDEN))
        exact.encoder.entry.bias.zero_()
    x = torch.randn(N, S, HIDDEN, dtype=torch.float64, generator=torch.Generator().manual_seed(8), requires_grad=True)
    double = replace(doubled(batch), encoder=x)
    loss = pinball(
        exact(*(double.encoder, double.decoder, double.static, double.length)), double, torch.tensor(LEVELS).double()
    )
    (gradient,) = torch.autograd.grad(loss, x)
    single = replace(batch, encoder=x.detach())
    found = report_of(exact, single).norms
    assert found.tolist() == pytest.approx(gradient.norm(dim=-1).sum(0).flip(0).tolist(), rel=1e-6)


def test_a_network_without_an_encoder_has_no_way_back():
    with pytest.raises(ModelError, match=r"lstm network: has no encoder"):
        report_of(network_of("lstm", encoder_features=0))


# -- what it says ---------------------------------------------------------------------------------------------------


def test_the_memory_ends_where_the_gradient_has_fallen_to_a_hundredth():
    # A fall to a tenth a step passes a hundredth after exactly two steps, a fall to 1/√10 after four.
    assert effective_memory(10.0 ** -np.arange(5.0)) == pytest.approx(2.0)
    assert effective_memory(3 * 10.0 ** -(np.arange(9) / 2)) == pytest.approx(4.0)
    assert effective_memory(np.array([1.0, 0.1, 0.001])) == pytest.approx(1.5)


def test_what_comes_back_after_a_gap_counts():
    assert effective_memory(np.array([1.0, 1e-5, 1e-5, 0.1, 0.001])) == pytest.approx(3.5)


def test_a_gradient_that_survives_gives_the_whole_context_and_one_that_is_cut_its_last_step():
    assert effective_memory(np.ones(7)) == 7
    assert effective_memory(np.array([1.0, 0.5, 0.0, 0.0])) == 2
    assert effective_memory(np.zeros(3)) == 0
