"""Every recording of a service is read, or it is said why not; none is unaccounted for."""

from __future__ import annotations

from collections import Counter

import pytest
from builders.readings import Outcome, outcome_of
from builders.recordings import FOLDER, Recording, manifest, opened

from gridahead.settings.source_catalogue import SOURCE_INFOS

COLUMNS = ("read", "no data", "refused", "list", "not ours")
COUNTS = {
    "aemo": (1, 0, 0, 2, 0),
    "aeso": (2, 0, 0, 0, 0),
    "caiso": (1, 0, 1, 0, 0),
    "eco2mix": (1, 0, 1, 0, 0),
    "eia": (6, 0, 3, 0, 0),
    "eirgrid": (6, 0, 0, 0, 0),
    "elexon": (6, 2, 7, 0, 0),
    "elia": (1, 0, 0, 0, 0),
    "energinet": (2, 0, 0, 0, 0),
    "energy_charts": (1, 0, 1, 0, 0),
    "entsoe": (31, 21, 54, 0, 0),
    "ercot": (3, 0, 0, 1, 0),
    "ieso": (2, 0, 0, 0, 0),
    "isone": (11, 0, 2, 0, 0),
    "isone_reports": (2, 0, 0, 0, 0),
    "japan": (4, 0, 0, 0, 0),
    "miso": (1, 0, 0, 0, 0),
    "miso_live": (2, 0, 0, 0, 0),
    "nordpool": (1, 0, 0, 0, 0),
    "not ours": (0, 0, 0, 0, 8),
    "nyiso": (1, 0, 0, 0, 0),
    "openmeteo": (1, 4, 9, 0, 0),
    "pjm": (3, 0, 0, 0, 0),
    "ree": (1, 0, 0, 0, 0),
    "smard_live": (1, 0, 2, 0, 0),
}
"""By service, as in COLUMNS, of what is committed."""


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[Recording, Outcome | None]]:
    """What came of every recording, those of another folder too."""
    return [(one, outcome_of(one)) for one in map(opened, manifest())]


def test_every_recording_is_accounted_for(outcomes: list[tuple[Recording, Outcome | None]]):
    unknown = [f"{one.about['folder']}: {one.name}" for one, outcome in outcomes if outcome is None]
    assert unknown == [], "say in builders/readings_*.py which service reads them, or whose they are"
    assert len(outcomes) == len(manifest()) >= 209


def test_what_is_not_read_has_a_reason(outcomes: list[tuple[Recording, Outcome | None]]):
    silent = [
        one.name
        for one, outcome in outcomes
        if outcome is not None and outcome.what in COLUMNS[2:] and len(outcome.why.split()) == 0
    ]
    assert silent == []


def test_the_page_of_services_claims_a_recording_where_one_is_read_and_nowhere_else(
    outcomes: list[tuple[Recording, Outcome | None]],
):
    read = {
        found.service
        for one, found in outcomes
        if found is not None and found.what == "read" and str(one.about["kind"]).startswith("recorded")
    }
    only = ("Specification only", "Documentation only")
    claimed = {kind for kind, info in SOURCE_INFOS.items() if not info.proven.startswith(only)}
    assert claimed == read


def test_the_table_of_what_came_of_them(
    outcomes: list[tuple[Recording, Outcome | None]], capsys: pytest.CaptureFixture[str]
):
    committed = [found for one, found in outcomes if one.about["folder"] == str(FOLDER) and found is not None]
    counted = Counter((found.service, found.what) for found in committed)
    table = {
        name: tuple(counted[name, what] for what in COLUMNS) for name in sorted({found.service for found in committed})
    }
    with capsys.disabled():
        print("\n" + "\n".join(_lines(table)))  # noqa: T201
    assert table == COUNTS


def _lines(table: dict[str, tuple[int, ...]]) -> list[str]:
    """The table as text, with a line of sums."""
    everything = {**table, "all": tuple(map(sum, zip(*table.values(), strict=True)))}
    head = f"{'recordings of':14}" + "".join(f"{name:>10}" for name in COLUMNS)
    return [head, *(f"{name:14}" + "".join(f"{count:>10}" for count in counts) for name, counts in everything.items())]
