"""The layers that do torch's work in less time: the same answers and gradients, and chance that is fair."""

import pytest
import torch
from torch import nn

from gridahead.models.network.layers import Dropout, Joint


def noise(*shape, seed=7):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_parts_of_a_joint_layer_count_as_if_they_stood_side_by_side():
    layer, weights = Joint(9, 5), noise(2, 3, 5, seed=3)
    parts = noise(2, 3, 4), noise(2, 3, 3, seed=8), noise(2, 2, seed=9)
    gradients, answers = [], []
    laid = torch.cat([*parts[:2], parts[2][:, None].expand(-1, 3, -1)], dim=-1)
    for answer in (layer(*parts), nn.functional.linear(laid, layer.weight, layer.bias)):
        layer.zero_grad()
        (answer * weights).sum().backward()
        answers.append(answer)
        assert layer.weight.grad is not None
        assert layer.bias.grad is not None
        gradients.append(torch.cat([layer.weight.grad.flatten(), layer.bias.grad]))
    torch.testing.assert_close(*answers)
    torch.testing.assert_close(*gradients)


def test_a_joint_layer_takes_a_single_part_and_parts_of_no_width():
    layer, values = Joint(4, 5), noise(2, 3, 4)
    expected = nn.functional.linear(values, layer.weight, layer.bias)
    torch.testing.assert_close(layer(values), expected)
    torch.testing.assert_close(layer(values, torch.zeros(2, 0)), expected)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_dropout_zeroes_its_share_and_keeps_the_mean(share):
    torch.manual_seed(0)
    dropped = Dropout(share)(torch.ones(101, 1003))
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / (1 - share)])
    assert float((dropped == 0).float().mean()) == pytest.approx(share, abs=0.006)  # four standard errors at 0.5


def test_neighbours_are_dropped_independently():
    # Four values share a word of 64 bits; of two neighbours both are dropped in a share of 0.3².
    torch.manual_seed(0)
    gone = (Dropout(0.3)(torch.ones(400_000)) == 0).float().view(-1, 4)
    assert (gone.T @ gone / len(gone)).fill_diagonal_(0.09).sub(0.09).abs().max() < 0.003


def test_dropout_follows_from_the_seed_and_rests_outside_training():
    layer, values = Dropout(0.5), noise(7, 3)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(layer(values))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(layer.eval()(values), values)
    assert torch.equal(Dropout(0.0)(values), values)


def test_gradients_pass_where_values_were_kept():
    values = noise(6, 5).requires_grad_()
    torch.manual_seed(0)
    dropped = Dropout(0.25)(values)
    dropped.sum().backward()
    torch.testing.assert_close(values.grad, (dropped != 0) / 0.75)
