"""The settings of a model: defaults, and pieces that do not fit together."""

import pydantic
import pytest

from gridahead.settings.model import Settings
from gridahead.settings.networks import ModelSettings


def test_a_model_that_is_there_is_changed_only_in_what_is_said():
    changed = Settings.model_validate({"data_folder": "data", "models": {"gru": {"hidden": 8}}}).models["gru"]
    assert (changed.cell, changed.decoder, changed.hidden) == ("gru", "direct", 8)


def test_every_kind_of_network_is_there_without_being_declared():
    models = Settings(data_folder="data").models
    cells = ["rnn", "lstm", "gru", "slstm", "mlstm", "mingru", "minlstm"]
    assert list(models) == [*cells, "lstm_attention", "transformer", "lstm_each", "gru_each"]
    assert {name: model.cell for name, model in models.items()} == {
        **{cell: cell for cell in cells},
        "lstm_attention": "lstm",
        "transformer": "transformer",
        "lstm_each": "lstm",
        "gru_each": "gru",
    }
    assert [name for name, model in models.items() if model.anchor == "each"] == ["lstm_each", "gru_each"]
    assert [name for name, model in models.items() if model.decoder == "attention"] == ["lstm_attention"]


def test_a_declared_model_takes_the_place_of_the_default_of_its_name():
    settings = Settings(data_folder="data", models={"lstm": {"cell": "lstm", "hidden": 32}, "mine": {"cell": "gru"}})
    assert settings.models["lstm"].hidden == 32
    assert "mine" in settings.models


def test_the_default_is_an_lstm_over_days_with_a_decoder_that_reads_both_ways():
    model = Settings(data_folder="data").models["lstm"]
    assert model.model_dump() == {
        "cell": "lstm",
        "segment": "day",
        "hidden": 128,
        "layers": 1,
        "layer_norm": False,
        "decoder": "recurrent",
        "decoder_hidden": 64,
        "bidirectional": True,
        "dropout": 0.3,
        "bptt_steps": None,
        "normalise": "series",
        "anchor": "best",
        "members": 1,
    }


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ({"cell": "gru", "decoder": "attention", "decoder_hidden": 30}, "decoder_hidden = 30 must be a multiple of 4"),
        ({"cell": "transformer", "hidden": 30}, "hidden = 30 must be a multiple of 4"),
        ({"cell": "mlstm", "hidden": 30}, "hidden = 30 must be a multiple of 4, the heads of an mlstm"),
        ({"cell": "mlstm", "decoder_hidden": 30}, "decoder_hidden = 30 must be a multiple of 4, the heads of an mlstm"),
        ({"cell": "transformer", "layer_norm": True}, "layer_norm is for recurrent cells"),
        ({"cell": "transformer", "bptt_steps": 7}, "bptt_steps is for recurrent cells"),
        ({"cell": "lstm", "bptt_steps": 0}, "greater than or equal to 1"),
        ({"cell": "lstm", "segment": "week"}, "'unit', 'hour', 'day' or 'none'"),
        ({"cell": "gru", "segment": "none", "decoder": "attention"}, 'segment = "none" leaves out the encoder'),
        ({"cell": "transformer", "segment": "none"}, 'segment = "none" leaves out the encoder'),
        ({"cell": "cnn"}, "'mingru', 'minlstm' or 'transformer'"),
    ],
)
def test_pieces_that_do_not_fit_together_are_refused_with_the_reason(pieces, message):
    with pytest.raises(pydantic.ValidationError, match=message):
        ModelSettings.model_validate(pieces)


@pytest.mark.parametrize(
    "pieces",
    [
        {"cell": "lstm", "decoder": "direct", "bptt_steps": 7},
        {"cell": "rnn", "hidden": 30, "layers": 2, "layer_norm": True, "segment": "unit"},
        {"cell": "gru", "segment": "none", "decoder_hidden": 16},
        {"cell": "mlstm", "decoder": "direct", "decoder_hidden": 30},
        {"cell": "lstm", "segment": "none", "decoder": "direct"},
        {"cell": "transformer", "hidden": 32, "decoder": "recursive", "normalise": "instance"},
    ],
)
def test_pieces_that_fit_are_accepted(pieces):
    assert ModelSettings.model_validate(pieces).model_dump().items() >= pieces.items()


# -- ensembles and presets ------------------------------------------------------------------------------------------


def entry(**said):
    """The models of a series with these settings."""
    series = {"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]", **said}
    return Settings.model_validate({"data_folder": "data", "series": [series]}).series[0].models


def test_one_word_stands_for_several_models_all_of_which_are_known():
    assert entry(models="quick") == entry() == ("lstm", "gru", "ensemble", "aggregate")
    assert entry(models="accurate") == ("wide_ensemble", "wide_aggregate")
    price = {"series": "DE/price", "models": "quick"}
    assert entry(**price) == ("lstm", "gru", "ensemble", "boosted_aggregate")
    assert entry(**{**price, "models": "accurate"}) == ("wide_ensemble", "wide_boosted_aggregate")
    with pytest.raises(pydantic.ValidationError, match="accurate"):
        entry(models="acurate")


def test_what_stands_beside_the_networks_of_an_ensemble_is_a_regression_or_a_reference():
    for part in ("ridge", "lightgbm", "official", "official_corrected", "naive"):
        Settings(data_folder="data", ensembles={"mine": ("lstm", part)})
    with pytest.raises(pydantic.ValidationError, match="ridge"):
        Settings(data_folder="data", ensembles={"mine": ("lstm", "rigde")})


def test_an_ensemble_without_a_network_is_refused_and_the_way_out_is_one():
    with pytest.raises(pydantic.ValidationError, match=r"'mine' has no network; name one of rnn, lstm"):
        Settings(data_folder="data", ensembles={"mine": ("ridge", "naive")})
    Settings(data_folder="data", ensembles={"mine": ("rnn", "ridge", "naive")})
