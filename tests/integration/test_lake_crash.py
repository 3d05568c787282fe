"""Writers, releases and compactions are killed at random moments; nothing is lost, doubled or seen by half.

Two processes append observations, one appends rulings, one compacts both tables, two read all the time. One of the
four that write is killed with SIGKILL and replaced, again and again. GRIDAHEAD_LAKE_KILLS sets how often: 200 took
about a minute and a half.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from children.lake import PAUSE, TABLES, logged, look, merge, store_of, write, wrong

from gridahead.lake.compaction import compact
from gridahead.lake.parquet import SUFFIX
from gridahead.lake.verify import verify

KILLS = int(os.environ.get("GRIDAHEAD_LAKE_KILLS", "10"))
LONGEST_RUSH = 0.1
"""Seconds at most without a pause before the kill: an append takes 10 ms, a compaction of both tables 100."""
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["children.lake"])

WRITERS: list[tuple[Callable, str]] = [
    (write, "observations"),
    (write, "observations"),
    (write, "rulings"),
    (merge, "observations"),
]


def started(work: Callable, folder: Path, table: str, number: int):
    child = FORKS.Process(target=work, args=(folder, table, number), daemon=True)
    child.start()
    return child


def until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that the children do."""
    for _ in range(int(seconds * 100)):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("the children have not begun to work")


def all_work(folder: Path) -> bool:
    """Whether there are the first batch of each table, the first compaction and the first reads."""
    signs = [f"{kind}-{table}*" for kind in ("reads", "compacted") for table in TABLES]
    return all(logged(folder, table, "done") for table in TABLES) and all(any(folder.glob(sign)) for sign in signs)


def findings(folder: Path) -> list[str]:
    """Everything that is wrong now, while the others go on."""
    told = [path.read_text() for path in folder.glob("wrong-*")]
    told += [found for table in TABLES if (found := wrong(folder, table))]
    return told + [str(one) for table in TABLES for one in verify(store_of(folder, table)).findings]


def test_whoever_is_killed_nothing_is_lost_doubled_or_seen_by_half(tmp_path):
    chance = random.Random(20260401)
    readers = [started(look, tmp_path, table, number) for number, table in enumerate(TABLES)]
    children = [started(work, tmp_path, table, number * 1_000_000) for number, (work, table) in enumerate(WRITERS)]
    try:
        until(lambda: all_work(tmp_path))
        for number in range(KILLS):
            place = chance.randrange(len(WRITERS))
            until((tmp_path / f"ready-{children[place].pid}").exists)
            os.kill(children[place].pid, signal.SIGUSR1)
            time.sleep(PAUSE + chance.uniform(0, LONGEST_RUSH))
            os.kill(children[place].pid, signal.SIGKILL)
            children[place].join(10)
            assert children[place].exitcode == -signal.SIGKILL, "it had ended before it was killed"
            assert findings(tmp_path) == [], f"after kill {number} of {WRITERS[place]}"
            work, table = WRITERS[place]
            children[place] = started(work, tmp_path, table, (len(WRITERS) + number) * 1_000_000)
    finally:
        for child in children:
            child.kill()
            child.join(10)
        (tmp_path / "stop").touch()
        for reader in readers:
            reader.join(30)
    assert findings(tmp_path) == []
    for number, table in enumerate(TABLES):
        assert int((tmp_path / f"reads-{table}-{number}").read_text()) > KILLS // 5
        assert len(logged(tmp_path, table, "done")) > KILLS // 2
        before = store_of(tmp_path, table).read()
        compact(store_of(tmp_path, table))
        assert store_of(tmp_path, table).read().equals(before)
        files = store_of(tmp_path, table).folder.names(SUFFIX, below=True)
        assert len(files) == (6 if table == "observations" else 3), "one file a folder"
    assert findings(tmp_path) == []
