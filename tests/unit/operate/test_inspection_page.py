"""The page of an inspection: what is on it, what it leads to, and that it opens without a network."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from builders.quality import DECIDED_AT, observations_of

from gridahead.core.tables import LIMITS, OBSERVATIONS, Observations
from gridahead.operate import inspection_page
from gridahead.operate.inspection_page import write_inspection_page
from gridahead.quality.gate import inspect
from gridahead.settings.model import Settings

FETCHED = re.compile(
    r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//|url\(\s*[\"']?http|@import"
)


def inspected(rows, folder):
    settings = Settings(data_folder=folder)
    return inspect(rows, Observations(OBSERVATIONS.empty()), settings, decided_at=DECIDED_AT, limits=LIMITS.empty())


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    rows = observations_of("2024-05-01", "2024-05-08")
    rows.loc[40, "value"] = -1.0
    return inspected(rows, tmp_path_factory.mktemp("data"))


@pytest.fixture
def index(report, tmp_path):
    folder, overview = tmp_path / "not" / "yet", tmp_path / "not" / "published" / "quality.html"
    write_inspection_page(folder, report, overview)
    return write_inspection_page(folder, report, overview)  # the second time


def links_of(page):
    return re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8").replace('href="data:,"', ""))


def test_the_page_tells_what_was_found_and_what_was_expected(index, report):
    page = index.read_text(encoding="utf-8")
    assert index.name == "index.html"
    for part in ("DE/load", "value_physical", "2025-01-02 03:04 UTC", "delivery_day_complete", "Rows are withheld"):
        assert part in page
    names = [result.expectation.name for suite in report.suite_results for result in suite.results]
    assert len(names) > 20 and all(name in page for name in names)
    (failed,) = [
        result
        for suite in report.suite_results
        for result in suite.results
        if result.expectation.name == "value_physical"
    ]
    assert failed.rows == (40,) and re.search(r"value_physical</span></td>.*bad.*>no<.*<td>1</td>", page)


def test_the_page_leads_to_the_page_of_the_data_over_time(index):
    assert links_of(index) == ["../published/quality.html"]


def test_no_page_fetches_anything_from_a_network(index):
    pages = list(index.parent.rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not FETCHED.search(text) and "<script" not in text
        assert "Content-Security-Policy" in text


def test_an_inspection_of_nothing_has_a_page_too(tmp_path):
    empty = inspected(Observations(OBSERVATIONS.empty()), tmp_path)
    page = write_inspection_page(tmp_path, empty, tmp_path / "quality.html")
    assert "No row is withheld" in page.read_text(encoding="utf-8")


def test_the_pages_of_earlier_inspections_stay_for_those_who_read_them_and_the_oldest_go(tmp_path, monkeypatch):
    monkeypatch.setattr(inspection_page, "KEPT", 2)
    empty = inspected(Observations(OBSERVATIONS.empty()), tmp_path)
    for hour in range(5):
        report = replace(empty, decided_at=DECIDED_AT + pd.Timedelta(hours=hour))
        index = write_inspection_page(tmp_path, report, tmp_path / "quality.html")
    kept = sorted(path.name for path in tmp_path.glob("inspection-*"))
    assert kept == [f"inspection-2025-01-02T0{hour}0405.000000Z.html" for hour in (5, 6, 7)]
    _, *earlier = links_of(index)
    assert earlier == kept[1::-1]


def test_a_page_that_cannot_be_made_leaves_the_former_ones_as_they_were(report, tmp_path, monkeypatch):
    write_inspection_page(tmp_path, report, tmp_path / "quality.html")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.html")}

    def dies(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(inspection_page, "render_inspection", dies)
    with pytest.raises(KeyboardInterrupt):
        later = replace(report, decided_at=DECIDED_AT + pd.Timedelta(hours=1))
        write_inspection_page(tmp_path, later, tmp_path / "quality.html")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
