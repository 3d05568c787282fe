"""The quantile head: quantiles that cannot cross, and begin with the right spread for any set of levels."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import gamma, norm

from gridahead.models.network.head import START_SPREAD, QuantileHead, non_crossing, normal_spacing

PERCENTILES = tuple(np.arange(1, 100) / 100)


def levels_of(count):
    return tuple((np.arange(count) + 1) / (count + 1))


@settings(max_examples=100, deadline=None)
@given(
    raw=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.sampled_from([1, 3, 9, 99])),
        elements=st.floats(-(2.0**20), 2.0**20, width=32, allow_subnormal=False),
    )
)
def test_quantiles_always_rise_and_the_median_is_what_was_said(raw):
    found = non_crossing(torch.from_numpy(raw), normal_spacing(levels_of(raw.shape[-1]))).numpy()
    assert found.shape == raw.shape
    assert (np.diff(found, axis=-1) >= 0).all()
    middle = raw.shape[-1] // 2
    np.testing.assert_array_equal(found[..., middle], raw[..., middle])


def test_steps_away_from_the_median_by_hand():
    # softplus(0) = ln 2 is a whole step; softplus(ln(e − 1)) = 1 is 1 / ln 2 of one.
    one = float(np.log(np.e - 1))
    found = non_crossing(torch.tensor([0.0, one, 5.0, 0.0, one]), torch.tensor([4.0, 3.0, 0.0, 2.0, 1.0]))
    more = 1 / np.log(2)
    np.testing.assert_allclose(found, [5 - 3 * more - 4, 5 - 3 * more, 5, 7, 7 + more], rtol=1e-6)


@pytest.mark.parametrize("levels", [(0.1, 0.5, 0.9), (0.05, 0.3, 0.5, 0.7, 0.95), PERCENTILES, (0.5,)])
def test_having_learnt_nothing_the_quantiles_are_those_of_a_normal(levels):
    found = non_crossing(torch.zeros(len(levels)), normal_spacing(levels)).numpy()
    np.testing.assert_allclose(found, norm.ppf(levels), atol=1e-5)
    head = QuantileHead(4, 6, levels, 0.0)
    last = head.layers[-1]
    assert isinstance(last, torch.nn.Linear)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    begun = head(torch.randn(3, 5, 4)).detach().numpy()
    np.testing.assert_allclose(begun, np.broadcast_to(START_SPREAD * norm.ppf(levels), begun.shape), atol=1e-5)


def test_a_head_learns_ninety_nine_quantiles():
    """From 0 ± 1 to a skewed 3.4 ± 0.3: gradients reach every step, the outermost too."""
    sample = torch.from_numpy(3 + 0.2 * gamma(2).ppf((np.arange(300) + 0.5) / 300)).float()
    levels = torch.tensor(PERCENTILES, dtype=torch.float32)
    torch.manual_seed(0)
    head, seen = QuantileHead(8, 32, PERCENTILES, 0.0), torch.randn(1, 1, 8)
    optimiser = torch.optim.Adam(head.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.01, total_steps=200)
    for _ in range(200):
        error = sample[:, None] - head(seen)[0]
        loss = torch.maximum(levels * error, (levels - 1) * error).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    missed = np.abs((sample[:, None] <= head(seen)[0]).float().mean(dim=0).numpy() - PERCENTILES)
    assert missed.mean() < 0.02
    assert missed[[0, 1, -2, -1]].max() < 0.02


def test_the_spacing_goes_where_the_network_goes_but_is_not_a_weight():
    head = QuantileHead(4, 6, (0.1, 0.5, 0.9), 0.0)
    assert "spacing" not in head.state_dict()
    assert head.double()(torch.zeros(1, 3, 4, dtype=torch.float64)).dtype == torch.float64
    assert head.to("meta").spacing.device.type == "meta"
