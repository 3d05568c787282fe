"""Every page of the server, as a program reads it: what it says, and what it says where there is nothing."""

import re
import uuid
from functools import partial

import pytest
from builders.readers import installation
from builders.serving import workspace_in_memory
from builders.web import ask, ask_app, live

from gridahead.web.app import application
from gridahead.web.state import Watch

PAGES = ("/", "/series/DE/load", "/models", "/models/DE/load", "/quality", "/status", "/sign-in")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    lake = f"memory://{uuid.uuid4().hex}"
    return installation(tmp_path_factory.mktemp("shown"), "DE/load", days=12, history=9, lake=lake)


@pytest.fixture(scope="module")
def server(shown):
    """Asks the same server every time."""
    return partial(ask_app, application(shown, Watch(shown, 60, lambda: None)))


def words(page: str) -> str:
    """What a person reads."""
    text = re.sub(r"<script.*?</script>", " ", page.rpartition("</style>")[2], flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_what_leads_to_the_others_and_runs_nothing_but_our_files(server, page):
    answer = server(page)
    assert answer.status_code == 200
    for name in ("Forecasts", "Models", "Data quality", "Operation", "API"):
        assert f">{name}</a>" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert not re.search(r"<script(?![^>]*(src=|application/json))", answer.text)
    assert not re.search(r"\son\w+=|javascript:|https?://(?!www\.w3)", answer.text.split("</style>")[1])


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_something_below_any_prefix(server, page):
    text = server(page).text
    for link in set(re.findall(r'(?:href|src|action)="([^"#]+)"', text)) - {"data:,"}:
        assert not link.startswith(("/", "http")), link
        found = server(f"{page.rpartition('/')[0]}/{link}" if not link.startswith("?") else page + link)
        assert found.status_code in (200, 405), link  # 405: a form is sent there


@pytest.mark.parametrize("page", ["/", "/series/DE/load", "/models", "/models/DE/load", "/quality"])
def test_what_has_not_changed_is_not_sent_again(server, page):
    tag = server(page).headers["etag"]
    again = server(page, if_none_match=tag)
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_of_a_series_shows_the_day_that_is_asked_for(server):
    newest = server("/series/DE/load").text
    assert "Wed 5 Nov 2025</h2>" in newest
    assert "Sun 26 Oct 2025</h2>" in server("/series/DE/load?day=2025-10-26").text
    assert "Sat 25 Oct 2025</h2>" in server("/series/DE/load?at=0").text
    for nonsense in ("?day=2031-01-01", "?day=%3Cb%3E", "?at=99", "?at=-1", "?at=%C2%B2", "?day=2025-10-26%00"):
        assert "Wed 5 Nov 2025</h2>" in server(f"/series/DE/load{nonsense}").text


def test_the_part_of_a_day_is_what_the_page_has_of_it(server):
    part = server("/series/DE/load?day=2025-10-28&part=issue").text
    assert words(part).strip() in words(server("/series/DE/load?day=2025-10-28").text)
    assert "It erred by" in part and "<nav" not in part


def test_holidays_and_clock_changes_are_named_and_shaded(server):
    page = server("/series/DE/load").text
    assert "Sun 26 Oct 2025: clock change, 25 hours" in page
    assert 'class="pick d2025-10-26 special"' in page and 'class="pick d2025-10-27"' in page


def test_errors_are_told_apart_by_lead_hour_month_and_kind_of_day_with_calibration(server):
    said = words(server("/series/DE/load").text)
    for part in ("By lead time", "By hour of the day", "By month", "By kind of day", "Calibration"):
        assert part in said
    assert "Holdout back-test" in words(server("/series/DE/load?run=backtest/holdout").text)


def test_models_say_who_serves_and_who_decided(server):
    said = words(server("/models/DE/load").text)
    assert "Champion gru v2" in said and "Challenger gru v3" in said
    assert "challenger: nobody → v3 a person decided To see how it does without weather. ana" in said


def test_what_waits_in_quarantine_is_listed_and_leads_to_its_case(server):
    page = server("/quality").text
    assert "3 values in quarantine wait for a person to decide." in words(page)
    (case,) = set(re.findall(r"quality/cases/([0-9a-f]+)", page))
    said = words(server(f"/quality/cases/{case}").text)
    assert "Load DE, 29 Oct 2025, 09:00 to 12:00" in said
    assert "outside of what it has ever been, 18 to 78 GW" in said
    assert "The accepted values alone" in said
    assert "gridahead serve token add NAME --scope write" in said  # there is no token yet


@pytest.mark.parametrize(
    ("path", "way_out"),
    [
        ("/series/DE/laod", "did you mean"),
        ("/series/XX/load", "there are: DE/load"),
        ("/models/DE/laod", "did you mean"),
        ("/quality/cases/00000000", "gridahead quarantine list"),
        ("/series/%3Cscript%3E/load", "there are: DE/load"),
    ],
)
def test_what_is_not_there_is_said_with_a_way_out(server, path, way_out):
    answer = server(path)
    assert answer.status_code in (404, 405)
    assert way_out in words(answer.text) and "<script>" not in answer.text


@pytest.mark.parametrize(
    ("page", "command"),
    [
        ("/", "gridahead init"),
        ("/models", "gridahead init"),
        ("/quality", "gridahead ingest"),
        ("/status", "gridahead init"),
    ],
)
def test_where_nothing_is_declared_it_says_what_to_run(tmp_path, page, command):
    assert command in words(ask(live(workspace_in_memory(tmp_path)), page).text)


@pytest.mark.parametrize(
    ("page", "command"),
    [
        ("/", "There is no forecast"),
        ("/series/DE/load", "gridahead forecast --series DE/load"),
        ("/models", "gridahead train --series DE/load"),
        ("/models/DE/load", "gridahead train --series DE/load"),
    ],
)
def test_where_a_series_has_nothing_yet_it_says_what_to_run(tmp_path, page, command):
    assert command in words(ask(live(workspace_in_memory(tmp_path, "DE")), page).text)
