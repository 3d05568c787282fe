"""Every page of `gridahead serve` in Chromium: on a desk and on a telephone, light and dark, with hands on it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders.browser import browser, look, opened, seen
from builders.readers import installation, served_at
from builders.serving import workspace_in_memory
from builders.web import live
from playwright.sync_api import Browser, Page, Route, expect

from gridahead.quarantine.rulings import cases
from gridahead.settings.model import Settings
from gridahead.web.tokens import Tokens
from gridahead.workspace import Workspace

PAGES = ("", "series/DE/load", "models", "models/DE/load", "quality", "quality?show=all", "CASE", "status", "sign-in")
CHARTS = {"": 3, "series/DE/load": 7, "CASE": 2}
"""The least number of pictures on the pages that have some."""
WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="module")
def token(workspace: Workspace) -> str:
    return Tokens.of(workspace.settings, workspace.clock).add("ana", ("write",))


@pytest.fixture(scope="module")
def address(workspace: Workspace) -> Iterator[str]:
    with served_at(workspace) as here:
        yield here


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_fits_and_can_be_read_by_all(chromium, address, workspace, token, name, width, dark):
    case = cases(workspace, closed=True)[0].id
    path = f"quality/cases/{case}" if name == "CASE" else name
    found = look(chromium, f"{address}/{path}", width, dark=dark)
    assert found.complaints(address, width) == {}
    assert found.pictures >= CHARTS.get(name, 0)


@pytest.mark.parametrize("name", ["", "series/DE/load", "models", "models/DE/load", "quality", "status"])
def test_where_nothing_is_yet_the_page_is_whole_as_well(chromium, tmp_path, name):
    folder = {"data_folder": str(tmp_path), "lake": None}
    plain = live(workspace_in_memory(tmp_path, "DE"))
    said = plain.settings.model_dump(mode="json") | folder
    with served_at(replace(plain, settings=Settings.model_validate(said))) as here:
        assert look(chromium, f"{here}/{name}", 390).complaints(here, 390) == {}


def heading(page: Page) -> str:
    return page.locator("#issue h2").inner_text()


def test_the_slider_shows_another_day_in_place_by_mouse_keys_and_links(chromium, address):
    with opened(chromium, f"{address}/series/DE/load") as (page, heard):
        assert heading(page) == "Wed 5 Nov 2025"
        page.locator("#at").focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#issue h2")).to_have_text("Tue 4 Nov 2025")
        assert page.locator("#said").inner_text() == "Tue 4 Nov 2025"
        assert page.locator("#at").get_attribute("aria-valuetext") == "Tue 4 Nov 2025"
        assert page.url.endswith("?day=2025-11-04")
        page.keyboard.press("Home")
        expect(page.locator("#issue h2")).to_have_text("Thu 23 Oct 2025")
        page.locator("#issue a[data-at]").first.click()
        expect(page.locator("#issue h2")).to_have_text("Fri 24 Oct 2025")
        page.locator(".pick.d2025-10-26").click(force=True)
        expect(page.locator("#issue h2")).to_have_text("Sun 26 Oct 2025")
        assert page.locator(".pick.d2025-10-26.chosen").count() == 1
        assert page.locator(".pick.chosen").count() == 1
        page.reload()
        assert heading(page) == "Sun 26 Oct 2025"
        assert seen(page, heard, 1280).complaints(address, 1280) == {}


def test_the_slider_works_without_script(chromium, address):
    with opened(chromium, f"{address}/series/DE/load?day=2025-10-26", script=False) as (page, _):
        assert heading(page) == "Sun 26 Oct 2025"
        page.locator("#pick button").click()
        assert heading(page) == "Sun 26 Oct 2025" and "at=3" in page.url
        page.get_by_text("day after").click()
        assert heading(page) == "Mon 27 Oct 2025"


def test_a_reader_who_moves_on_is_not_brought_back(chromium, address):
    """The answer for a day that was passed over comes last and is not shown."""
    with opened(chromium, f"{address}/series/DE/load") as (page, _):

        def slowly(route: Route) -> None:
            page.wait_for_timeout(600)
            route.continue_()

        page.route("**/*day=2025-10-30*", slowly)
        page.evaluate(
            """() => { const at = document.getElementById("at");
            for (const value of [7, 5]) { at.value = value; at.dispatchEvent(new Event("input")); } }"""
        )
        expect(page.locator("#issue h2")).to_have_text("Tue 28 Oct 2025")
        page.wait_for_timeout(1_000)
        assert heading(page) == "Tue 28 Oct 2025"


def test_a_case_is_released_with_a_token_and_not_without(chromium, tmp_path: Path):
    own = installation(tmp_path, "DE/load", days=2, history=2)
    said = Tokens.of(own.settings, own.clock).add("ana", ("write",))
    with served_at(own) as here, opened(chromium, f"{here}/quality") as (page, heard):
        page.get_by_role("link", name="Load DE").click()
        page.get_by_label("Reason").fill("the meter was right")
        page.get_by_label("Token that may write").fill("gridahead_guessed")
        page.get_by_role("button", name="Release").click()
        expect(page.get_by_role("alert")).to_contain_text("this token is not known here")
        assert page.get_by_label("Reason").input_value() == "the meter was right"
        assert own.lake.read_rulings().empty
        page.get_by_label("Token that may write").fill(said)
        page.get_by_role("button", name="Release").click()
        expect(page.locator(".note.fine")).to_contain_text("Released by ana: the meter was right")
        assert set(own.lake.read_rulings()["decided_by"]) == {"ana"}
        assert not [one for one in heard.asked if not one.startswith(here)]


def test_whoever_signs_in_types_the_token_once(chromium, tmp_path: Path):
    own = installation(tmp_path, "DE/load", days=2, history=2)
    said = Tokens.of(own.settings, own.clock).add("ana", ("write",))
    with served_at(own) as here, opened(chromium, f"{here}/quality/cases/{cases(own)[0].id}") as (page, _):
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("Token").fill(said)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Decide")).to_be_visible()
        assert page.get_by_label("Token that may write").count() == 0
        assert page.evaluate("document.cookie") == ""  # no script sees it
        page.get_by_label("Reason").fill("a spike of the meter")
        page.get_by_role("button", name="Reject").click()
        expect(page.locator(".note.fine")).to_contain_text("Rejected by ana: a spike of the meter")
        page.get_by_role("button", name="Sign out ana").click()
        page.goto(f"{here}/quality/cases/{cases(own, closed=True)[0].id}")
        assert page.get_by_label("Token that may write").count() == 1


def test_a_form_on_a_page_elsewhere_rules_nothing(chromium, tmp_path: Path):
    own = installation(tmp_path, "DE/load", days=2, history=2)
    said = Tokens.of(own.settings, own.clock).add("ana", ("write",))
    with served_at(own) as here, opened(chromium, f"{here}/sign-in") as (page, _):
        page.get_by_label("Token").fill(said)
        page.get_by_role("button", name="Sign in").click()
        target = f"{here}/quality/cases/{cases(own)[0].id}"
        page.goto("about:blank")
        page.set_content(
            f'<form method="post" action="{target}"><input name="ruling" value="release">'
            '<input name="reason" value="forged"><button>x</button></form>'
        )
        with page.expect_navigation():
            page.get_by_role("button").click()
        assert "was not sent from a page of this server" in page.content()
        assert own.lake.read_rulings().empty
