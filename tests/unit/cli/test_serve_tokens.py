"""`gridahead serve token`: made and printed once, listed without it, ended."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import SettingsError
from gridahead.web.tokens import TokenError, Tokens

SETTINGS = 'data_folder = "data"\n[[series]]\nseries = "DE/load"\ndeadline = "D-1T1100[Europe/Berlin]"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "settings.toml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["serve", "token", *arguments])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_a_token_is_printed_once_and_holds_until_it_is_revoked(folder: Path):
    said = run("add", "excel").strip()
    tokens = Tokens(folder / "data" / "tokens.json")
    assert tokens.holder(said, "read").name == "excel"
    listed = run("list", "--json")
    assert said not in listed
    assert [(one["name"], one["may"], one["ends"]) for one in json.loads(listed)] == [("excel", "read", "never")]
    run("revoke", "excel")
    with pytest.raises(TokenError):
        tokens.holder(said, "read")
    assert "gridahead serve token add NAME" in run("list")


def test_a_token_that_may_write_and_one_that_ends_are_told_as_such(folder: Path):
    said = json.loads(run("add", "desk", "--scope", "write", "--expires", "2199-01-01", "--json"))
    assert Tokens(folder / "data" / "tokens.json").holder(said["token"], "write").name == "desk"
    assert said["expires_at"] == "2199-01-01T00:00:00+00:00"
    with pytest.raises(SettingsError, match="a token may read or write"):
        run("add", "admin", "--scope", "all")


def test_a_server_that_others_reach_refuses_to_start_without_a_token(folder: Path):
    done = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "0"])
    assert isinstance(done.exception, SettingsError)
    assert "gridahead serve token add NAME" in str(done.exception)
