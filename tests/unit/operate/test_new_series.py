"""A series of a group from its first week on: served by what others have taught, and replaced when it has days."""

import datetime as dt
import shutil

import pandas as pd
import pytest
import torch
from builders.rows import LOAD
from builders.turning_days import DAYS, made
from builders.windows import FIRST

from gridahead.cli.overview import show_status, show_versions
from gridahead.cli.published import lines_of
from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION
from gridahead.core.tables import Observations
from gridahead.operate.forecast import forecast
from gridahead.operate.status import status
from gridahead.operate.train import train_shared
from gridahead.promotion.refresh import same_procedure
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

TEACHERS = Series("DE", "wind_offshore"), Series("DE", "wind_onshore")
AT = pd.Timedelta(hours=10, minutes=30)
"""After midnight it is half an hour to the deadline."""
WORDS = "learnt from no day of its own: served by what 2 others of its group have taught"


def workspace_at(folder, end):
    """Small networks, at nine o'clock of a day."""
    names = [str(one) for one in (*TEACHERS, LOAD)]
    deadline = "D-1T1100[Europe/Berlin]"
    settings = Settings.model_validate(
        {
            "mode": "live",
            "data_folder": folder,
            "series": [{"series": name, "deadline": deadline, "models": []} for name in names],
            "models": {"small": {"cell": "gru", "hidden": 8, "decoder_hidden": 8, "decoder": "direct"}},
            "shared": [{"name": "all", "model": "small", "series": names, "beside": []}],
            "training": {"context_days": 8, "validation_days": 20, "epochs": 1, "refit": False, "workers": 1},
        }
    )
    return Workspace(
        settings, clock=lambda: pd.Timestamp(end, tz="Europe/Berlin").tz_convert("UTC") + pd.Timedelta("9h")
    )


def fill(workspace, end, since):
    """What is known at the end: much of the teachers, of the new one what there is since a day."""
    until = pd.Timestamp(end, tz="Europe/Berlin") + AT
    for seed, (series, level) in enumerate(zip((*TEACHERS, LOAD), (100, 10_000, 1_000), strict=True)):
        rows = made(series, level, days=DAYS, seed=seed)
        begin = pd.Timestamp(FIRST if series in TEACHERS else since, tz="Europe/Berlin")
        chosen = rows[(rows["valid_time"] >= begin) & (rows["valid_time"] < until)]
        workspace.lake.observations.append(Observations(chosen.reset_index(drop=True)))


def day(after):
    return FIRST + dt.timedelta(days=after)


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Trained on a day on which nine days of the new series are known."""
    workspace = workspace_at(tmp_path_factory.mktemp("new"), day(90))
    fill(workspace, day(90), day(81))
    return workspace, train_shared(workspace, workspace.settings.shared[0])


def told(capsys, show):
    show()
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


@pytest.mark.slow
def test_it_serves_from_its_first_week_and_says_from_whom_it_knows_what_it_knows(week, capsys):
    workspace, candidates = week
    found = {candidate.series: candidate for candidate in candidates}
    assert found[LOAD].champion and found[LOAD].model == "all"
    assert found[LOAD].outcome.startswith("first champion: chosen of 1")
    assert set(found[LOAD].validation) == {"validation_mae", "validation_pinball"}
    version = workspace.registry.holder(LOAD, CHAMPION)
    assert version.taught_by == 2 and workspace.registry.holder(TEACHERS[0], CHAMPION).taught_by == 0
    model = workspace.exports.load(version).model
    taught = workspace.exports.load(workspace.registry.holder(TEACHERS[0], CHAMPION)).model
    weights, same = (one.networks[0].members[0].state_dict() for one in (model, taught))
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert model.networks[0].scaler.moments.level == pytest.approx(3_000, rel=0.2)
    assert WORDS in told(capsys, lambda: show_status(status(workspace), wide=False))
    listed = told(capsys, lambda: show_versions([version], workspace.settings))
    assert WORDS in listed and "made less than 1 h ago (of all v1), learnt until" in listed
    page = (workspace.settings.published_folder / "cards" / f"{LOAD.slug}-v{version.number}.html").read_text()
    assert WORDS.capitalize() in page
    assert "days of 2 other series" in page and "1 (of all v1), made" in page


@pytest.mark.slow
def test_its_forecasts_are_published_and_its_evidence_is_in_the_lake(week):
    workspace, _ = week
    published, of_a_teacher = (forecast(workspace, series) for series in (LOAD, TEACHERS[0]))
    manifest = published.manifest
    assert (manifest["model"], manifest["model_version"]) == ("all", "1")
    assert manifest["rung"] == of_a_teacher.manifest["rung"]
    assert manifest["taught_by"] == 2 and "taught_by" not in of_a_teacher.manifest
    assert f"  ! {WORDS}" in lines_of(published, newest=False)
    kept = workspace.lake.forecasts.read({"zone": "DE", "quantity": "load", "run": "validation"})
    days = pd.DatetimeIndex(kept["valid_time"]).tz_convert("Europe/Berlin").date
    assert (min(days), max(days)) == (day(85), day(89))


@pytest.mark.slow
def test_nothing_is_trained_again_where_nothing_has_changed(week):
    workspace, _ = week
    again = train_shared(workspace, workspace.settings.shared[0])
    assert [(one.series, one.known) for one in again] == [(one, True) for one in (*TEACHERS, LOAD)]


@pytest.mark.slow
def test_a_week_later_it_knows_more_days_and_when_it_has_enough_it_has_its_trial(week, tmp_path):
    shutil.copytree(week[0].settings.data_folder, tmp_path, dirs_exist_ok=True)
    later = workspace_at(tmp_path, day(97))
    group = later.settings.shared[0]
    fill(later, day(97), day(81))
    second = {one.series: one for one in train_shared(later, group)}[LOAD]
    assert second.champion
    assert second.outcome.endswith("as all v1 has learnt no day of the series either, and knew fewer of them")
    # Its history is found, and taken in: the rest goes the way of any series.
    fill(later, day(97), day(20))
    third = {one.series: one for one in train_shared(later, group)}[LOAD]
    assert not third.champion and "period too short to tell" in third.outcome
    champion, challenger = (later.registry.holder(LOAD, role) for role in (CHAMPION, CHALLENGER))
    assert (champion.number, challenger.number) == ("2", "3")
    assert (champion.taught_by, challenger.taught_by) == (2, 0)
    assert not same_procedure(champion, challenger), "to have learnt is no refresh of having been taught"


@pytest.mark.slow
def test_where_too_few_can_teach_it_says_what_is_missing(tmp_path):
    workspace = workspace_at(tmp_path, day(90))
    fill(workspace, day(90), day(81))
    group = workspace.settings.shared[0]
    names = tuple(one for one in group.series if one != TEACHERS[1])
    with pytest.raises(ModelError, match=r"DE/load: is new, and served by what others .*: DE/wind_offshore\. Bring"):
        train_shared(workspace, group.model_copy(update={"series": names}))


@pytest.mark.slow
def test_of_a_large_group_so_many_teach_as_are_asked_for_and_all_are_served(tmp_path):
    workspace = workspace_at(tmp_path, day(90))
    fill(workspace, day(90), FIRST)
    group = workspace.settings.shared[0].model_copy(update={"teachers": 2})
    candidates = {one.series: one for one in train_shared(workspace, group)}
    assert {*candidates} == {*group.series} and all(one.champion for one in candidates.values())
    (served,) = (one for one in group.series if workspace.registry.holder(one, CHAMPION).taught_by)
    assert workspace.registry.holder(served, CHAMPION).taught_by == 2
    published = forecast(workspace, served)
    assert f"  ! {WORDS}" in lines_of(published, newest=False)
    assert all(one.known for one in train_shared(workspace, group)), "the same ones are drawn again"
