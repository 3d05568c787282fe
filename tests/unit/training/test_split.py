"""The split: stopping days, blocks that judge, and folds that have not learnt them nor the days around."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.rows import LOAD, measured
from builders.splits import FIRST, numbers, split_of
from builders.windows import SPEC

from gridahead.core.time import Deadline
from gridahead.training.split import (
    BLOCKS,
    FEWEST_DAYS,
    GAP_DAYS,
    MOST_UNLEARNT,
    STOPPING_BLOCKS,
    days_to_learn,
)

GAP = GAP_DAYS + 2
"""A week, the day of the issue time, and the horizon's end on the next."""
SIZES = [(61, 20), (90, 45), (120, 90), (365, 270), (400, 90), (731, 270), (1_500, 270), (3_000, 270)]
"""Days, and those asked for validation."""


@pytest.mark.parametrize(("count", "validation"), SIZES)
@pytest.mark.parametrize("refit", [True, False])
def test_every_day_trains_stops_or_judges_and_none_does_two_of_it(count, validation, refit):
    parts = split_of(count, validation_days=validation, refit=refit)
    train, stopping, judged = (numbers(each) for each in (parts.train, parts.stopping, parts.judged))
    assert train + stopping + judged == list(range(count))
    assert numbers(parts.validation) == stopping + judged
    assert len(judged) >= len(stopping) > 0
    assert parts.judged_days == (FIRST + dt.timedelta(days=judged[0]), FIRST + dt.timedelta(days=judged[-1]))
    assert parts.validation_days[0] == FIRST + dt.timedelta(days=stopping[0])
    assert parts.train_days == (FIRST, FIRST + dt.timedelta(days=train[-1]))


def test_a_split_by_hand():
    # 80 of 500 days in eight parts of ten: two stop the training, six judge. A fold of three blocks leaves out three
    # times 10 + 2 × 9 days, 17 % of all: so there are two folds. Of 400 days it would be 21 %.
    parts = split_of(500, validation_days=80)
    assert split_of(400, validation_days=80).folds == 3
    assert numbers(parts.stopping) == list(range(420, 440))
    assert [(rows.start, rows.stop) for rows in parts.judging] == [(n, n + 10) for n in range(440, 500, 10)]
    assert parts.folds == 2
    assert [block.fold for block in parts.blocks()] == [0, 1, 0, 1, 0, 1]
    day = FIRST + dt.timedelta(days=440)
    assert parts.spans(0)[0] == (day, day + dt.timedelta(days=9))


@pytest.mark.parametrize(("count", "validation"), SIZES)
def test_blocks_hold_every_judged_day_once(count, validation):
    parts = split_of(count, validation_days=validation)
    blocks = list(parts.blocks())
    assert np.sum([block.rows for block in blocks], axis=0).tolist() == [1] * len(parts.judged)
    assert 1 <= len(blocks) <= BLOCKS
    assert len(blocks) == min(BLOCKS, len(parts.validation) // FEWEST_DAYS)
    assert np.ptp([block.rows.sum() for block in blocks]) <= 1
    assert {block.fold for block in blocks} == set(range(parts.folds))


@pytest.mark.parametrize(("count", "validation"), SIZES)
def test_neither_networks_nor_weights_nor_calibration_of_a_block_learn_a_day_of_it_or_around_it(count, validation):
    """The outturn of each day is its number: what is learnt can be read off the targets."""
    parts = split_of(count, validation_days=validation)
    judged = parts.judged
    learnt = [parts.without(parts.spans(fold)).daily.target[:, 20] for fold in range(parts.folds)]
    for block in parts.blocks():
        own = judged.where(block.rows).target[:, 20]
        for heard in (learnt[block.fold], judged.where(block.others).target[:, 20]):
            away = np.abs(own[:, None] - heard)
            assert away.size == 0 or away.min() > GAP
        # And nothing else is left out: the other judged days are all that are far enough.
        far = (np.abs(judged.target[:, 20][:, None] - own) > GAP).all(axis=1)
        assert block.others.tolist() == far.tolist()


def test_an_earlier_deadline_widens_the_gap():
    parts = split_of(300, deadline=Deadline.parse("D-5T1100[Europe/Berlin]"))
    block = list(parts.blocks())[2]
    own, heard = (np.array(numbers(parts.judged.where(rows))) for rows in (block.rows, block.others))
    assert np.abs(own[:, None] - heard).min() == GAP_DAYS + 5 + 1 + 1


def test_what_the_stopping_days_stop_has_learnt_neither_them_nor_the_days_around():
    parts = split_of(400)
    learnt, stopping = set(numbers(parts.to_stop().daily)), numbers(parts.stopping)
    around = set(range(stopping[0] - GAP, stopping[-1] + GAP + 1))
    assert learnt == set(range(400)) - around
    before = split_of(400, refit=False)
    assert numbers(before.to_stop().daily) == numbers(before.train)


@pytest.mark.parametrize(("count", "validation"), SIZES)
def test_networks_of_a_fold_have_learnt_nearly_as_much_as_those_that_serve(count, validation):
    """A fifth of the days is missing at most; where even one block is more, every block has networks of its own."""
    parts = split_of(count, validation_days=validation)
    unlearnt = [1 - len(parts.without(parts.spans(fold)).daily) / count for fold in range(parts.folds)]
    assert max(unlearnt) <= MOST_UNLEARNT or parts.folds == len(parts.judging)
    if parts.folds > 2:  # fewer would have left out too much
        fewer = [-(-len(parts.judging) // n) for n in range(2, parts.folds)]
        assert min(fewer) * (len(parts.judged) / len(parts.judging) + 2 * GAP) > MOST_UNLEARNT * count * 0.9


def test_where_the_validation_days_are_not_learnt_they_are_a_quarter_of_a_short_history():
    assert len(split_of(80, validation_days=270, refit=False).validation) == 20
    assert len(split_of(80, validation_days=270).validation) == 60


def test_of_few_validation_days_there_are_fewer_blocks():
    # 12 days are five parts: two stop the training, three judge. Of 7 days one block judges.
    parts = split_of(80, validation_days=12)
    assert (FEWEST_DAYS, STOPPING_BLOCKS) == (4, 2)
    assert (len(parts.stopping), len(parts.judging), parts.folds) == (5, 3, 3)
    assert len(split_of(80, validation_days=7).judging) == 1


def test_another_outturn_of_any_day_is_another_fingerprint():
    plain, seen = split_of(120), set()
    for day in (0, 40, 119):
        outturn = np.arange(120.0)
        outturn[day] += 1
        seen.add(split_of(120, outturn=outturn).fingerprint())
    assert len(seen | {plain.fingerprint()}) == 4
    assert split_of(120).fingerprint() == plain.fingerprint()


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2024-05-30T00:00Z", dt.date(2024, 5, 29)),  # two hours into the local day
        ("2024-05-29T22:00Z", dt.date(2024, 5, 29)),  # local midnight
        ("2024-05-29T21:00Z", dt.date(2024, 5, 28)),  # an hour is to come
    ],
)
def test_a_day_that_has_not_ended_is_not_learnt_so_that_it_can_be_forecast(end, last):
    times = pd.date_range("2024-04-01T00:00Z", end, freq="h", inclusive="left")
    days = days_to_learn(measured(LOAD, times, np.arange(len(times)) + 1e4), SPEC)
    # Eight days of context, and the one on whose morning the first day is forecast.
    assert (days[0], days[-1]) == (dt.date(2024, 4, 10), last)
