"""Where things are kept: addresses and folders of the settings, and passwords that are not to stand in them."""

import pytest
from pydantic import ValidationError

from gridahead.core.errors import SettingsError
from gridahead.registry.address import Address
from gridahead.settings.file import parse_settings
from gridahead.settings.model import Settings
from gridahead.settings.stores import STORES, with_variables


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def parsed(text, folder):
    return parse_settings(f'data_folder = "data"\n{text}', folder / "settings.toml")


def test_every_store_is_below_the_data_folder_unless_it_is_said_where(tmp_path):
    plain = parsed("", tmp_path)
    assert (plain.exports_folder, plain.archive_folder, plain.inputs_folder) == tuple(
        str(tmp_path / "data" / name) for name in ("models", "raw", "inputs")
    )
    said = parsed('exports = "elsewhere"\nraw = "s3://bucket/raw"\ninputs = "/srv/inputs"', tmp_path)
    assert said.exports_folder == str(tmp_path / "elsewhere")
    assert (said.archive_folder, said.inputs_folder) == ("s3://bucket/raw", "/srv/inputs")


def test_a_data_folder_in_an_object_store_is_refused_with_the_settings_that_may_be_there():
    with pytest.raises(ValidationError, match=r"s3://b/data.*is an address.*beside it: lake, ") as refusal:
        Settings.model_validate({"data_folder": "s3://b/data"})
    assert all(name in str(refusal.value) for name in STORES)


@pytest.mark.parametrize("said", ['published = "elsewhere"', '[published]\nplace = "elsewhere"'])
def test_where_forecasts_are_published_is_said_alone_or_among_other_things(tmp_path, said):
    settings = parsed(said, tmp_path)
    assert settings.published_place == str(settings.published_folder) == str(tmp_path / "elsewhere")
    assert settings.published.csv_style == "plain"
    plain = parsed("[published]\ncsv_style = 'semicolon'", tmp_path)
    assert (plain.published_folder, plain.published.csv_style) == (tmp_path / "data/published", "semicolon")
    remote = parsed('published = "s3://bucket/forecasts"', tmp_path)
    assert (remote.published_place, remote.published_folder) == (
        "s3://bucket/forecasts",
        tmp_path / "data/published",
    )


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("postgresql://ada:secret@host/energy", "published.database carries a password.*write \\${VARIABLE}"),
        ("mysql://host/energy", "is no address of PostgreSQL, such as postgresql://user@host/name"),
    ],
)
def test_a_database_is_one_of_postgresql_without_a_password(tmp_path, address, refusal):
    with pytest.raises(SettingsError, match=refusal):
        parsed(f'[published]\ndatabase = "{address}"', tmp_path)
    parsed('[published]\ndatabase = "postgresql://ada:${WORD}@host/energy"', tmp_path)


@pytest.mark.parametrize("key", ["tracking_uri", "artifacts"])
def test_a_password_in_the_settings_is_refused_and_a_variable_is_not(key):
    with pytest.raises(ValidationError, match=rf"{key} carries a password.*write \${{VARIABLE}}"):
        Settings.model_validate({"data_folder": "data", "mlflow": {key: "https://ada:secret@host/m"}})
    Settings.model_validate({"data_folder": "data", "mlflow": {key: "https://ada:${WORD}@host/m"}})


def test_a_password_of_a_store_is_refused():
    with pytest.raises(ValidationError, match="exports carries a password"):
        Settings.model_validate({"data_folder": "data", "exports": "s3://key:secret@bucket/models"})


def test_an_address_that_mlflow_does_not_know_is_refused():
    with pytest.raises(ValidationError, match="begins with sqlite, postgresql, mysql, http, https"):
        Settings.model_validate({"data_folder": "data", "mlflow": {"tracking_uri": "file:///mlruns"}})


def test_mlflow_is_where_the_environment_says_or_else_the_settings_or_else_in_the_data_folder(tmp_path, monkeypatch):
    assert Address.of(parsed("", tmp_path)).uri == f"sqlite:///{tmp_path}/data/mlflow/mlflow.db"
    said = parsed('[mlflow]\ntracking_uri = "sqlite:///m/own.db"', tmp_path)
    assert Address.of(said).database == tmp_path / "m" / "own.db"
    assert Address.of(said).copies == tmp_path / "m" / "artifacts"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert (Address.of(said).uri, Address.of(said).copies) == ("http://mlflow:5000", None)


def test_a_variable_takes_its_value_from_the_environment_and_is_never_shown(tmp_path, monkeypatch):
    settings = parsed('[mlflow]\ntracking_uri = "postgresql://ada:${WORD}@host:5432/mlflow"', tmp_path)
    with pytest.raises(SettingsError, match="needs WORD in the environment"):
        Address.of(settings)
    monkeypatch.setenv("WORD", "hidden")
    address = Address.of(settings)
    assert address.uri == "postgresql://ada:hidden@host:5432/mlflow"
    assert str(address) == "postgresql://host:5432/mlflow"
    assert "hidden" not in f"{address!r} {address.error('cannot log in ada with hidden')}"
    assert with_variables("${A}-${B}", {"A": "1", "B": "2"}) == "1-2"
