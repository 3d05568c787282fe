"""The median and the pinball loss of quantiles, by hand."""

import numpy as np

from gridahead.core.quantiles import median_of, pinball_losses


def test_the_median_is_the_quantile_in_the_middle():
    answers = np.arange(12.0).reshape(2, 2, 3)
    assert median_of(answers).tolist() == [[1.0, 4.0], [7.0, 10.0]]
    assert median_of(answers[..., :1]).tolist() == [[0.0, 3.0], [6.0, 9.0]]


def test_the_pinball_loss_weighs_what_was_missing_by_the_level_and_what_was_left_over_by_the_rest():
    losses = pinball_losses(np.array([[10.0, 10.0], [-10.0, -10.0]]), [0.1, 0.9])
    np.testing.assert_allclose(losses, [[1.0, 9.0], [9.0, 1.0]])
