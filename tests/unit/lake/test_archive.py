"""How long raw payloads are kept."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from gridahead.core.errors import LakeError
from gridahead.core.fingerprint import digest
from gridahead.lake.archive import Archive, DeletedPayloadError, archive_stats
from gridahead.lake.receipts import Receipt, Receipts

NOW = pd.Timestamp("2025-06-30T00:00Z")


def days_ago(days: int) -> pd.Timestamp:
    return NOW - pd.Timedelta(days=days)


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "raw")


@pytest.fixture
def receipts(tmp_path):
    return Receipts(tmp_path / "receipts")


def delivered(archive, receipts, content: str, days: int, origin="/a.csv", series=("DE/load",)) -> str:
    """A payload of one content with its receipt; its name in the archive."""
    name = archive.keep(content, "a.csv", content.encode(), {"retrieved_at": days_ago(days).isoformat()})
    newest = dict.fromkeys(series, days_ago(days).isoformat())
    fields: tuple[Any, ...] = (
        f"{content}{days}",
        "s",
        "a.csv",
        origin,
        name,
        content,
        {},
        days_ago(days),
        days_ago(days),
        newest,
    )
    receipts.sign(Receipt(*fields))
    return name


def expired(archive, receipts, keep_days=30):
    return set(archive_stats(archive, receipts.read(), keep_days, NOW).expired)


def test_payloads_that_are_older_are_expired_but_the_newest_of_each_origin_and_series(archive, receipts):
    old = delivered(archive, receipts, "aa", 90)
    delivered(archive, receipts, "bb", 40)
    delivered(archive, receipts, "cc", 80, series=("DE/solar",))
    delivered(archive, receipts, "dd", 80, origin="/b.csv")
    delivered(archive, receipts, "ee", 70, origin="/c.csv", series=())
    assert expired(archive, receipts) == {old}
    assert expired(archive, receipts, None) == set()
    kept = archive_stats(archive, receipts.read(), 30, NOW)
    sizes = {path.name: path.stat().st_size for path in Path(archive.folder.path).glob("*.zst")}
    assert (kept.payloads, kept.bytes, kept.expired_bytes) == (5, sum(sizes.values()), sizes[old])


def test_a_payload_that_came_again_within_the_time_is_kept(archive, receipts):
    for content, days in (("aa", 90), ("bb", 60), ("aa", 20), ("cc", 10)):
        delivered(archive, receipts, content, days)
    assert expired(archive, receipts) == {"bb-a.csv.zst"}


def test_a_payload_without_a_receipt_is_as_old_as_its_retrieval(archive, receipts):
    for content, about in (("aa", {"retrieved_at": days_ago(40).isoformat()}), ("bb", {}), ("cc", {})):
        archive.keep(content, "a.csv", b"1", about)
    archive.keep("dd", "a.csv", b"1", {"retrieved_at": days_ago(20).isoformat()})
    assert expired(archive, receipts) == {"aa-a.csv.zst"}


def test_a_deleted_payload_says_by_which_setting_and_may_come_again(archive, receipts):
    name = delivered(archive, receipts, "aa", 90)
    assert archive.place(name).endswith("/raw/aa-a.csv.zst")
    archive.delete(name, 30, NOW)
    said = r"aa-a.csv.zst was deleted on 2025-06-30, as the settings say `\[archive\] keep_days = 30`"
    with pytest.raises(DeletedPayloadError, match=said):
        archive.read(name)
    assert archive.place(name).startswith("aa-a.csv.zst (deleted on 2025-06-30")
    assert archive.payloads() == {}
    assert archive.about(name)["retrieved_at"] == days_ago(90).isoformat()
    delivered(archive, receipts, "aa", 0)
    assert archive.read(name) == b"aa"
    (archive.folder / "").delete(name)
    with pytest.raises(LakeError, match="put it back from a backup"):
        archive.read(name)


# -- packed ---------------------------------------------------------------------------------------------------------


def test_a_payload_is_kept_packed_and_read_as_it_was_received(archive):
    content = b"<Point><quantity>4711</quantity></Point>" * 1000
    name = archive.keep(digest(content), "load.xml", content, {"asked": {"zones": ["FR"]}})
    assert name == f"{digest(content)}-load.xml.zst"
    packed = archive.folder.read(name)
    assert len(packed) < len(content) / 20
    assert pa.decompress(packed, len(content), "zstd", asbytes=True) == content
    assert archive.read(name) == content
    assert archive.keep(digest(content), "load.xml", content, {}) == name
    assert archive.about(name) == {"asked": {"zones": ["FR"]}}


def test_one_that_an_older_release_has_kept_unpacked_is_read_and_not_kept_again(archive):
    content = b"time,load\n2025-01-01,1\n"
    name = f"{digest(content)}-a.csv"
    archive.folder.write(name, content)
    assert archive.read(name) == content
    assert archive.keep(digest(content), "a.csv", content, {}) == name
    assert archive.payloads() == {name: len(content)}


def test_even_one_whose_own_name_says_that_it_is_packed(archive):
    content = pa.compress(b"time,load\n2025-01-01,1\n", "zstd", asbytes=True)
    name = f"{digest(content)}-a.csv.zst"
    archive.folder.write(name, content)
    assert archive.read(name) == content


def test_one_that_is_damaged_says_so(archive):
    name = archive.keep(digest(b"1" * 100), "a.csv", b"1" * 100, {})
    archive.folder.write(name, archive.folder.read(name)[:-5] + b"wrong")
    with pytest.raises(LakeError, match="is damaged"):
        archive.read(name)
