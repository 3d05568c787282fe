"""Backup and restore: an installation elsewhere forecasts the same bits, and nothing is overwritten or half there."""

import json
import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
from builders.rows import LOAD
from builders.serving import DAY, fill, issued, serve, stored

from gridahead.core.errors import LakeError
from gridahead.lake.compaction import compact
from gridahead.operate import backup as backup_module
from gridahead.operate.backup import backup
from gridahead.operate.forecast import forecast
from gridahead.operate.restore import restore
from gridahead.operate.stores import content_of
from gridahead.workspace import Workspace

SETTINGS = """data_folder = "data"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An installation that has forecast, with a database that somebody has open and writes to."""
    home = tmp_path_factory.mktemp("made")
    (home / "settings.toml").write_text(SETTINGS)
    workspace = Workspace.open(home / "settings.toml")
    fill(workspace, LOAD, DAY)
    serve(workspace, LOAD)
    forecast(workspace, LOAD, issued(workspace))
    workspace.lake.archive.keep("ab", "in.csv", b"payload", {})
    (home / "data/mlflow").mkdir()
    with closing(sqlite3.connect(home / "data/mlflow/mlflow.db")) as database:
        database.execute("CREATE TABLE versions (number)")
        database.execute("INSERT INTO versions VALUES (1)")
        database.commit()
        database.execute("INSERT INTO versions VALUES (2)")  # not committed
        yield home


@pytest.fixture
def home(made, tmp_path):
    """A copy of it with two backups beside it."""
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


def backed_up(home, dest):
    return backup(Workspace.open(home / "settings.toml"), home / "settings.toml", dest)


def test_what_is_put_back_forecasts_the_same_bits(home, tmp_path):
    done = backed_up(home, tmp_path / "kept")
    before = Workspace.open(home / "settings.toml")
    manifest = forecast(before, LOAD, issued(before)).manifest
    shutil.rmtree(home)
    restored = restore(tmp_path / "kept", tmp_path / "again" / "settings.toml")
    assert (restored.name, restored.files) == (done.name, done.files - 1)
    workspace = Workspace.open(tmp_path / "again" / "settings.toml")
    assert workspace.settings.data_folder == tmp_path / "again" / "data"
    assert workspace.lake.archive.read("ab-in.csv.zst") == b"payload"
    assert len(stored(workspace)) == 24 * 3
    again = forecast(workspace, LOAD, issued(workspace))
    assert not again.changed and again.manifest == manifest
    with closing(sqlite3.connect(tmp_path / "again/data/mlflow/mlflow.db")) as database:
        assert database.execute("SELECT number FROM versions").fetchall() == [(1,)]


def test_a_second_backup_adds_what_has_changed_alone_and_either_can_be_put_back(home, tmp_path, monkeypatch):
    first = backed_up(home, tmp_path / "kept")
    (tmp_path / "kept/backups" / f"{first.name}.json").rename(tmp_path / "kept/backups/2025-01-01T000000Z.json")
    (home / "data/note.txt").write_text("new")
    assert backed_up(home, tmp_path / "kept").added == 1
    restore(tmp_path / "kept", tmp_path / "old" / "settings.toml", at="2025-01-01T000000Z")
    restore(tmp_path / "kept", tmp_path / "new" / "settings.toml")
    assert [(tmp_path / name / "data/note.txt").exists() for name in ("old", "new")] == [False, True]
    with pytest.raises(LakeError, match=r"no backup '2024' in .*; there are 2025-01-01T000000Z, "):
        restore(tmp_path / "kept", tmp_path / "old" / "settings.toml", at="2024")


def test_nobody_else_reads_a_backup_and_caches_are_not_in_it(home, tmp_path):
    (home / "data/cache").mkdir()
    (home / "data/cache/copy").write_text("of something")
    done = backed_up(home, tmp_path / "kept")
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    files = json.loads((tmp_path / "kept/backups" / f"{done.name}.json").read_text())["files"]
    assert {name.partition("/")[0] for name in files} >= {"lake", "exports", "published", "raw", "inputs", "mlflow"}
    assert not [name for name in files if "cache" in name or "locks" in name]


def test_nothing_is_overwritten_unless_it_is_moved_aside(home, tmp_path):
    backed_up(home, tmp_path / "kept")
    with pytest.raises(LakeError, match=r"there is something in .*; --force moves it aside. Nothing has been written"):
        restore(tmp_path / "kept", home / "settings.toml")
    (home / "data/models/DE.load/serving.json").write_text("{}")
    done = restore(tmp_path / "kept", home / "settings.toml", force=True)
    assert json.loads((home / "data/models/DE.load/serving.json").read_text()) == {"champion": "1"}
    assert any((aside / "DE.load/serving.json").exists() for aside in done.aside)
    assert backed_up(home, tmp_path / "later").files == done.files + 1


def test_a_damaged_backup_writes_nothing_and_names_what_is_damaged(home, tmp_path):
    done = backed_up(home, tmp_path / "kept")
    files = json.loads((tmp_path / "kept/backups" / f"{done.name}.json").read_text())["files"]
    damaged = files["exports/DE.load/1.json"][0]
    (tmp_path / "kept/objects" / damaged[:2] / damaged).write_bytes(b"other")
    with pytest.raises(LakeError, match=r"is damaged: exports/DE.load/1.json. Nothing has been written"):
        restore(tmp_path / "kept", tmp_path / "again" / "settings.toml")
    assert not (tmp_path / "again").exists()


def test_files_that_are_merged_or_appear_meanwhile_are_in_it(home, tmp_path, monkeypatch):
    """A compaction deletes what was listed, and a forecast adds what was not."""
    workspace, met = Workspace.open(home / "settings.toml"), set[str]()

    def meanwhile(folder, name):
        if not met:
            met.add(name)
            compact(workspace.lake.observations)
            fill(workspace, LOAD, DAY.replace(month=2))
        return read(folder, name)

    read = content_of
    monkeypatch.setattr(backup_module, "content_of", meanwhile)
    before = len(workspace.lake.read_observations())
    backed_up(home, tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "again" / "settings.toml")
    found = Workspace.open(tmp_path / "again" / "settings.toml").lake.read_observations()
    assert len(found) == len(workspace.lake.read_observations()) > before


def test_a_backup_into_what_it_copies_is_refused(home):
    with pytest.raises(LakeError, match="would be copied into itself"):
        backed_up(home, home / "data" / "backup")


def test_an_installation_in_an_object_store_is_backed_up_and_put_back(home, tmp_path):
    backed_up(home, "memory://kept-of-" + tmp_path.name)
    restore("memory://kept-of-" + tmp_path.name, tmp_path / "again" / "settings.toml")
    assert len(stored(Workspace.open(tmp_path / "again" / "settings.toml"))) == 24 * 3
