"""The page: what it says, that it needs nobody, and that nothing in it can do harm."""

import dataclasses
import datetime as dt
import re

import pandas as pd
import pytest

from gridahead.core.runs import RUNG_WORDS, RUNGS
from gridahead.reports.forecast_page import render_report
from gridahead.reports.trust import Day, concerns, forecast_sentence, track_record
from gridahead.reports.views import Absent

HOSTILE = "$\\frac$<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


def plain(text):
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")


def with_series(report_view, **changes):
    series = dataclasses.replace(report_view.series[0], **changes)
    return dataclasses.replace(report_view, series=(series,))


def test_the_page_loads_nothing_from_anywhere(report_view):
    page = render_report(report_view)
    assert not re.findall(r"https?://", page)
    assert not re.findall(r"<(script|link rel=\"stylesheet|img|iframe|object|embed)", page)
    assert not re.findall(r"@import|url\((?!#)", page)
    addresses = re.findall(r"(?:href|src)=\"([^\"]*)\"", page)
    assert all(address.startswith(("#", "data:,", "forecasts/")) for address in addresses)


def test_an_attribution_may_name_an_address_as_text(report_view):
    page = render_report(dataclasses.replace(report_view, attribution="Data: https://smard.de"))
    assert "<p>Data: https://smard.de</p>" in page


def test_the_same_data_give_the_same_bytes(report_view):
    assert render_report(report_view) == render_report(report_view)


def test_a_hostile_series_name_is_only_text(report_view):
    hostile = with_series(
        report_view, title=HOSTILE, manifest={HOSTILE: HOSTILE}, csv="javascript:alert(1)", series=HOSTILE
    )
    hostile = dataclasses.replace(
        hostile,
        title=HOSTILE,
        attribution=HOSTILE,
        score_table=hostile.score_table.assign(series=HOSTILE, model=HOSTILE),
    )
    page = render_report(hostile)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript:' not in page


def test_a_hostile_model_name_is_only_text_in_the_charts_too(report_view):
    series = report_view.series[0]
    renamed = {
        name: getattr(series, name).replace({"model": {"lstm": HOSTILE}}) for name in ("forecast", "history", "scores")
    }
    page = render_report(with_series(report_view, **renamed))
    assert "<script" not in page
    assert "<img" not in page


def test_a_forecast_is_a_sentence_a_person_understands(series_view):
    # The median rises from 50.0 GW by 0.1 GW an hour; the 10 % and 90 % quantiles lie 4 GW below and above it.
    assert plain(forecast_sentence(Day.of(series_view))) == (
        "peak 52.3 GW at 23:00–00:00 (80 % between 48.3 and 56.3), "
        "issued 30 Dec 2025, 11:00 by lstm v3, inputs complete"
    )


def test_the_track_record_names_days_error_skill_and_coverage(series_view):
    # The outturn is 500 MW above our median and 1 500 MW below the official forecast, always inside the band.
    assert plain(track_record(series_view, Day.of(series_view))) == (
        "Mon 22 Dec 2025 to Wed 31 Dec 2025: average error 500 MW, 67 % less than the official forecast; "
        "the 80 % band held 100 % of the outturns."
    )


def test_a_band_that_holds_everything_is_called_too_wide(series_view, report_view):
    found = concerns(series_view, Day.of(series_view), report_view.created_at)
    assert [plain(line) for line in found] == ["Its 80 % band has been too wide: it held 100 % of the outturns."]


def test_how_wide_a_band_may_be_and_how_old_an_input_is_the_settings_to_say(series_view, report_view):
    quality = dataclasses.replace(series_view.quality, end=pd.Timestamp("2025-12-27T10:00Z"))
    view = dataclasses.replace(series_view, quality=quality)
    lenient = dataclasses.replace(view, coverage_alarm=(0.5, 1.0), stale_after_hours=96)
    found = [concerns(one, Day.of(one), report_view.created_at) for one in (view, lenient)]
    assert ([plain(line).split(":")[0].split(" old")[0] for line in found[0]], found[1]) == (
        ["The newest observation was 3 days", "Its 80 % band has been too wide"],
        [],
    )


def test_what_speaks_against_trust_is_said(series_view, day_of):
    quality = dataclasses.replace(series_view.quality, end=pd.Timestamp("2025-12-27T10:00Z"))
    degraded = day_of("2025-12-31", rung="degraded", missing="missing_weather")
    scores = series_view.scores.copy()
    scores.loc[(scores["model"] == "official") & (scores["metric"] == "mae"), "value"] = 400.0
    view = dataclasses.replace(series_view, quality=quality, forecast=degraded, scores=scores)
    found = [plain(line) for line in concerns(view, Day.of(view), pd.Timestamp("2026-01-02T07:00Z"))]
    assert found[:3] == [
        "Its day has passed: there is no forecast after Wed 31 Dec 2025.",
        "It is by the model that serves, without all of its inputs: missing weather.",
        "The newest observation was 3 days old at the issue time.",
    ]
    assert found[-1] == "The official forecast has been better: it erred by 400 MW on average, this one by 500 MW."


def test_an_official_forecast_and_a_band_that_have_changed_are_in_the_sentence_and_among_the_concerns(report_view):
    figures = {"official": "ES/wind_official: 8.30 times what it was", "band": "ES/wind as published: covers 22 %"}
    page = render_report(with_series(report_view, drifted=figures))
    told = "the official forecast errs more than it did, the published band does not hold what it did."
    assert f"inputs complete, {told}" in page
    assert "<li>The official forecast errs more than it did. ES/wind_official: 8.30 times what it was.</li>" in page
    assert "<li>The published band does not hold what it did. ES/wind as published: covers 22 %.</li>" in page
    assert "errs more than it did" not in render_report(report_view)


def test_a_degraded_forecast_is_marked_on_the_page(report_view, day_of):
    page = render_report(
        with_series(report_view, forecast=day_of("2025-12-31", rung="degraded", missing="missing_weather"))
    )
    assert "by the model that serves, without all of its inputs: missing weather" in page
    assert "Look closer" in page


def test_what_should_be_out_and_is_not_is_said_first_and_the_page_is_not_in_order(report_view):
    due, closure = pd.Timestamp("2025-12-31T10:00Z"), pd.Timestamp("2025-12-31T11:00Z")
    absent = with_series(report_view, absent=(Absent(dt.date(2026, 1, 1), due, closure),), coverage_alarm=(0.0, 1.0))
    (card,) = absent.series
    for at, closes in ((pd.Timestamp("2025-12-31T10:30Z"), "closes"), (pd.Timestamp("2025-12-31T15:00Z"), "closed")):
        said = f"There is no forecast of Thu 1 Jan 2026: it was due 31 Dec 2025, 11:00, the gate {closes} "
        assert concerns(card, Day.of(card), at)[0] == f"{said}31 Dec 2025, 12:00."
        page = render_report(dataclasses.replace(absent, created_at=at))
        assert "Look closer" in page and "In order" not in page and said in page
        empty = dataclasses.replace(card, forecast=card.forecast.iloc[:0])
        assert said in render_report(dataclasses.replace(absent, series=(empty,), created_at=at))
    assert "In order" in render_report(with_series(absent, absent=()))


def test_a_late_forecast_says_by_how_much(report_view):
    clocks = {"published_at": "2025-12-30T11:30:00+00:00", "gate_closure": "2025-12-30T11:00:00+00:00"}
    page = render_report(with_series(report_view, manifest={"late": 90.0, **clocks}))
    assert "<li>It was out 1.5 h after its deadline, when the gate had closed.</li>" in page
    assert "inputs complete, out 1.5 h after its deadline" in page


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_has_its_words_on_the_page(report_view, day_of, rung):
    page = render_report(with_series(report_view, forecast=day_of("2025-12-31", rung=rung)))
    assert (f"<li>It is {RUNG_WORDS[rung]}.</li>" in page.replace("&#39;", "'")) == (rung != "full")


def test_a_series_without_a_forecast_says_so_instead_of_vanishing(report_view):
    page = render_report(with_series(report_view, forecast=report_view.series[0].forecast.iloc[:0]))
    assert "No forecast was issued." in page


def test_the_page_stands_without_history_scores_official_outturn_and_spread(report_view, day_of, nothing):
    bare = with_series(
        report_view,
        forecast=day_of("2025-12-31", levels=(0.5,)),
        history=report_view.series[0].history.iloc[:0],
        scores=report_view.series[0].scores.iloc[:0],
        official=nothing,
        outturn=nothing,
        quality=None,
        manifest={},
        csv=None,
    )
    page = render_report(dataclasses.replace(bare, score_table=report_view.score_table.iloc[:0]))
    assert "no official forecast" in page
    assert "<h2>Scores</h2>" not in page
    assert page.count("<svg") == 2


def test_a_page_of_no_series_is_still_a_page(report_view):
    page = render_report(dataclasses.replace(report_view, series=(), score_table=report_view.score_table.iloc[:0]))
    assert "<h1>Day-ahead forecast</h1>" in page


def test_the_best_value_of_a_series_is_bold(report_view):
    page = plain(render_report(report_view))
    assert "<b>500</b>" in page
    assert "<b>1 500</b>" not in page


def test_runs_are_not_compared_with_each_other_and_are_named_when_there_are_several(report_view):
    better = report_view.score_table.assign(run="backtest/holdout")
    better["mae"] /= 2
    page = plain(
        render_report(dataclasses.replace(report_view, score_table=pd.concat([better, report_view.score_table])))
    )
    assert "<b>250</b>" in page
    assert "<b>500</b>" in page
    assert '<span class="run">backtest/holdout</span>' in page
    assert '<span class="run">' not in render_report(report_view)


def test_of_a_longer_forecast_the_last_day_is_shown(report_view, day_of):
    two_days = pd.concat([day_of("2025-12-30"), day_of("2025-12-31")])
    two_days["issue_time"] = two_days["issue_time"].min()
    day = Day.of(dataclasses.replace(report_view.series[0], forecast=two_days))
    assert (day.name, len(day.wide)) == ("Wed 31 Dec 2025", 24)


@pytest.mark.parametrize("theme", ["#0b6fb8", "#62b5f0"])
def test_both_themes_are_on_the_page_and_charts_follow_them(report_view, theme):
    page = render_report(report_view)
    assert page.count(theme) <= 2
    assert "fill: var(--model)" in page
