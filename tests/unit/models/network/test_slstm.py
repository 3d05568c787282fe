"""The scalar cell of the xLSTM: steps by hand, the equations of its authors, gates that no number holds."""

import numpy as np
import pytest
import torch
from builders.networks import assert_near

from gridahead.models.network.slstm import SLSTM

HIDDEN = 6


def by_the_paper(cell, inputs):
    """Equations 8 to 14 of Beck et al. (2024) as they stand, without a stabiliser: c, n and h."""
    c = n = h = torch.zeros(len(inputs), HIDDEN, dtype=inputs.dtype)
    shown = []
    for entered in cell.entering(inputs).unbind(1):
        i, f, z, o = (entered + h @ cell.recurrence.weight.T).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.exp() * z.tanh()
        n = f.sigmoid() * n + i.exp()
        h = o.sigmoid() * c / n
        shown.append(h)
    return torch.stack(shown, dim=1), c, n


def test_two_steps_by_hand():
    """Gates i = 2, f = 1/2, o = 1/2; the first step writes tanh z = 1/2, the second, with i = 1, nothing new."""
    cell = SLSTM(2, 1)
    with torch.no_grad():
        cell.recurrence.weight.zero_()
        cell.entry.bias.copy_(torch.zeros(4))
        cell.entry.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    inputs = torch.tensor([[[np.log(2), np.arctanh(0.5)], [0.0, 0.0]]], dtype=torch.float32)
    shown, state = cell(inputs)
    # n = 2, c = 1, h = 1/2·1/2; then n = 1 + 1 = 2, c = 1/2 + 0, h = 1/2·1/4
    assert shown.flatten().tolist() == pytest.approx([0.25, 0.125])
    assert state.flatten().tolist() == pytest.approx([0.125, 0.25, np.log(2)])


def test_it_is_the_cell_of_the_paper():
    torch.manual_seed(2)
    cell, inputs = SLSTM(4, HIDDEN).double(), 3 * torch.randn(5, 30, 4, dtype=torch.float64)
    shown, c, n = by_the_paper(cell, inputs)
    found, state = cell(inputs)
    assert_near(found, shown, rtol=1e-9)
    assert_near(state, torch.cat([shown[:, -1], c / n, n.log()], dim=-1), rtol=1e-9)
    ours, theirs = (torch.autograd.grad(one.square().sum(), cell.entry.weight)[0] for one in (found, shown))
    assert_near(ours, theirs, rtol=1e-9)


def test_an_input_gate_that_opens_further_than_ever_writes_over_all_that_was_kept():
    """Neither e^200 nor e^300 has a number in single precision; the second beside the first is all."""
    cell = SLSTM(2, 1)
    with torch.no_grad():
        cell.recurrence.weight.zero_()
        cell.entry.bias.copy_(torch.tensor([0.0, 100.0, 0.0, 100.0]))  # what is kept is kept, what is there is shown
        cell.entry.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    shown = cell(torch.tensor([[[200.0, 0.3], [300.0, -0.7], [200.0, 0.9], [300.0, 0.1]]]))[0].flatten()
    assert shown.tolist() == pytest.approx([*np.tanh([0.3, -0.7, -0.7]), np.tanh([-0.7, 0.1]).mean()], rel=1e-5)


def test_its_recurrence_begins_orthogonal_gate_by_gate_and_its_forget_gates_open():
    cell = SLSTM(4, HIDDEN)
    for gate in cell.recurrence.weight.detach().chunk(4):
        np.testing.assert_allclose(gate @ gate.T, np.eye(HIDDEN), atol=1e-5)
    assert cell.entry.bias.chunk(4)[1].tolist() == [1.0] * HIDDEN
