"""A folder of the lake, on a disk or under an address."""

import os
from pathlib import Path

import pyarrow.fs as pafs
import pytest

from gridahead.core.errors import LakeError, SettingsError
from gridahead.lake.folder import Folder


@pytest.fixture(params=["disk", "file address", "memory"])
def folder(request, tmp_path):
    """An empty folder of each kind."""
    places = {"disk": tmp_path / "a", "file address": f"file://{tmp_path}/a", "memory": f"memory:/{tmp_path}/a"}
    return Folder.at(places[request.param])


def test_what_is_written_is_read_listed_and_deleted(folder):
    assert folder.names() == []
    assert not folder.exists("one.json")
    folder.write("one.json", b"1")
    folder.write("one.json", b"first")
    (folder / "deep/er").write("two.parquet", b"second")
    assert folder.read("one.json") == b"first"
    assert (folder.exists("one.json"), folder.exists(), folder.exists("two.parquet")) == (True, True, False)
    assert folder.names() == folder.names(".json") == ["one.json"]
    assert folder.names(".parquet") == []
    assert folder.sizes(below=True) == {"deep/er/two.parquet": 6, "one.json": 5}
    assert folder.folders() == ["deep"]
    folder.delete("one.json")
    folder.delete("one.json")
    assert folder.names() == []
    with pytest.raises(FileNotFoundError):
        folder.read("one.json")


def test_a_folder_says_where_it_is(folder, tmp_path):
    assert str(folder / "x").endswith(f"{tmp_path}/a/x")
    assert str(folder).startswith("memory://" if not folder.local else "/")


def test_what_killed_writers_left_is_not_listed_and_swept_on_a_disk(folder):
    folder.write("one.json", b"1")
    if folder.local:
        left = Path(folder.path) / ".writing-0123"
        left.write_bytes(b"half")
        os.utime(left, (0, 0))
        assert folder.names() == ["one.json"]
    folder.sweep()
    assert folder.names() == ["one.json"]
    assert not folder.local or [path.name for path in Path(folder.path).iterdir()] == ["one.json"]


def test_an_address_of_s3_is_opened_with_time_limits_and_its_options():
    folder = Folder.at("s3://bucket/some/where/?endpoint_override=127.0.0.1:9&scheme=http&region=eu-west-1&attempts=1")
    assert (folder.path, folder.scheme, str(folder / "x")) == ("bucket/some/where", "s3", "s3://bucket/some/where/x")
    assert isinstance(folder.filesystem, pafs.S3FileSystem)
    assert folder.filesystem.region == "eu-west-1"
    with pytest.raises(LakeError, match=r"cannot read s3://bucket/some/where/x/recent: .*and run again") as raised:
        (folder / "x/recent").names()
    assert "cannot write" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://key:secret@bucket/x", "carries a password.*by environment"),
        ("s3://bucket/x?atempts=3", "unknown option 'atempts'; did you mean 'attempts'"),
        ("s3://bucket/x?attempts=few", "attempts=few is no number"),
        ("s3:///x", "names no bucket; write s3://bucket/prefix"),
        ("nowhere://bucket/x", "nowhere"),
    ],
)
def test_an_address_that_cannot_be_meant_is_an_error_of_the_settings(address, message):
    with pytest.raises(SettingsError, match=message) as raised:
        Folder.at(address)
    assert "secret" not in str(raised.value)


def test_a_new_folder_is_on_disk_before_what_was_merged_into_it_is_deleted_elsewhere(tmp_path, monkeypatch):
    synced, sync = [], os.fsync

    def noted(handle):
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        return sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    (Folder.at(tmp_path) / "series=DE.load/year=2024").write("x.parquet", b"x")
    wanted = [tmp_path / "series=DE.load/year=2024", tmp_path / "series=DE.load", tmp_path]
    assert [path for path in synced if ".writing-" not in path] == [str(path) for path in wanted]


def test_a_folder_is_taken_as_it_is(tmp_path):
    folder = Folder(pafs.LocalFileSystem(), str(tmp_path))
    assert Folder.at(folder) is folder
