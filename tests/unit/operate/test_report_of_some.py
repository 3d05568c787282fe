"""The page is written of the series that can be shown; the others are named after it."""

import pytest

from gridahead.core.errors import LakeError, PartialError
from gridahead.core.grid import Series
from gridahead.operate import report as module
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

LOAD, SOLAR = Series("DE", "load"), Series("DE", "solar")


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Two series are published; the lake has lost the second one."""
    series = [{"series": str(one), "deadline": "D-1T1100[UTC]"} for one in (LOAD, SOLAR)]
    settings = Settings.model_validate({"data_folder": tmp_path, "series": series})

    def view(workspace, series, as_of):
        if series == SOLAR:
            raise LakeError(f"the lake has no {series}")
        return str(series)

    monkeypatch.setattr(module, "_view", view)
    monkeypatch.setattr(module, "issues", lambda workspace, series, days, as_of: [str(series)])
    monkeypatch.setattr(module, "render_report", lambda view: f"page of {view.series}")
    monkeypatch.setattr(module, "quality_page", lambda workspace: tmp_path / "quality.html")
    return Workspace(settings)


def test_a_series_that_cannot_be_shown_is_named_and_the_page_is_there(workspace):
    with pytest.raises(PartialError, match="not done: DE/solar; the rest is done\nthe lake has no DE/solar") as caught:
        module.report(workspace)
    (page,) = caught.value.done
    assert page.read_text() == "page of ('DE/load',)"


def test_without_any_publication_the_way_out_is_told(workspace, monkeypatch):
    monkeypatch.setattr(module, "issues", lambda workspace, series, days, as_of: [])
    with pytest.raises(LakeError, match="run `gridahead forecast` first"):
        module.report(workspace)
