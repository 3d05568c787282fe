"""`gridahead forecast --day`, `gridahead catch-up`: what they say, and how they end."""

import json

import pytest
from builders.commands import run
from builders.operation import operated
from builders.rows import LOAD

from gridahead.operate.forecast import forecast


@pytest.fixture
def down(tmp_path, monkeypatch):
    """An installation that published on the 18th and starts again on the 21st, while the gate is open."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    forecast(workspace, LOAD)
    clock.set("2025-03-21T10:30Z")
    monkeypatch.setattr("gridahead.cli.daily.open_workspace", lambda settings: workspace)
    monkeypatch.setattr("gridahead.cli.published.now", clock)
    return workspace, clock


def test_catching_up_says_what_it_did(down, tmp_path):
    said = run(tmp_path, "catch-up")
    assert said.code == 0
    assert " ".join(said.said.split()) == (
        "DE/load: published 2025-03-22; made up for 2025-03-20, 2025-03-21, too late to be published."
    )
    assert run(tmp_path, "catch-up").said.strip() == "Nothing was left to be done."


def test_catching_up_tells_a_machine_the_same(down, tmp_path):
    told = json.loads(run(tmp_path, "catch-up", "--json").said)
    assert told["failed"] == {}
    assert told["series"]["DE/load"]["backfilled"] == ["2025-03-20", "2025-03-21"]
    assert [one["delivery_day"] for one in told["series"]["DE/load"]["published"]] == ["2025-03-22"]


def test_what_could_not_be_caught_up_with_ends_with_its_exit_code(down, tmp_path):
    workspace, _ = down
    home = workspace.settings.published_folder / "DE.load"
    home.rename(home.with_name("away"))
    home.write_text("in the way")
    ended = run(tmp_path, "catch-up")
    assert ended.code == 6 and "not done: DE/load" in ended.said


def test_a_day_is_named_and_a_slip_of_the_pen_is_refused(down, tmp_path):
    done = run(tmp_path, "forecast", "--series", "DE/load", "--day", "2025-03-21")
    assert done.code == 0
    lines = done.said.splitlines()
    assert lines[0] == "DE/load: Friday, 2025-03-21, by the clock of Europe/Berlin (24 hours)"
    assert "  ! out 24 h after its deadline, when the gate had closed" in lines
    refused = run(tmp_path, "forecast", "--series", "DE/load", "--issue-time", "2025-03-27T11:00")
    assert refused.code == 2 and "is 6 days from now" in refused.error
