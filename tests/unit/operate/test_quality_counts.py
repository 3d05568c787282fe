"""What the quality page counts, and what is said of the inputs of a forecast."""

import pandas as pd
import pytest
from builders.rows import LOAD, hours, judged, measured, rulings_on

from gridahead.operate import quality_page
from gridahead.quarantine.inputs_in_doubt import SuspectInput, suspect_inputs
from gridahead.reports.suspects import suspects_sentence
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

# Berlin, 29 March to 1 April 2025: the 30th has 23 hours.
TIMES = hours("2025-03-28T23:00Z", 24 + 23 + 24 + 24)
ROWS = measured(LOAD, TIMES, range(len(TIMES)))
ISSUE_TIME = pd.Timestamp("2025-04-02T09:00Z")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(Settings.model_validate({"data_folder": tmp_path}))


def view_of(workspace, monkeypatch):
    seen = []

    def render(view):
        seen.append(view)
        return "page"

    monkeypatch.setattr(quality_page, "render_quality", render)
    assert quality_page.quality_page(workspace).read_text() == "page"
    return seen[0]


def test_every_local_day_is_counted_by_its_own_hours(workspace, monkeypatch):
    lake = workspace.lake
    lake.observations.append(ROWS.drop(index=[30, 31]))  # two hours of the short day are missing
    lake.verdicts.append(judged(ROWS.iloc[50:60]))
    lake.verdicts.append(judged(ROWS.iloc[[59, 80]], "ramp", "flag"))
    lake.rulings.append(rulings_on(ROWS.iloc[[50]], "release"))
    view = view_of(workspace, monkeypatch)
    (series,) = view.series
    counted = [(cell.expected, cell.present, cell.flagged, cell.quarantined) for cell in series.days]
    assert counted == [(24, 24, 0, 0), (23, 21, 0, 0), (24, 15, 0, 9), (24, 24, 1, 0)]
    assert [f"{day:%d %b}" for day in view.days] == ["29 Mar", "30 Mar", "31 Mar", "01 Apr"]
    weeks = [(cell.label, cell.expected, cell.quarantined) for cell in series.weeks]
    assert weeks == [("Week of 24 Mar 2025", 47, 0), ("Week of 31 Mar 2025", 48, 9)]
    assert series.end == pd.Timestamp("2025-04-02T00:00", tz="Europe/Berlin")
    assert [(case.severity, case.rows, case.state) for case in view.findings] == [
        ("quarantine", 9, "open"),
        ("quarantine", 1, "released"),
        ("flag", 1, "open"),
    ]
    assert [case.rows for case in view.open_cases] == [9]


def test_a_page_of_nothing_is_written_too(workspace, monkeypatch):
    view = view_of(workspace, monkeypatch)
    assert (view.series, view.days, view.findings, view.inspected_at) == ((), (), (), None)


def test_a_forecast_tells_which_of_its_newest_inputs_the_gate_doubts(workspace):
    lake, until = workspace.lake, ISSUE_TIME + pd.Timedelta(days=2)
    assert suspect_inputs(lake, [LOAD], ISSUE_TIME, until) == []
    lake.verdicts.append(judged(ROWS.iloc[-6:-1], "scaled"))
    lake.verdicts.append(judged(ROWS.iloc[-6:-4], "spike"))
    lake.verdicts.append(judged(ROWS.iloc[[-1]], "ramp", "flag"))
    lake.verdicts.append(judged(ROWS.iloc[:5], "old"))  # more than three days before
    suspects = suspect_inputs(lake, [LOAD], ISSUE_TIME, until)
    assert suspects == [
        SuspectInput(LOAD, "flag", 1, ("ramp",)),
        SuspectInput(LOAD, "quarantine", 5, ("scaled", "spike")),
    ]
    assert suspects_sentence(suspects) == (
        "1 values of DE/load flagged (ramp); 5 values of DE/load in quarantine (scaled, spike)"
    )
    before = ROWS["available_at"].iloc[-7]
    assert suspect_inputs(lake, [LOAD], before, until) == []
    lake.rulings.append(rulings_on(ROWS.iloc[-6:], "release"))
    assert suspect_inputs(lake, [LOAD], ISSUE_TIME, until) == []
