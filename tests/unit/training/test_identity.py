"""Which settings make another model, and which do not."""

import pytest
from builders.windows import SPEC, WITHOUT_REFERENCE

from gridahead.settings.model import Settings
from gridahead.training.identity import settings_hash


def settings(**changes):
    return Settings.model_validate({"data_folder": "data", **changes})


def test_what_only_says_how_it_is_computed_makes_no_other_model():
    plain = settings_hash(settings(), "lstm", SPEC)
    assert settings_hash(settings(training={"workers": 7, "checkpoint_steps": 3}), "lstm", SPEC) == plain
    assert settings_hash(settings(models={"gru": {"cell": "gru", "hidden": 5}}), "lstm", SPEC) == plain


@pytest.mark.parametrize(
    "changed",
    [
        settings_hash(settings(models={"lstm": {"cell": "lstm", "hidden": 5}}), "lstm", SPEC),
        settings_hash(settings(training={"seed": 1}), "lstm", SPEC),
        settings_hash(settings(), "lstm", WITHOUT_REFERENCE),
        settings_hash(settings(), "lstm", SPEC, start="DE/load v3"),
        settings_hash(settings(), "gru", SPEC),
    ],
    ids=["network", "training", "inputs", "start", "another network"],
)
def test_what_decides_makes_another_model(changed):
    assert changed != settings_hash(settings(), "lstm", SPEC)


def test_other_code_makes_another_model(monkeypatch):
    plain = settings_hash(settings(), "lstm", SPEC)
    monkeypatch.setattr("gridahead.training.identity.code_hash", lambda: "changed")
    assert settings_hash(settings(), "lstm", SPEC) != plain


def test_an_ensemble_is_another_when_one_of_its_networks_is():
    changed = settings(models={"gru": {"cell": "gru", "hidden": 5}})
    assert settings_hash(changed, "ensemble", SPEC) != settings_hash(settings(), "ensemble", SPEC)
