"""A lake of layout 1, written by the release before, is read after an upgrade as it was before."""

import shutil

import pytest
from builders.layouts import LAYOUT_1, assert_upgraded, contents
from builders.long import first_of
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.lake.folder import Folder
from gridahead.lake.layout import LAYOUT, layout_of, mark
from gridahead.operate.upgrade import upgrade
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

LOAD = Series("DE", "load")


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A data folder of layout 1: a load of which one hour was revised, three rulings, scores of two zones."""
    shutil.copytree(LAYOUT_1, tmp_path / "data")
    return Settings(data_folder=tmp_path / "data")


def backup_of(settings: Settings) -> Folder:
    return Folder.at(settings.data_folder / "lake.layout-1")


def test_a_lake_of_before_is_refused_and_the_message_leads_on(settings, tmp_path):
    with pytest.raises(LakeError, match=r"layout 1 of an older gridahead.*`gridahead upgrade`"):
        _ = Workspace(settings).lake
    before = contents(tmp_path)
    planned = upgrade(settings, dry_run=True)
    size = sum(map(len, contents(LAYOUT_1 / "lake").values()))
    assert (planned.layout, planned.to_layout, planned.bytes) == (1, LAYOUT, size)
    assert planned.backup == str(tmp_path / "data/lake.layout-1")
    assert contents(tmp_path) == before
    assert upgrade(settings) == planned
    assert_upgraded(settings, backup_of(settings))
    after = contents(tmp_path)
    assert upgrade(settings).backup is None
    assert contents(tmp_path) == after


@pytest.mark.parametrize("apart", first_of([6, 1], 1))
def test_an_upgrade_that_is_killed_anywhere_ends_the_same(settings, tmp_path, monkeypatch, apart):
    whole = {name: getattr(Folder, name) for name in ("write", "delete")}

    def killed_after(good: int) -> bool:
        left = [good]

        def dying(name):
            def operation(self, *arguments):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                return whole[name](self, *arguments)

            return operation

        with monkeypatch.context() as patch:
            for name in whole:
                patch.setattr(Folder, name, dying(name))
            try:
                upgrade(settings)
            except KeyboardInterrupt:
                return True
        return False

    operations = 0
    while killed_after(operations):
        with pytest.raises(LakeError, match="gridahead upgrade"):
            _ = Workspace(settings).lake
        killed_after(3)  # and once more
        upgrade(settings)
        assert_upgraded(settings, backup_of(settings))
        shutil.rmtree(tmp_path / "data")
        shutil.copytree(LAYOUT_1, tmp_path / "data")
        operations += apart
    assert operations > 25, "a write or a deletion was not killed"


def test_a_disk_without_room_and_a_backup_of_before_stop_an_upgrade_before_it_begins(settings, tmp_path, monkeypatch):
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 1000))
        with pytest.raises(LakeError, match=r"no room for a backup of .* 1,000 are free"):
            upgrade(settings)
    assert contents(tmp_path) == before
    mark(Folder.at(tmp_path / "data/lake.layout-1"), 1)
    with pytest.raises(LakeError, match=r"is there already.*rename or delete it"):
        upgrade(settings)
    (tmp_path / "data/lake.layout-1/schema.json").unlink()
    assert contents(tmp_path) == before


def test_a_damaged_file_is_named_and_the_upgrade_goes_on_without_it(settings, tmp_path):
    path = next((tmp_path / "data/lake/scores/recent").iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LakeError, match=f"{path.name} is not what its name says.*`gridahead upgrade` again"):
        upgrade(settings)
    path.unlink()
    upgrade(settings)
    assert layout_of(Workspace(settings).lake.folder) == LAYOUT


def test_a_newer_lake_asks_for_a_newer_release_and_a_new_one_for_nothing(tmp_path):
    settings = Settings(data_folder=tmp_path / "data")
    assert upgrade(settings).layout is None
    assert not (tmp_path / "data").exists()
    for place in ("data", "data/lake"):
        mark(Folder.at(tmp_path / place), LAYOUT + 1)
        with pytest.raises(LakeError, match=f"layout {LAYOUT + 1} of a newer gridahead.*install the newer one"):
            _ = Workspace(settings).lake
        mark(Folder.at(tmp_path / place))
    assert Workspace(settings).lake.read_observations(LOAD).empty
    (tmp_path / "data/lake/schema.json").write_text("{}")
    with pytest.raises(LakeError, match="does not say which layout"):
        _ = Workspace(settings).lake


def test_the_command_says_what_it_would_do_and_what_it_did(settings, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('data_folder = "data"\n')
    said = [CliRunner().invoke(app, ["upgrade", *more, "-s", str(file)]).stdout for more in (["--dry-run"], [], [])]
    assert f"would be written anew, from layout 1 to {LAYOUT}" in said[0].replace("\n", " ")
    assert "lake.layout-1" in said[1].replace("\n", "") and "gridahead train" in said[1]
    assert f"has layout {LAYOUT} already" in said[2].replace("\n", " ")
    assert_upgraded(settings, backup_of(settings))
