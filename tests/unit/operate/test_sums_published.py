"""Two zones and their total are published so that they add up, once all of them are out; or it is said why not."""

import json
import uuid
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.long import first_of
from builders.operation import Clock
from builders.serving import DAY, stored
from builders.summed import MEMBERS, NORTH, SOUTH, SUMS, TOTAL, summed

from gridahead.cli.published import lines_of
from gridahead.core.errors import LakeError
from gridahead.core.runs import LIVE
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.forecasting.publish import newest_of, superseded_at
from gridahead.forecasting.sums import in_sums, is_reconciled, reconcile_each, vintages_of
from gridahead.operate import sums
from gridahead.operate.catch_up import catch_up
from gridahead.operate.forecast import forecast
from gridahead.operate.report import report
from gridahead.operate.reproduce import reproduce
from gridahead.operate.score import score_published
from gridahead.operate.sums import as_it_stands
from gridahead.reports.reproduction import difference_lines
from gridahead.workspace import Workspace


def published(workspace, *series):
    return {one: forecast(workspace, one) for one in series or MEMBERS}


def standing(workspace, series):
    issue = newest_of(workspace.settings.published_place, series, DAY)
    assert issue is not None
    return issue


def said_in(manifest):
    said = in_sums(manifest)
    assert said is not None
    return said


def median(issue, level=0.5):
    rows = issue.forecasts
    return rows[rows["quantile"] == level].set_index("valid_time")["value_mw"].sort_index()


def apart(workspace):
    total, *parts = (median(standing(workspace, one)) for one in MEMBERS)
    return float((total - sum(parts)).abs().max())


def test_what_is_published_adds_up_once_the_last_of_them_is_out(tmp_path):
    workspace = summed(tmp_path)
    first = published(workspace, NORTH, TOTAL)
    assert apart_before_all(workspace) is None
    waiting = said_in(standing(workspace, NORTH).manifest)
    assert waiting.why == "when it was published, not all series of the sum were forecast as of the same time"
    last = forecast(workspace, SOUTH)
    assert apart(workspace) < 1e-8
    for one in MEMBERS:
        issue = standing(workspace, one)
        said = said_in(issue.manifest)
        assert said.totals == (str(TOTAL),) and said.why == "" and said.days > 14
        (before,) = superseded_at(issue.folder)
        assert said.made_of == before.manifest["forecast_id"] != issue.manifest["forecast_id"]
        moved = median(issue) - median(before)
        assert said.moved_mw == pytest.approx(moved.mean())
        for level in (0.1, 0.9):
            assert (median(issue, level) - median(before, level)).to_numpy() == pytest.approx(moved.to_numpy())
        for line in ("run_id", "bundle", "adapted", "inputs", "issue_time", "deadline"):
            assert issue.manifest[line] == before.manifest[line], line
        assert "adapted_mw" not in issue.manifest["median"], "nothing was adapted to the newest days"
        assert issue.manifest["daily"] != before.manifest["daily"], "its paths have moved as well"
        latest = workspace.settings.published_folder / one.slug / "latest.json"
        assert json.loads(latest.read_bytes())["forecast_id"] == issue.manifest["forecast_id"]
    assert last.manifest["forecast_id"] == standing(workspace, SOUTH).manifest["forecast_id"]
    # Who has erred ten times as much moves a hundred times as far, as its own errors say.
    moved = {one: abs(said_in(standing(workspace, one).manifest).moved_mw) for one in MEMBERS}
    assert moved[TOTAL] > 10 * max(moved[NORTH], moved[SOUTH])
    assert as_it_stands(first[TOTAL]).manifest == standing(workspace, TOTAL).manifest


def apart_before_all(workspace):
    """By how much they differ; None where one is not out yet."""
    out = [newest_of(workspace.settings.published_place, one, DAY) for one in MEMBERS]
    return None if None in out else apart(workspace)


def test_what_is_published_is_what_the_function_of_back_tests_makes_of_the_same_forecasts(tmp_path):
    workspace = summed(tmp_path)
    published(workspace)
    rows = workspace.lake.forecasts.read({"run": LIVE})
    span = TimeRange(rows["valid_time"].min(), rows["valid_time"].max() + pd.Timedelta(hours=1))
    parts = {TOTAL: (NORTH, SOUTH)}
    outturns = vintages_of(workspace.lake.read_vintages(*MEMBERS, time_range=span), parts, span, Mtu.PT60M)
    found = reconcile_each(rows[~is_reconciled(rows)], outturns, parts, "Europe/Berlin")
    for one in MEMBERS:
        made = found[(found["zone"] == one.zone) & (found["issue_time"] == rows["issue_time"].max())]
        out = standing(workspace, one).forecasts
        assert made["data_hash"].iloc[0] == out["data_hash"].iloc[0]
        columns = ["valid_time", "quantile", "value_mw"]
        made, out = (each.sort_values(columns)[columns].reset_index(drop=True) for each in (made, out))
        pd.testing.assert_frame_equal(made, out, check_exact=True)


def test_it_is_off_unless_the_settings_say_so(tmp_path):
    workspace = summed(tmp_path, sums=[{**SUMS[0], "reconcile": None}])
    published(workspace)
    assert apart(workspace) > 100
    assert all(in_sums(standing(workspace, one).manifest) is None for one in MEMBERS)


def test_without_former_forecasts_size_decides_and_that_is_said(tmp_path):
    workspace = summed(tmp_path, former=False)
    done = published(workspace)
    assert apart(workspace) < 1e-8
    said = said_in(done[SOUTH].manifest)
    assert said.days == 0
    (line,) = (line for line in lines_of(done[SOUTH], newest=True) if "add up" in line)
    assert line == "  made to add up to TOTAL/load, by size, as errors of too few days are known"


def test_a_series_on_a_lower_rung_leaves_all_as_they_are_and_every_manifest_says_why(tmp_path):
    workspace = summed(tmp_path)
    rows = workspace.lake.observations.read()
    newest = (rows["zone"] == "NORTH") & (rows["valid_time"] >= pd.Timestamp("2025-03-17T00:00Z"))
    withdrawn = rows[newest].assign(value=np.nan, available_at=pd.Timestamp("2025-03-18T09:30Z"))
    workspace.lake.observations.append(Observations(withdrawn))
    done = published(workspace)
    assert done[NORTH].manifest["rung"] == "degraded"
    assert apart(workspace) > 100
    for one in MEMBERS:
        manifest = standing(workspace, one).manifest
        assert said_in(manifest).why.startswith("the forecast of NORTH/load is by the model that serves, without all")
        latest = workspace.settings.published_folder / one.slug / "latest.json"
        assert json.loads(latest.read_bytes()) == manifest
        (line,) = (line for line in lines_of(as_it_stands(done[one]), newest=True) if "add up" in line)
        assert line.startswith("  ! does not add up to TOTAL/load: the forecast of NORTH/load is by")
    assert "It does not add up to TOTAL/load: the forecast of" in report(workspace).read_text()


def test_the_page_says_that_it_adds_up_and_by_how_much_that_has_moved_it(tmp_path):
    workspace = summed(tmp_path)
    published(workspace)
    page = report(workspace).read_text()
    assert "It was made to add up to TOTAL/load, by errors of" in page
    assert "does not add up" not in page


def test_a_second_call_changes_nothing_and_a_reconciled_forecast_is_the_one_that_is_scored(tmp_path):
    workspace = summed(tmp_path)
    published(workspace)
    before = {one: standing(workspace, one) for one in MEMBERS}
    kept = stored(workspace, TOTAL)
    again = published(workspace)
    assert not any(one.changed for one in again.values())
    assert {one: standing(workspace, one) for one in MEMBERS} == before
    assert stored(workspace, TOTAL).equals(kept)
    scores = score_published(replace(workspace, clock=Clock("2025-03-20T10:00Z")), TOTAL, LIVE).scores
    assert {"published", "naive"} <= set(scores["model"])
    assert len(kept[kept["issue_time"] == kept["issue_time"].max()]) == 2 * 24 * 3, "both are in the lake"


def test_catching_up_publishes_them_so_that_they_add_up(tmp_path):
    workspace = summed(tmp_path, at="2025-03-18T10:20Z")
    done = catch_up(workspace)
    assert not done.failed
    assert apart(workspace) < 1e-8
    (last,) = done.done[SOUTH].published
    assert said_in(last.manifest).why == ""


@pytest.mark.parametrize("former", first_of([True, False], 1))
def test_a_reconciled_forecast_is_made_again_to_the_bit_whatever_came_later(tmp_path, former):
    workspace = summed(tmp_path, former=former)
    published(workspace)
    rows = workspace.lake.observations.read()
    late = rows.assign(value=rows["value"] * 1.5, available_at=pd.Timestamp("2025-03-18T10:00:01Z"))
    workspace.lake.observations.append(Observations(late.assign(batch="feedfeedfeedfeed")))
    for one in MEMBERS:
        for issue in (standing(workspace, one), *superseded_at(standing(workspace, one).folder)):
            again = reproduce(workspace, issue.manifest["forecast_id"])
            assert again.same, difference_lines(again)


def elsewhere(workspace, forecasts, **settings):
    """The same with other forecasts in its lake."""
    said = {"lake": f"memory://{uuid.uuid4().hex}", **settings}
    other = Workspace(workspace.settings.model_copy(update=said), clock=workspace.clock)
    other.lake.observations.append(workspace.lake.observations.read())
    other.lake.forecasts.append(forecasts)
    return other


def test_what_differs_is_named_when_it_is_made_again(tmp_path):
    workspace = summed(tmp_path)
    published(workspace)
    total, before = (
        standing(workspace, TOTAL).manifest["forecast_id"],
        said_in(standing(workspace, NORTH).manifest).made_of,
    )
    rows = workspace.lake.forecasts.read()
    of_north = (rows["zone"] == "NORTH") & (rows["issue_time"] == rows["issue_time"].max()) & ~is_reconciled(rows)
    other = elsewhere(workspace, rows.assign(value_mw=rows["value_mw"] + 1.0 * of_north))
    again = difference_lines(reproduce(other, total))
    assert again[0].startswith("numbers: 72 of 72 values differ, by 0.")
    assert again[1:] == [
        f"sums: it was made to add up with the forecast {before} of NORTH/load, which is not the same made again; "
        f"`gridahead reproduce {before}` says why"
    ]
    (gone,) = difference_lines(reproduce(elsewhere(workspace, rows[~of_north]), total))
    assert gone == "data: NORTH/load: the lake does not have the forecast with which it was made to add up"
    (off,) = difference_lines(reproduce(elsewhere(workspace, rows, sums=()), total))
    assert off == "data: TOTAL/load: it was made to add up with others, and [[sums]] does not have it any more"
    wrong = (rows["zone"] == "SOUTH") & (rows["issue_time"] < rows["issue_time"].max())
    other = elsewhere(workspace, rows.assign(value_mw=rows["value_mw"] + 50.0 * wrong))
    assert difference_lines(reproduce(other, total))[0].startswith("data: the inputs have the fingerprint ")


def test_nothing_that_goes_wrong_in_reconciling_harms_what_is_published(tmp_path, monkeypatch):
    def away(*_, **__):
        raise LakeError("the lake is away")

    workspace = summed(tmp_path)
    monkeypatch.setattr(sums, "errors_of", away)
    done = published(workspace)
    assert done[SOUTH].manifest["rung"] == "full"
    assert apart(workspace) > 100
    monkeypatch.undo()
    forecast(workspace, SOUTH)
    assert apart(workspace) < 1e-8, "the next publication makes them add up"
