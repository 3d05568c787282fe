"""The minimal cells: steps by hand, the parallel scan of their authors, gates that are shut altogether."""

import numpy as np
import pytest
import torch
from builders.networks import assert_near
from torch.nn import functional

from gridahead.models.network.minimal import MinGRU, MinLSTM

LN3 = float(np.log(3))
"""σ(ln 3) = 3/4, σ(−ln 3) = 1/4."""


def one_unit(kind, gates):
    """A cell of one unit whose gates do as their biases say, and which writes its input."""
    cell = kind(1, 1)
    with torch.no_grad():
        cell.entry.weight.zero_()[-1] = 1.0
        cell.entry.bias.copy_(torch.tensor([*gates, 0.0]))
    return cell


def outputs(cell, *values, state=None):
    shown, last = cell(torch.tensor([[[value] for value in values]]), state)
    assert torch.equal(shown[:, -1], last)
    return shown.flatten().tolist()


def test_a_mingru_by_hand():
    # z = 3/4: h = 3/4·4 = 3, then 1/4·3 + 3/4·(−1) = 0, then 3/4·2 = 1.5
    assert outputs(one_unit(MinGRU, [LN3]), 4.0, -1.0, 2.0) == pytest.approx([3.0, 0.0, 1.5])


def test_a_minlstm_by_hand():
    # f = 3/4 and i = 1/4 keep 3/4: h = 1/4·4 = 1, then 3/4 + 1 = 1.75; f = 1/4, i = 1/4 keep a half.
    assert outputs(one_unit(MinLSTM, [LN3, -LN3]), 4.0, 4.0) == pytest.approx([1.0, 1.75])
    assert outputs(one_unit(MinLSTM, [-LN3, -LN3]), 4.0, 4.0) == pytest.approx([2.0, 3.0])


def test_it_begins_with_the_state_that_is_carried():
    cell = one_unit(MinGRU, [LN3])
    assert outputs(cell, -1.0, 2.0, state=torch.tensor([[3.0]])) == pytest.approx([0.0, 1.5])


def in_log_space(kept, written):
    """The parallel scan of the source, for what is positive: log h = A + logcumsumexp(log b − A)."""
    passed = kept.log().cumsum(1)
    return (passed + (written.log() - passed).logcumsumexp(1)).exp()


@pytest.mark.parametrize("kind", [MinGRU, MinLSTM])
def test_steps_are_the_parallel_scan_in_log_space(kind):
    torch.manual_seed(1)
    cell, values = kind(5, 8).double(), torch.randn(3, 40, 5, dtype=torch.float64)
    with torch.no_grad():
        cell.entry.bias[-8:] = 20.0  # of what is written, so that it has a logarithm
    *gates, new = cell.entering(values).chunk(cell.gates + 1, dim=-1)
    shares = [gate.sigmoid() for gate in gates]
    kept = 1 - shares[0] if kind is MinGRU else shares[0] / (shares[0] + shares[1])
    written = (new * shares[0]) if kind is MinGRU else new * shares[1] / (shares[0] + shares[1])
    assert_near(cell(values)[0], in_log_space(kept, written), rtol=1e-9)


def test_the_forget_gate_of_a_minlstm_begins_open():
    cell = MinLSTM(5, 8)
    assert cell.entry.bias[:8].tolist() == [1.0] * 8
    assert cell.entry.bias[8:16].abs().max() < 0.5


def test_two_gates_that_are_shut_share_the_unit_as_far_as_each_is_open():
    """f / (f + i) of e^−1000 and e^−1001 is 1 / (1 + 1/e), though both are 0 in single precision."""
    (found,) = outputs(one_unit(MinLSTM, [-1000.0, -1001.0]), 1.0)
    assert found == pytest.approx(1 - float(functional.sigmoid(torch.tensor(1.0))))
