"""The notebook of the tutorial runs from its first to its last cell, and the page of the site is what it gave."""

import importlib.util
import json
from pathlib import Path

import nbformat
import pytest

from gridahead.core.release import CHECKOUT

FOLDER = CHECKOUT / "docs" / "tutorial"


@pytest.fixture(scope="module")
def render():
    spec = importlib.util.spec_from_file_location("render_tutorial", FOLDER / "render.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kinds(content):
    """What each cell gives, without the figures, which differ in the last digit from processor to processor."""
    return [
        [(one.output_type, *sorted(one.get("data", {}))) for one in cell.get("outputs", [])] for cell in content.cells
    ]


def test_every_cell_runs_and_gives_what_the_tutorial_shows(
    render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # the notebook works in a folder of its own
    shown = nbformat.read(render.NOTEBOOK, as_version=4)
    ran = render.run()
    assert kinds(ran) == kinds(shown)
    assert "small_gru" in json.dumps(ran.cells[-2].outputs)
    assert "66610.34" in ran.cells[10].outputs[0].data["text/plain"]  # the newest hour that could be known


def test_the_page_is_what_the_notebook_says(render) -> None:
    text, pictures = render.page(nbformat.read(render.NOTEBOOK, as_version=4))
    assert render.PAGE.read_text(encoding="utf-8") == text, "python docs/tutorial/render.py"
    assert {name: (FOLDER / name).read_bytes() for name in pictures} == pictures
    assert "work/" not in text and "/tmp" not in text and "/home" not in text
