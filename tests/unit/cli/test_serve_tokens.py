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


GROUPED = """data_folder = "data"
zones = [{code = "SE3", timezone = "Europe/Stockholm", group = "north"}]
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
[[series]]
series = "SE3/wind"
deadline = "D-1T1100[Europe/Berlin]"
"""


def test_a_token_of_some_series_is_listed_with_them(folder: Path):
    (folder / "settings.toml").write_text(GROUPED)
    run("add", "all")
    run("add", "zone", "--series", "DE", "--series", "SE3/wind")
    said = json.loads(run("add", "north", "--group", "north", "--json"))
    assert (said["series"], said["groups"]) == ([], ["north"])
    listed = {one["name"]: (one["series"], one["groups"]) for one in json.loads(run("list", "--json"))}
    assert listed == {"all": ("all", "all"), "zone": ("DE/*, SE3/wind", "all"), "north": ("all", "north")}


@pytest.mark.parametrize(
    ("asked", "reason", "instead"),
    [
        (
            ("--series", "DE/laod"),
            "--series DE/laod: fits no series of the settings; did you mean 'DE/load'",
            "DE/load",
        ),
        (("--series", "FI"), "--series FI: fits no series of the settings; .*there are: DE/load, SE3/wind", "SE3/wind"),
        (("--group", "nroth"), "--group nroth: no zone is of it; did you mean 'north'. there are: north", "SE3/*"),
        (("--series", "DE", "--group", "north"), "is both of these series and of these groups", "DE"),
    ],
)
def test_a_part_that_is_of_nothing_is_refused_and_the_way_out_helps(folder: Path, asked, reason, instead):
    (folder / "settings.toml").write_text(GROUPED)
    with pytest.raises(SettingsError, match=reason):
        run("add", "part", *asked)
    assert run("add", "part", "--series", instead).startswith("gridahead_")


def test_where_no_zone_has_a_group_it_is_said_how_one_is_named(folder: Path):
    with pytest.raises(SettingsError, match=r"there are: none: `group` under \[\[zones\]\] or in the zone table"):
        run("add", "north", "--group", "north")


def test_tokens_of_a_file_from_before_there_were_parts_see_everything(folder: Path):
    said = run("add", "excel").strip()
    file = folder / "data" / "tokens.json"
    (line,) = json.loads(file.read_text())
    file.write_text(json.dumps([{name: value for name, value in line.items() if name not in ("series", "groups")}]))
    assert not Tokens(file).holder(said, "read").is_restricted
