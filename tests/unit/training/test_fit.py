"""Split and fit: which days are learnt, in which vintage, and what comes out."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from builders.long import first_of
from builders.rows import together
from builders.windows import FIRST, SPEC, made_load

from gridahead.core.errors import ModelError
from gridahead.core.tables import Observations
from gridahead.explain.gradients import model_gradients
from gridahead.features.anchors import anchored
from gridahead.features.missing import without
from gridahead.features.scaling import Scaler
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is, calibration_on
from gridahead.models.network.network import Network
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training import fit as module
from gridahead.training.candidates import network
from gridahead.training.conditions import views
from gridahead.training.epoch import Epoch
from gridahead.training.fit import anchors_to_try, fit, recency, windows_to_learn
from gridahead.training.members import TUNED_SHARE
from gridahead.training.split import split

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
LOADS = made_load(days=120)
HOLDOUT = FIRST + dt.timedelta(days=100)
SMALL = ModelSettings(cell="gru", hidden=8, decoder_hidden=8, members=1, dropout=0.1)


def settings_of(**changes):
    plain = {"quantiles": LEVELS, "epochs": 3, "batch_size": 8, "context_days": 8, "validation_days": 20}
    return TrainingSettings.model_validate({**plain, "holdout_start": HOLDOUT, "refit": False, **changes})


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
    time_range = days_of(parts.validation).index(day)
    assert parts.validation.target[time_range][parts.validation.delivery[time_range]][12] == 111_111.0
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


@pytest.mark.parametrize(("refit", "train", "validation"), [(False, 69, 22), (True, 23, 68)])
def test_of_a_short_history_a_quarter_is_for_validation_or_three_where_they_are_learnt_later(refit, train, validation):
    parts = split(LOADS, SPEC, settings_of(validation_days=270, refit=refit))
    assert (len(parts.train), len(parts.validation)) == (train, validation)


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
LATER = split(LOADS, SPEC, settings_of(refit=True))
"""The same days, of which those for validation are learnt in the end."""


def with_target(parts, added, chosen):
    """The outturn of some days is so much higher [MW]."""
    target = parts.windows.target.copy()
    target[chosen] += added
    return replace(parts, windows=replace(parts.windows, target=target))


@pytest.fixture(scope="module")
def fitted():
    told: list[Epoch] = []
    settings = settings_of(epochs=8, learning_rate=0.03)
    return fit("gru", PARTS, SMALL.model_copy(update={"members": 2}), settings, told.append), told


def test_a_tiny_network_improves_on_its_anchor(fitted):
    """The official forecast is 2 000 MW too high around noon; its correction has seen that."""
    found, _ = fitted
    error = {
        anchor: np.abs(PARTS.judged.target - anchored(PARTS.judged, anchor, 0.0))[counted(PARTS)].mean()
        for anchor in ("official", "official_corrected")
    }
    assert found.model.scaler.anchor == "official_corrected"
    assert found.validation["validation_mae"] < 0.6 * error["official"]
    # Beyond that there is only noise.
    assert found.validation["validation_mae"] < 1.1 * error["official_corrected"]


def test_a_fit_tells_how_it_came_about(fitted):
    found, told = fitted
    assert len(found.model.members) == 2
    assert list(found.epochs) == told
    assert {epoch.member for epoch in told} == {0, 1}
    assert found.train_days == PARTS.train_days
    assert (found.validation_days, found.judged_days) == (PARTS.validation_days, PARTS.judged_days)
    assert found.learnt_until == PARTS.train_days[1]
    assert found.data_fingerprint == PARTS.fingerprint()
    assert found.seconds > 0


def test_the_metrics_of_a_fit_are_those_of_its_forecasts(fitted):
    found, _ = fitted
    error = (found.forecasts[..., 2] - PARTS.judged.target)[counted(PARTS)]
    assert found.validation["validation_mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    left = (PARTS.judged.target[..., None] - found.forecasts)[counted(PARTS)]
    loss = np.maximum(left * LEVELS, left * (np.array(LEVELS) - 1)).mean()
    assert found.validation["validation_pinball"] == pytest.approx(loss, rel=1e-5)


def test_what_serves_is_calibrated_on_what_networks_said_of_days_that_they_had_not_learnt(fitted):
    found, _ = fitted
    assert found.model.calibration.tolist() == calibration_on(found.answers, PARTS.judged, LEVELS).tolist()
    assert found.answers.shape == found.forecasts.shape == (len(PARTS.judged), 37, 5)
    assert all(fold.calibration.tolist() == as_it_is(LEVELS).tolist() for fold in found.folds)


def test_the_scaler_learns_from_the_training_windows_only(fitted):
    found, _ = fitted
    known = PARTS.train.target_past.astype(np.float64)
    assert found.model.scaler.moments.level == pytest.approx(np.nanmean(known), rel=1e-9)
    assert found.model.scaler.moments.spread == pytest.approx(np.nanstd(known), rel=1e-9)
    assert found.model.scaler.moments.level != pytest.approx(np.nanmean(PARTS.validation.target_past), rel=1e-5)
    assert found.model.scaler == Scaler.fit(PARTS.train, found.model.scaler.anchor)


def test_the_same_seed_fits_the_same_weights_and_another_seed_others():
    one, other, third = (
        fit("gru", PARTS, SMALL, settings_of(seed=seed), lambda epoch: None).model for seed in (1, 1, 2)
    )
    weights = [model.networks[0].members[0].state_dict() for model in (one, other, third)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])
    assert one.predict(PARTS.validation).tobytes() == other.predict(PARTS.validation).tobytes()


def test_a_fit_draws_from_its_seed_alone_and_leaves_the_numbers_of_others_as_they_were():
    """By hand: the weights that torch makes from the seed of the first member, which one step hardly moves."""
    settings = settings_of(epochs=1, learning_rate=1e-12, seed=3)
    parts, before = split(LOADS, SPEC, settings), torch.get_rng_state()
    done = fit("gru", parts, SMALL, settings, lambda epoch: None)
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(done.model, TrainedModel)
    torch.manual_seed(3000)
    expected = Network(done.model.members[0].config).state_dict()
    for name, weights in done.model.members[0].state_dict().items():
        torch.testing.assert_close(weights, expected[name], rtol=1e-4, atol=1e-6)


def test_without_an_encoder_a_recurrent_decoder_learns_alone(tmp_path):
    alone = SMALL.model_copy(update={"segment": "none"})
    found = fit("gru", PARTS, alone, settings_of(epochs=8, learning_rate=0.03), lambda epoch: None)
    (network,) = found.model.networks
    assert model_gradients(network, PARTS.judged) is None
    assert not [name for name in network.members[0].state_dict() if name.startswith(("encoder", "bridge"))]
    found.model.save(tmp_path)
    again = TrainedModel.load(tmp_path)
    assert again.predict(PARTS.validation).tobytes() == found.model.predict(PARTS.validation).tobytes()


def test_missing_outturns_are_no_obstacle():
    holed = replace(PARTS.windows, target=PARTS.windows.target.copy())
    holed.target[::4, 20:30] = np.nan
    found = fit("gru", replace(PARTS, windows=holed), SMALL, settings_of(), lambda epoch: None)
    assert np.isfinite(found.model.predict(PARTS.validation)[PARTS.validation.within]).all()
    assert all(np.isfinite(value) for value in found.validation.values())


def test_a_model_that_cannot_be_fitted_says_which_and_why():
    with pytest.raises(ModelError, match=r"DE/load gru.*the loss is"):
        fit("gru", PARTS, SMALL, settings_of(learning_rate=1e36), lambda epoch: None)


# -- refit, recency, warm start, resume -----------------------------------------------------------------------------


def weights_of(model):
    return [member.state_dict() for member in model.members]


def same_weights(one, other):
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    return all(torch.equal(left[name], right[name]) for left, right in pairs for name in left)


# What is learnt from the training days, 7 000 MW too high, makes the stopping days worse: an early epoch is best.
MISLED = with_target(LATER, 7_000, slice(0, LATER.begin))


@pytest.fixture(scope="module")
def refitted():
    told: list[Epoch] = []
    pair = SMALL.model_copy(update={"members": 2})
    settings = settings_of(epochs=9, patience=3, learning_rate=0.1, refit=True)
    return fit("gru", MISLED, pair, settings, told.append), told


def test_networks_that_serve_have_learnt_all_days_and_those_of_a_fold_all_but_the_fold(refitted):
    again, _ = refitted
    anchor = again.model.scaler.anchor
    assert again.model.scaler == Scaler.fit(MISLED.windows, anchor)
    assert len(again.folds) == MISLED.folds
    for number, fold in enumerate(again.folds):
        assert fold.scaler == Scaler.fit(MISLED.without(MISLED.spans(number)).daily, fold.scaler.anchor)
        assert len(fold.members) == len(again.model.members) == 2
        assert not same_weights(fold, again.model)
    assert again.learnt_until == MISLED.validation_days[1]


def test_the_first_member_alone_is_stopped_and_all_others_learn_as_long(refitted):
    _, told = refitted
    stopped, *later = [[epoch for epoch in told if epoch.training == n] for n in range(told[0].trainings)]
    trials = [0] * len(anchors_to_try(MISLED, SMALL, None)) * 2
    best = min(stopped, key=lambda epoch: epoch.validation_loss).epoch + 1
    assert best < 9, "the best epoch must not be the last"
    # Five folds and what serves have two members each; these are tuned in the end, for a third of the epochs.
    learnt, tuned = later[:-12], later[-12:]
    assert [len(epochs) for epochs in learnt] == [best] * len(learnt)
    assert [epochs[0].member for epochs in learnt] == [*trials, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1], "folds 1 and 3 try"
    assert [len(epochs) for epochs in tuned] == [max(1, round(TUNED_SHARE * best))] * len(tuned)
    assert [epochs[0].member for epochs in tuned] == [0, 1] * 6
    assert all(epoch.validation_loss is None for epochs in later for epoch in epochs)
    assert all(epochs[-1].learning_rate < 0.1 * 0.1 for epochs in learnt), "the schedule was not shortened"


def test_a_fold_has_the_anchor_that_did_best_on_the_other_folds_that_tried_them(monkeypatch):
    losses = {1: {"official": 3.0, "linear": 1.0, "level": 2.0}, 3: {"official": 2.0, "linear": 4.5, "level": 2.5}}
    asked = {tuple(MISLED.of_fold(fold).issue_time): fold for fold in losses}
    monkeypatch.setattr(module, "anchors_to_try", lambda *_: ("official", "linear", "level"))
    monkeypatch.setattr(
        module, "_loss", lambda model, windows: losses[asked[tuple(windows.issue_time)]][model.scaler.anchor]
    )
    done = fit("gru", MISLED, SMALL, settings_of(epochs=1, refit=True), lambda epoch: None)
    assert [fold.networks[0].scaler.anchor for fold in done.folds] == ["level", "official", "level", "linear", "level"]
    assert done.model.networks[0].scaler.anchor == "level", "the sums are 5, 5.5 and 4.5"


def test_where_inputs_are_missing_answer_weights_that_were_tuned_on_such_days_and_nowhere_else(refitted):
    again, _ = refitted
    network = again.model.networks[0]
    plain = replace(network, degraded=())
    other = replace(network, members=network.degraded)
    lost = without(MISLED.judged, {SPEC.series.official: np.full(len(MISLED.judged), 24.0)})
    assert len(network.degraded) == 2
    assert network.raw(MISLED.judged).tobytes() == plain.raw(MISLED.judged).tobytes()
    assert network.raw(lost).tobytes() == other.raw(lost).tobytes() != plain.raw(lost).tobytes()
    # Folds answer the judged days without inputs by theirs, and on these answers the conditions are calibrated.
    views_ = [view for view in views(MISLED) if not view.is_complete]
    for block in MISLED.blocks():
        fold = again.folds[block.fold].networks[0]
        own = replace(fold, members=fold.degraded).uncalibrated(views_[0].windows.where(block.rows))
        assert again.beside[0][block.rows].tobytes() == own.tobytes()
        assert not same_weights(replace(fold, members=fold.degraded), replace(network, members=network.degraded))


def test_what_members_learn_does_not_depend_on_days_without_inputs():
    """The weights that answer complete windows are to the bit those of a training that knows of no others."""
    settings = settings_of(epochs=2, refit=True)
    one = SMALL.model_copy(update={"anchor": "official"})
    with_, bare = (fit("gru", parts, one, settings, lambda epoch: None) for parts in (LATER, replace(LATER, silent=())))
    assert same_weights(with_.model, bare.model)
    assert with_.forecasts.tobytes() == bare.forecasts.tobytes()
    assert (len(with_.model.networks[0].degraded), bare.model.networks[0].degraded) == (1, ())


def test_what_is_learnt_later_holds_what_happened_on_the_validation_days():
    """From the validation days on the load is 3 000 MW above what is officially forecast; no training day shows it."""
    settings, bias = settings_of(epochs=6, learning_rate=0.03, seed=1), {}
    for name, parts in (("before", PARTS), ("later", LATER)):
        shifted = with_target(parts, 3_000, slice(parts.begin, None))
        again = settings.model_copy(update={"refit": parts.learnt_later})
        one = SMALL.model_copy(update={"anchor": "official"})
        model = network(fit("gru", shifted, one, again, lambda epoch: None).model)
        said = model.uncalibrated(shifted.judged)[..., 2]
        bias[name] = float((said - shifted.judged.target)[counted(parts)].mean())
    assert bias["before"] < -2_000
    assert bias["later"] > bias["before"] + 300


def counted(parts):
    return parts.judged.delivery & ~np.isnan(parts.judged.target)


def test_weights_fall_by_half_every_half_life_before_the_newest_window():
    day = 86_400_000_000
    issued = np.array([0, 10 * day, 20 * day, 30 * day])
    assert recency(issued, 10).tolist() == [0.125, 0.25, 0.5, 1.0]


def test_with_a_half_life_old_days_count_less_and_unknown_hours_still_nothing():
    scaler = Scaler.fit(PARTS.train, "week")
    plain, recent = (
        windows_to_learn(scaler, "day", settings_of(half_life_days=half_life), PARTS.train) for half_life in (None, 7)
    )
    share = (recent.weight / plain.weight)[plain.weight > 0]
    assert float(share.max()) == 1.0
    assert float(share.min()) == pytest.approx(0.5**10, rel=1e-3)  # 71 days: the oldest is 70 days before the newest
    assert torch.equal(recent.weight == 0, plain.weight == 0)
    assert torch.equal(recent.target, plain.target)


def test_a_half_life_lets_the_newest_days_decide():
    """In the last 10 training days the truth is 3 000 MW higher; with a half-life of 3 days little else counts."""
    moved = with_target(PARTS, 3_000, slice(PARTS.begin - 10, PARTS.begin))
    # A recurrent decoder is slower to learn a level, and a regression has it at once.
    direct, level = SMALL.model_copy(update={"decoder": "direct", "anchor": "official"}), {}
    for half_life in (None, 3):
        settings = settings_of(epochs=4, patience=4, learning_rate=0.03, half_life_days=half_life)
        model = network(fit("gru", moved, direct, settings, lambda epoch: None).model)
        level[half_life] = float(model.uncalibrated(PARTS.judged)[..., 2][counted(PARTS)].mean())
    assert level[3] > level[None] + 500


def test_a_warm_start_begins_where_the_other_model_ended(fitted):
    found, _ = fitted
    told: list[Epoch] = []
    settings = settings_of(epochs=20, warm_epochs=2, learning_rate=1e-30, weight_decay=0)
    warm = fit("gru", PARTS, SMALL, settings, told.append, start=found.model)
    assert same_weights(replace(found.model, members=found.model.members[:1]), warm.model)
    assert [epoch.epoch for epoch in told if epoch.training == 0] == [0, 1], "the few epochs of a warm start"
    assert {epoch.trainings for epoch in told} == {2}, "on one anchor, and what it became is tuned"
    assert warm.model.networks[0].scaler.anchor == found.model.scaler.anchor


def test_what_does_not_fit_of_a_warm_start_begins_cold(fitted):
    found, _ = fitted
    deeper = SMALL.model_copy(update={"decoder_hidden": 12})
    warm = fit(
        "gru", PARTS, deeper, settings_of(learning_rate=1e-30, weight_decay=0), lambda e: None, start=found.model
    )
    own, given = warm.model.networks[0].members[0].state_dict(), found.model.members[0].state_dict()
    same = {name for name in own if own[name].shape == given[name].shape and torch.equal(own[name], given[name])}
    assert {name for name in own if name.startswith("encoder.")} <= same
    assert "bridge.weight" not in same


def test_a_warm_start_from_a_model_of_another_shape_is_refused(fitted):
    found, _ = fitted
    other = ModelSettings(cell="lstm", hidden=12, decoder_hidden=12, members=1)
    with pytest.raises(ModelError, match="DE/load lstm: cannot begin with the weights of DE/load gru: no matrix"):
        fit("lstm", PARTS, other, settings_of(), lambda epoch: None, start=found.model)


@pytest.mark.parametrize("dies_after", first_of([27, 5, 2], 1))
def test_a_fit_that_was_stopped_goes_on_and_ends_the_same(tmp_path, dies_after):
    pair, settings = SMALL.model_copy(update={"members": 2, "anchor": "official"}), settings_of(epochs=2, refit=True)
    told: list[Epoch] = []
    retold: list[Epoch] = []
    whole = fit("gru", LATER, pair, settings, told.append)

    def dies(epoch):
        retold.append(epoch)
        if len(retold) > dies_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit("gru", LATER, pair, settings, dies, checkpoints=tmp_path)
    retold.clear()
    again = fit("gru", LATER, pair, settings, retold.append, checkpoints=tmp_path)
    assert same_weights(again.model, whole.model)
    mine, others = (one.model.networks[0] for one in (again, whole))
    assert same_weights(replace(mine, members=mine.degraded), replace(others, members=others.degraded))
    assert again.validation == whole.validation
    assert again.forecasts.tobytes() == whole.forecasts.tobytes()
    timeless = [replace(epoch, windows_per_second=0) for epoch in told]
    assert [replace(epoch, windows_per_second=0) for epoch in retold] == timeless
    # What was done is not done again: an epoch that is told again has the speed that it had.
    assert len(again.epochs) == len(whole.epochs)
