"""The page of forecasts in Chromium: on a desk and on a telephone, light and dark, with and without script."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.browser import axe_findings, browser, look, opened, served
from builders.cards import NEWEST, card_of, record_of, report_view, shown_of
from playwright.sync_api import Browser, FloatRect, Locator, Page, Route

from gridahead.core.time import Mtu
from gridahead.reports import csp
from gridahead.reports.forecast_page import render_report

THIN, DASH = "\N{NARROW NO-BREAK SPACE}", "\N{EN DASH}"
FIVE = ("DE/load", "FR/load", "DE/wind", "ES/solar", "GB/price")


@pytest.fixture(scope="module")
def driver() -> Iterator[Browser]:
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def address(driver: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    price: dict[str, Any] = {"unit": "EUR/MWh", "base": 50.0}
    cards = [card_of(name, **(price if name.endswith("price") else {})) for name in FIVE]
    cards[1] = card_of("FR/load", mtu=Mtu("PT15M"), record=record_of(days=3), since=None)
    changes = tuple(shown_of(dt.date.fromisoformat(day)) for day in ("2025-10-26", "2025-03-30"))
    pages = {
        "five": cards,
        "one": [card_of()],
        "clocks": [card_of(shown=changes, normal=card_of().normal.iloc[:0])],
        "many": [card_of(f"Z{at:02d}/load", days=3) for at in range(14)],
        "none": [card_of(days=0)],
    }
    for name, shown in pages.items():
        Path(folder / f"{name}.html").write_text(render_report(report_view(*shown)))
    with served(folder) as here:
        yield here


def plain(text: str) -> str:
    return text.replace(THIN, " ").replace("\N{NO-BREAK SPACE}", " ")


def text_of(found: Locator) -> str:
    return plain(found.first.inner_text())


def box_of(found: Locator) -> FloatRect:
    """Where it is on the screen."""
    box = found.bounding_box()
    assert box is not None
    return box


def chart(page: Page) -> Locator:
    return page.get_by_role("application", name="Chart of").first


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["five", "many", "none"])
def test_everybody_can_read_the_page_and_it_asks_nobody(driver, address, name, width, dark):
    seen = look(driver, f"{address}/{name}.html", width, dark=dark)
    assert (seen.console, seen.failed, seen.axe) == ([], [], [])
    assert [one for one in seen.asked if not one.startswith((address, "data:"))] == []
    assert (seen.wide, seen.mute, seen.empty, seen.page) == ([], [], [], width)


@pytest.mark.parametrize("width", [390, 1280])
def test_all_that_matters_is_there_without_script(driver, address, width):
    with opened(driver, f"{address}/one.html", width, script=False) as (page, heard):
        assert text_of(page.locator("article h2")) == "Load DE, Wed 31 Dec 2025"
        assert "52.3 GW" in text_of(page.locator('[data-figure="peak"]'))
        assert page.locator("svg:visible").count() == 5
        assert page.locator("button:visible, select:visible").count() == 0
        page.get_by_text("Values of the day").click()
        assert text_of(page.locator(".values tbody tr").nth(1)).split() == [
            "01:00–02:00",
            "46.1",
            "50.1",
            "54.1",
            "51.1",
            "–",
        ]
        assert heard.console == []


def test_pointing_at_the_chart_tells_its_values(driver, address):
    with opened(driver, f"{address}/one.html") as (page, _):
        over = chart(page).locator(".u-over")
        box = box_of(over)
        page.mouse.move(box["x"] + box["width"] * 10.5 / 24, box["y"] + 50)
        assert plain(page.locator(".tip:visible").inner_text()).split("\n") == [
            "10:00–11:00, GW",
            "Median", "51.0",
            "80 %", "47.0–55.0",
            "Official", "52.0",
            "Issue before", "50.7",
            "Forecast of the day before", "51.0",
            "Usual", "47.0–55.0",
            "Median less official", "−1.0",
        ]  # fmt: skip


def test_the_keyboard_reads_values_which_are_announced(driver, address):
    with opened(driver, f"{address}/one.html") as (page, _):
        said = page.locator('[aria-live="polite"][data-said]')
        chart(page).focus()
        page.keyboard.press("ArrowRight")
        assert text_of(said).startswith("00:00–01:00, GW: Median 50.0; 80 % 46.0–54.0; Official 51.0")
        page.keyboard.press("ArrowRight")
        assert text_of(said).startswith("01:00–02:00, GW: Median 50.1;")
        page.keyboard.press("End")
        assert text_of(said).startswith("23:00–00:00, GW: Median 52.3;")
        assert page.locator(".tip:visible").count() == 1


def test_dragging_zooms_and_escape_or_a_button_shows_the_day_again(driver, address):
    with opened(driver, f"{address}/one.html") as (page, _):
        reset = page.get_by_role("button", name="Reset zoom")
        for undo in (lambda: page.keyboard.press("Escape"), reset.click):
            box = box_of(chart(page).locator(".u-over"))
            page.mouse.move(box["x"] + 200, box["y"] + 60)
            page.mouse.down()
            page.mouse.move(box["x"] + 500, box["y"] + 80, steps=4)
            page.mouse.up()
            reset.wait_for(state="visible")
            chart(page).focus()
            undo()
            reset.wait_for(state="hidden")


def test_what_is_picked_stands_in_the_address_and_is_there_again(driver, address):
    with opened(driver, f"{address}/five.html") as (page, heard):
        page.get_by_label("Series").select_option("DE/load")
        page.get_by_role("button", name="Day before", exact=True).click()
        page.get_by_role("button", name="UTC").click()
        page.get_by_role("button", name="MW", exact=True).click()
        assert page.url.endswith("#series=DE%2Fload&day=2025-12-30&clock=utc&unit=MW")
        for _ in range(2):
            assert page.locator("article:visible h2").all_inner_texts() == ["Load DE, Tue 30 Dec 2025"]
            peak = text_of(page.locator('article:visible [data-figure="peak"]'))
            assert peak.split("\n") == [
                "Peak",
                "52 300 MW",
                "22:00–23:00",
                "80 % between 48 300 and 56 300",
                "official 53 300 at 22:00–23:00",
                "difference −1 000",
            ]
            assert "Issued 29 Dec 2025, 10:00 UTC by lstm v3" in text_of(page.locator("article:visible [data-issued]"))
            assert page.get_by_text("Look closer").count() + page.get_by_text("Since the issue before").count() > 0
            assert not page.locator("article:visible .newest:visible").count()
            page.reload()
        page.get_by_role("button", name="Back to the newest").first.click()
        assert text_of(page.locator("article:visible h2")) == "Load DE, Wed 31 Dec 2025"
        assert heard.console == []


def test_an_address_that_says_nonsense_shows_the_newest(driver, address):
    nonsense = "#series=<b>&day=2019-01-01&clock=moon&unit=__proto__"
    with opened(driver, f"{address}/five.html{nonsense}") as (page, heard):
        assert text_of(page.locator("article h2")) == "Load DE, Wed 31 Dec 2025"
        assert page.locator("article:visible").count() == 5
        assert heard.console == []


def test_a_price_keeps_its_unit_whatever_is_picked(driver, address):
    with opened(driver, f"{address}/five.html#unit=MW") as (page, _):
        card = page.locator('article[data-series="GB/price"]')
        assert "2 350 EUR/MWh" in text_of(card.locator('[data-figure="peak"]'))
        assert card.locator('[data-figure="energy"]').count() == 0
        assert "52 300 MW" in text_of(page.locator('[data-figure="peak"]'))


def test_a_line_is_hidden_and_shown_by_its_name(driver, address):
    with opened(driver, f"{address}/one.html") as (page, _):
        button = page.locator('.fan [data-line="official"] button')
        for pressed in ("false", "true"):
            button.click()
            assert button.get_attribute("aria-pressed") == pressed


def saved(page: Page, name: str) -> tuple[str, str]:
    """Name and text of what a button downloads."""
    page.locator("article .download summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).first.click()
    page.locator("article .download summary").first.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes().decode()


def test_downloads_hold_every_value_of_what_is_shown(driver, address):
    with opened(driver, f"{address}/one.html#day=2025-12-30&unit=GW") as (page, heard):
        name, text = saved(page, "CSV")
        rows = list(csv.reader(io.StringIO(text)))
        assert name == "DE.load-2025-12-30.csv" and len(rows) == 25
        assert rows[0][:4] == ["start (Europe/Berlin)", "end (Europe/Berlin)", "P05 [GW]", "P10 [GW]"]
        shown = shown_of(NEWEST - dt.timedelta(days=1))
        assert rows[1][:2] == ["2025-12-30T00:00:00+01:00", "2025-12-30T01:00:00+01:00"]
        expected = shown.wide.assign(official=shown.official, outturn=shown.outturn) / 1_000
        assert [[float(cell) for cell in row[2:]] for row in rows[1:]] == expected.round(3).to_numpy().tolist()
        name, text = saved(page, "JSON")
        told = json.loads(text)
        assert name == "DE.load-2025-12-30.json"
        assert (told["series"], told["unit"], told["model"]) == ("DE/load", "GW", "lstm v3")
        assert told["P50"] == expected[0.5].round(3).to_list() and told["outturn"] == expected["outturn"].to_list()
        assert heard.console == []


def test_a_spreadsheet_in_germany_gets_commas_in_its_numbers(driver, address):
    with opened(driver, f"{address}/one.html#clock=utc", locale="de-DE") as (page, _):
        _, text = saved(page, "CSV for Excel")
    assert text.startswith("\ufeffstart (UTC);end (UTC);P05 [GW];")
    row = text.split("\r\n")[2].split(";")
    assert row[:4] == ["2025-12-31 00:00", "2025-12-31 01:00", "45,6", "46,1"]


@pytest.mark.parametrize(
    ("day", "hours", "local", "utc"),
    [
        ("2025-10-26", 25, ["01:00–02:00", "02:00–02:00", "02:00–03:00", "03:00–04:00"], "23:00–00:00"),
        ("2025-03-30", 23, ["01:00–03:00", "03:00–04:00", "04:00–05:00", "05:00–06:00"], "00:00–01:00"),
    ],
)
@pytest.mark.parametrize("reader", ["America/New_York", "Europe/Berlin"])
def test_days_on_which_clocks_change_are_right_on_both_clocks_wherever_the_reader_is(
    driver, address, day, hours, local, utc, reader
):
    with opened(driver, f"{address}/clocks.html#day={day}", timezone_id=reader) as (page, heard):
        page.get_by_text("Values of the day").click()
        rows = page.locator(".values tbody th")
        assert rows.count() == hours
        assert [rows.nth(at).inner_text() for at in range(1, 5)] == local
        assert f"so this day has {hours} hours" in text_of(page.locator("[data-clock]"))
        page.get_by_role("button", name="UTC").click()
        assert rows.nth(1).inner_text() == utc and rows.count() == hours
        assert heard.console == []


def test_a_chart_follows_the_theme_and_the_width(driver, address):
    with opened(driver, f"{address}/one.html") as (page, heard):
        chart(page).wait_for()
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 700, "height": 900})
        page.wait_for_function("document.querySelector('.fan canvas').getBoundingClientRect().width < 700")
        assert axe_findings(page) == [] and heard.console == []


def test_paper_has_the_pictures_and_no_buttons(driver, address):
    with opened(driver, f"{address}/one.html") as (page, _):
        page.emulate_media(media="print")
        assert page.locator("svg:visible").count() == 5
        assert page.locator("canvas:visible, [data-controls]:visible").count() == 0
        page.emulate_media(media="screen")
        page.get_by_role("button", name="UTC").click()
        page.emulate_media(media="print")  # a picture in local time would be another one
        assert page.locator(".fan svg:visible").count() == 0 and page.locator(".fan canvas:visible").count() == 2


def test_of_many_series_charts_are_drawn_when_they_are_seen(driver, address):
    with opened(driver, f"{address}/many.html") as (page, _):
        page.wait_for_timeout(300)
        before = page.locator("canvas").count()
        page.locator("article").last.scroll_into_view_if_needed()
        page.locator("article").last.locator("canvas").first.wait_for()
        assert before < page.locator("canvas").count() < 2 * 14
        page.locator("article").last.get_by_text("Values of the day").click()
        page.locator("article").last.locator(".values tbody tr").nth(23).wait_for()


def test_it_works_behind_a_server_that_sends_the_rule_as_well(driver, address):
    """Both rules must allow what runs; a script that neither names does not."""
    header = {"Content-Security-Policy": csp.policy(header=True)}
    with opened(driver, "about:blank") as (page, heard):

        def answered(route: Route) -> None:
            body = route.fetch().text().replace("</body>", "<script>document.title = 'broken'</script></body>")
            route.fulfill(body=body, content_type="text/html", headers=header)

        page.route("**/one.html", answered)
        page.goto(f"{address}/one.html")
        chart(page).wait_for()
        assert saved(page, "CSV")[1].count("\n") == 25
        assert page.title() == "Day-ahead forecasts: Wed 31 Dec 2025"
        assert heard.console and all("Content Security Policy" in line for line in heard.console)
