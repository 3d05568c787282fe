"""The page of the services says what is declared of them, and nothing that a recording does not bear out."""

from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.operate.sources_page import sources_page
from gridahead.settings.source_catalogue import SOURCE_INFOS
from gridahead.sources.catalogue import SERVICES

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"
WITHOUT_RECORDING = {"eia_bulk", "elexon", "neso", "smard_live"}


def parts() -> dict[str, dict[str, str]]:
    """The facts of each service, as the page has them."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    kind = ""
    for line in sources_page().splitlines():
        kind = line.removeprefix("## ") if line.startswith("## ") else kind
        if line.startswith("- **"):
            name, _, text = line.removeprefix("- **").partition("**: ")
            found[kind][name] = text
    return found


def test_the_page_is_what_the_catalogue_says_now():
    assert PAGE.read_text(encoding="utf-8") == sources_page(), "gridahead sources --markdown > docs/sources.md"
    ended = CliRunner().invoke(app, ["sources", "--markdown"])
    assert (ended.exit_code, ended.output) == (0, sources_page())


def test_every_service_says_what_it_gives_what_it_needs_and_how_it_is_proven():
    found = parts()
    assert found.keys() == SERVICES.keys() == SOURCE_INFOS.keys()
    needed = {"Gives", "Zones", "Key", "Licence line", "Limits", "Publication time", "Proven with"}
    assert [kind for kind, facts in found.items() if not needed <= facts.keys()] == []


def test_the_page_does_not_depend_on_the_keys_that_are_set(monkeypatch: pytest.MonkeyPatch):
    before = sources_page()
    monkeypatch.setenv("ENTSOE_TOKEN", "hush")
    assert sources_page() == before


def test_services_without_a_recording_say_so():
    without = {
        kind
        for kind, facts in parts().items()
        if facts["Proven with"].startswith(("Specification only", "Documentation only"))
    }
    assert without == WITHOUT_RECORDING
    assert "single runs and forecasts of a fixed age by documentation only" in parts()["openmeteo"]["Proven with"]
    assert "power and its forecasts in the form of the specification only" in parts()["energy_charts"]["Proven with"]


def test_limits_are_in_seconds_minutes_and_hours():
    assert parts()["elexon"]["Limits"] == "at most 5 in 1 s; 4 at the same time"
    assert parts()["eco2mix"]["Limits"] == "at most 60 in 1 min and 5000 in 24 h; 2 at the same time"
