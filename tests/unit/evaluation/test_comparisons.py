"""Who is compared with whom, and what the comparison says."""

import numpy as np
import pandas as pd
import pytest

from gridahead.evaluation.bootstrap import bootstrap_difference
from gridahead.evaluation.comparisons import comparisons
from gridahead.evaluation.significance import diebold_mariano

DAYS = pd.date_range("2025-01-01", periods=60)


def losses(**models):
    frames = [pd.DataFrame({"day": DAYS[: len(crps)], "model": name, "crps": crps}) for name, crps in models.items()]
    return pd.concat(frames, ignore_index=True).sample(frac=1, random_state=0)


def test_each_model_meets_the_references_and_the_best_and_no_pair_twice():
    draws = np.random.default_rng(0).normal(0, 1, (6, 60))
    found = comparisons(
        losses(
            gru=10 + draws[0],
            lstm=12 + draws[1],
            tree=14 + draws[2],
            official=20 + draws[3],
            official_corrected=18 + draws[5],
            naive=30 + draws[4],
        )
    )
    assert list(zip(found["model"], found["against"], strict=True)) == [
        ("gru", "official"),
        ("gru", "official_corrected"),
        ("gru", "naive"),
        ("lstm", "official"),
        ("lstm", "official_corrected"),
        ("lstm", "naive"),
        ("lstm", "gru"),
        ("tree", "official"),
        ("tree", "official_corrected"),
        ("tree", "naive"),
        ("tree", "gru"),
        ("official", "official_corrected"),
        ("official", "naive"),
        ("official_corrected", "naive"),
    ]


def test_what_is_saved_is_the_other_less_ours_day_by_day_in_the_order_of_time():
    draws = np.random.default_rng(1).normal(0, 3, (2, 60)).cumsum(axis=1)
    ours, theirs = 100 + draws[0], 110 + draws[1]
    row = comparisons(losses(gru=ours, official=theirs)).iloc[0]
    assert (row["days"], row["crps"]) == (60, pytest.approx(ours.mean()))
    assert row["saves"] == pytest.approx((theirs - ours).mean())
    assert (row["saves_low"], row["saves_high"]) == pytest.approx(bootstrap_difference(theirs, ours)[1:])
    assert row["p"] == pytest.approx(diebold_mariano(ours, theirs).p)


def test_few_days_have_no_interval_and_no_test():
    row = comparisons(losses(gru=[1.0, 2.0, 3.0], official=[2.0, 3.0, 5.0])).iloc[0]
    assert row["saves"] == pytest.approx(4 / 3)
    assert np.isnan([row["saves_low"], row["saves_high"], row["p"]]).all()
