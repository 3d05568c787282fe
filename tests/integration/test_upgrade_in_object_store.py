"""A lake of layout 1 in an object store: upgraded, killed in the middle and begun again, with its backup beside it."""

import itertools
import json
import shutil
import subprocess
import sys
import time

import pytest
from builders.layouts import LAYOUT_1, assert_upgraded, contents
from builders.long import first_of
from builders.store_proxy import address, make_bucket, object_store
from children import environment

from gridahead.core.errors import LakeError
from gridahead.lake.folder import Folder
from gridahead.lake.layout import layout_of
from gridahead.operate.upgrade import upgrade
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

pytestmark = pytest.mark.server  # an object store

NUMBERS = itertools.count()
"""Prefixes of lakes; moto keeps what the tests of other files have put under theirs."""


@pytest.fixture(scope="module")
def server():
    """A proxy before an S3 server."""
    with object_store() as proxy:
        yield proxy


def settings_with(place: str, folder) -> Settings:
    """Settings of a data folder of layout 1 whose lake is in the store."""
    lake = Folder.at(place)
    for name, content in contents(LAYOUT_1 / "lake").items():
        lake.write(name, content)
    shutil.copytree(LAYOUT_1 / "raw", folder / "data/raw")
    (folder / "settings.toml").write_text(f'data_folder = "data"\nlake = "{place}"\n')
    return Settings(data_folder=folder / "data", lake=place)


@pytest.fixture
def settings(server, tmp_path) -> Settings:
    server.be("ok")
    return settings_with(address(server, f"/upgrade-{next(NUMBERS)}"), tmp_path)


def backup_of(settings: Settings) -> Folder:
    lake = Folder.at(settings.lake_folder)
    return Folder(lake.filesystem, f"{lake.path}.layout-1", lake.scheme)


def test_a_lake_in_an_object_store_is_upgraded_and_its_backup_is_in_the_same_store(settings):
    with pytest.raises(LakeError, match=r"s3://lake/upgrade-\d+ has layout 1 of an older gridahead"):
        _ = Workspace(settings).lake
    before = contents(Folder.at(settings.lake_folder))
    planned = upgrade(settings, dry_run=True)
    assert planned.backup == f"{Folder.at(settings.lake_folder)}.layout-1"
    assert planned.bytes == sum(map(len, before.values()))
    assert contents(Folder.at(settings.lake_folder)) == before
    assert upgrade(settings) == planned
    assert_upgraded(settings, backup_of(settings))
    assert upgrade(settings).backup is None


@pytest.mark.parametrize("share", first_of([0.5, 0.1, 0.3, 0.7, 0.9], 1))
def test_an_upgrade_that_is_killed_in_an_object_store_is_called_again(server, settings, tmp_path, share):
    other = tmp_path / "other"
    other.mkdir()
    measured = settings_with(address(server, f"/upgrade-{next(NUMBERS)}"), other)
    before = server.requests
    upgrade(measured)
    requests = server.requests - before
    command = [sys.executable, "-m", "gridahead", "upgrade", "-s", str(tmp_path / "settings.toml")]
    server.be("hang", good=int(share * requests))
    hangs_at = server.requests + server.good
    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as child:
        while server.requests <= hangs_at and child.poll() is None:
            time.sleep(0.01)
        child.kill()
    assert child.returncode == -9
    server.be("ok")
    assert layout_of(Folder.at(settings.lake_folder)) == 1
    upgrade(settings)
    assert_upgraded(settings, backup_of(settings))


def test_a_store_that_fails_in_the_middle_is_an_error_and_the_next_call_goes_on(server, settings):
    impatient = settings.model_copy(update={"lake": settings.lake_folder.replace("attempts=2", "attempts=1")})
    server.be("refuse", good=40)
    with pytest.raises(LakeError, match="503") as raised:
        upgrade(impatient)
    assert raised.value.retryable
    server.be("ok")
    upgrade(settings)
    assert_upgraded(settings, backup_of(settings))


def test_a_lake_that_is_a_whole_bucket_keeps_its_backup_in_it(server, tmp_path):
    make_bucket(server, "whole")
    settings = settings_with(address(server, "", bucket="whole"), tmp_path)
    lake = Folder.at(settings.lake_folder)
    done = upgrade(settings)
    assert done.backup == "s3://whole/backup.layout-1"
    assert_upgraded(settings, lake / "backup.layout-1")
    assert json.loads(lake.read("schema.json"))["layout"] == done.to_layout
