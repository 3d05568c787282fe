"""Search: the present settings first, never the holdout, stopped and begun again, everything on record."""

import datetime as dt
import importlib
import sqlite3
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pytest
from builders.windows import FIRST, SPEC, made_load

from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.models.calibration import as_it_is
from gridahead.reports.search import best_settings_toml, search_rows, search_sentence, trial_line
from gridahead.settings.model import Settings
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.crossfit import validation_metrics
from gridahead.training.fit import fit
from gridahead.training.split import split
from gridahead.tuning import space as search_space
from gridahead.tuning import study as module
from gridahead.tuning.search import SearchResult
from gridahead.tuning.search import search as use_case
from gridahead.tuning.study import Search, run_trials
from gridahead.tuning.trial import best_of
from gridahead.workspace import Workspace

LOADS = made_load(days=85)
HOLDOUT = FIRST + dt.timedelta(days=75)
SMALL = ModelSettings(cell="gru", hidden=6, decoder_hidden=8, members=2, dropout=0.1)
TRAINING = TrainingSettings(
    holdout_start=HOLDOUT,
    epochs=2,
    batch_size=32,
    learning_rate=0.03,
    context_days=8,
    validation_days=15,
    quantiles=(0.1, 0.5, 0.9),
    refit=False,
)
LEVELS = TRAINING.quantiles
SPLIT = split(LOADS, SPEC, TRAINING)


@pytest.fixture(scope="module", autouse=True)
def here():
    """Trials in this process, and of networks so small that one takes a fraction of a second."""

    def threads(search, workers):
        return ThreadPoolExecutor(workers, initializer=module._start, initargs=(search,))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_processes", threads)
        patch.setattr(module, "OF_MODEL", {**search_space.OF_MODEL, "hidden": (4, 6, 8, 16), "decoder_hidden": (8, 12)})
        yield


@pytest.fixture(autouse=True)
def optuna_logs_what_it_logged() -> Iterator[None]:
    """A level that nothing of ours would set is there after every test."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    yield
    assert optuna.logging.get_verbosity() == optuna.logging.CRITICAL
    optuna.logging.set_verbosity(before)


@pytest.fixture
def begun(tmp_path):
    """A search of a small network that has no trial yet."""
    return Search(tmp_path / "DE.load.gru.db", "gru", SPLIT, SMALL, TRAINING)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search with four trials."""
    search = Search(tmp_path_factory.mktemp("whole") / "DE.load.gru.db", "gru", SPLIT, SMALL, TRAINING)
    run(search, 4)
    return search


def run(search, trials, minutes=10.0):
    run_trials(search, minutes, trials, 1, lambda ended, left: None)
    return search.trials()


def tried(trials):
    return [(trial.settings, trial.state, trial.validation) for trial in trials]


def test_the_present_settings_come_first_and_are_judged_as_a_fit_of_one_member_is(whole):
    anchors, trials = [one["anchor"] for one in whole.present()], whole.trials()
    assert [trial.default for trial in trials] == [n < len(anchors) for n in range(4)]
    assert trials[0].settings == {
        "hidden": 6,
        "decoder_hidden": 8,
        "layers": 1,
        "decoder": "recurrent",
        "dropout": 0.1,
        "learning_rate": 0.03,
        "weight_decay": 0.01,
        "batch_size": 32,
        "half_life_days": None,
        "anchor": anchors[0],
    }
    alone = fit("gru", SPLIT, SMALL.model_copy(update={"members": 1}), TRAINING, lambda epoch: None)
    assert min(trial.pinball for trial in trials if trial.default) == alone.validation["validation_pinball"]
    assert len({str(trial.settings) for trial in trials}) == 4, "a draw was repeated"


def test_whatever_happens_in_the_holdout_a_search_that_was_stopped_and_goes_on_finds_the_same(whole, tmp_path):
    later = LOADS["available_at"] > SPEC.deadline.for_delivery(HOLDOUT)
    poisoned = Observations(LOADS.assign(value=LOADS["value"].where(~later, 1e9)))
    wild = replace(whole, file=tmp_path / "wild.db", split=split(poisoned, SPEC, TRAINING))
    assert later.any()
    assert len(run(wild, 3)) == 3
    assert tried(run(wild, 1)) == tried(whole.trials())


def test_the_losses_by_epoch_are_megawatts_whatever_the_anchor(whole):
    trial = whole.trials()[-1]
    config, training = whole.applied(trial.settings)
    # The loss by epoch is that of the stopping days, of the network as it is, not calibrated.
    plain = replace(fit("gru", SPLIT, config, training, lambda epoch: None).model, calibration=as_it_is(LEVELS))
    assert len(trial.by_epoch) == 2
    expected = validation_metrics(plain.predict(SPLIT.stopping), SPLIT.stopping, LEVELS)["validation_pinball"]
    assert min(trial.by_epoch.values()) == pytest.approx(expected, rel=1e-4)


def test_a_trial_that_does_worse_than_the_median_is_stopped_early(begun, monkeypatch):
    monkeypatch.setattr(module, "UNPRUNED_TRIALS", 1)
    monkeypatch.setattr(module, "UNPRUNED_EPOCHS", 0)
    begun = replace(begun, training=TRAINING.model_copy(update={"epochs": 6}))
    good = run(begun, len(begun.present()))
    slow = {**begun.present()[0], "anchor": "level", "learning_rate": 5e-4, "batch_size": 128}
    begun.study().enqueue_trial(slow)
    poor = run(begun, 1)[-1]
    assert (poor.state, poor.pinball) == ("pruned", None)
    assert len(poor.by_epoch) < len(good[0].by_epoch) == 6
    assert best_of([*good, poor]) == best_of(good)


def test_a_trial_that_was_killed_fails_and_is_tried_again(begun):
    study = begun.study()
    run(begun, len(begun.present()))
    with pytest.warns(UserWarning, match="Heartbeat"):
        killed = study.ask()
    killed.suggest_float("dropout", 0.0, 0.5)
    study._storage.record_heartbeat(killed._trial_id)
    assert run(begun, 1)[-1].number > killed.number, "a trial that is alive elsewhere is left alone"
    with sqlite3.connect(begun.file) as database:
        database.execute("UPDATE trial_heartbeats SET heartbeat = '2025-01-01' WHERE trial_id = ?", (killed._trial_id,))
    trials = run(begun, 1)
    assert [(trial.number, trial.state, trial.reason) for trial in trials if trial.state == "fail"] == [
        (killed.number, "fail", "was killed")
    ]
    assert trials[-1].state == "complete"
    assert trials[-1].settings["dropout"] == pytest.approx(killed.params["dropout"], rel=5e-3)


def test_a_trial_that_cannot_be_trained_says_why_and_the_search_goes_on(begun):
    wild = replace(begun, training=TRAINING.model_copy(update={"learning_rate": 1e36}))
    wild.study().enqueue_trial({**begun.present()[0], "learning_rate": 0.01})
    trials = run(wild, 1 + len(wild.present()))
    assert [trial.state for trial in trials] == ["complete", *["fail"] * len(wild.present())]
    assert "the loss is" in trials[-1].reason
    assert "could not be trained" in search_sentence(SearchResult(wild, trials))


def test_no_trial_begins_when_the_time_is_over(begun):
    assert run(begun, 3, minutes=0) == []


def test_when_the_time_is_over_a_trial_is_stopped_unless_it_is_of_the_present_settings(begun):
    present = begun.present()
    for proposed in (*present, {**present[0], "hidden": 16}):
        begun.study().enqueue_trial(proposed, user_attrs={"default": proposed in present})
        module.run_trial(begun, 0, until=0.0)
    assert [trial.state for trial in begun.trials()] == ["complete"] * len(present) + ["pruned"]
    assert len(begun.trials()[-1].by_epoch) == 1


def test_other_days_or_other_settings_are_another_study(begun):
    others = [
        replace(begun, split=replace(SPLIT, begin=SPLIT.begin - 1)),
        replace(begun, config=SMALL.model_copy(update={"layer_norm": True})),
        replace(begun, training=TRAINING.model_copy(update={"epochs": 4})),
    ]
    assert len({one.name for one in (begun, *others)}) == 4
    assert replace(begun, training=TRAINING.model_copy(update={"workers": 7})).name == begun.name


def test_every_setting_that_may_be_proposed_is_a_model(begun, monkeypatch):
    monkeypatch.setattr(module, "OF_MODEL", search_space.OF_MODEL)
    pair = ModelSettings(cell="gru", decoder="recurrent", bidirectional=True, decoder_hidden=6)
    for config in (SMALL, pair, ModelSettings(cell="transformer", hidden=116)):
        search = replace(begun, config=config)
        for n in range(30):
            drawn = np.random.default_rng(n)
            given = {
                name: drawn.uniform(options.low, options.high)
                if isinstance(options, search_space.Range)
                else options[drawn.integers(len(options))]
                for name, options in search.space.items()
            }
            fixed: Any = optuna.trial.FixedTrial(given)
            found = {name: module._suggest(fixed, name, options) for name, options in search.space.items()}
            model, training = search.applied(found)
            assert model.members == 1
            assert not training.refit


@pytest.mark.parametrize("extra", [{}, {"segment": "hour", "layer_norm": True}])
def test_the_snippet_in_the_settings_is_what_was_tried(whole, extra):
    found = SearchResult(replace(whole, config=SMALL.model_copy(update=extra)), whole.trials()[-1:])
    pasted = Settings.model_validate({"data_folder": "data", **tomllib.loads(best_settings_toml(found))})
    model, training = found.search.applied(found.best.settings)
    assert pasted.models["gru"].model_copy(update={"members": 1}) == model
    names = ("learning_rate", "weight_decay", "batch_size", "half_life_days")
    assert all(getattr(pasted.training, name) == getattr(training, name) for name in names)


def test_a_model_of_any_name_is_written_as_toml_that_says_the_same(whole):
    """Guard: texts are escaped, and a name that is no bare key is quoted."""
    config = SMALL.model_copy(update={"segment": 'a "quoted" segment'})
    found = SearchResult(replace(whole, config=config, model='gru "two"'), whole.trials()[-1:])
    written = tomllib.loads(best_settings_toml(found))
    assert written["models"]['gru "two"']["segment"] == 'a "quoted" segment'


def test_what_was_found_is_told_beside_the_present_settings(whole):
    trials = whole.trials()
    present = replace(trials[0], validation={"validation_pinball": 200.0, "validation_mae": 500.0}, default=True)
    figures = {"validation_pinball": 190.0, "validation_mae": 480.0}
    better = replace(trials[2], validation=figures, by_epoch={0: 195.0}, default=False)
    found = SearchResult(whole, [present, better])
    assert "Trial 2 has a pinball loss 5.0% below" in search_sentence(found)
    assert search_rows(found)[1] == {"": "validation_mae", "default": "500", "trial 2": "480", "trial 0": "500"}
    assert trial_line(whole, better, [present, better], 120.0) == (
        "DE/load gru: trial 2 complete, pinball 190 MW after 1 epochs; best 190 MW (trial 2); 2 min left"
    )
    assert search_rows(replace(found, unit="GW"))[1]["trial 2"] == "0.480"
    assert "pinball 0.190 GW after 1 epochs; best 0.190 GW" in trial_line(whole, better, [present, better], 120.0, "GW")


def test_without_optuna_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "gridahead.tuning.study")
    with pytest.raises(SettingsError, match=r"pip install -e '.\[search\]'"):
        importlib.import_module("gridahead.tuning.study")


def test_a_name_that_is_no_network_is_refused(tmp_path):
    workspace = Workspace(Settings(data_folder=tmp_path))
    with pytest.raises(SettingsError, match="--model ensemble: no network has this name; known are rnn, lstm"):
        use_case(workspace, Series("DE", "load"), "ensemble", 1)


def test_a_process_that_dies_is_an_error_with_a_way_out(begun, monkeypatch):
    def dies(draw, until):
        raise BrokenProcessPool

    monkeypatch.setattr(module, "_run", dies)
    with pytest.raises(ModelError, match=r"DE/load gru: the process of a trial died.*what was found is kept"):
        run(begun, 1)
