"""The recurrent network: shapes, and quantiles that cannot cross."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gridahead.models.base import within
from gridahead.models.recurrent import NetworkConfig, RecurrentNetwork, non_crossing


def config_of(**changes):
    plain = {
        "cell": "lstm", "encoder_features": 7, "decoder_features": 5, "quantiles": 3, "hidden": 8, "decoder_hidden": 6,
        "layers": 1, "dropout": 0.3, "decoder": "direct",
    }  # fmt: skip
    return NetworkConfig(**{**plain, **changes})


@settings(max_examples=100, deadline=None)
@given(
    raw=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.sampled_from([1, 3, 9, 11])),
        elements=st.floats(-(2.0**20), 2.0**20, width=32, allow_subnormal=False),
    )
)
def test_quantiles_always_rise_and_the_median_is_what_was_said(raw):
    found = non_crossing(torch.from_numpy(raw)).numpy()
    assert found.shape == raw.shape
    assert (np.diff(found, axis=-1) >= 0).all()
    middle = raw.shape[-1] // 2
    np.testing.assert_array_equal(found[..., middle], raw[..., middle])


def test_steps_away_from_the_median_by_hand():
    # softplus(0) = ln 2, so every step is 0.3 ln 2.
    found = non_crossing(torch.tensor([0.0, 0.0, 5.0, 0.0, 0.0])).numpy()
    step = 0.3 * np.log(2)
    np.testing.assert_allclose(found, 5 + step * np.array([-2, -1, 0, 1, 2]), rtol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("decoder", ["direct", "recurrent"])
def test_every_cell_answers_with_rising_quantiles_for_every_unit(cell, decoder):
    torch.manual_seed(1)
    network = RecurrentNetwork(config_of(cell=cell, decoder=decoder, layers=2)).eval()
    answer = network(torch.randn(4, 8, 7), torch.randn(4, 37, 5))
    assert answer.shape == (4, 37, 3)
    assert (answer.diff(dim=-1) >= 0).all()


def test_the_answer_depends_on_the_oldest_day_of_the_context_and_on_every_known_unit_ahead():
    torch.manual_seed(1)
    network = RecurrentNetwork(config_of()).eval()
    encoder, decoder = torch.randn(1, 8, 7, requires_grad=True), torch.randn(1, 37, 5, requires_grad=True)
    network(encoder, decoder)[0, -1].sum().backward()
    assert (encoder.grad[0].abs().sum(dim=-1) > 0).all()
    assert (decoder.grad[0, -1] != 0).any()


def test_windows_in_a_batch_do_not_mix():
    torch.manual_seed(1)
    network = RecurrentNetwork(config_of(decoder="recurrent")).eval()
    encoder, decoder = torch.randn(3, 8, 7), torch.randn(3, 37, 5)
    together = network(encoder, decoder)
    alone = network(encoder[1:2], decoder[1:2])
    np.testing.assert_allclose(together[1:2].detach(), alone.detach(), rtol=1e-5, atol=1e-6)


def test_lstm_gates_forget_little_at_the_start():
    network = RecurrentNetwork(config_of(cell="lstm"))
    assert network.encoder.bias_ih_l0.chunk(4)[1].tolist() == [1.0] * 8
    recurrence = network.encoder.weight_hh_l0[:8].detach()
    np.testing.assert_allclose(recurrence @ recurrence.T, np.eye(8), atol=1e-5)


def test_quantiles_are_kept_within_the_physical_bound():
    values = np.array([[-5.0, 0.0, 3.0]], np.float32)
    assert within(values, 0.0).tolist() == [[0.0, 0.0, 3.0]]
    assert within(values, None).tolist() == [[-5.0, 0.0, 3.0]]
    assert within(values, 0.0).dtype == np.float32
