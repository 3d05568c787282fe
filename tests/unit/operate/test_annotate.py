"""What a person says of a stretch of a series: training learns nothing of it, scores leave it out and say why."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from builders.commands import run
from builders.operation import operated
from builders.rows import LOAD

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange, days_between, delivery_range
from gridahead.features.windows import build_windows
from gridahead.operate.annotate import annotate, withdraw
from gridahead.operate.forecast import forecast
from gridahead.operate.score import score_published

DAY = dt.date(2025, 3, 20)
WHOLE = delivery_range(DAY, "Europe/Berlin")


def targets(workspace):
    """(days, hours) which outturns a training would learn of 19 to 21 March."""
    spec, observations = workspace.inputs(LOAD)
    windows = build_windows(observations, spec, days_between(DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)))
    return ~np.isnan(np.where(windows.delivery, windows.target, np.nan))


def say(workspace, time_range=WHOLE, exclude=(), reason="line down", series=LOAD):
    return annotate(workspace, series, time_range, "outage", reason, "ana", exclude)["id"].iloc[0]


@pytest.fixture
def scored(tmp_path):
    """An installation that has published 19 to 21 March, whose outturn is known; and its scores on demand."""
    workspace, clock = operated(tmp_path, "2025-03-18T10:00Z")
    for day in ("18", "19", "20"):
        clock.set(f"2025-03-{day}T10:00Z")
        forecast(workspace, LOAD)
    clock.set("2025-03-22T12:00Z")
    return workspace


def counted(workspace):
    """How many hours count, and what is left out."""
    scores, left_out = score_published(workspace, LOAD)
    whole = scores[(scores["model"] == "published") & scores["lead"].isna() & (scores["metric"] == "mae")]
    return int(whole["n"].iloc[0]), left_out.to_dict("records")


def test_an_excluded_day_is_no_target_and_its_hours_are_inputs_all_the_same(scored):
    assert targets(scored).sum(axis=1).tolist() == [24, 24, 24]
    identity = say(scored, exclude=["training"])
    assert targets(scored).sum(axis=1).tolist() == [24, 0, 24]
    spec, observations = scored.inputs(LOAD)
    day_after = build_windows(observations, spec, [DAY + dt.timedelta(days=2)])
    assert not np.isnan(day_after.target_past[0, -48:-24]).any()
    assert counted(scored) == (72, []), "only training does without it"
    withdraw(scored, identity, "it was the meter", "ben")
    assert targets(scored).sum(axis=1).tolist() == [24, 24, 24]


def test_an_excluded_stretch_is_left_out_of_the_scores_with_its_reason(scored):
    some = TimeRange(WHOLE.start, WHOLE.start + pd.Timedelta(hours=6))
    say(scored, some, ["scores"])
    about = {"first": "2025-03-20", "last": "2025-03-20", "units": 6, "reason": "outage: line down"}
    assert counted(scored) == (66, [about])
    assert targets(scored).sum(axis=1).tolist() == [24, 24, 24], "training learns it"


def test_both_can_do_without_it_and_other_series_and_plain_notes_change_nothing(scored):
    say(scored, reason="only a note")
    say(scored, exclude=["training", "scores"], series=Series("DE", "solar"))
    assert (targets(scored).sum(), counted(scored)[0]) == (72, 72)
    say(scored, exclude=["scores", "training"])
    assert (targets(scored).sum(), counted(scored)[0]) == (48, 48)


def test_a_day_on_which_the_clocks_change_is_left_out_whole(tmp_path):
    workspace, _ = operated(tmp_path, "2025-04-02T10:00Z")
    say(workspace, delivery_range(dt.date(2025, 3, 30), "Europe/Berlin"), ["training"])
    spec, observations = workspace.inputs(LOAD)
    windows = build_windows(observations, spec, [dt.date(2025, 3, 29), dt.date(2025, 3, 30), dt.date(2025, 3, 31)])
    known = ~np.isnan(np.where(windows.delivery, windows.target, np.nan))
    assert known.sum(axis=1).tolist() == [24, 0, 24]


def test_where_everything_is_excluded_there_are_no_scores(scored):
    say(scored, TimeRange(WHOLE.start - pd.Timedelta(days=40), WHOLE.end + pd.Timedelta(days=60)), ["scores"])
    assert score_published(scored, LOAD).scores.empty


def test_an_id_that_nobody_has_given_is_refused_with_those_that_stand(scored):
    identity = say(scored)
    with pytest.raises(LakeError, match=rf"no annotation 12345678 stands; .*: {identity}"):
        withdraw(scored, "12345678", "why", "ben")


def test_the_commands_note_list_and_take_back(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text('data_folder = "data"\n[[series]]\nseries = "DE/load"\ndeadline = "D-1T1100[Europe/Berlin]"\n')
    span, why = ("--from", "2025-03-20", "--to", "2025-03-21"), ("--reason", "rail", "--by", "ana")
    said = ("DE/load", *span, "--kind", "strike", *why)
    done = run(file, "annotate", *said, "--exclude", "training,scores", "--json")
    row = json.loads(done.said)
    assert (row["start"], row["end"]) == ("2025-03-19T23:00:00Z", "2025-03-20T23:00:00Z")
    assert (row["kind"], row["excluded"], row["decided_by"]) == ("strike", "training,scores", "ana")
    assert [one["id"] for one in json.loads(run(file, "annotations", "--json").said)] == [row["id"]]
    assert "say why" in run(file, "annotations", "--withdraw", row["id"]).error
    taken = run(file, "annotations", "--withdraw", row["id"], "--reason", "no strike", "--by", "ben")
    assert taken.code == 0 and "withdrawn" in taken.said
    assert json.loads(run(file, "annotations", "--json").said) == []
    assert "say outage or strike" in run(file, "annotate", "DE/load", *span, *why, "--kind", "flood").error
    assert "say training or scores" in run(file, "annotate", *said, "--exclude", "pages").error
