"""Two trainings at once, and two that make a registry at once: both succeed, and a model is made once."""

import subprocess
import sys
import threading
import time
from dataclasses import replace

from builders.fits import fit_of, opened
from builders.rows import LOAD
from children import environment

from gridahead.core.files import alone
from gridahead.operate import train as module
from gridahead.operate.train import train

OPEN = """
import sys
from pathlib import Path
from builders.fits import opened
print(opened(Path(sys.argv[1])).registry.versions)
"""


def test_two_trainings_of_a_series_make_its_model_once(tmp_path, monkeypatch):
    made = []

    def slowly(parts, names, *rest, **more):
        made.append(names)
        time.sleep(0.5)
        fit = fit_of(1)
        return [
            replace(fit, model=replace(fit.model, name=name), data_fingerprint=parts.fingerprint()) for name in names
        ]

    monkeypatch.setattr(module, "fit_candidates", slowly)
    monkeypatch.setattr(module, "keep_judged", lambda *given: None)
    workspace = opened(tmp_path)
    _ = workspace.registry
    found = []
    threads = [threading.Thread(target=lambda: found.append(train(workspace, LOAD))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert sorted(one.known for done in found for one in done) == [False] * len(made[0]) + [True] * len(made[0])
    assert len(workspace.registry.versions(LOAD)) == len(made[0])


def test_two_that_open_a_new_registry_at_once_both_succeed(tmp_path):
    (tmp_path / "data").mkdir()
    opening = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path / "data")], stderr=subprocess.PIPE, env=environment()
        )
        for _ in range(2)
    ]
    said = [one.communicate()[1].decode() for one in opening]
    assert [one.returncode for one in opening] == [0, 0], said


def test_who_holds_a_file_alone_keeps_others_waiting_and_they_are_told(tmp_path):
    told, order = [], []

    def second():
        with alone(tmp_path / "new" / "lock", lambda: told.append("waits")):
            order.append("second")

    with alone(tmp_path / "new" / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        while not told:
            time.sleep(0.01)
        order.append("first")
    thread.join()
    assert (told, order) == (["waits"], ["first", "second"])


def test_where_nothing_can_be_written_nothing_is_held(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with alone(tmp_path / "file" / "lock"):
        pass
