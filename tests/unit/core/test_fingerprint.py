"""Fingerprints of contents and of the code: what decides a number changes it, and nothing else does."""

import ast
import datetime as dt
import hashlib
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gridahead.core import fingerprint
from gridahead.core.fingerprint import DIGITS, ROOTS, code_hash, code_hash_of, digest

PACKAGE = Path(fingerprint.__file__).parents[1]


@pytest.fixture
def copy(tmp_path):
    """The package as it is, to be changed."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "gridahead", ignore=shutil.ignore_patterns("__pycache__")))


def changed(package, file, old, new):
    """The hash after one change of one file."""
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new, 1))
    return code_hash_of(package, ROOTS)


@pytest.mark.parametrize(
    "parts",
    [(b"load",), ("load",), (b"lo", memoryview(b"ad")), (np.array([[108, 111], [97, 100]], np.uint8).data,)],
)
def test_a_content_has_the_first_digits_of_its_sha256(parts):
    assert digest(*parts) == hashlib.sha256(b"load").hexdigest()[:DIGITS]


def test_the_order_of_keys_decides_nothing_and_that_of_a_list_does():
    day = dt.date(2026, 3, 29)
    assert digest({"a": day, "b": [1.5, None]}) == digest({"b": [1.5, None], "a": str(day)})
    assert digest(["a", "bc"]) != digest(["ab", "c"]) != digest(["c", "ab"])


@pytest.mark.parametrize("part", [np.zeros(2000), {"a": np.zeros(2000)}, object(), {1, 2}])
def test_what_has_no_text_of_its_own_is_refused(part):
    """Guard: the text of a long array leaves out its middle, that of an object is where it lies in memory."""
    with pytest.raises(TypeError, match="no fingerprint"):
        digest(part)


def test_a_copy_of_the_code_has_its_hash(copy):
    assert code_hash_of(copy, ROOTS) == code_hash()


def test_threads_that_ask_at_once_get_one_answer_that_one_of_them_has_computed(monkeypatch):
    asked = threading.Barrier(4)
    parsing: list[Path] = []

    def slow(package, roots):
        parsing.append(package)
        time.sleep(0.05)  # long enough for the other threads to come in, if they can
        return "0123456789abcdef"

    def ask(_):
        asked.wait()
        return code_hash()

    fingerprint._own_hash.cache_clear()
    monkeypatch.setattr(fingerprint, "code_hash_of", slow)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ask, range(4))) == ["0123456789abcdef"] * 4
        assert len(parsing) == 1
    finally:
        fingerprint._own_hash.cache_clear()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("core/grid.py", 'Quantity("solar", "Solar", low=0.0)', 'Quantity("solar", "Solar", low=5.0)'),
        ("core/grid.py", '"BW": 11_280_257', '"BW": 1_280_257'),
        ("core/vintages.py", '"available_at"] <= ', '"available_at"] < '),
    ],
)
def test_a_bound_a_calendar_or_a_sign_in_a_noun_changes_it(copy, file, old, new):
    assert changed(copy, file, old, new) != code_hash()


NOUNS = (
    "core/grid.py",
    "core/time.py",
    "core/vintages.py",
    "core/tables.py",
    "settings/model.py",
    "settings/networks.py",
)
FITS = ("features/windows.py", "models/calibration.py", "training/loop.py", "training/shared.py", "models/tabular.py")
ISSUES = ("forecasting/issue.py", "models/baselines.py", "evaluation/references.py")


@pytest.mark.parametrize("file", [*NOUNS, *FITS, *ISSUES])
def test_whatever_fits_or_issues_and_the_nouns_change_it(copy, file):
    (copy / file).write_text((copy / file).read_text() + "\n_NEW = 1\n")
    assert code_hash_of(copy, ROOTS) != code_hash()


@pytest.mark.parametrize("file", ["core/grid.py", "models/network/network.py", "training/fit.py"])
def test_a_docstring_or_a_comment_changes_nothing(copy, file):
    text = (copy / file).read_text()
    (copy / file).write_text('"""Other words."""\n# and a comment\n' + text.partition('"""\n')[2])
    assert code_hash_of(copy, ROOTS) == code_hash()


def test_formatting_changes_nothing(copy):
    """Every file written by another hand: other breaks, quotes and brackets, no comments, no empty lines."""
    for file in copy.rglob("*.py"):
        file.write_text(ast.unparse(ast.parse(file.read_text())))
    assert code_hash_of(copy, ROOTS) == code_hash()


@pytest.mark.parametrize(
    "file",
    ["reports/trust.py", "monitoring/drift.py", "evaluation/scores.py", "cli/explain.py", "__init__.py"],
)
def test_what_reads_judges_or_shows_and_the_name_of_the_release_change_nothing(copy, file):
    (copy / file).write_text("NEW = 1\n" + (copy / file).read_text())
    assert code_hash_of(copy, ROOTS) == code_hash()


def test_a_module_counts_where_it_is_imported_inside_a_function_and_by_any_form_of_words(tmp_path):
    package = tmp_path / "made"
    package.mkdir()
    texts = {
        "root": "def f():\n    from made import inner\n    import made.other as x\n    from made.third import y",
        "inner": "A = 1",
        "other": "B = 1",
        "third": "y = 1",
        "stranger": "C = 1",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    before = code_hash_of(package, ("made.root",))
    for name, counts in {"inner": True, "other": True, "third": True, "stranger": False}.items():
        (package / f"{name}.py").write_text("A = 2")
        assert (code_hash_of(package, ("made.root",)) != before) == counts
        (package / f"{name}.py").write_text(texts[name])


def test_a_root_that_has_moved_is_an_error(copy):
    (copy / "training" / "candidates.py").unlink()
    with pytest.raises(FileNotFoundError, match=r"gridahead\.training\.candidates"):
        code_hash_of(copy, ROOTS)


SYNTAX = '''
from __future__ import annotations

import os.path as path


@decorated(1, *two, three=None, **four)
class Kind(Base, metaclass=Meta):
    """Words."""
    field: list[int | None] = [1, 2.5, 1e3, 2j, b"x", ..., True]

    async def ask(self, a, /, b: int = 1, *rest: str, c, d=None, **more) -> dict[str, int]:
        global shared
        async with lock() as held, other:
            text = f"{a!r:>{b}} and {b=} " 'plain' f'{d["x"]:%Y-%m}' "\\n" f"{{}}"
        return {**more, "k": (yield), **{x: y async for x, y in rest if x if y}}


def nothing():
    pass


match shape:
    case [1, *_, {"a": Point(x=0) as p, **rest}] | None if p:
        assert (n := 10) < 11 <= 12, "words"
    case _:
        del a[1:2, ::3], b
try:
    x, *y = lambda z, /: (not z) @ ~z // -z ** 2
except* (OSError, ValueError) as error:
    raise Fault from error
else:
    a[0] += 1 if b else 2
finally:
    while True: break
'''


def test_every_python_gives_the_same_hash(tmp_path):
    """Found with CPython 3.11.7, 3.12.1 and 3.13.0; f-strings and functions are what their trees differ in."""
    package = tmp_path / "made"
    package.mkdir()
    (package / "root.py").write_text(SYNTAX)
    assert code_hash_of(package, ("made.root",)) == "0b90640915d73824"


def test_no_torch_is_imported_for_it():
    told = "import sys; from gridahead.core.fingerprint import code_hash; code_hash(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True).stdout == "False\n"
