"""A data folder that was moved, restored, or damaged: forecasts go on, and what is missing is named with a way out."""

import json
import logging
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from builders.fits import issue_time, opened, register, registered
from builders.rows import LOAD
from children import environment

from gridahead.core.errors import ModelError
from gridahead.models.storage import bundle_hash
from gridahead.operate.forecast import forecast
from gridahead.operate.registry_sync import registry_sync
from gridahead.operate.repair import repair
from gridahead.operate.status import status
from gridahead.promotion.promote import promote, rollback
from gridahead.promotion.serving import champion, serving
from gridahead.promotion.sync import Synced
from gridahead.registry.address import Address

WITHOUT_MLFLOW = """
import sys
from builders.fits import issue_time, opened
from builders.rows import LOAD
from pathlib import Path
from gridahead.operate.forecast import forecast
from gridahead.operate.status import status

workspace = opened(Path(sys.argv[1]))
print(forecast(workspace, LOAD, issue_time(workspace)).manifest["parquet"])
print(status(workspace).serving["DE/load"]["version"])
print([name for name in ("mlflow", "sqlalchemy", "alembic") if name in sys.modules])
"""

REPAIR = """
import sys
from pathlib import Path
from builders.fits import opened
from gridahead.operate.repair import repair

print(*(one.number for one in repair(opened(Path(sys.argv[1]))).registered))
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A data folder with two versions, and the name of the forecast that the champion makes there."""
    folder = tmp_path_factory.mktemp("original") / "data"
    workspace = registered(folder)
    workspace.tracking.keep_text(workspace.registry.holder(LOAD, "champion").run_id, "card.html", "a card")
    return folder, said_by(workspace)


@pytest.fixture
def moved(original, tmp_path):
    """The same folder elsewhere."""
    shutil.copytree(original[0], tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


def said_by(workspace):
    """The content hash of the forecast that is made there."""
    return forecast(workspace, LOAD, issue_time(workspace)).manifest["parquet"]


def champion_of(workspace):
    """The version that serves, with its weights."""
    return champion(workspace, LOAD, serving(workspace, LOAD))


def apart(program, folder):
    """What a program says in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, env=environment(), check=True
    )
    return done.stdout


def bundle_of(workspace, number):
    return Path(workspace.settings.exports_folder, "bundles", workspace.exports.version(LOAD, number).tags["bundle"])


def copy_of(workspace, number):
    return workspace.exports.copies / workspace.exports.version(LOAD, number).tags["copy"]


def damage(folder):
    file = folder / "weights.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))


def test_a_moved_folder_forecasts_the_same_bits_without_mlflow(original, moved):
    shutil.rmtree(moved / "published")
    assert apart(WITHOUT_MLFLOW, moved).splitlines() == [original[1], "2", "[]"]


def test_mlflows_own_copy_is_found_wherever_the_folder_went_and_no_address_of_a_machine_is_kept(original, moved):
    workspace = opened(moved)
    with workspace.tracking.active():
        found = Path(mlflow.artifacts.download_artifacts("models:/DE.load@champion"))
    assert moved in found.parents
    assert bundle_hash(found / "artifacts" / "bundle") == workspace.registry.holder(LOAD, "champion").tags["bundle"]
    champion = workspace.registry.holder(LOAD, "champion")
    assert workspace.tracking.file(champion.run_id, "card.html").read_text() == "a card"
    assert str(original[0].parent).encode() not in (moved / "mlflow/mlflow.db").read_bytes()


def test_what_is_trained_after_a_move_is_kept_where_the_folder_is_now(original, moved):
    before = sum(path.is_file() for path in original[0].rglob("*"))
    version = register(opened(moved), 3)
    assert version.number == "3"
    assert bundle_hash(copy_of(opened(moved), "3")) == version.tags["bundle"]
    assert sum(path.is_file() for path in original[0].rglob("*")) == before


def test_the_exports_alone_know_the_versions_that_mlflow_knows(moved):
    workspace = opened(moved)
    workspace.registry.skip(LOAD)
    known = workspace.registry.versions(LOAD)
    workspace.registry.note(known[0], {"created_at": "2025-01-02T03:00:00+00:00"})
    known = workspace.registry.versions(LOAD)
    assert [one.number for one in known] == ["2", "1"]
    assert workspace.versions(LOAD) == [known[0], replace(known[1], aliases=("previous",))]


def test_the_same_model_is_registered_once(moved):
    workspace = opened(moved)
    assert register(workspace, 2).number == "2"
    assert [one.number for one in workspace.registry.versions(LOAD)] == ["2", "1"]


@pytest.mark.parametrize("what", ["gone", "empty", "no database", "cut off"])
def test_a_registry_that_is_gone_or_damaged_is_named_and_forecasts_go_on(original, moved, caplog, what):
    database = moved / "mlflow/mlflow.db"
    content = database.read_bytes()
    database.unlink()
    if what != "gone":
        database.write_bytes({"empty": b"", "no database": b"no" * 5000, "cut off": content[: len(content) // 2]}[what])
    left = database.read_bytes() if database.exists() else None
    workspace = opened(moved)
    with pytest.raises(
        ModelError, match=r"the registry of models in .*elsewhere/mlflow/mlflow.db.*`gridahead models repair`"
    ):
        _ = workspace.registry
    with caplog.at_level(logging.WARNING):
        assert said_by(workspace) == original[1]
        assert caplog.text == "", "a forecast asks no registry"
        assert rollback(workspace, LOAD, "the former was better", "Ada").number == "1"
    assert "`gridahead models sync` tells MLflow" in caplog.text
    assert said_by(workspace) != original[1]
    assert status(workspace).serving["DE/load"]["version"] == "1"
    assert (database.read_bytes() if database.exists() else None) == left, "it was made anew in silence"


def test_a_registry_of_before_the_newest_version_is_named(original, moved):
    register(opened(moved), 3)
    shutil.copy(original[0] / "mlflow/mlflow.db", moved / "mlflow/mlflow.db")
    with pytest.raises(ModelError, match="is another one or an older one: it lacks DE/load v3"):
        _ = opened(moved).registry


def test_a_lake_that_remembers_models_gets_no_new_registry_in_silence_and_numbers_are_not_given_again(moved):
    shutil.rmtree(moved / "mlflow")
    shutil.rmtree(moved / "models")
    with pytest.raises(ModelError, match="is gone, and it knew DE/load v2"):
        _ = opened(moved).registry
    done = repair(opened(moved))
    assert (done.aside, done.registered, done.lost) == (None, (), ())
    workspace = opened(moved)
    assert workspace.registry.versions(LOAD) == []
    assert register(workspace, 1).number == "3"


def test_repair_makes_the_registry_again_with_numbers_tags_aliases_and_cards(original, moved):
    workspace = opened(moved)
    promote(workspace, LOAD, register(workspace, 4).number, "the fourth", "Ada")
    before = {one.number: one for one in workspace.registry.versions(LOAD)}
    (moved / "models/DE.load/1.json").unlink()  # of which nothing is left: its number is not given again
    (moved / "mlflow/mlflow.db").unlink()
    # In a process of its own, as whoever has the database open goes on with the file that is gone.
    assert apart(REPAIR, moved).split() == ["2", "3"]
    shutil.move(moved, moved.with_name("again"))
    workspace = opened(moved.with_name("again"))
    after = {one.number: one for one in workspace.registry.versions(LOAD)}
    assert sorted(after) == ["2", "3"]
    for number, one in after.items():
        former = before[number]
        assert (one.aliases, one.created_at, one.validation) == (former.aliases, former.created_at, former.validation)
        changed = {name for name in former.tags if one.tags[name] != former.tags[name]}
        assert changed == {"copy"}
        assert bundle_hash(copy_of(workspace, number)) == one.tags["bundle"]
    assert workspace.tracking.file(after["2"].run_id, "card.html").read_text() == "a card"
    assert workspace.registry.holder(LOAD, "champion").number == "3"


def test_a_damaged_bundle_is_found_by_its_hash_and_mlflows_copy_takes_its_place(original, moved, caplog):
    workspace = opened(moved)
    bundle = bundle_of(workspace, "2")
    damage(bundle)
    with caplog.at_level(logging.WARNING):
        assert said_by(workspace) == original[1]
    assert f"the bundle in {bundle} is damaged" in caplog.text
    assert bundle_hash(bundle) == bundle.name


def test_for_a_bundle_that_is_damaged_everywhere_the_one_before_serves_and_training_again_brings_it_back(
    original, moved
):
    workspace = opened(moved)
    damage(bundle_of(workspace, "2"))
    shutil.rmtree(copy_of(workspace, "2"))
    with pytest.raises(
        ModelError, match=r"is damaged.*MLflow's copy in .* is not there.*`gridahead train --series DE/load`"
    ):
        champion_of(workspace)
    assert forecast(workspace, LOAD, issue_time(workspace)).manifest["rung"] == "previous"
    assert not workspace.registry.sound(workspace.registry.version(LOAD, "2"))
    register(workspace, 2)
    assert said_by(workspace) == original[1]


def test_exports_that_are_gone_are_written_again_from_the_registry(original, moved):
    shutil.rmtree(moved / "models")
    with pytest.raises(ModelError, match=r"v2: is champion, and is not in .*`gridahead models repair`"):
        champion_of(opened(moved))
    with pytest.raises(ModelError, match=r"v2: and what was before it are not in .*`gridahead models repair`"):
        opened(moved).versions(LOAD)
    repair(opened(moved))
    assert said_by(opened(moved)) == original[1]


def test_a_damaged_record_is_named_and_written_again(original, moved):
    (moved / "models/DE.load/2.json").write_text('{"torn')
    with pytest.raises(ModelError, match=r"DE.load/2.json: is damaged.*`gridahead models repair`"):
        champion_of(opened(moved))
    repair(opened(moved))
    assert said_by(opened(moved)) == original[1]


def test_who_serves_is_known_from_the_lake_where_the_file_that_says_so_is_damaged(original, moved, caplog):
    file = moved / "models/DE.load/serving.json"
    file.write_text('{"torn')
    with caplog.at_level(logging.WARNING):
        assert said_by(opened(moved)) == original[1]
    assert "serving.json: is damaged" in caplog.text
    assert registry_sync(opened(moved)) == []
    assert json.loads(file.read_text()) == {"champion": "2", "previous": "1"}


def test_an_alias_that_is_set_in_mlflow_serves_is_recorded_and_can_be_rolled_back(original, moved):
    workspace = opened(moved)
    workspace.tracking.client.set_registered_model_alias("DE.load", "champion", "1")
    assert said_by(workspace) == original[1]
    assert registry_sync(workspace) == [Synced(LOAD, "champion", "1", "mlflow")]
    assert registry_sync(workspace) == []
    assert said_by(workspace) != original[1]
    assert workspace.exports.serving(LOAD) == {"champion": "1", "previous": "2"}
    last = workspace.lake.read_promotions(LOAD).iloc[-1]
    assert (last["how"], last["from_version"], last["to_version"]) == ("mlflow", "2", "1")
    rollback(workspace, LOAD, "it was a mistake", "Ada")
    assert said_by(workspace) == original[1]
    assert len(workspace.lake.read_promotions(LOAD)) == 4


def test_a_rollback_reaches_what_serves(original, moved):
    workspace = opened(moved)
    rollback(workspace, LOAD, "the former was better", "Ada")
    assert workspace.exports.serving(LOAD) == {"champion": "1"}
    (moved / "mlflow/mlflow.db").unlink()
    assert said_by(opened(moved)) != original[1]


def test_a_challenger_that_is_lost_keeps_nobody_waiting(original, moved, caplog):
    workspace = opened(moved)
    workspace.registry.give(workspace.registry.version(LOAD, "1"), "challenger")
    damage(bundle_of(workspace, "1"))
    shutil.rmtree(copy_of(workspace, "1"))
    with caplog.at_level(logging.WARNING):
        assert said_by(workspace) == original[1]
    assert "the challenger did not forecast along" in caplog.text


def test_a_series_that_was_never_trained_has_no_champion_and_no_registry(tmp_path):
    workspace = opened(tmp_path / "data")
    with pytest.raises(ModelError, match="has no champion; train one with `gridahead train --series DE/load`"):
        champion_of(workspace)
    assert registry_sync(workspace) == []
    assert not (tmp_path / "data/mlflow").exists()


def test_a_version_that_somebody_else_has_registered_serves_nobody_and_another_can_be_promoted(original, moved, caplog):
    workspace = opened(moved)
    client = workspace.tracking.client
    other = client.create_model_version("DE.load", "s3://elsewhere/model")
    client.set_registered_model_alias("DE.load", "champion", other.version)
    with caplog.at_level(logging.WARNING):
        assert registry_sync(workspace) == []
    assert "v3 is champion in MLflow and cannot serve, for gridahead has not made it" in caplog.text
    assert "`gridahead models promote VERSION --reason" in caplog.text
    assert repair(workspace).lost == ()
    assert said_by(workspace) == original[1]
    promote(workspace, LOAD, "1", "ours", "Ada")
    assert workspace.registry.aliases(LOAD) == {"champion": "1"}


def test_that_its_file_lacks_what_is_exported_shows_without_mlflow(moved):
    address = Address.of(opened(moved).settings)
    assert address.wrong({LOAD: 2}) == address.wrong({}) == ""
    assert address.wrong({LOAD: 3}) == "does not have DE/load v3"
    file = address.database
    assert file is not None
    with closing(sqlite3.connect(file)) as database:
        database.execute("BEGIN EXCLUSIVE")  # somebody writes just now
        assert address.wrong({LOAD: 3}) == ""
    file.write_bytes(b"no database, and long enough to be looked at")
    assert address.wrong({LOAD: 2}) == "cannot be read: file is not a database"
    file.write_bytes(b"")
    assert address.wrong({LOAD: 2}) == "is empty"
    file.unlink()
    assert address.wrong({LOAD: 2}) == "is not there"
    assert address.wrong({}) == "", "where nothing was trained there is none"
