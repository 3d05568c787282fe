"""The documentation as a site, opened from the disk: nothing is asked of a network, and its search finds."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.browser import browser, look, opened
from builders.documentation import DOCS
from playwright.sync_api import Browser

PAGES = {390: "*.html", 1280: "s*.html"}
"""All of them as on a telephone, and by width some of each kind."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    sphinx = [sys.executable, "-m", "sphinx", "-W", "-q", "-d", str(folder / "trees"), str(DOCS), str(folder / "html")]
    subprocess.run(sphinx, check=True)
    return folder / "html"


@pytest.mark.parametrize("width", PAGES)
def test_pages_ask_nobody_fit_a_telephone_and_can_be_read_by_everybody(chromium: Browser, site: Path, width: int):
    for page in sorted(site.rglob(PAGES[width])):
        seen = look(chromium, page.as_uri(), width)
        assert (seen.console, seen.failed, seen.empty, seen.axe) == ([], [], [], []), page.name
        assert all(address.startswith(("file:", "data:")) for address in seen.asked), page.name
        assert not [one for one in seen.mute if one.startswith("<img")], f"{page.name}: pictures without a text"
        assert seen.page <= width, f"{page.name} is {seen.page} px wide: {seen.wide[:3]}"


def test_the_search_finds_without_a_network(chromium: Browser, site: Path):
    with opened(chromium, f"{(site / 'search.html').as_uri()}?q=quarantine") as (page, _):
        page.wait_for_selector("ul.search li a[href*='handbook/quality']")
