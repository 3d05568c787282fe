"""Debian's Chromium without a window, and what it says of a page."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Response, sync_playwright

from builders.programs import program

FLAGS = (
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
size => {
const width = Math.min(size, document.documentElement.clientWidth);  // without the scroll bar
const elements = [...document.body.querySelectorAll("*")];
const named = element => element.outerHTML.slice(0, 120);
const within = test => function(element) {
  for (let above = element.parentElement; above; above = above.parentElement) if (test(above)) return true;
  return false;
};
const scrolled = within(above => above !== document.body && getComputedStyle(above).overflowX !== "visible");
const drawn = within(above => above.tagName === "svg");
const seen = element => element.getClientRects().length > 0 && !drawn(element);
const hidden = element => element.closest("[aria-hidden=true]") !== null;
const text = element => element.getAttribute("alt") || element.getAttribute("aria-label") || "";
return {
  page: document.documentElement.scrollWidth,
  wide: elements.filter(e => seen(e) && !scrolled(e) && e.getBoundingClientRect().right > width + 0.5).map(named),
  mute: elements
    .filter(e => ["IMG", "svg"].includes(e.tagName) && seen(e) && !hidden(e) && !text(e).trim()).map(named),
  empty: elements.filter(e => e.tagName === "IMG" && e.naturalWidth === 0).map(named),
  pictures: elements.filter(e => ["IMG", "svg", "CANVAS"].includes(e.tagName) && seen(e)).length,
  links: [...document.links].map(link => link.href),
};
}
"""
"""What a person would see, with everything that can be opened open: wider than the page, pictures without a text."""
OPEN_ALL = "() => { for (const e of document.querySelectorAll('details')) e.open = true; }"
GRAVE = ("serious", "critical")
"""Findings of axe that keep somebody from reading a page; the others are advice."""


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
    axe: list[str]
    """What keeps somebody from reading it, as axe finds it."""

    def complaints(self, address: str, width: int) -> dict[str, object]:
        """What is wrong with it, by kind: as a page of an address in a window of that width [px]."""
        found: dict[str, object] = {
            "console": self.console,
            "failed requests": self.failed,
            "asked elsewhere": [one for one in self.asked if not one.startswith((address, "data:"))],
            "wider than the page": self.wide,
            "pictures without a text": self.mute,
            "pictures that show nothing": self.empty,
            "grave findings of axe": self.axe,
            "width": [] if self.page <= width else self.page,
        }
        return {kind: what for kind, what in found.items() if what}


@dataclass
class Heard:
    """What is heard of a page while it is open."""

    console: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Hear what a page says and asks for."""
        page.on("console", lambda said: self._said(said.type, said.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _said(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.console.append(text)

    def _failed(self, request: Request) -> None:
        self.failed.append(f"{request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.failed.append(f"{response.url}: {response.status}")


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium; the test ends here if it is not there. While it is open, this thread can run no loop of asyncio."""
    path = program("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def opened(
    chromium: Browser, address: str, width: int = 1280, *, dark: bool = False, script: bool = True, **context: object
) -> Iterator[tuple[Page, Heard]]:
    """A page in a window of so many pixels, and what is heard of it.

    Args:
        chromium: shows it.
        address: of the page.
        width: of the window [px]; below 600 it is a telephone's, which is touched.
        dark: whether the reader likes it dark.
        script: whether scripts run.
        context: anything else that Playwright's `new_context` takes, such as `locale` or `timezone_id`.
    """
    phone = width < 600
    own = chromium.new_context(
        viewport={"width": width, "height": 844 if phone else 900},
        is_mobile=phone,
        has_touch=phone,
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        **context,  # type: ignore[arg-type]
    )
    try:
        page, heard = own.new_page(), Heard()
        heard.listen(page)
        page.goto(address)
        yield page, heard
    finally:
        own.close()


def look(chromium: Browser, address: str, width: int, *, dark: bool = False) -> Look:
    """Open a page in a window of so many pixels, everything on it unfolded."""
    with opened(chromium, address, width, dark=dark) as (page, heard):
        return seen(page, heard, width)


def seen(page: Page, heard: Heard, width: int) -> Look:
    """What there is to see on a page that is open, once everything on it is unfolded."""
    page.evaluate(OPEN_ALL)
    page.wait_for_load_state("networkidle")
    found = page.evaluate(LOOK, width)
    console, failed, asked = [*heard.console], [*heard.failed], [*heard.asked]
    return Look(console=console, failed=failed, asked=asked, **found, axe=axe_findings(page))


def axe_findings(page: Page) -> list[str]:
    """What axe finds grave: the rule, how grave, and the element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


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
