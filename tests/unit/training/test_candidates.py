"""Candidates: every network once, ensembles of them, and what a warm start begins with."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.windows import SPEC, made_load

from gridahead.core.errors import ModelError
from gridahead.models.aggregate import Aggregate
from gridahead.models.ensemble import Ensemble, combine
from gridahead.settings.model import Settings
from gridahead.settings.networks import DEFAULT_MODELS
from gridahead.training import candidates
from gridahead.training.candidates import _starts, fit_candidates, fit_ensemble
from gridahead.training.fit import fit
from gridahead.training.split import split

TRAINING = {"epochs": 2, "batch_size": 16, "context_days": 8, "validation_days": 20, "quantiles": (0.1, 0.5, 0.9)}
NETWORKS = {name: {"cell": name, "hidden": 6, "decoder_hidden": 8, "members": 1} for name in ("rnn", "lstm", "gru")}
SETTINGS = Settings.model_validate(
    {
        "data_folder": "data",
        "models": NETWORKS,
        "training": TRAINING,
        "ensembles": {"both": ("rnn", "gru"), "beside": ("gru", "official_corrected", "naive")},
    }
)
PARTS = split(made_load(days=100), SPEC, SETTINGS.training)


def quick(parts, models, settings, workers, progress, *, starts, checkpoints):
    """The fits in this process."""
    return [fit(name, parts, one, settings, progress, start=starts.get(name)) for name, one in models.items()]


@pytest.fixture
def here(monkeypatch):
    """Which networks were trained."""
    trained = []

    def counting(parts, models, *rest, **options):
        trained.extend(models)
        return quick(parts, models, *rest, **options)

    monkeypatch.setattr(candidates, "fit_all", counting)
    return trained


def test_a_network_that_several_need_is_trained_once(here):
    fits = fit_candidates(PARTS, ["both", "gru", "ensemble"], SETTINGS, 1, lambda epoch: None)
    assert [one.model.name for one in fits] == ["both", "gru", "ensemble"]
    assert sorted(here) == ["gru", "lstm", "rnn"]
    assert [model.name for model in fits[0].model.networks] == ["rnn", "gru"]
    assert fits[0].model.networks[1] is fits[1].model


def test_what_stands_beside_networks_is_trained_by_nobody_and_weighted_with_them(here):
    fits = fit_candidates(PARTS, ["gru", "beside"], SETTINGS, 1, lambda epoch: None)
    assert here == ["gru"]
    assert isinstance(fits[1].model, Aggregate)
    assert fits[1].model.experts == ("networks", "official_corrected", "naive", "kalman")
    assert fits[1].model.networks[0] is fits[0].model
    assert fits[1].learnt_until == fits[0].learnt_until


def test_the_figures_of_an_ensemble_are_those_of_its_forecasts_and_better_than_those_of_its_parts_on_average(here):
    gru, rnn, both = fit_candidates(PARTS, ["gru", "rnn", "both"], SETTINGS, 1, lambda epoch: None)
    counted = PARTS.judged.delivery & ~np.isnan(PARTS.judged.target)
    error = np.abs(both.forecasts[..., 1] - PARTS.judged.target)[counted].mean()
    assert both.validation["validation_mae"] == pytest.approx(error, rel=1e-5)
    parts = [fit.validation["validation_pinball"] for fit in (gru, rnn)]
    assert both.validation["validation_pinball"] < np.mean(parts)
    assert both.epochs == ()


def test_an_ensemble_serves_what_has_learnt_all_days_and_is_weighted_by_what_had_not():
    training = SETTINGS.training.model_copy(update={"epochs": 1})
    fits = [fit(name, PARTS, SETTINGS.models[name], training, lambda epoch: None) for name in ("rnn", "gru")]
    both = fit_ensemble("both", fits, PARTS)
    assert [part is one.model for part, one in zip(both.model.networks, fits, strict=True)] == [True, True]
    assert both.learnt_until == PARTS.validation_days[1]
    # Nothing of what the networks that serve say of the judged days is in weights, calibration or figures.
    networks = tuple(one.model.networks[0] for one in fits)
    silent = [
        replace(one, model=replace(network, scaler=replace(network.scaler, scale=1e-6)))
        for one, network in zip(fits, networks, strict=True)
    ]
    other = fit_ensemble("both", silent, PARTS)
    assert isinstance(other.model, Ensemble)
    assert isinstance(both.model, Ensemble)
    assert other.model.weights == both.model.weights
    assert other.model.calibration.tolist() == both.model.calibration.tolist()
    assert other.validation == both.validation
    assert other.forecasts.tobytes() == both.forecasts.tobytes()
    # By hand: the same weights and calibration from the answers of the folds.
    by_hand = combine("both", networks, [one.answers for one in fits], PARTS.judged)
    assert by_hand.weights == both.model.weights
    assert by_hand.calibration.tolist() == both.model.calibration.tolist()


def test_an_ensemble_says_of_a_block_what_other_days_have_taught_it():
    """The outturn of a block changes no forecast of it: neither through weights nor through the calibration."""
    training = SETTINGS.training.model_copy(update={"epochs": 1, "refit": False})
    parts = split(made_load(days=160), SPEC, training.model_copy(update={"validation_days": 80, "refit": True}))
    parts = replace(parts, learnt_later=False)  # what networks learn is another test; these learn no judged day
    fits = [fit(name, parts, SETTINGS.models[name], training, lambda epoch: None) for name in ("rnn", "gru")]
    both = fit_ensemble("both", fits, parts)
    block = list(parts.blocks())[2]
    assert block.others.any()
    target = parts.windows.target.copy()
    target[parts.judging[2]] += 20_000
    other = fit_ensemble("both", fits, replace(parts, windows=replace(parts.windows, target=target)))
    assert other.forecasts[block.rows].tobytes() == both.forecasts[block.rows].tobytes()
    assert other.model.calibration.tolist() != both.model.calibration.tolist()
    moved = [
        number
        for number, one in enumerate(parts.blocks())
        if other.forecasts[one.rows].tobytes() != both.forecasts[one.rows].tobytes()
    ]
    assert {0, 5} <= set(moved), "blocks far away hear of it"


def test_a_warm_start_goes_to_networks_of_the_same_cell(here):
    first = {one.model.name: one for one in fit_candidates(PARTS, ["rnn", "gru"], SETTINGS, 1, lambda epoch: None)}
    still = SETTINGS.model_copy(
        update={"training": SETTINGS.training.model_copy(update={"learning_rate": 1e-30, "weight_decay": 0.0})}
    )
    gru, lstm = fit_candidates(PARTS, ["gru", "lstm"], still, 1, lambda epoch: None, start=first["gru"].model.networks)
    given, taken = (one.model.networks[0].members[0].state_dict() for one in (first["gru"], gru))
    assert all(torch.equal(given[name], taken[name]) for name in given)
    assert lstm.model.networks[0].config.cell == "lstm"


def test_the_parts_of_an_ensemble_start_their_namesakes(here):
    ensemble = fit_candidates(PARTS, ["both"], SETTINGS, 1, lambda epoch: None)[0].model
    rnn, gru = ensemble.networks
    assert _starts(ensemble.networks, {"gru": "gru", "rnn": "rnn", "lstm": "lstm", "wide": "gru"}) == {
        "gru": gru,
        "rnn": rnn,
        "wide": gru,
    }


def test_a_warm_start_that_fits_no_network_says_so(here):
    lstm = fit("lstm", PARTS, SETTINGS.models["lstm"], SETTINGS.training, lambda epoch: None).model
    with pytest.raises(ModelError, match=r"DE/load lstm: has the cell lstm; there is nothing to begin gru with"):
        fit_candidates(PARTS, ["gru"], SETTINGS, 1, lambda epoch: None, start=lstm.networks)


# -- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"ensembles": {"all": ["lstm", "elm"]}}, r"ensemble 'all' is of \['elm'\]; known: rnn, lstm"),
        ({"ensembles": {"lstm": ["gru"]}}, "ensemble 'lstm' has the name of a model"),
        ({"ensembles": {"all": []}}, "at least 1 item"),
        ({"shared": [{"name": "w", "model": "elm", "series": ["DE/solar", "DE/load"]}]}, "'w' asks for model 'elm'"),
        ({"shared": [{"name": "gru", "model": "gru", "series": ["DE/solar", "DE/load"]}]}, "'gru' is the name of a"),
        ({"shared": [{"name": "w", "model": "gru", "series": ["DE/solar"]}]}, "at least 2 items"),
        (
            {"series": [{"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]", "models": ["all"]}]},
            "DE/load asks for model 'all'; known: .*transformer, .*ensemble, aggregate",
        ),
    ],
)
def test_names_that_do_not_meet_are_refused(said, answer):
    with pytest.raises(ValueError, match=answer):
        Settings.model_validate({"data_folder": "data", **said})


def test_a_series_may_ask_for_an_ensemble():
    entry = {"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]", "models": ["gru", "ensemble"]}
    settings = Settings.model_validate({"data_folder": "data", "series": [entry]})
    assert settings.ensembles["ensemble"] == ("lstm", "gru")
    assert settings.models["gru"] == DEFAULT_MODELS["gru"]
