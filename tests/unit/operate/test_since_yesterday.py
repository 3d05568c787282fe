"""What has changed since yesterday is published with a forecast, and never in the way of it."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from builders.ladder import answer, slot_for, whole_ladder
from builders.rows import LOAD

from gridahead.core.runs import FULL, RIDGE
from gridahead.core.tables import Forecasts
from gridahead.explain.news import ADAPTED
from gridahead.forecasting.publish import Issue
from gridahead.models.determinism import deterministic
from gridahead.operate import since_yesterday as module
from gridahead.operate.forecast import forecast, publish_slot
from gridahead.operate.since_yesterday import groups, told_since_yesterday
from gridahead.promotion.serving import serving
from gridahead.reading.change import SINCE, SinceYesterday, since_yesterday

DAY = dt.date(2025, 3, 19)


@pytest.fixture(scope="module")
def ladder(tmp_path_factory):
    """A network serves, with the load and the official forecast as inputs."""
    return whole_ladder(tmp_path_factory.mktemp("since"), LOAD, DAY)


def explained(workspace, chosen):
    published = workspace.settings.published.model_copy(update={"explain": chosen})
    return replace(
        workspace,
        settings=workspace.settings.model_copy(update={"published": published}),
        lake_of=lambda _: workspace.lake,
    )


def told(workspace):
    with deterministic():
        return told_since_yesterday(workspace, slot_for(workspace, LOAD, DAY), answer(workspace, LOAD, DAY))


def told_change(workspace) -> SinceYesterday:
    change = since_yesterday(told(workspace))
    assert change is not None
    return change


def test_causes_sum_to_the_difference_over_the_hours_that_both_have(ladder):
    change = told_change(ladder)
    assert change.since == pd.Timestamp("2025-03-17T10:00Z")  # 11:00 in Berlin, two days before
    assert (change.start, change.end) == (pd.Timestamp("2025-03-18T10:00Z"), pd.Timestamp("2025-03-18T23:00Z"))
    assert {cause.name for cause in change.causes} == {"time has passed", "DE/load", "DE/load_official"}
    effects = [cause.effect_mw for cause in change.causes]
    assert sum(effects) == pytest.approx(change.difference_mw, abs=0.3)  # six digits: a tenth
    assert effects == sorted(effects, key=abs, reverse=True)


def test_between_two_published_forecasts_adaptation_is_one_cause_more_and_they_are_the_published_numbers(tmp_path):
    ladder = whole_ladder(tmp_path, LOAD, DAY)
    before = publish_slot(ladder, slot_for(ladder, LOAD, DAY - dt.timedelta(days=1)), serving(ladder, LOAD))
    said, change = answer(ladder, LOAD, DAY), told_change(ladder)
    effects = {cause.name: cause.effect_mw for cause in change.causes}
    assert effects[ADAPTED] != 0 and sum(effects.values()) == pytest.approx(change.difference_mw, abs=0.4)
    common = pd.date_range(change.start, change.end, freq="h", inclusive="left")
    rows = Issue(before.folder, dict(before.manifest)).forecasts.set_index("valid_time")
    published = rows.loc[rows["quantile"] == 0.5, "value_mw"][common]
    assert change.before_mw == pytest.approx(published.mean(), rel=1e-5)
    assert change.now_mw == pytest.approx(said.median[common].mean(), rel=1e-5)
    day = said.forecasts[said.forecasts["quantile"] == 0.5].set_index("valid_time")["value_mw"]
    assert said.median[day.index].tolist() == day.tolist()


def test_it_is_the_same_to_the_byte_when_it_is_made_again_and_leaves_the_forecast_as_it_is(ladder):
    assert told(ladder) == told(ladder)
    slot, aliases = slot_for(ladder, LOAD, DAY), serving(ladder, LOAD)
    without = publish_slot(explained(ladder, "never"), slot, aliases)
    with_it = publish_slot(ladder, slot, aliases)
    again = publish_slot(ladder, slot, aliases)
    assert SINCE not in without.manifest
    assert since_yesterday(with_it.manifest) is not None
    for name in ("forecast_id", "data_hash", "parquet", "rung"):
        assert without.manifest[name] == with_it.manifest[name]
    assert (with_it.changed, again.changed) == (True, False)


@pytest.mark.parametrize(
    ("issued", "since"),
    [
        # So early no model is asked: the change is counted from when the forecast was due.
        ("2025-03-17T09:00Z", "2025-03-17T10:00Z"),
        ("2025-03-17T09:56Z", "2025-03-17T09:56Z"),
    ],
)
def test_the_issue_before_counts_where_it_was_published_and_a_model_serves_it(ladder, issued, since):
    before = slot_for(ladder, LOAD, DAY - dt.timedelta(days=1), pd.Timestamp(issued))
    publish_slot(explained(ladder, "never"), before, serving(ladder, LOAD))
    assert told_change(ladder).since == pd.Timestamp(since)


def test_what_goes_wrong_leaves_it_out_with_a_warning(ladder, monkeypatch, caplog):
    monkeypatch.setattr(module, "changed", lambda *_: 1 / 0)
    assert told(ladder) == {}
    assert "published without what has changed since yesterday (ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("chosen", "many", "there"), [("never", 100, False), ("auto", 0, False), ("always", 0, True)])
def test_of_many_series_it_is_told_only_where_the_settings_say_so(ladder, monkeypatch, chosen, many, there):
    monkeypatch.setattr("gridahead.settings.published.MANY", many)
    assert bool(told(explained(ladder, chosen))) == there


def test_an_answer_that_no_network_has_made_is_not_explained(ladder):
    said = answer(ladder, LOAD, DAY)
    assert said.rung == FULL
    regression = replace(said, forecasts=Forecasts(said.forecasts.assign(rung=RIDGE)))
    assert told_since_yesterday(ladder, slot_for(ladder, LOAD, DAY), regression) == {}


def test_a_day_that_has_begun_is_not_explained(ladder):
    said = answer(ladder, LOAD, DAY)
    begun = replace(said, forecasts=Forecasts(said.forecasts.assign(issue_time=pd.Timestamp("2025-03-18T23:00Z"))))
    assert told_since_yesterday(ladder, slot_for(ladder, LOAD, DAY), begun) == {}


def test_what_it_may_cost_is_limited_beforehand(ladder):
    model = ladder.exports.load(ladder.exports.version(LOAD, "2")).model
    per_window = (8 + 2) * 24 * len(model.networks)
    assert 2 ** groups(model) * per_window <= module.STEPS
    assert groups(type("Long", (), {"spec": replace(model.spec, context_days=10_000), "networks": (1,)})()) == 0


def test_a_forecast_on_history_is_explained_too(tmp_path):
    workspace = whole_ladder(tmp_path, LOAD, DAY)
    history = replace(
        workspace,
        settings=workspace.settings.model_copy(update={"mode": "demo"}),
        lake_of=lambda _: workspace.lake,
    )
    published = forecast(history, LOAD, pd.Timestamp("2025-03-18T10:00Z"))
    assert since_yesterday(published.manifest) is not None
