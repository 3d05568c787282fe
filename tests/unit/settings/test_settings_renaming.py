"""Settings of layout 2 with the names of today: nothing else in the file changes."""

import tomllib

import pytest

from gridahead.core.errors import SettingsError
from gridahead.core.renamed import renamed
from gridahead.settings.file import load_settings
from gridahead.settings.renaming import rename_settings, renamed_toml

BEFORE = """\
# top: reference_column is meant below
data_folder = "data"   # ours

[[sources]]
kind="file"
path = "power_reference.csv"
zone = "DE" # where
quantity = "load"
value_column = "load"
time_column = "time"
timezone = "Europe/Berlin"
"reference_column"   = "load_reference" # theirs
reference_available="D-1T1000[Europe/Berlin]"
where = {site_reference = "reference"}
covariates = [{column = "x_reference", name = "wind_reference", unit = "MW", known_ahead = false}] # inline

[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
use_reference = true # yes
past_covariates = [ # of the same file
  "DE/wind_reference", # first

]
models = ["my_reference"]

[models.my_reference]
cell = "lstm"
anchor = "reference"# z

[quality]
severity = {reference_misfit = "flag", ramp="pass"}
[quality.quantities.load_reference]
ramp = "flag"
"""
AFTER = """\
# top: reference_column is meant below
data_folder = "data"   # ours

[[sources]]
kind="file"
path = "power_reference.csv"
zone = "DE" # where
quantity = "load"
value_column = "load"
time_column = "time"
timezone = "Europe/Berlin"
"official_column"   = "load_reference" # theirs
official_available="D-1T1000[Europe/Berlin]"
where = {site_reference = "reference"}
covariates = [{column = "x_reference", name = "wind_official", unit = "MW", known_ahead = false}] # inline

[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
use_official = true # yes
past_covariates = [ # of the same file
  "DE/wind_official", # first

]
models = ["my_reference"]

[models.my_reference]
cell = "lstm"
anchor = "official"# z

[quality]
severity = {official_misfit = "flag", ramp="pass"}
[quality.quantities.load_official]
ramp = "flag"
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_names_change_and_every_other_character_stays(end):
    before, after = (text.replace("\n", end) for text in (BEFORE, AFTER))
    assert renamed_toml(before) == after
    assert renamed_toml(after) == after
    assert tomllib.loads(after) == renamed(tomllib.loads(before))


def test_a_file_is_written_with_the_former_one_beside_it_and_can_be_read(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text(BEFORE)
    with pytest.raises(
        SettingsError,
        match="use_reference: unknown key; it is use_official since this release, and `gridahead upgrade` renames it",
    ):
        load_settings(file)
    text, backup = rename_settings(file, dry_run=True)
    assert (text, backup) == (AFTER, tmp_path / "settings.toml.layout-2")
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"] and file.read_text() == BEFORE
    assert rename_settings(file) == (AFTER, backup)
    assert (file.read_text(), (tmp_path / "settings.toml.layout-2").read_text()) == (AFTER, BEFORE)
    assert load_settings(file).series[0].use_official
    assert rename_settings(file) == (AFTER, None)


def test_what_cannot_be_changed_for_sure_is_named_and_left(tmp_path):
    file = tmp_path / "settings.toml"
    before = 'data_folder = "data"\n[quality]\nquantities.load_reference.ramp = "flag"\n'
    file.write_text(before)
    with pytest.raises(SettingsError, match=r"settings.toml: change .* by hand.*load_reference"):
        rename_settings(file)
    assert file.read_text() == before
    file.write_text("data_folder = ")
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        rename_settings(file)
