"""`gridahead settings`: every key, what one means, what came of the file; and the page that says the same."""

import json
import tomllib
from pathlib import Path

import pytest
from builders.commands import run, settings_in
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import SettingsError
from gridahead.settings.keys import keys
from gridahead.settings.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def said(*arguments):
    ended = CliRunner().invoke(app, ["settings", *arguments])
    if isinstance(ended.exception, SettingsError):
        return str(ended.exception)
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_the_reference_page_is_what_the_keys_say_now():
    assert PAGE.read_text(encoding="utf-8") == reference(), "gridahead settings keys --markdown > docs/settings.md"
    assert said("keys", "--markdown") == reference()


def test_the_page_has_a_row_of_every_key():
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) == len(keys())
    assert '## `[[sources.covariates]]` of `kind = "file"`' in reference()


def test_all_keys_or_those_of_a_section_are_listed():
    everything = json.loads(said("keys", "--json"))
    assert [one["key"] for one in everything] == [key.name for key in keys()]
    below = json.loads(said("keys", "promotion", "--json"))
    assert below and all(one["key"].startswith("promotion.") for one in below)
    assert "promotion.margin" in said("keys", "promotion")


@pytest.mark.parametrize("key", ["training.epochs", "epochs"])
def test_one_key_is_explained_by_its_whole_name_or_its_last_part(key):
    told = said("explain", key)
    assert "training.epochs" in told
    assert "How often a training goes through its days at most." in " ".join(told.split())
    assert "whole number, at least 1. Without it: 25." in " ".join(told.split())


def test_a_name_that_several_sections_have_is_explained_for_each():
    told = json.loads(said("explain", "attribution", "--json"))
    kinds = ("smard", "entsoe_files", "file")
    assert [one["key"] for one in told] == [f"sources.{kind}.attribution" for kind in kinds]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("explain", "epoch"), "epochs"),
        (("keys", "trainin"), "training"),
        (("explain", "training.epoch"), "training.epochs"),
    ],
)
def test_a_misspelt_key_or_section_is_answered_with_the_nearest(arguments, meant):
    assert f"did you mean {meant!r}?" in said(*arguments)


def test_what_came_of_the_file_is_shown_with_what_it_says_marked(tmp_path):
    file = settings_in(tmp_path, load="kW")
    shown = run(file, "settings", "show").said.splitlines()
    assert '* sources[1].unit = "kW"' in shown
    assert "  training.epochs = 25" in shown
    assert '* series[1].series = "DE/load"' in shown
    told = json.loads(run(file, "settings", "show", "--json").said)
    assert told["settings"]["training"]["epochs"] == 25


def test_what_is_shown_of_a_value_can_be_written_in_the_file(tmp_path):
    file = settings_in(tmp_path, load="kW")
    shown = [line[2:] for line in run(file, "settings", "show").said.splitlines()[1:]]
    values = [line.partition(" = ")[2] for line in shown if not line.endswith("not set")]
    assert all(tomllib.loads(f"x = {value}") for value in values)


def test_what_came_of_a_pattern_is_shown_series_by_series_and_of_many_only_what_is_said(tmp_path):
    zones = "".join(f"Z{number},Europe/Berlin\n" for number in range(12))
    (tmp_path / "zones.csv").write_text("code,timezone\n" + zones)
    file = tmp_path / "settings.toml"
    file.write_text(
        'data_folder = "data"\nzone_table = "zones.csv"\n[[sources]]\nkind = "file"\npath = "load.csv"\n'
        'value_column = "{zone}"\nquantity = "load"\ntime_column = "time"\ntimezone = "UTC"\n'
        '[[series]]\nseries = "*/load"\ndeadline = "D-1T1100[local]"\n[[series]]\nseries = "Z7/load"\nunit = "GW"\n'
    )
    shown = run(file, "settings", "show").said.splitlines()
    assert '* series[1].series = "Z7/load"' in shown
    assert '* series[1].unit = "GW"' in shown
    assert '* series[12].series = "Z11/load"' in shown
    assert '* series[12].deadline = "D-1T1100[Europe/Berlin]"' in shown
    assert '* zones[12].code = "Z11"' in shown
    assert not [line for line in shown if line.startswith("  series[")]
    assert "  training.epochs = 25" in shown
