"""Files that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from gridahead.core.errors import LakeError
from gridahead.core.files import sweep, whole_files, write_whole


def test_a_file_is_written_with_its_folders_and_nothing_is_left_aside(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    write_whole(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_until_the_rename_a_reader_sees_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_whole(path, b"old")
    seen = []
    rename = Path.replace

    def noted(self, to):
        seen.append(path.read_bytes())
        return rename(self, to)

    monkeypatch.setattr(Path, "replace", noted)
    write_whole(path, b"new")
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"


def test_the_content_is_on_disk_before_the_rename_and_the_rename_itself_after(tmp_path, monkeypatch):
    order, rename, sync = [], Path.replace, os.fsync

    def renamed(self, to):
        order.append("rename")
        return rename(self, to)

    def synced(handle):
        order.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        return sync(handle)

    monkeypatch.setattr(Path, "replace", renamed)
    monkeypatch.setattr(os, "fsync", synced)
    write_whole(tmp_path / "file.txt", b"whole")
    first, middle, last = order
    assert Path(first).name.startswith(".writing-")
    assert (middle, last) == ("rename", str(tmp_path))


def test_a_write_that_fails_leaves_the_old_file_and_nothing_aside(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_whole(path, b"old")

    def fails(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(LakeError, match="Input/output error"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_finished_files_are_listed_by_name_without_what_lies_aside(tmp_path):
    for name in ("b.json", "a.json", ".writing-0123.json", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in whole_files(tmp_path, "*.json")] == ["a.json", "b.json"]
    assert whole_files(tmp_path / "none", "*.json") == []


def test_what_a_killed_writer_left_is_swept_after_an_hour_and_a_writer_at_work_is_left_alone(tmp_path):
    left, fresh, whole = (tmp_path / "a" / name for name in (".writing-old", ".writing-new", "file.txt"))
    write_whole(whole, b"whole")
    for path in (left, fresh):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))
    os.utime(whole, (0, 0))
    sweep(tmp_path)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [".writing-new", "file.txt"]
