import re
from dataclasses import replace

import pandas as pd
import pytest
from quality_frames import DECIDED_AT, observations_of

from gridahead.quality import docs
from gridahead.quality.docs import write_data_docs
from gridahead.quality.gate import inspect
from gridahead.tables import LIMITS, OBSERVATIONS

FETCHED = re.compile(
    r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//|url\(\s*[\"']?http|@import"
)


NOTHING_KNOWN = (OBSERVATIONS.empty(), LIMITS.empty())


def judge(rows, settings, at=DECIDED_AT):
    known, limits = NOTHING_KNOWN
    return inspect(rows, known, settings, decided_at=at, limits=limits)


@pytest.fixture(scope="module")
def report(settings):
    rows = observations_of("2024-05-01", "2024-05-08")
    rows.loc[40, "value"] = -1.0
    return judge(rows, settings)


@pytest.fixture(scope="module")
def index(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quality") / "not" / "yet"
    write_data_docs(folder, report)
    return write_data_docs(folder, report, folder.parent / "published" / "quality.html")  # the second time


def links_of(page):
    return re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8"))


def test_the_first_page_tells_what_was_found(index):
    page = index.read_text(encoding="utf-8")
    assert index.name == "index.html"
    for part in ("DE/load", "value_physical", "2025-01-02 03:04 UTC", "delivery_day_complete"):
        assert part in page


def test_every_link_of_the_first_page_leads_to_a_page(index, report):
    overview, *links = links_of(index)
    assert overview == "../published/quality.html"
    assert len(links) == 2 * len(report.validations)
    assert all((index.parent / link).is_file() for link in links)


def test_no_page_fetches_anything_from_a_network(index, report):
    pages = list(index.parent.rglob("*.html"))
    assert len(pages) == 2 + 2 * len(report.validations)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not FETCHED.search(text) and "<script" not in text
        assert "dataContextId" not in text
        assert "font: 15px" in text


def test_data_docs_of_nothing_are_a_page_too(settings, tmp_path):
    empty = judge(OBSERVATIONS.empty(), settings)
    assert "No row is withheld" in write_data_docs(tmp_path, empty).read_text(encoding="utf-8")


def test_the_pages_of_earlier_inspections_stay_for_those_who_read_them_and_the_oldest_go(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(docs, "KEPT", 2)
    empty = judge(OBSERVATIONS.empty(), settings)
    for hour in range(5):
        index = write_data_docs(tmp_path, replace(empty, decided_at=DECIDED_AT + pd.Timedelta(hours=hour)))
    kept = sorted(path.name for path in tmp_path.glob("inspection-*"))
    assert kept == [f"inspection-2025-01-02T0{hour}0405.000000Z" for hour in (5, 6, 7)]
    links = links_of(index)
    assert len(links) == 2 and all((tmp_path / link).is_file() for link in links)


def test_a_build_that_dies_leaves_the_former_site_as_it_was(report, settings, tmp_path, monkeypatch):
    write_data_docs(tmp_path, report)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.html")}

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(docs, "_offline", dies)
    with pytest.raises(KeyboardInterrupt):
        write_data_docs(tmp_path, replace(report, decided_at=DECIDED_AT + pd.Timedelta(hours=1)))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
