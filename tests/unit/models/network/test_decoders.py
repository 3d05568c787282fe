"""The decoders: what each unit of the horizon sees, attention by hand, and reading one's own answer."""

import math

import numpy as np
import pytest
import torch
from builders.networks import D, H, N, S, assert_near
from torch import nn

from gridahead.models.network.decoders import AttentionDecoder, DirectDecoder, RecurrentDecoder, RecursiveDecoder
from gridahead.models.network.head import QuantileHead

W, HIDDEN, WIDTH = 3, 8, 12


def noise(*shape, seed=7):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


KNOWN, CONTEXT, STATES = noise(N, H, D), noise(N, W, seed=8), noise(N, S, HIDDEN, seed=9)
WHOLE = torch.full((N,), H)
"""Horizons that are as long as the batch."""


def made(kind, *args, seed=1, **options):
    torch.manual_seed(seed)
    return kind(*args, **options)


def units_heard(decode, unit):
    """The units of the known future that move the answer of one unit."""
    known = KNOWN.clone().requires_grad_()
    decode(known)[:, unit].sum().backward()
    return (known.grad.abs().sum(dim=(0, 2)) > 0).nonzero().flatten().tolist()


@pytest.mark.parametrize(
    ("decoder", "heard"),
    [
        (made(DirectDecoder, D, W, WIDTH, 0.0), [4]),
        (made(AttentionDecoder, D, W, HIDDEN, WIDTH, 4, 0.0), [4]),
        (made(RecurrentDecoder, "lstm", D, W, WIDTH, bidirectional=False), [0, 1, 2, 3, 4]),
        (made(RecurrentDecoder, "lstm", D, W, WIDTH, bidirectional=True), list(range(H))),
    ],
    ids=["direct", "attention", "recurrent", "both directions"],
)
def test_which_units_of_the_known_future_a_unit_hears(decoder, heard):
    assert units_heard(lambda known: decoder(known, CONTEXT, STATES, WHOLE), 4) == heard
    assert decoder(KNOWN, CONTEXT, STATES, WHOLE).shape == (N, H, decoder.width)


def test_every_unit_hears_the_context():
    for decoder in (
        made(DirectDecoder, D, W, WIDTH, 0.0),
        made(AttentionDecoder, D, W, HIDDEN, WIDTH, 4, 0.0),
        made(RecurrentDecoder, "rnn", D, W, WIDTH, bidirectional=False),
    ):
        one, other = (decoder(KNOWN, context, STATES, WHOLE) for context in (CONTEXT, CONTEXT + 1))
        assert ((one - other).abs().sum(dim=-1) > 0).all()


# -- attention ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [HIDDEN, WIDTH])
def test_attention_by_hand(hidden):
    """Four heads over all states, from the weights of the decoder, in numpy."""
    decoder, states = made(AttentionDecoder, D, W, hidden, WIDTH, 4, 0.0), noise(N, S, hidden, seed=9)
    layer = decoder.attention
    if hidden == WIDTH:
        projections = layer.in_proj_weight.chunk(3)
    else:
        projections = layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight
    to_query, to_key, to_value = (weight.detach().numpy().astype(float) for weight in projections)
    seen = np.concatenate([KNOWN[0], CONTEXT[0].expand(H, -1)], axis=-1)
    asked = seen @ decoder.query.weight.detach().numpy().T + decoder.query.bias.detach().numpy()
    query, key, value = asked @ to_query.T, states[0].numpy() @ to_key.T, states[0].numpy() @ to_value.T
    heads = []
    for head in range(4):
        at = slice(3 * head, 3 * head + 3)
        score = np.exp(query[:, at] @ key[:, at].T / math.sqrt(3))
        heads.append(score / score.sum(-1, keepdims=True) @ value[:, at])
    found = np.concatenate(heads, axis=-1) @ layer.out_proj.weight.detach().numpy().T
    given = torch.cat([KNOWN[:1], torch.from_numpy(found[None].astype(np.float32))], dim=-1)
    expected = decoder.direct(given, CONTEXT[:1], states[:1], WHOLE[:1])
    assert_near(decoder(KNOWN[:1], CONTEXT[:1], states[:1], WHOLE[:1]), expected, rtol=1e-4, atol=1e-5)


def test_attention_reaches_the_oldest_state_at_once():
    states = STATES.clone().requires_grad_()
    made(AttentionDecoder, D, W, HIDDEN, WIDTH, 4, 0.0)(KNOWN, CONTEXT, states, WHOLE)[:, -1].sum().backward()
    reach = states.grad.norm(dim=-1)
    assert (reach[:, 0] > 0.01 * reach[:, -1]).all()


# -- the recursive decoder ------------------------------------------------------------------------------------------


def recursive(cell="lstm"):
    """The decoder and its answer, without dropout."""
    decoder = made(RecursiveDecoder, cell, D, W, WIDTH)
    head = QuantileHead(WIDTH + D, WIDTH, (0.1, 0.5, 0.9), 0.0)

    def answer(decoded, known):
        return head(torch.cat([decoded, known], dim=-1))

    def decode(truth=None, sampling=1.0, known=KNOWN):
        return decoder(known, CONTEXT, answer, truth, sampling)

    return decode


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_free_run_is_what_its_own_medians_teach(cell):
    decode = recursive(cell)
    free = decode()
    assert free.shape == (N, H, 3)
    assert_near(decode(truth=free[..., 1]), free, rtol=1e-4, atol=1e-5)


def test_without_sampling_the_truth_is_not_read_even_in_training():
    decode = recursive()
    assert torch.equal(decode(truth=noise(N, H, seed=11), sampling=0.0), decode())


def test_a_taught_unit_reads_the_truth_of_the_units_before_it_only():
    decode, truth = recursive(), noise(N, H, seed=11)
    other = truth.clone()
    other[:, 5] += 1
    moved = (decode(truth=truth) != decode(truth=other)).any(dim=-1).any(dim=0)
    assert moved.nonzero().flatten().tolist() == list(range(6, H))


def test_reading_the_truth_always_by_chance_is_teacher_forcing():
    decode, truth = recursive(), noise(N, H, seed=11)
    always = 1.0 - 1e-9  # below 1, so unit by unit
    assert_near(decode(truth=truth, sampling=always), decode(truth=truth), rtol=1e-4, atol=1e-5)


def test_scheduled_sampling_reads_the_truth_as_often_as_it_is_told():
    """The layer is replaced by one that writes down what it reads: 1 is the truth, 0 the answer before it."""
    decoder, read = made(RecursiveDecoder, "lstm", D, W, WIDTH), []

    class Recorder(nn.Module):
        def forward(self, given, state=None):
            read.append(given[:, 0, -1])
            return given.new_zeros(len(given), 1, WIDTH), None

    decoder.layer = Recorder()
    count = 500
    torch.manual_seed(0)
    decoder(
        torch.zeros(count, H, D),
        torch.zeros(count, W),
        lambda decoded, known: torch.zeros(len(known), 1, 3),
        torch.ones(count, H),
        0.25,
    )
    fed = torch.stack(read, dim=1)
    assert (fed[:, 0] == 0).all()
    assert set(fed[:, 1:].unique().tolist()) == {0.0, 1.0}
    assert float(fed[:, 1:].mean()) == pytest.approx(0.25, abs=0.02)  # 6,000 throws: three deviations are 0.017
    assert 0 < float(fed[0, 1:].mean()) < 1, "every unit of a window is thrown for itself"


def test_gradients_pass_through_what_is_fed_back():
    decode = recursive()
    assert units_heard(lambda known: decode(known=known), 4) == [0, 1, 2, 3, 4]
