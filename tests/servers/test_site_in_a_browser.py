"""The documentation as a site, opened from the disk: nothing is asked of a network, and its search finds."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.browser import browser, look
from builders.documentation import DOCS
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def site(driver: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    sphinx = [sys.executable, "-m", "sphinx", "-W", "-q", "-d", str(folder / "trees"), str(DOCS), str(folder / "html")]
    subprocess.run(sphinx, check=True)
    return folder / "html"


@pytest.mark.server
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_ask_nobody_and_fit_a_telephone(driver: Chrome, site: Path, width: int) -> None:
    for page in sorted(site.rglob("*.html")):
        seen = look(driver, page.as_uri(), width)
        assert all(address.startswith(("file:", "data:")) for address in seen.asked), page.name
        assert not seen.empty, f"{page.name}: pictures that show nothing: {seen.empty}"
        assert not [one for one in seen.mute if one.startswith("<img")], f"{page.name}: pictures without a text"
        assert seen.page <= width, f"{page.name} is {seen.page} px wide: {seen.wide[:3]}"


@pytest.mark.server
def test_the_search_finds_without_a_network(driver: Chrome, site: Path) -> None:
    driver.get(f"{(site / 'search.html').as_uri()}?q=quarantine")
    results = "ul.search li a[href*='handbook/quality']"
    WebDriverWait(driver, 20).until(lambda chromium: chromium.find_elements(By.CSS_SELECTOR, results))
