"""Every page that is published, opened in Chromium on a telephone and on a desk."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from builders.browser import browser, look, served
from builders.pages import publish_pages
from playwright.sync_api import Browser

PAGES = {
    "published/report.html": 3,
    "published/quality.html": 0,
    "published/cards/DE.load-v1.html": 0,
    "published/cards/DE.load-v2.html": 1,
    "quality/index.html": 0,
}
"""With the least number of pictures on each."""
WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def folder(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder with the pages."""
    return publish_pages(tmp_path_factory.mktemp("pages")).settings.data_folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as here:
        yield here


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_fits_and_needs_nobody(chromium, address, page, width, dark):
    seen = look(chromium, f"{address}/{page}", width, dark=dark)
    assert seen.complaints(address, width) == {}
    assert seen.pictures >= PAGES[page]


def test_every_link_leads_to_something_and_no_page_is_left_out(chromium, address, folder):
    reached: dict[str, list[str]] = {}
    waiting = [f"{address}/{page}" for page in PAGES]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            links = {urldefrag(link).url for link in look(chromium, page, 1280).links}
            reached[page] = sorted(link for link in links if link.startswith(address) and link.endswith(".html"))
            waiting += reached[page]
    pages = [*folder.glob("published/**/*.html"), *folder.glob("quality/*.html")]
    newest = max(folder.glob("quality/inspection-*.html"))  # is the first page
    assert set(reached) | {f"{address}/quality/{newest.name}"} == {
        f"{address}/{page.relative_to(folder).as_posix()}" for page in pages
    }


BAD = """<!doctype html><title>x</title><link rel="icon" href="data:,">
<body style="margin: 0"><div id="wide" style="width: 2000px">x</div>
<div style="overflow-x: auto"><div id="scrolled" style="width: 2000px">x</div></div>
<img src="gone.png"><svg width="10" height="10"></svg><script>undefined_function()</script>"""


def test_a_page_with_faults_is_seen_to_have_them(chromium, tmp_path):
    """Guard: the looks above do see."""
    (tmp_path / "bad.html").write_text(BAD)
    with served(tmp_path) as here:
        seen = look(chromium, f"{here}/bad.html", 1280)
    assert any("undefined_function" in line for line in seen.console)
    assert seen.failed == [f"{here}/gone.png: 404"]
    assert [("wide" in one, "scrolled" in one) for one in seen.wide] == [(True, False)]
    assert [one[:4] for one in seen.mute] == ["<img", "<svg"] and [one[:4] for one in seen.empty] == ["<img"]
    assert seen.page == 2000
