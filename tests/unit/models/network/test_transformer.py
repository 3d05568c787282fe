"""The Transformer encoder: the same answer in training and in service, and positions."""

import math

import numpy as np
import torch
from builders.networks import N, S, inputs_of, network_of

from gridahead.models.network.transformer import TransformerEncoder, positions


def encoder_of(dropout=0.0, layers=2):
    torch.manual_seed(1)
    return TransformerEncoder(5, 8, layers, 4, dropout)


def values_of(count=N, length=S):
    return torch.randn(count, length, 5, generator=torch.Generator().manual_seed(2))


def test_training_without_dropout_and_service_give_the_same_bits():
    encoder = encoder_of()
    trained = encoder.train()(values_of())
    with torch.inference_mode():
        served = encoder.eval()(values_of())
    assert trained.detach().numpy().tobytes() == served.numpy().tobytes()


def test_who_imports_it_keeps_torchs_own_fast_attention():
    """Guard: the layers do without it by themselves; the switch is one for the whole process, and not ours."""
    assert torch.backends.mha.get_fastpath_enabled()


def test_dropout_is_at_work_in_training_only():
    encoder, values = encoder_of(dropout=0.5), values_of()
    assert not torch.equal(encoder.train()(values), encoder(values))
    assert torch.equal(encoder.eval()(values), encoder(values))


def test_a_layer_by_hand():
    """Pre-norm attention and feed-forward, written out in numpy."""
    encoder, values = encoder_of(layers=1).eval(), values_of(1)
    weights = {name: tensor.detach().numpy().astype(float) for name, tensor in encoder.state_dict().items()}

    def linear(x, name):
        return x @ weights[f"{name}weight"].T + weights[f"{name}bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}weight"] + weights[f"{name}bias"]

    x = linear(values[0].numpy().astype(float), "entry.") + positions(S, 8).numpy()
    query, key, value = np.split(linear(norm(x, "layers.0.norm1."), "layers.0.self_attn.in_proj_"), 3, axis=-1)
    heads = []
    for head in range(4):
        at = slice(2 * head, 2 * head + 2)
        score = np.exp(query[:, at] @ key[:, at].T / math.sqrt(2))
        heads.append(score / score.sum(-1, keepdims=True) @ value[:, at])
    x = x + linear(np.concatenate(heads, axis=-1), "layers.0.self_attn.out_proj.")
    inner = linear(norm(x, "layers.0.norm2."), "layers.0.linear1.")
    gelu = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
    x = norm(x + linear(gelu, "layers.0.linear2."), "layers.1.")
    np.testing.assert_allclose(encoder(values)[0].detach().numpy(), x, atol=1e-5)


def test_positions_count_back_from_the_issue_time_by_hand():
    found = positions(3, 4).numpy()
    # Width 4: waves sin, cos at rate 1, then at rate 10000^(-2/4) = 0.01; distances 2, 1, 0.
    expected = [[math.sin(d), math.cos(d), math.sin(d / 100), math.cos(d / 100)] for d in (2, 1, 0)]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # A longer context has the same positions at its end.
    np.testing.assert_array_equal(positions(10, 4)[-3:], positions(3, 4))


def test_the_order_of_the_segments_matters():
    encoder, values = encoder_of().eval(), values_of()
    swapped = values[:, [1, 0, *range(2, S)]]
    assert not torch.allclose(encoder(values)[:, -1], encoder(swapped)[:, -1], atol=1e-4)


def test_layers_do_not_begin_as_copies_of_each_other():
    encoder = encoder_of()
    assert not torch.equal(encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight)


def test_the_transformer_reads_the_windows_of_the_lstm():
    for cell in ("lstm", "transformer"):
        network = network_of(cell)
        assert network(*inputs_of(network.config)).shape == (N, 13, 3)
