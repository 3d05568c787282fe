import re

import pytest
from quality_frames import DECIDED_AT, observations_of

from gridahead.quality.docs import write_data_docs
from gridahead.quality.gate import inspect
from gridahead.tables import OBSERVATIONS

FETCHED = re.compile(
    r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//|url\(\s*[\"']?http|@import"
)


@pytest.fixture(scope="module")
def report(settings):
    rows = observations_of("2024-05-01", "2024-05-08")
    rows.loc[40, "value"] = -1.0
    return inspect(rows, settings, decided_at=DECIDED_AT)


@pytest.fixture(scope="module")
def index(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quality") / "not" / "yet"
    write_data_docs(folder, report)
    return write_data_docs(folder, report)  # the second time over the first


def test_the_first_page_tells_what_was_found(index):
    page = index.read_text(encoding="utf-8")
    assert index.name == "index.html"
    for part in ("DE/load", "value_physical", "at least 0 MW", "2025-01-02 03:04 UTC", "delivery_day_complete"):
        assert part in page


def test_every_link_of_the_first_page_leads_to_a_page(index):
    links = re.findall(r'href="([^"]+)"', index.read_text(encoding="utf-8"))
    assert len(links) == 2 * 3
    assert all((index.parent / link).is_file() for link in links)


def test_no_page_fetches_anything_from_a_network(index):
    pages = list(index.parent.rglob("*.html"))
    assert len(pages) == 1 + 2 * 3
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not FETCHED.search(text) and "<script" not in text
        assert "dataContextId" not in text
        assert "font: 15px" in text


def test_the_pages_of_great_expectations_say_the_rules_in_our_words(index):
    results = next((index.parent / "validations").rglob("DE.load.html")).read_text(encoding="utf-8")
    assert "value is at least 0 MW and at most 500,000 MW" in results


def test_data_docs_of_nothing_are_a_page_too(settings, tmp_path):
    empty = inspect(OBSERVATIONS.empty(), settings, decided_at=DECIDED_AT)
    assert "No row is withheld" in write_data_docs(tmp_path, empty).read_text(encoding="utf-8")
