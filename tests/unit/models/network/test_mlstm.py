"""The matrix cell of the xLSTM: steps by hand, the equations of its authors, chunks of any length."""

import math

import numpy as np
import pytest
import torch
from builders.networks import assert_near

from gridahead.models.network import mlstm
from gridahead.models.network.mlstm import MLSTM

HIDDEN, HEADS = 8, 2


def cell_of():
    torch.manual_seed(3)
    return MLSTM(4, HIDDEN, HEADS).double()


def inputs_of(steps=30, size=3.0):
    return size * torch.randn(3, steps, 4, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def by_the_paper(cell, inputs):
    """Equations 19 to 27 of Beck et al. (2024) as they stand, head by head, without a stabiliser."""
    width, shown = HIDDEN // HEADS, []
    contents = torch.zeros(len(inputs), HEADS, width, width, dtype=inputs.dtype)
    keys = torch.zeros(len(inputs), HEADS, width, dtype=inputs.dtype)
    for entered in cell.entering(inputs).unbind(1):
        *parts, o, gates = entered.split([HIDDEN] * 4 + [2 * HEADS], dim=-1)
        q, k, v = (part.unflatten(-1, (HEADS, width)) for part in parts)
        k = k / math.sqrt(width)
        i, f = gates[..., :HEADS, None].exp(), gates[..., HEADS:, None].sigmoid()
        contents = f[..., None] * contents + i[..., None] * torch.einsum("nhv,nhk->nhvk", v, k)
        keys = f * keys + i * k
        size = (keys * q).sum(-1, keepdim=True).abs().clamp(min=1.0)
        shown.append(o.sigmoid() * (torch.einsum("nhvk,nhk->nhv", contents, q) / size).flatten(1))
    return torch.stack(shown, dim=1)


def test_two_steps_by_hand():
    """One unit; i = 1, f = 1/2, o = 1/2, and query, key and value as they are put in."""
    cell = MLSTM(3, 1, heads=1)
    with torch.no_grad():
        cell.entry.bias.zero_()
        cell.entry.weight.zero_()[:3] = torch.eye(3)
    shown, state = cell(torch.tensor([[[2.0, 1.0, 3.0], [1.0, 0.1, 1.0]]]))
    # C = 3, n = 1: 1/2 · 6/2; then C = 1.6, n = 0.6, which is below 1: 1/2 · 1.6/1
    assert shown.flatten().tolist() == pytest.approx([1.5, 0.8])
    shown, scale, keys, contents = state.flatten().tolist()
    assert (shown, math.exp(scale) * keys, math.exp(scale) * contents) == pytest.approx((0.8, 0.6, 1.6))


def test_it_is_the_cell_of_the_paper():
    cell, inputs = cell_of(), inputs_of()
    found, expected = cell(inputs)[0], by_the_paper(cell, inputs)
    assert_near(found, expected, rtol=1e-9)
    ours, theirs = (torch.autograd.grad(one.square().sum(), cell.entry.weight)[0] for one in (found, expected))
    assert_near(ours, theirs, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("at_once", [1, 7, 30])
def test_steps_one_by_one_and_at_once_are_the_same(monkeypatch, at_once):
    cell, inputs = cell_of(), inputs_of()
    expected = cell(inputs)
    monkeypatch.setattr(mlstm, "AT_ONCE", at_once)
    for one, other in zip(cell(inputs), expected, strict=True):
        assert_near(one, other, rtol=1e-9)


def test_a_gate_that_opens_further_than_any_number_writes_over_all_that_was_kept():
    """e^300 has no number in single precision; beside it e^200 is nothing, and the answer is its value."""
    cell = MLSTM(4, 1, heads=1)
    with torch.no_grad():
        cell.entry.bias.copy_(torch.tensor([1.0, 1.0, 0.0, 100.0, 0.0, 100.0]))
        cell.entry.weight.zero_()[2, 0] = 1.0
        cell.entry.weight[4, 1] = 1.0
    inputs = torch.tensor([[[0.3, 200.0, 0, 0], [-0.7, 300.0, 0, 0], [0.9, 200.0, 0, 0]]])
    assert cell(inputs)[0].flatten().tolist() == pytest.approx([0.3, -0.7, -0.7])


def test_every_head_begins_with_a_time_of_its_own():
    gates = MLSTM(4, HIDDEN, HEADS).entry.bias.detach()[-HEADS:]
    np.testing.assert_allclose(gates, [3.0, 6.0])
