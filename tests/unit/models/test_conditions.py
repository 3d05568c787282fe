"""Conditions: told from what is not known of a window, each with its calibration, kept to the bit."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from builders.models import every_kind, model_on
from builders.windows import FIRST, SPEC, made_load, made_windows

from gridahead.core.time import Deadline, delivery_range
from gridahead.features.missing import without
from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each
from gridahead.models.bundle import TrainedModel
from gridahead.models.conditions import COMPLETE, Condition, Conditions, ages_of, conditions_of, incomplete
from gridahead.models.ensemble import Ensemble
from gridahead.models.network.network import Network
from gridahead.models.storage import content_of, load

WINDOWS = made_windows(12, 19)
OFFICIAL = SPEC.series.official
USUAL = WINDOWS.known_share()
AGE = float(np.median(ages_of(WINDOWS)))
OFFICIAL_LOST, WIDE = Condition(official=True), np.array([[-3.0, 0.1, 3.0]]) / 7


def silent(hours):
    return np.full(len(WINDOWS), float(hours))


def found(windows):
    return set(conditions_of(windows, AGE, USUAL))


def test_complete_windows_are_complete():
    assert found(WINDOWS) == {COMPLETE}


@pytest.mark.parametrize(
    ("hours", "age"), [(6, 0), (7, 1), (24, 1), (25, 2), (72, 2), (74, 3), (168, 3), (170, 4), (999, 4)]
)
def test_the_age_of_the_newest_outturn_counts_from_what_is_usual(hours, age):
    # An hour is usually missing: silent for 7 hours is 6 more than usual.
    assert AGE == 1
    assert found(without(WINDOWS, {SPEC.series: silent(hours)})) == {Condition(age=age)}


def test_a_missing_official_forecast_shows_and_one_that_never_comes_in_time_is_not_missed():
    lost = without(WINDOWS, {OFFICIAL: silent(1)})
    assert found(lost) == {Condition(official=True)}
    assert set(conditions_of(lost, AGE, {**USUAL, f"{OFFICIAL} ahead": 0.05})) == {COMPLETE}


@pytest.mark.parametrize(
    ("clock", "issued"),
    [("2025-01-19T11:00", "deadline"), ("2025-01-19T11:01", "late"), ("2025-01-20T07:30", "intraday")],
)
def test_when_a_window_is_issued_shows(clock, issued):
    at = pd.Timestamp(clock, tz="Europe/Berlin").tz_convert("UTC")
    one = build_windows(made_load(), replace(SPEC, intraday=True), [dt.date(2025, 1, 20)], issue_times=[at])
    assert conditions_of(one, AGE, USUAL)[0].issued == issued
    assert one.days == [dt.date(2025, 1, 20)]


@pytest.mark.parametrize("kind", ["network", "ensemble", "ridge"])
def test_every_condition_has_its_calibration_before_and_after_a_save(kind, tmp_path):
    plain = every_kind(WINDOWS)[kind]
    wide = np.array([[-3.0, 0.1, 3.0]]) / 7
    scores = {Condition(age=2): wide * 2, Condition(official=True): wide * 5}
    model = replace(plain, conditions=Conditions(AGE, scores))
    stale, lost = without(WINDOWS, {SPEC.series: silent(48)}), without(WINDOWS, {OFFICIAL: silent(1)})
    assert np.array_equal(model.predict(WINDOWS), plain.predict(WINDOWS), equal_nan=True)
    for windows, own in ((stale, wide * 2), (lost, wide * 5)):
        expected = replace(plain, calibration=own).predict(windows)
        assert np.array_equal(model.predict(windows), expected, equal_nan=True)
    model.save(tmp_path)
    again: Any = load(tmp_path)
    assert again.conditions.usual_age == AGE
    for windows in (WINDOWS, stale, lost):
        assert np.array_equal(again.predict(windows), model.predict(windows), equal_nan=True)
        rows = [model.predict(windows.alone(row))[0] for row in range(len(windows))]
        assert np.allclose(np.stack(rows), model.predict(windows), equal_nan=True)


def degraded_of(model):
    """The same with further weights, which answer where something is missing."""
    torch.manual_seed(5)
    others = tuple(Network(model.config).eval() for _ in model.members)
    return replace(model, degraded=others, conditions=Conditions(AGE, {Condition(age=2): WIDE, OFFICIAL_LOST: WIDE}))


def test_each_window_is_answered_by_the_weights_for_its_condition_in_mixed_batches_too(tmp_path):
    model = degraded_of(model_on("week", WINDOWS))
    plain, other = replace(model, degraded=()), replace(model, members=model.degraded, degraded=())
    hours = np.where(np.arange(len(WINDOWS)) % 3 == 0, 48.0, 0.0)
    mixed, is_stale = without(WINDOWS, {SPEC.series: hours}), hours > 0
    assert 0 < is_stale.sum() < len(WINDOWS)
    assert incomplete(mixed, AGE, USUAL).tolist() == is_stale.tolist()
    assert model.raw(WINDOWS).tobytes() == plain.raw(WINDOWS).tobytes()
    for ask in (TrainedModel.raw, TrainedModel.uncalibrated, TrainedModel.predict):
        said = ask(model, mixed)
        assert said[~is_stale].tobytes() == ask(plain, mixed.where(~is_stale)).tobytes()
        assert said[is_stale].tobytes() == ask(other, mixed.where(is_stale)).tobytes()
        assert not np.allclose(said[is_stale], ask(plain, mixed.where(is_stale)))
    alone = predict_each(model, mixed)
    for row, expected in enumerate(
        np.where(is_stale[:, None, None], predict_each(other, mixed), predict_each(plain, mixed))
    ):
        assert alone[row].tobytes() == expected.tobytes()


@pytest.mark.parametrize("of_ensemble", [False, True])
def test_both_sets_of_weights_are_kept_to_the_bit(tmp_path, of_ensemble):
    network = degraded_of(model_on("week", WINDOWS))
    second = replace(degraded_of(model_on("profile", WINDOWS)), name="lstm")
    model = Ensemble("ensemble", (network, second), (0.25, 0.75), WIDE, conditions=network.conditions)
    model = model if of_ensemble else network
    model.save(tmp_path)
    again = load(tmp_path)
    stale = without(WINDOWS, {SPEC.series: np.where(np.arange(len(WINDOWS)) % 2, 48.0, 0.0)})
    for windows in (WINDOWS, stale):
        assert again.predict(windows).tobytes() == model.predict(windows).tobytes()
    assert [len(one.degraded) for one in again.networks] == [2] * len(model.networks)
    assert content_of(again) == content_of(model)


def test_a_bundle_from_before_there_were_weights_for_missing_inputs_answers_with_those_that_it_has(tmp_path):
    model = model_on("week", WINDOWS)
    model.save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    assert about.pop("degraded") == 0
    (tmp_path / "model.json").write_text(json.dumps(about))
    stale = without(WINDOWS, {SPEC.series: silent(48)})
    assert load(tmp_path).predict(stale).tobytes() == model.predict(stale).tobytes()


def test_what_has_no_calibration_of_its_own_has_the_next_one():
    narrow, wide = np.array([[-0.5, 0.0, 0.5]]), np.array([[-2.0, 0.0, 2.0]])
    conditions = Conditions(AGE, {Condition(official=True): wide, Condition(age=1): narrow})
    both = without(WINDOWS, {SPEC.series: silent(48), OFFICIAL: silent(1)})
    rows = list(conditions.grouped(both, USUAL))
    assert [condition for condition, _ in rows] == [Condition(official=True)]
    older = without(WINDOWS, {SPEC.series: silent(48)})
    assert [condition for condition, _ in conditions.grouped(older, USUAL)] == [Condition(age=1)]


def test_a_bundle_from_before_there_were_conditions_is_served_as_before(tmp_path):
    model = model_on("week", WINDOWS)
    model.save(tmp_path)
    about = (tmp_path / "model.json").read_text()
    cut = about.replace('"conditions"', '"something_else"')
    assert cut != about
    (tmp_path / "model.json").write_text(cut)
    assert np.array_equal(load(tmp_path).predict(WINDOWS), model.predict(WINDOWS), equal_nan=True)


def test_a_model_says_which_issue_times_it_serves_and_refuses_others_in_words():
    until = replace(SPEC, issued_until=Deadline.parse("D-1T1200[Europe/Berlin]"))
    day = FIRST + dt.timedelta(days=20)
    asked = pd.Timestamp(day - dt.timedelta(days=1), tz="Europe/Berlin") + pd.Timedelta(hours=12, minutes=50)
    assert until.unserved(asked - pd.Timedelta(minutes=50), day) == ""
    assert until.unserved(asked, day) == (
        "is trained to be asked from D-1T1100[Europe/Berlin] until D-1T1200[Europe/Berlin], not at "
        f"{day - dt.timedelta(days=1)} 12:50; after a change of the deadline run `gridahead train`"
    )
    assert until.unserved(asked - pd.Timedelta(minutes=115), day) == ""  # the clock of whoever asks is 5 min ahead
    assert "not at" in until.unserved(asked - pd.Timedelta(minutes=116), day)
    hourly = replace(SPEC, intraday=True)
    delivery = delivery_range(day, "Europe/Berlin")
    assert hourly.unserved(delivery.end - pd.Timedelta(minutes=1), day) == ""
    assert hourly.unserved(delivery.end, day)
    assert hourly.unserved(SPEC.deadline.for_delivery(day) - pd.Timedelta(hours=1), day)


@pytest.mark.parametrize(
    ("day", "served", "early"),
    [
        ("2025-03-30", "2025-03-29T10:00Z", "2025-03-29T09:00Z"),  # of the day on which clocks go forward
        ("2025-03-31", "2025-03-30T09:00Z", "2025-03-30T08:00Z"),  # and of the day after it, due that morning
        ("2025-10-27", "2025-10-26T10:00Z", "2025-10-26T09:00Z"),
    ],
)
def test_too_early_is_before_the_deadline_on_its_own_clock_on_days_on_which_that_changes_too(day, served, early):
    delivery = dt.date.fromisoformat(day)
    assert SPEC.unserved(pd.Timestamp(served), delivery) == ""
    assert "not at " in SPEC.unserved(pd.Timestamp(early), delivery)
