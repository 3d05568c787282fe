"""Receipts: signed, found, amended, merged, by several at once and whoever is killed."""

import json
import logging
import threading
from dataclasses import replace
from typing import Any, ClassVar

import pandas as pd
import pytest

from gridahead.core.grid import Series
from gridahead.lake.compaction import compact_receipts
from gridahead.lake.folder import Folder
from gridahead.lake.followed import first_followed
from gridahead.lake.merged_receipts import read_merged
from gridahead.lake.receipts import Receipt, Receipts, line_of

LOAD = Series("DE", "load")
DAY = pd.date_range("2025-01-01T00:00Z", periods=24, freq="h")


def receipt(batch: str, retrieved_at: pd.Timestamp, **about) -> Receipt:
    fields: dict[str, Any] = {
        "source": "s",
        "name": "a.csv",
        "origin": "/a.csv",
        "payload": "ab-a.csv",
        "content": "ab",
        "request": {},
    }
    fields |= {"began": retrieved_at, "newest": {"DE/load": DAY[0].isoformat()}, "missing": ("DE/solar",)}
    return Receipt(batch=batch, retrieved_at=retrieved_at, **(fields | about))


def amended(old: Receipt, batch: str, at: pd.Timestamp) -> Receipt:
    return replace(old, batch=batch, amended_at=at.isoformat(), formerly=tuple(sorted(old.batches - {batch})))


class Counting(Folder):
    """A folder that knows what was asked of it."""

    asked: ClassVar[list[str]] = []

    def sizes(self, *arguments, **options):
        self.asked.append("list")
        return super().sizes(*arguments, **options)

    def read(self, name):
        self.asked.append(name)
        return super().read(name)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "receipts"


@pytest.fixture
def receipts(folder):
    return Receipts(folder)


def files(folder):
    return sorted(path.name for path in folder.glob("*.jsonl*"))


def test_a_receipt_is_there_once_it_is_signed_and_says_what_it_said(receipts, folder):
    assert receipts.all() == []
    later, earlier = receipt("ab12", DAY[5]), receipt("ffff", DAY[3], request={"unit": "MW", "covariates": []})
    for each in (later, earlier, later):
        receipts.sign(each)
    assert receipts.all() == Receipts(folder).all() == [earlier, later]
    assert later.series == {"DE/load", "DE/solar"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"batch": "ab12"}', "null", "\n"])
def test_a_receipt_that_cannot_be_read_stops_nobody_and_is_kept(receipts, folder, content):
    receipts.sign(receipt("ffff", DAY[3]))
    (folder / "ab12.jsonl").write_text(content)
    for _ in range(2):
        assert [each.batch for each in Receipts(folder).all()] == ["ffff"]
        compact_receipts(Receipts(folder))
        assert (folder / "ab12.jsonl").read_text() == content


def test_a_receipt_that_lacks_what_is_not_at_its_beginning_stops_nobody_and_is_kept(receipts, folder, caplog):
    receipts.sign(receipt("ffff", DAY[3]))
    receipts.sign(receipt("ab12", DAY[4]))
    (name,) = (name for name in files(folder) if "ab12" in (folder / name).read_text())
    (folder / name).write_text((folder / name).read_text().replace('"newest"', '"oldest"'))
    with caplog.at_level(logging.WARNING):
        assert [each.batch for each in Receipts(folder).all()] == ["ffff"]
    assert "is no receipt" in caplog.text
    compact_receipts(Receipts(folder))
    assert name in files(folder)


@pytest.mark.parametrize("merged", [False, True])
def test_receipts_are_found_by_origin_and_content_the_last_delivery_first(receipts, merged):
    strange = '/päth "with" \\ and, "origin": "/b.csv", 東.csv'
    every = [
        receipt("a1", DAY[1]),
        receipt("b1", DAY[2], origin="/b.csv"),
        receipt("a2", DAY[3], content="cd"),
        receipt("s1", DAY[4], origin=strange, request={"origin": "/b.csv"}),
        receipt("a3", DAY[5]),
    ]
    for each in every:
        receipts.sign(each)
    if merged:
        compact_receipts(receipts)
    index = receipts.read()
    assert [each.batch for each in index.newest_first("/a.csv")] == ["a3", "a2", "a1"]
    assert [each.batch for each in index.newest_first("/a.csv", "ab")] == ["a3", "a1"]
    assert [each.batch for each in index.newest_first(content="ab")] == ["a3", "s1", "b1", "a1"]
    assert [each.batch for each in index.newest_first("/b.csv")] == ["b1"]
    assert list(index.newest_first(strange)) == [every[3]]
    assert list(index.newest_first("/c.csv")) == list(index.newest_first("/a.csv", "ef")) == []
    assert list(index.oldest_first()) == every


def test_only_the_receipts_that_are_asked_for_are_parsed(receipts):
    for number in range(50):
        receipts.sign(receipt(f"{number:04}", DAY[0] + pd.Timedelta(minutes=number), origin=f"/{number}.csv"))
    compact_receipts(receipts)
    index = Receipts(receipts.folder).read()
    assert len(list(index.newest_first("/7.csv"))) == 1
    assert next(index.oldest_first()).batch == "0000"
    assert len(index.parsed) == 2


def test_what_was_read_once_is_not_read_again(folder):
    place = Folder.at(folder)
    counted = Counting(place.filesystem, place.path)
    receipts = Receipts(counted)
    for number in range(5):
        receipts.sign(receipt(f"{number:04}", DAY[number]))
    assert len(receipts.all()) == 5
    counted.asked.clear()
    assert len(receipts.all()) == 5
    assert counted.asked == ["list"]
    Receipts(folder).sign(receipt("other", DAY[9]))
    assert len(receipts.all()) == 6
    assert len([name for name in counted.asked if name != "list"]) == 1
    compact_receipts(Receipts(folder))
    counted.asked.clear()
    assert len(receipts.all()) == 6
    assert len([name for name in counted.asked if name != "list"]) == 1
    assert counted.asked.count("list") <= 3


def test_a_compaction_leaves_one_file_and_the_same_receipts(receipts, folder):
    for number in range(7):
        receipts.sign(receipt(f"{number:04}", DAY[number]))
    before = receipts.all()
    done = compact_receipts(receipts)
    assert (done.table, done.batches, done.folders, done.rows) == ("receipts", 7, 1, 7)
    assert receipts.all() == Receipts(folder).all() == before
    assert len(files(folder)) == 1
    lines = read_merged(receipts.folder, files(folder)[0]).splitlines()
    assert [json.loads(line)["batch"] for line in lines] == [each.batch for each in before]
    assert compact_receipts(receipts).folders == 0
    receipts.sign(receipt("last", DAY[9]))
    assert compact_receipts(receipts).folders == 1
    assert len(files(folder)) == 1 and len(receipts.all()) == 8


@pytest.mark.parametrize("merged", ["before", "after", "between", "never"])
def test_an_amended_receipt_counts_in_place_of_the_old_one_there_and_back(receipts, folder, merged):
    old = receipt("a", DAY[3])
    receipts.sign(old)
    receipts.sign(receipt("other", DAY[4]))
    if merged == "before":
        compact_receipts(receipts)
    there = amended(old, "b", DAY[6])
    receipts.replace(old, there)
    assert receipts.all() == Receipts(folder).all() == [there, receipt("other", DAY[4])]
    if merged == "between":
        compact_receipts(receipts)
    back = amended(there, "a", DAY[7])
    receipts.replace(there, back)
    if merged != "never":
        compact_receipts(receipts)
    assert receipts.all() == Receipts(folder).all() == [back, receipt("other", DAY[4])]


def test_a_receipt_that_another_compaction_brings_back_does_not_count(receipts, folder):
    """It had read the old receipt before it was amended, and wrote it down after the amended one was merged."""
    old = receipt("a", DAY[3])
    receipts.sign(old)
    (name,) = files(folder)
    before = (folder / name).read_bytes()
    there = amended(old, "b", DAY[6])
    receipts.replace(old, there)
    compact_receipts(receipts)
    (folder / "0123456789abcdef.jsonl").write_bytes(before)
    assert receipts.all() == [there]
    compact_receipts(receipts)
    assert len(files(folder)) == 1 and Receipts(folder).all() == [there]


def test_the_same_settings_at_another_time_are_a_delivery_of_their_own(receipts):
    """A later delivery has the identity that an amended one had before."""
    old = receipt("a", DAY[3])
    there, again = amended(old, "b", DAY[6]), receipt("a", DAY[8])
    for each in (old, there, again):
        receipts.sign(each)
    assert receipts.all() == [there, again]


@pytest.mark.parametrize("good", range(12))
def test_a_compaction_that_is_killed_loses_nothing_and_the_next_one_ends_it(receipts, folder, good, monkeypatch):
    for number in range(10):
        receipts.sign(receipt(f"{number:04}", DAY[number]))
    before, left = receipts.all(), [good]

    def dying(name):
        def operation(self, *arguments):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return whole[name](self, *arguments)

        return operation

    whole = {name: getattr(Folder, name) for name in ("write", "delete")}
    with monkeypatch.context() as patch:
        for name in whole:
            patch.setattr(Folder, name, dying(name))
        try:
            compact_receipts(Receipts(folder))
        except KeyboardInterrupt:
            assert Receipts(folder).all() == before
    compact_receipts(Receipts(folder))
    assert Receipts(folder).all() == before
    assert len(files(folder)) == 1


def test_two_compactions_and_those_who_sign_at_once_lose_nothing(folder):
    wrong: list[Exception | str] = []
    done = threading.Event()

    def guarded(work):
        def run():
            try:
                work(Receipts(folder))
            except Exception as error:
                wrong.append(error)

        return threading.Thread(target=run)

    def sign(own, first):
        for number in range(first, first + 40):
            own.sign(receipt(f"{number:04}", DAY[0] + pd.Timedelta(minutes=number)))
            if f"{number:04}" not in {each.batch for each in own.all()}:
                wrong.append(f"{number} is not there")

    def merge(own):
        while not done.is_set():
            compact_receipts(own)

    writers = [guarded(lambda own, first=first: sign(own, first)) for first in (0, 100)]
    mergers = [guarded(merge) for _ in range(2)]
    for thread in (*mergers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in mergers:
        thread.join()
    assert wrong == []
    expected = [f"{number:04}" for first in (0, 100) for number in range(first, first + 40)]
    assert [each.batch for each in Receipts(folder).all()] == expected
    compact_receipts(Receipts(folder))
    assert [each.batch for each in Receipts(folder).all()] == expected
    assert len(files(folder)) == 1


# -- merged ones are read only if they may be what is asked for ------------------------------------------------------

YEAR = pd.date_range("2025-01-05T00:00Z", periods=36, freq="10D")


def of_a_year(folder) -> list[Receipt]:
    """Receipts of two sources, one each in ten days, merged; each has a content of its own."""
    own = Receipts(folder)
    made = [
        receipt(f"{source}{number}", at, source=source, origin=f"/{source}", content=f"{source}{number:02}")
        for number, at in enumerate(YEAR)
        for source in ("s", "t")
    ]
    own.write([line_of(each) for each in made])
    compact_receipts(own)
    return sorted(made, key=lambda each: (each.retrieved_at, each.batch))


def read_files(folder, ask) -> int:
    """How many files a question reads, besides summaries."""
    place = Folder.at(folder)
    counted = Counting(place.filesystem, place.path)
    counted.asked.clear()
    ask(Receipts(counted).read())
    return len([name for name in counted.asked if name != "list"])


def test_a_year_is_a_file_a_source_and_ten_days_and_nothing_is_lost(folder):
    made = of_a_year(folder)
    assert Receipts(folder).all() == made
    assert list(Receipts(folder).read().newest_first()) == made[::-1]
    assert len(files(folder)) == 2 * len({f"{at:%Y-%m}-{at.day // 10}" for at in YEAR})
    assert compact_receipts(Receipts(folder)).folders == 0


@pytest.mark.parametrize(
    ("ask", "reads"),
    [
        (lambda index: next(index.newest_first("/s")), 1),
        (lambda index: next(index.newest_first()), 2),  # of both sources: one of them is the newest
        (lambda index: list(index.newest_first("/s", "s03")), 1),
        (lambda index: list(index.newest_first(content="t07")), 1),
        (lambda index: list(index.newest_first("/s", "new")), 0),
        (lambda index: list(index.newest_first("/new")), 0),
        (lambda index: first_followed(index, {"DE/load"}), 0),
    ],
)
def test_only_files_that_may_have_what_is_asked_for_are_read(folder, ask, reads):
    of_a_year(folder)
    assert read_files(folder, ask) == reads


@pytest.mark.parametrize("content", [b"", b"torn", b'{"origins": []}'])
def test_a_file_without_a_sound_summary_is_read_and_gets_one_again(folder, content):
    made = of_a_year(folder)
    for summary in (folder / "summaries").iterdir():
        summary.write_bytes(content) if content else summary.unlink()
    assert Receipts(folder).all() == made
    assert [each.batch for each in Receipts(folder).read().newest_first("/s", "s03")] == ["s3"]
    compact_receipts(Receipts(folder))
    assert read_files(folder, lambda index: list(index.newest_first("/s", "s03"))) == 1


def test_a_summary_whose_file_is_gone_goes_too(folder):
    of_a_year(folder)
    (folder / "summaries" / "s~2020-01-0~0123456789abcdef.json").write_text("{}")
    compact_receipts(Receipts(folder))
    assert len(list((folder / "summaries").iterdir())) == len(files(folder))


def test_a_file_that_is_replaced_after_it_was_listed_is_found_by_its_days(folder):
    of_a_year(folder)
    index = Receipts(folder).read()
    Receipts(folder).sign(receipt("late", YEAR[3] + pd.Timedelta(hours=1), origin="/s", content="x"))
    compact_receipts(Receipts(folder))
    assert [each.batch for each in index.newest_first("/s", "s03")] == ["s3"]


def test_what_was_followed_first_is_the_same_from_summaries_and_from_receipts(folder):
    seen = pd.date_range("2025-02-01T06:00Z", periods=40, freq="D")
    made = [
        receipt(f"{number:02}", at, newest={"DE/load": (at - pd.Timedelta(days=20 - number)).isoformat()}, missing=())
        for number, at in enumerate(seen)
    ]
    own = Receipts(folder)
    own.write([line_of(each) for each in made])
    # On the 14th day the newest value is 7 days old for the first time.
    expected = {LOAD: seen[13] - pd.Timedelta(days=7)}
    for _ in range(2):
        assert first_followed(Receipts(folder).read(), {"DE/load"}).before(seen[-1], {"DE/load"}) == expected
        assert first_followed(Receipts(folder).read(), {"DE/load"}).before(seen[13], {"DE/load"}) == {}
        compact_receipts(Receipts(folder))
