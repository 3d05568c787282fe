"""Split and fit: which days are learnt, in which vintage, and what comes out."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from made_rows import together
from made_windows import FIRST, SPEC, made_load

from gridahead.config import ModelSettings, TrainingSettings
from gridahead.errors import ModelError
from gridahead.features.scaling import Scaler, anchored
from gridahead.tables import Observations
from gridahead.training.fit import fit, split

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
LOADS = made_load(days=120)
HOLDOUT = FIRST + dt.timedelta(days=100)
SMALL = ModelSettings(cell="gru", hidden=8, decoder_hidden=8, members=1, dropout=0.1)


def settings_of(**changes):
    plain = {"quantiles": LEVELS, "epochs": 3, "batch_size": 8, "context_days": 8, "validation_days": 20}
    return TrainingSettings.model_validate({**plain, "holdout_start": HOLDOUT, **changes})


def days_of(windows):
    """The delivery day of each window, from its valid times."""
    first = windows.valid_time[np.arange(len(windows)), windows.delivery.argmax(axis=1)]
    return [stamp.date() for stamp in pd.to_datetime(first, unit="us", utc=True).tz_convert("Europe/Berlin")]


# -- split ----------------------------------------------------------------------------------------------------------


def test_no_day_of_the_holdout_is_learnt_and_validation_comes_last():
    parts = split(LOADS, SPEC, settings_of())
    train, validation = days_of(parts.train), days_of(parts.validation)
    # Eight days of context and the day of the issue time come before the first day; 91 days remain, 20 of them held.
    assert train[0] == FIRST + dt.timedelta(days=9)
    assert validation[-1] == HOLDOUT - dt.timedelta(days=1)
    assert (len(train), len(validation)) == (71, 20)
    assert train + validation == [train[0] + dt.timedelta(days=n) for n in range(91)]
    assert parts.train_days == (train[0], train[-1])
    assert parts.validation_days == (validation[0], validation[-1])


def test_no_value_from_the_holdout_on_is_a_target():
    parts = split(LOADS, SPEC, settings_of())
    begins = pd.Timestamp(HOLDOUT, tz="Europe/Berlin").value // 1000
    known = ~np.isnan(parts.validation.target)
    assert (parts.validation.valid_time[known] < begins).all()
    # The first forecast of the holdout is made at 11:00 of the day before; 10:00–11:00 is not out by then.
    last_known = pd.Timestamp(parts.validation.valid_time[known].max(), unit="us", tz="Europe/Berlin")
    assert last_known == pd.Timestamp(HOLDOUT, tz="Europe/Berlin") - pd.Timedelta(hours=15)


def test_a_revision_after_the_first_issue_time_of_the_holdout_is_not_learnt():
    first_issue = SPEC.deadline.for_delivery(HOLDOUT)
    day = HOLDOUT - dt.timedelta(days=10)
    noon = pd.Timestamp(day, tz="Europe/Berlin") + pd.Timedelta(hours=12)
    row = LOADS[(LOADS["quantity"] == "load") & (LOADS["valid_time"] == noon)].assign(availability="recorded")
    in_time = row.assign(value=111_111.0, available_at=first_issue)
    too_late = row.assign(value=222_222.0, available_at=first_issue + pd.Timedelta(minutes=1))
    parts = split(together(LOADS, Observations(in_time), Observations(too_late)), SPEC, settings_of())
    window = days_of(parts.validation).index(day)
    assert parts.validation.target[window][parts.validation.delivery[window]][12] == 111_111.0
    assert not (parts.validation.target == 222_222.0).any()


def test_whatever_happens_after_the_first_issue_time_of_the_holdout_nothing_of_it_is_learnt():
    later = LOADS["available_at"] > SPEC.deadline.for_delivery(HOLDOUT)
    poisoned = Observations(LOADS.assign(value=LOADS["value"].where(~later, 1e9)))
    clean, wild = (split(each, SPEC, settings_of()) for each in (LOADS, poisoned))
    for one, other in ((clean.train, wild.train), (clean.validation, wild.validation)):
        assert one.fingerprint() == other.fingerprint()


def test_no_day_of_the_holdout_is_learnt_even_if_its_values_claim_to_be_known_early():
    holdout = LOADS["valid_time"] >= pd.Timestamp(HOLDOUT, tz="Europe/Berlin")
    early = LOADS["available_at"].where(~holdout, LOADS["valid_time"] - pd.Timedelta(days=60))
    parts = split(Observations(LOADS.assign(available_at=early)), SPEC, settings_of())
    assert days_of(parts.validation)[-1] == HOLDOUT - dt.timedelta(days=1)


def test_without_a_holdout_every_day_with_an_outturn_is_used():
    parts = split(LOADS, SPEC, settings_of(holdout_start=None))
    assert parts.validation_days[1] == FIRST + dt.timedelta(days=119)
    assert not np.isnan(parts.validation.target[-1][parts.validation.delivery[-1]]).any()


def test_at_most_a_quarter_of_the_days_is_for_validation():
    parts = split(LOADS, SPEC, settings_of(validation_days=270))
    assert (len(parts.train), len(parts.validation)) == (69, 22)


def test_days_without_an_outturn_are_left_out():
    gone = [HOLDOUT - dt.timedelta(days=n) for n in (5, 50)]
    local_day = LOADS["valid_time"].dt.tz_convert("Europe/Berlin").dt.date
    holed = Observations(LOADS[~((LOADS["quantity"] == "load") & local_day.isin(gone))].reset_index(drop=True))
    parts = split(holed, SPEC, settings_of())
    assert not set(gone) & set(days_of(parts.train) + days_of(parts.validation))
    assert len(parts.train) + len(parts.validation) == 89


def test_too_short_a_history_is_a_model_error_with_the_numbers():
    with pytest.raises(
        ModelError, match=r"DE/load: has 21 delivery days .* needs 60 after a context of 8 days; ingest"
    ):
        split(made_load(days=30), SPEC, settings_of(holdout_start=None))
    with pytest.raises(ModelError, match="has 0 delivery days to learn from before 2024-01-01"):
        split(LOADS, SPEC, settings_of(holdout_start=dt.date(2024, 1, 1)))


def test_a_series_that_is_not_there_is_a_model_error():
    nothing = Observations(LOADS[LOADS["quantity"] != "load"])
    with pytest.raises(ModelError, match="there is nothing to train on"):
        split(nothing, SPEC, settings_of())


# -- fit ------------------------------------------------------------------------------------------------------------

PARTS = split(LOADS, SPEC, settings_of())


@pytest.fixture(scope="module")
def fitted():
    told = []
    settings = settings_of(epochs=8, learning_rate=0.03)
    return fit("gru", PARTS, SMALL.model_copy(update={"members": 2}), settings, told.append), told


def test_a_tiny_network_improves_on_its_anchor(fitted):
    """The official forecast is 2 000 MW too high around noon; a few epochs are enough to see that."""
    found, _ = fitted
    counted = PARTS.validation.delivery & ~np.isnan(PARTS.validation.target)
    official = anchored(PARTS.validation, "reference", 0.0)
    error = np.abs(PARTS.validation.target - official)[counted].mean()
    assert found.model.scaler.anchor == "reference"
    assert found.validation["validation_mae"] < 0.9 * error


def test_a_fit_tells_how_it_came_about(fitted):
    found, told = fitted
    assert len(found.model.members) == 2
    assert list(found.epochs) == told
    assert {epoch.member for epoch in told} == {0, 1}
    assert found.train_days == PARTS.train_days
    assert found.data_fingerprint == PARTS.train.fingerprint()
    assert found.seconds > 0


def test_the_metrics_of_a_fit_are_those_of_its_forecasts(fitted):
    found, _ = fitted
    predicted = found.model.predict(PARTS.validation)
    counted = PARTS.validation.delivery & ~np.isnan(PARTS.validation.target)
    error = (predicted[..., 2] - PARTS.validation.target)[counted]
    assert found.validation["validation_mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)


def test_intervals_cover_what_they_promise_on_the_validation_days(fitted):
    found, _ = fitted
    predicted = found.model.predict(PARTS.validation)
    counted = PARTS.validation.delivery & ~np.isnan(PARTS.validation.target)
    below = (PARTS.validation.target[..., None] <= predicted)[counted].mean(axis=0)
    np.testing.assert_allclose(np.delete(below, 2), [0.1, 0.25, 0.75, 0.9], atol=0.01)


def test_the_scaler_learns_from_the_training_windows_only(fitted):
    found, _ = fitted
    known = PARTS.train.past[..., 0].astype(np.float64)
    assert found.model.scaler.level == pytest.approx(np.nanmean(known), rel=1e-9)
    assert found.model.scaler.spread == pytest.approx(np.nanstd(known), rel=1e-9)
    assert found.model.scaler.level != pytest.approx(np.nanmean(PARTS.validation.past[..., 0]), rel=1e-5)
    assert found.model.scaler == Scaler.fit(PARTS.train, found.model.scaler.anchor)


def test_the_same_seed_fits_the_same_weights_and_another_seed_others():
    one, other, third = (
        fit("gru", PARTS, SMALL, settings_of(seed=seed), lambda epoch: None).model for seed in (1, 1, 2)
    )
    weights = [model.members[0].state_dict() for model in (one, other, third)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])
    assert one.predict(PARTS.validation).tobytes() == other.predict(PARTS.validation).tobytes()


def test_missing_outturns_are_no_obstacle():
    holed = replace(PARTS.train, target=PARTS.train.target.copy())
    holed.target[::4, 20:30] = np.nan
    found = fit("gru", replace(PARTS, train=holed), SMALL, settings_of(), lambda epoch: None)
    assert np.isfinite(found.model.predict(PARTS.validation)).all()
    assert all(np.isfinite(value) for value in found.validation.values())


def test_a_model_that_cannot_be_fitted_says_which_and_why():
    with pytest.raises(ModelError, match=r"DE/load gru.*the loss is"):
        fit("gru", PARTS, SMALL, settings_of(learning_rate=1e36), lambda epoch: None)
