"""A series that is too new to learn from, served by a network that two others have taught."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.rows import rows, together
from builders.turning_days import DAYS, GRU, made, parts_of, settings_of, spec_of
from builders.windows import FIRST

from gridahead.core.errors import ModelError, TooFewDaysError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, days_between
from gridahead.features.anchors import anchored
from gridahead.features.windows import build_windows
from gridahead.models.storage import load
from gridahead.training.newcomers import FEWEST_DAYS, newcomer, spans_of
from gridahead.training.shared import fit_shared
from gridahead.training.split import split

SMALL, LARGE, NEW = Series("DE", "wind_offshore"), Series("DE", "wind_onshore"), Series("DE", "load")
END = FIRST + dt.timedelta(days=DAYS)
"""The first day that is not there when models are made."""
LATER = days_between(END + dt.timedelta(days=2), END + dt.timedelta(days=15))


def new_rows(days=10, level=1_000, after=0):
    """The values of so many days before the end, and of some after it."""
    whole = made(NEW, level, days=days, seed=7)
    if not after:
        return whole
    every = made(NEW, level, days=DAYS, seed=7)
    shift = pd.Timedelta(days=DAYS)
    follow = every.assign(valid_time=every["valid_time"] + shift, available_at=every["available_at"] + shift)
    begin = pd.Timestamp(END, tz="Europe/Berlin")
    inside = (follow["valid_time"] >= begin) & (follow["valid_time"] < begin + pd.Timedelta(days=after))
    return together(whole, Observations(follow[inside]))


def shared_of(series, settings, new):
    """The fits of the network alone, that of the newcomer last."""
    return fit_shared(
        "all", series, GRU, settings, lambda epoch: None, fine_tune=False, beside=(), newcomers={NEW: new}
    )


def taught_by(settings, observations):
    """The fits of two series and of a new one of which these are known."""
    series = {
        SMALL: parts_of(made(SMALL, 100), SMALL, settings),
        LARGE: parts_of(made(LARGE, 10_000, days=115, seed=1), LARGE, settings),
    }
    new = newcomer(observations, spec_of(NEW), settings)
    (small,), (large,), (fit,) = shared_of(series, settings, new)
    return series, new, small, large, fit


@pytest.fixture(scope="module")
def served():
    return taught_by(settings_of(), new_rows())


def test_a_new_series_is_forecast_better_than_by_what_is_simple(served):
    *_, fit = served
    windows = build_windows(new_rows(after=20), spec_of(NEW), LATER)
    counted = windows.delivery & ~np.isnan(windows.target)

    def error(values):
        return np.abs(values - windows.target)[counted].mean()

    simple = min(error(anchored(windows, anchor, 3_000.0)) for anchor in ("week", "profile", "recent"))
    assert error(fit.model.predict(windows)[..., 1]) < 0.7 * simple


def test_weights_and_calibration_are_those_of_the_others_and_units_its_own(served):
    _, _, small, large, fit = served
    model, of_small, of_large = (one.model.networks[0] for one in (fit, small, large))
    assert model.members[0] is of_small.members[0]
    assert model.degraded[0] is of_small.degraded[0]
    np.testing.assert_allclose(model.calibration, (of_small.calibration + of_large.calibration) / 2)
    assert model.conditions.scores.keys() == of_small.conditions.scores.keys() | of_large.conditions.scores.keys()
    relative = model.scaler.moments.spread / of_small.scaler.moments.spread
    assert relative == pytest.approx(10, rel=0.1), "it is ten times as large"
    assert model.static[:-1] == (0.0, 0.0)
    assert of_small.static[-1] < model.static[-1] < of_large.static[-1]
    assert fit.taught_by == 2
    assert small.taught_by == 0


def test_a_model_of_a_new_series_is_saved_and_loaded_alone(served, tmp_path):
    *_, fit = served
    fit.model.save(tmp_path)
    windows = build_windows(new_rows(after=20), spec_of(NEW), LATER)
    assert load(tmp_path).predict(windows).tobytes() == fit.model.predict(windows).tobytes()


def test_it_does_not_matter_to_those_that_teach(served):
    settings = settings_of()
    series, _, small, *_ = served
    (alone,), _ = fit_shared("all", series, GRU, settings, lambda epoch: None, fine_tune=False, beside=())
    assert alone.forecasts.tobytes() == small.forecasts.tobytes()


def test_days_are_judged_by_networks_that_have_learnt_them_of_no_series():
    settings = settings_of(epochs=2, refit=True)
    series, new, *_, fit = taught_by(settings, new_rows(days=20))
    spans, folds = spans_of([*series.values()]), new.judges([*series.values()])
    judged = [day for day, fold in zip(new.days, folds, strict=True) if fold >= 0]
    assert len(judged) > FEWEST_DAYS
    assert len({fold for fold in folds if fold >= 0}) > 1
    for day, fold in zip(new.days, folds, strict=True):
        holding = [n for n, blocks in enumerate(spans) if any(first <= day <= last for first, last in blocks)]
        assert fold == (holding[0] if day in judged else -1)
    assert fit.judged_days == (judged[0], judged[-1])
    assert len(fit.forecasts) == len(judged) == len(new.judged([*series.values()]))
    assert fit.learnt_until == series[SMALL].days[-1]


def test_what_was_not_known_at_an_issue_time_does_not_reach_the_forecast_of_that_day():
    """All that became known after the last judged day was forecast is overwritten: what was said stays the same."""
    settings = settings_of(epochs=2, refit=True)
    plain = new_rows(days=20)
    *_, new, _, _, fit = taught_by(settings, plain)
    issued = pd.Timestamp(int(new.windows.issue_time[-2]), unit="us", tz="UTC")
    poisoned = plain.assign(value=plain["value"].where(plain["available_at"] <= issued, 1e6))
    *_, other = taught_by(settings, Observations(poisoned))
    assert other.forecasts.tobytes() == fit.forecasts.tobytes()
    assert other.validation != fit.validation
    assert other.model.scaler.moments != fit.model.scaler.moments


def test_nothing_of_the_holdout_is_known():
    settings = settings_of(epochs=2, holdout_start=END)
    *_, known = taught_by(settings, new_rows())
    known_by = spec_of(NEW).deadline.for_delivery(END)
    late = new_rows(after=20)
    late = late.assign(value=late["value"].where(late["available_at"] <= known_by, 1e6))
    *_, unknowing = taught_by(settings, Observations(late))
    assert unknowing.model.scaler == known.model.scaler
    assert unknowing.forecasts.tobytes() == known.forecasts.tobytes()


def test_five_working_days_are_not_taken_for_a_week():
    """Weekends are half as high in every series; of the new one none is known yet."""

    def with_weekends(observations):
        weekend = observations["valid_time"].dt.tz_convert("Europe/Berlin").dt.dayofweek >= 5
        return weekend, Observations(observations.assign(value=observations["value"].where(~weekend, 0.1)))

    settings = settings_of(epochs=1)
    series = {
        one: split(with_weekends(made(one, level, seed=level))[1], spec_of(one), settings)
        for one, level in ((SMALL, 100), (LARGE, 10_000))
    }
    weekend, whole = with_weekends(made(NEW, 1_000, days=14, seed=7))
    levels = []
    for observations in (whole, Observations(whole[~weekend].reset_index(drop=True))):
        new = newcomer(observations, spec_of(NEW), settings)
        *_, (fit,) = shared_of(series, settings, new)
        levels.append(fit.model.networks[0].scaler.moments.level)
    assert levels[1] == pytest.approx(levels[0], rel=0.06)
    plain = whole["value"].mean()
    assert whole[~weekend]["value"].mean() > 1.3 * plain, "as it would be without the others"


def test_less_than_five_days_are_too_few_and_more_are_the_way_out():
    settings = settings_of()
    with pytest.raises(
        ModelError,
        match=r"DE/load: is new and has 4\.0 days of values in the 8 days before the newest; .* from 5 days on",
    ):
        newcomer(new_rows(days=4), spec_of(NEW), settings)
    assert newcomer(new_rows(days=5), spec_of(NEW), settings).days[-1] == END - dt.timedelta(days=1)
    with pytest.raises(TooFewDaysError, match="needs 60 after a context of 8 days"):
        split(new_rows(days=20), spec_of(NEW), settings)


def test_nothing_before_the_holdout_is_too_few():
    settings = settings_of(holdout_start=FIRST)
    with pytest.raises(ModelError, match=rf"has 0\.0 days of values in the 8 days before {FIRST}"):
        newcomer(new_rows(), spec_of(NEW), settings)


def test_a_series_that_has_stood_still_waits_until_it_changes():
    still = new_rows()
    still = Observations(still.assign(value=0.0))
    with pytest.raises(ModelError, match=r"has had the value 0 all along.*Is it connected"):
        newcomer(still, spec_of(NEW), settings_of())
    changed = Observations(still.assign(value=np.where(np.arange(len(still)) < 100, 0.0, 5.0)))
    assert newcomer(changed, spec_of(NEW), settings_of()).days


def test_days_before_a_series_has_changed_do_not_judge_and_those_after_them_do():
    """For half of its days it was not connected; then it is what it is."""
    settings = settings_of()
    plain = new_rows(days=14)
    connected = pd.Timestamp(END - dt.timedelta(days=7), tz="Europe/Berlin")
    late = Observations(plain.assign(value=plain["value"].where(plain["valid_time"] >= connected, 0.0)))
    series, new, *_, fit = taught_by(settings, late)
    assert fit.judged_days == (END - dt.timedelta(days=6), END - dt.timedelta(days=1))
    assert len(new.judged([*series.values()])) == len(fit.forecasts) == 6
    assert np.isfinite(fit.forecasts).all()
    assert np.isfinite(fit.validation["validation_pinball"])


def test_days_of_which_little_is_known_or_that_are_learnt_do_not_judge():
    settings = settings_of()
    series = [parts_of(made(SMALL, 100), SMALL, settings)]
    new = newcomer(new_rows(days=60), spec_of(NEW), settings)
    begin = series[0].judged_days[0]
    judging = new.judges(series) >= 0
    assert [day for day, judges in zip(new.days, judging, strict=True) if judges] == days_between(
        begin, END - dt.timedelta(days=1)
    )
    week = newcomer(new_rows(days=7), spec_of(NEW), settings)
    assert (week.judges(series) >= 0).tolist() == [False] * 3 + [True] * 3


def test_where_the_others_end_long_before_it_is_judged_by_what_serves():
    settings = settings_of()
    series = [parts_of(made(SMALL, 100), SMALL, settings)]
    later = new_rows(after=20)
    new = newcomer(Observations(later[later["valid_time"] >= pd.Timestamp(LATER[0], tz="UTC")]), spec_of(NEW), settings)
    assert set(new.judges(series)[-5:].tolist()) == {len(spans_of(series))}


def test_where_no_day_can_be_judged_it_says_so():
    settings = settings_of()
    series = [parts_of(made(SMALL, 100), SMALL, settings)]
    old = made(NEW, 1_000, days=DAYS, seed=7)
    early = Observations(old[old["valid_time"] < pd.Timestamp(FIRST + dt.timedelta(days=20), tz="UTC")])
    with pytest.raises(ModelError, match=r"none of its days until 2025-01-2. can be judged .* bring the newest days"):
        newcomer(early, spec_of(NEW), settings).judged(series)


def test_a_newcomer_on_other_axes_is_named_and_has_no_say_in_what_is_usual():
    settings = settings_of(epochs=1)
    series = {
        SMALL: parts_of(made(SMALL, 100), SMALL, settings),
        LARGE: parts_of(made(LARGE, 10_000, seed=1), LARGE, settings),
    }
    early = replace(spec_of(NEW), deadline=Deadline.parse("D-1T0500[Europe/Berlin]"))
    new = {Series("DE", name): newcomer(new_rows(), early, settings) for name in ("load", "solar", "residual_load")}
    with pytest.raises(ModelError, match=r"DE/load, DE/solar, DE/residual_load: cannot share .* horizon of 43 units"):
        fit_shared("all", series, GRU, settings, lambda epoch: None, fine_tune=False, beside=(), newcomers=new)


def test_the_fingerprint_is_of_its_own_data_and_that_of_the_others():
    new = newcomer(new_rows(), spec_of(NEW), settings_of())
    less = newcomer(new_rows(days=9), spec_of(NEW), settings_of())
    assert len({new.fingerprint(["a"]), new.fingerprint(["b"]), less.fingerprint(["a"])}) == 3


def test_values_that_came_late_count_as_little_as_those_that_never_came():
    settings = settings_of(epochs=1)
    plain = new_rows()
    times = pd.DatetimeIndex(plain["valid_time"])
    late = rows(NEW, times[50:60], 1e6, pd.Timestamp("2030-01-01", tz="UTC"))
    without = plain.drop(index=range(50, 60))
    settings = settings.model_copy(update={"holdout_start": END})
    one, other = (
        newcomer(observations, spec_of(NEW), settings).windows
        for observations in (Observations(without.reset_index(drop=True)), together(Observations(without), late))
    )
    assert one.fingerprint() == other.fingerprint()
