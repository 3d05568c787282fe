"""The network as a whole: every pair of pieces answers, windows and units keep apart, what is off is not built."""

from typing import get_args

import numpy as np
import pytest
import torch
from builders.networks import LEVELS, H, N, S, assert_near, config_of, inputs_of, network_of

from gridahead.core.errors import ModelError
from gridahead.models.network.network import NetworkConfig
from gridahead.settings.networks import Cell

CELLS = get_args(Cell)
DECODERS = ("direct", "recurrent", "attention", "recursive")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_encoder_and_decoder_answer_with_rising_quantiles_for_every_unit(cell, decoder):
    network = network_of(cell, decoder=decoder, layers=2, static_features=3)
    answer = network(*inputs_of(network.config), torch.zeros(N, H))
    assert answer.shape == (N, H, len(LEVELS))
    assert (answer.diff(dim=-1) > 0).all()
    answer.sum().backward()
    assert all(weights.grad is not None and weights.grad.isfinite().all() for weights in network.parameters())


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_windows_in_a_batch_do_not_mix(cell, decoder):
    network = network_of(cell, decoder=decoder, static_features=3).eval()
    inputs = inputs_of(network.config)
    alone = network(*(part[1:2] for part in inputs))
    np.testing.assert_allclose(network(*inputs)[1:2].detach(), alone.detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_unit_hears_of_the_oldest_segment_of_its_own_known_future_and_of_its_series(cell):
    network = network_of(cell, static_features=3).eval()
    *parts, length = inputs_of(network.config)
    encoder, decoder, static = (part.requires_grad_() for part in parts)
    network(encoder, decoder, static, length)[:, -1].sum().backward()
    assert (encoder.grad.abs().sum(dim=-1) > 0).all()
    assert (decoder.grad[:, -1] != 0).all()
    assert (static.grad != 0).all()


@pytest.mark.parametrize("decoder", DECODERS)
def test_encoding_and_decoding_in_sequence_is_the_network(decoder):
    network = network_of(decoder=decoder).eval()
    encoder, *rest = inputs_of(network.config)
    states = network.encode(encoder)
    assert states.shape == (N, S, 8)
    assert torch.equal(network.decode(states, *rest), network(encoder, *rest))


@pytest.mark.parametrize("decoder", ["direct", "attention"])
def test_a_unit_is_answered_from_its_own_known_future(decoder):
    network = network_of(decoder=decoder).eval()
    encoder, decoder_inputs, static, length = inputs_of(network.config)
    decoder_inputs.requires_grad_()
    network(encoder, decoder_inputs, static, length)[0, 4].sum().backward()
    moved = decoder_inputs.grad[0].abs().sum(dim=-1) > 0
    assert moved.nonzero().flatten().tolist() == [4]


def test_the_target_is_read_by_the_recursive_decoder_in_training_only():
    read = {}
    for decoder in DECODERS:
        for training in (True, False):
            network = network_of(decoder=decoder, dropout=0.0).train(training)
            inputs = inputs_of(network.config)
            one, other = (network(*inputs, torch.full((N, H), level)) for level in (0.0, 5.0))
            read[decoder, training] = not torch.equal(one, other)
    assert [key for key, value in read.items() if value] == [("recursive", True)]


# -- pieces that are off --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoder", ["direct", "recurrent", "recursive"])
@pytest.mark.parametrize("static_features", [0, 3])
def test_without_an_encoder_the_known_future_answers_alone(decoder, static_features):
    network = network_of("gru", encoder_features=0, decoder=decoder, static_features=static_features).eval()
    assert not [name for name in network.state_dict() if name.startswith(("encoder.", "bridge."))]
    _, known, static, length = inputs_of(network.config)
    answer = network(torch.zeros(N, 0, 0), known, static, length)
    assert answer.shape == (N, H, 3)
    assert network.encode(torch.zeros(N, 0, 0)).shape == (N, 0, 8)
    assert torch.equal(answer, network(torch.zeros(N, S, 0), known, static, length))


def test_without_static_features_no_embedding_is_built():
    without, with_them = (set(network_of(static_features=count).state_dict()) for count in (0, 3))
    assert with_them - without == {"embedding.weight"}


def test_the_static_embedding_moves_the_context_linearly():
    network = network_of(static_features=2).eval()
    states = network.encode(inputs_of(network.config)[0])
    none, one, both = (network._context(states, torch.tensor([row] * N)) for row in ([0.0, 0], [1.0, 0], [1.0, 2.0]))
    weight = network.embedding.weight
    assert_near(one - none, weight[:, 0].expand(N, -1), atol=1e-6, rtol=1e-5)
    assert_near(both - none, (weight[:, 0] + 2 * weight[:, 1]).expand(N, -1), atol=1e-6, rtol=1e-5)


# -- the config -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [(0.1, 0.9), (0.1, 0.4, 0.9), (0.9, 0.5, 0.1), (0.5, 0.5, 0.5)])
def test_levels_without_a_median_in_the_middle_are_refused(levels):
    with pytest.raises(ModelError, match=r"must rise and be an odd number with 0\.5 in the middle"):
        config_of(levels=levels)


def test_attention_without_an_encoder_is_refused():
    with pytest.raises(ModelError, match="attention needs an encoder to look at"):
        config_of(encoder_features=0, decoder="attention")


def test_a_config_survives_its_way_through_a_dict():
    config = config_of("gru", decoder="recurrent", bidirectional=True, bptt_steps=3, static_features=4)
    stored = {**config.to_dict(), "levels": list(config.levels)}  # as JSON gives it back
    assert NetworkConfig.from_dict(stored) == config
