"""Debian's Chromium without a window, and what it says of a page."""

import functools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from builders.programs import program

FLAGS = (
    "--headless",
    "--no-sandbox",  # which root may not have
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # Nothing is asked of a network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LOOK = """
const width = Math.min(arguments[0], document.documentElement.clientWidth);  // without the scroll bar
const elements = [...document.body.querySelectorAll("*")];
const named = element => element.outerHTML.slice(0, 120);
const within = test => function(element) {
  for (let above = element.parentElement; above; above = above.parentElement) if (test(above)) return true;
  return false;
};
const scrolled = within(above => above !== document.body && getComputedStyle(above).overflowX !== "visible");
const drawn = within(above => above.tagName === "svg");
const seen = element => element.getClientRects().length > 0 && !drawn(element);
const text = element => element.getAttribute("alt") || element.getAttribute("aria-label") || "";
return {
  page: document.documentElement.scrollWidth,
  wide: elements.filter(e => seen(e) && !scrolled(e) && e.getBoundingClientRect().right > width + 0.5).map(named),
  mute: elements.filter(e => ["IMG", "svg"].includes(e.tagName) && seen(e) && !text(e).trim()).map(named),
  empty: elements.filter(e => e.tagName === "IMG" && e.naturalWidth === 0).map(named),
  pictures: elements.filter(e => ["IMG", "svg"].includes(e.tagName) && seen(e)).length,
  links: [...document.links].map(link => link.href),
};
"""
"""What a person would see, with everything that can be opened open: wider than the page, pictures without a text."""


@dataclass(frozen=True)
class Look:
    """What a browser says of a page at one width."""

    console: list[str]
    """Errors and warnings."""
    failed: list[str]
    """Requests without an answer, or with one that says no."""
    asked: list[str]
    """Every address that was asked for."""
    page: int
    """Width of all that can be scrolled to [px]."""
    wide: list[str]
    """Elements that end to the right of the window, outside of what is scrolled by itself."""
    mute: list[str]
    """Pictures without a text for those who do not see them."""
    empty: list[str]
    """Pictures that show nothing."""
    pictures: int
    links: list[str]


@contextmanager
def browser() -> Iterator[Chrome]:
    """Chromium; the test ends here if it is not there."""
    options = ChromeOptions()
    options.binary_location = program("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options, Service(program("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder behind an address on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *about: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def look(driver: Chrome, address: str, width: int, *, dark: bool = False) -> Look:
    """Open a page in a window of so many pixels, everything on it unfolded."""
    _events(driver), driver.get_log("browser")  # those of pages before
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.get(address)
    driver.execute_script("for (const e of document.querySelectorAll('details')) e.open = true;")
    found = driver.execute_script(LOOK, width)
    events = _events(driver)
    return Look(
        console=[one["message"] for one in driver.get_log("browser") if one["level"] in ("SEVERE", "WARNING")],
        failed=[why for event in events if (why := _failure(event))],
        asked=[one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"],
        **found,
    )


def _events(driver: Chrome) -> list[dict]:
    return [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]


def _failure(event: dict) -> str | None:
    about = event["params"]
    if event["method"] == "Network.loadingFailed":
        return f"{about['type']}: {about['errorText']}"
    if event["method"] == "Network.responseReceived" and about["response"]["status"] >= 400:
        return f"{about['response']['url']}: {about['response']['status']}"
    return None
