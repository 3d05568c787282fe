"""The page that says whether all is in order."""

import re
from dataclasses import replace

from builders.serving import workspace_in_memory
from builders.web import ask, ask_app, live, operated

from gridahead.web.app import application
from gridahead.web.facts import Coverage
from gridahead.web.state import Watch
from gridahead.web.status_page import render_status


def words(page: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


def state_of(workspace):
    return Watch(workspace, 0, lambda: None).state()


def test_in_order_it_says_so_and_by_which_rung_tomorrow_is_out(tmp_path):
    said = words(ask(operated(tmp_path), "/status").text)
    assert "Nothing that was due is missing." in said
    assert (
        "Load DE Wed 19 Mar 2025 out the model that serves, with all inputs naive v1 18 Mar 2025, 11:00 for 2025-03-19"
        in said
    )
    assert "forecast crashed 0 min ago" in said
    assert "1 under way, 2 late" in said


def test_a_late_forecast_stands_first(tmp_path):
    said = words(ask(operated(tmp_path, published=False), "/status").text)
    assert "! DE/load: the forecast for 2025-03-19 was due at 2025-03-18 10:00 UTC" in said
    assert "Wed 19 Mar 2025 late none published; run gridahead forecast" in said


def test_a_lower_rung_and_what_was_missing_stand_there(tmp_path):
    workspace = operated(tmp_path)
    state = state_of(workspace)
    (outlook,) = state.outlooks
    assert outlook.manifest is not None
    fallen = replace(outlook, manifest={**outlook.manifest, "rung": "ridge", "missing": "weights <b>damaged</b>"})
    page = render_status(replace(state, outlooks=(fallen,)), workspace.settings).decode()
    assert '<span class="bad">the regression beside the champion</span>' in page
    assert "weights &lt;b&gt;damaged&lt;/b&gt;" in page


def test_intervals_that_do_not_hold_are_marked(tmp_path):
    workspace = operated(tmp_path)
    state = replace(state_of(workspace), coverage=(Coverage("DE/load", 0.8, 672), Coverage("FI/load", 0.64, 640)))
    page = render_status(state, workspace.settings).decode()
    assert re.search(r"<td>80.0.%</td><td>672</td>", page)
    assert re.search(r'<td class="bad">64.0.%</td><td>640</td>', page)


def test_where_nothing_is_yet_it_says_what_to_run(tmp_path):
    said = words(ask(live(workspace_in_memory(tmp_path)), "/status").text)
    assert "No series is declared. gridahead init" in said
    assert "Nothing yet. gridahead ingest" in said


def test_links_lead_only_to_pages_that_are_there(tmp_path):
    workspace = operated(tmp_path)
    assert 'href="published/report.html"' not in ask(workspace, "/status").text
    (workspace.settings.published_folder / "report.html").write_text("there")
    page = ask(workspace, "/status").text
    addresses = [address for address in re.findall(r'href="([^"]+)"', page) if not address.startswith("data:")]
    assert "published/report.html" in addresses
    server = application(workspace, Watch(workspace, 60, lambda: None))
    for address in set(addresses):
        assert ask_app(server, f"/{address}").status_code == 200, address
