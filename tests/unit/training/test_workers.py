"""Processes that train: several callers share them, and they do not outlive who started them."""

import multiprocessing
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from children import environment
from children.jobs import count_to, die, die_reporting, fail, want_memory

from gridahead.core.errors import ModelError
from gridahead.training.workers import worker_pool

SCRIPT = """
import sys, time
from gridahead.training.workers import processes

if __name__ == "__main__":
    pool = processes(1)
    from children.jobs import own_id
    print(pool.submit(own_id).result(), flush=True)
    pool.submit(time.sleep, 600)
    time.sleep(600)
"""

PROGRAM = """
from functools import partial
from gridahead.training.workers import worker_pool
from children.jobs import count_to

print("imported", flush=True)
if __name__ == "__main__":
    with worker_pool(2) as pool:
        print(pool.run([partial(count_to, "a", 1), partial(count_to, "b", 1)], lambda _: None))
"""


def test_every_caller_hears_its_own_epochs_all_of_them_and_a_failed_job_disturbs_nobody():
    def ask(name: str) -> tuple[list[str], list[str]]:
        heard: list[Any] = []
        done = pool.run([partial(count_to, name, 3), partial(count_to, name, 2)], heard.append)
        return done, heard

    with worker_pool(1) as pool, ThreadPoolExecutor(2) as threads:
        failed = threads.submit(lambda: pool.run([fail], print))
        for name, (done, heard) in zip("ab", threads.map(ask, "ab"), strict=True):
            assert done == [f"{name}3", f"{name}2"]
            assert sorted(heard) == sorted([f"{name}0", f"{name}1", f"{name}2", f"{name}0", f"{name}1"])
        assert str(failed.exception()) == "on purpose"


def test_no_process_starts_until_there_is_something_to_do_or_is_said_to_be():
    before = len(multiprocessing.active_children())
    with worker_pool(1) as pool:
        assert len(multiprocessing.active_children()) == before
        pool.begin()
        assert len(multiprocessing.active_children()) == before + 1
    assert len(multiprocessing.active_children()) == before


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (partial(die, signal.SIGKILL), r"was killed \(SIGKILL\), as the system does when memory runs out.*workers"),
        (partial(die, signal.SIGSEGV), "ended before its work, by the signal SIGSEGV.*Run the same command again"),
        (want_memory, r"ran out of memory \(.*allocate.*batch_size"),
    ],
)
def test_a_process_that_is_killed_or_has_no_memory_left_says_so_with_a_way_out(job, said):
    with worker_pool(2) as pool, pytest.raises(ModelError, match=said):
        pool.run([partial(count_to, "a", 1), job], lambda _: None)


def test_a_process_that_is_killed_in_the_middle_of_a_report_keeps_nobody_waiting():
    def ask() -> None:
        with worker_pool(1) as pool:
            pool.run([die_reporting], lambda _: None)

    failed: list[BaseException] = []
    asking = threading.Thread(target=lambda: failed.append(caught(ask)), daemon=True)
    asking.start()
    asking.join(60)
    assert not asking.is_alive(), "it waits for ever"
    assert "was killed (SIGKILL)" in str(failed[0])


def caught(ask: Callable[[], None]) -> BaseException:
    with pytest.raises(ModelError) as raised:
        ask()
    return raised.value


def test_the_program_that_asks_for_a_training_is_not_imported_in_its_processes(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    said = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment(), check=True)
    assert said.stdout.splitlines() == ["imported", "['a1', 'b1']"]


def test_a_process_that_trains_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment()
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert Path(f"/proc/{worker}").exists()
        parent.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not alive(worker):
            return
        time.sleep(0.1)
    raise AssertionError("the worker waits for ever")


def alive(process: int) -> bool:
    """Whether it runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
