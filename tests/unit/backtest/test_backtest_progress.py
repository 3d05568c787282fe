"""How long a back-test still takes."""

import datetime as dt
import logging
from typing import Any

import pytest
from builders.rows import LOAD

from gridahead.backtest.plan import Fold
from gridahead.backtest.progress import ProgressEvent, ProgressTracker, log_progress, time_left

FOLDS = [Fold(dt.date(2025, month, 1), dt.date(2025, month, 28)) for month in range(1, 5)]


def tracked():
    """The tracker of four folds, the events that it reports, and a clock that is set by hand."""
    events: list[Any] = []
    clock = [100.0]
    return ProgressTracker(events.append, {(LOAD, fold): 1 for fold in FOLDS}, lambda: clock[0]), events, clock


def test_the_time_left_is_that_of_the_rest_at_the_pace_so_far():
    tracker, events, clock = tracked()
    clock[0] = 130.0
    tracker.done(LOAD, FOLDS[0], "gru done")
    assert events[-1].share == 0.25
    assert events[-1].left == pytest.approx(3 * 30)


def test_folds_that_were_there_already_do_not_make_the_rest_look_fast():
    tracker, events, clock = tracked()
    clock[0] = 101.0
    for fold in FOLDS[:2]:
        tracker.done(LOAD, fold, "there already", there=True)
    assert events[-1].left is None, "there is no pace yet"
    clock[0] = 140.0
    tracker.done(LOAD, FOLDS[2], "gru done")
    assert events[-1].left == pytest.approx(40)


def test_the_time_left_is_told_in_words_that_do_not_pretend_to_be_exact(caplog):
    assert [time_left(each) for each in (None, 0.0, 42.4, 200.0, 9000.0)] == [
        "",
        "",
        "about 42 s left",
        "about 3 min left",
        "about 2.5 h left",
    ]
    with caplog.at_level(logging.INFO):
        log_progress(ProgressEvent(0.25, "DE/load: gru done", left=200.0))
        log_progress(ProgressEvent(1.0, "DE/load: all done", left=0.0))
    assert caplog.messages == ["DE/load: gru done (25 %, about 3 min left)", "DE/load: all done (100 %)"]
