"""The page: what it says, that it needs nobody, and that nothing in it can do harm."""

import dataclasses
import datetime as dt
import json
import re
from typing import Any

import pandas as pd
import pytest
from builders.cards import NEWEST, NOTHING, card_of, record_of, report_view, scores_of, series_view, shown_of, table_of

from gridahead.core.runs import RUNGS
from gridahead.monitoring.findings import CoverageChange, DriftFinding, LossChange
from gridahead.reading.record import Adaptation
from gridahead.reports import csp
from gridahead.reports.forecast_page import render_report
from gridahead.reports.trust import concerns, forecast_sentence, holdout_words, live_words, rung_words
from gridahead.reports.views import Absent

HOSTILE = "$\\frac$<script>alert('x')</script></script><!--\"><img src=x onerror=alert(1)>"
NOW = pd.Timestamp("2025-12-30T10:05Z")


def plain(text):
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")


def page_of(*cards, **changes):
    return render_report(dataclasses.replace(report_view(*cards), **changes))


def first(pattern, page):
    """The first group of what is found, or all of it."""
    found = re.search(pattern, page, re.DOTALL)
    assert found is not None, pattern
    return found[found.re.groups]


def markup(page):
    """The page without its two scripts, of which one names its home."""
    for script in csp.scripts():
        page = page.replace(f"<script>{script}</script>", "")
    return page


def ending(view, end):
    """The quality of a series whose newest value ends then."""
    assert view.quality is not None
    return dataclasses.replace(view.quality, end=end)


def test_the_page_loads_nothing_from_anywhere():
    page = markup(page_of(card_of()))
    assert not re.findall(r"https?://", page)
    assert not re.findall(
        r"<(script (?!type=\"application/json\")|link rel=\"stylesheet|img|iframe|object|embed)", page
    )
    assert not re.findall(r"@import|url\((?!#)", page)
    assert not re.findall(r"\son\w+=", page)
    addresses = re.findall(r"(?:href|src)=\"([^\"]*)\"", page)
    assert all(address.startswith(("#", "data:,", "DE.load/", "cards/", "quality.html")) for address in addresses)


def test_the_scripts_of_the_page_are_those_that_its_rule_allows_and_there_is_no_other():
    page = page_of(card_of())
    rule = first(r'Content-Security-Policy" content="([^"]*)"', page)
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(inline) == 2
    assert [csp.hash_of(script) for script in inline] == re.findall(r"'(sha256-[^']+)'", rule)
    assert "script-src 'sha256-" in rule and rule.startswith("default-src 'none';")


def test_an_attribution_may_name_an_address_as_text():
    assert "<p>Data: https://smard.de</p>" in page_of(card_of(), attribution="Data: https://smard.de")


def test_the_same_data_give_the_same_bytes():
    assert page_of(card_of()) == page_of(card_of())


def test_a_hostile_name_is_only_text_in_page_charts_and_data():
    model: dict[str, Any] = {"model": HOSTILE, "missing": HOSTILE, "forecast_id": HOSTILE, HOSTILE: HOSTILE}
    shown = (shown_of(**model), shown_of(NEWEST - dt.timedelta(days=1), **model))
    card = card_of(title=HOSTILE, shown=shown, holdout=scores_of(HOSTILE), files={"csv": "javascript:alert(1)"})
    table = table_of(card).assign(series=HOSTILE, model=HOSTILE)
    view = dataclasses.replace(report_view(card), series=(series_view(card, links={HOSTILE: HOSTILE}),))
    page = markup(render_report(dataclasses.replace(view, attribution=HOSTILE, score_table=table)))
    assert "<img" not in page and "<!--" not in page and 'href="javascript:' not in page
    assert page.count("<script") == page.count("</script>") == 1
    assert "&lt;script&gt;" in page
    data = json.loads(first(r'<script type="application/json" id="series-data">(.*?)</script>', page))
    assert data["series"][0]["title"] == HOSTILE


def test_a_forecast_is_a_sentence_a_person_understands():
    # The median rises from 50.0 GW by 0.1 GW an hour; the 10 % and 90 % quantiles lie 4 GW below and above it.
    assert plain(forecast_sentence(series_view(card_of()))) == (
        "peak 52.3 GW at 23:00–00:00 (80 % between 48.3 and 56.3), "
        "issued 30 Dec 2025, 11:00 by lstm v3, inputs complete"
    )


DAILY: dict[str, Any] = {
    "peak": {"0.1": 51_000.0, "0.5": 52_800.0, "0.9": 54_500.0},
    "peak_at": {"2025-12-31T17:00:00+00:00": 0.7, "2025-12-31T22:00:00+00:00": 0.3},
}
"""What paths say of the newest day."""


def test_a_peak_is_that_of_the_whole_day_where_the_forecast_has_paths():
    card = card_of(shown=(shown_of(daily=DAILY),))
    sentence = plain(forecast_sentence(series_view(card)))
    assert sentence.startswith("peak 52.8 GW (80 % between 51.0 and 54.5), most likely at 18:00–19:00, issued ")
    page = page_of(card)
    (told,) = re.findall(r'<div data-figure="peak">(.*?)</div>', plain(page))
    texts = re.sub(r"(<[^>]+>)+", "|", told).strip("|")
    # Official is 53.3 GW, half a gigawatt above it.
    official = "official 53.3 at 23:00–00:00|difference −0.5"
    assert texts == f"Peak|52.8 GW|18:00–19:00|80 % between 51.0 and 54.5|{official}"
    data = json.loads(first(r'<script type="application/json" id="series-data">(.*?)</script>', page))
    own, at, low, high = data["series"][0]["days"][0]["figures"][0][1:5]
    assert (own, low, high) == (52_800, 51_000, 54_500) and at == pd.Timestamp("2025-12-31T17:00Z").timestamp()
    assert "hundred equally likely courses" in page and "hundred equally likely courses" not in page_of(card_of())


def test_what_the_newest_days_have_moved_is_said_beside_who_issued_it():
    page = plain(page_of(card_of(shown=(shown_of(median={"adapted_mw": -120.0}),))))
    assert "Adapted to the newest days: −0.12 GW on average." in page
    assert "Adapted to" not in page_of(card_of())


def test_every_figure_is_ours_official_and_their_difference():
    page = plain(page_of(card_of()))
    # The mean of 50.0, 50.1 … 52.3 GW is 51.15 GW, over 24 h 1 227.6 GWh; the official forecast is 1 GW above it.
    told = [re.sub(r"<[^>]+>", "|", tile) for tile in re.findall(r'<div data-figure="\w+">(.*?)</div>', page)]
    assert [re.sub(r"\|+", "|", tile).strip("|") for tile in told] == [
        "Peak|52.3 GW|23:00–00:00|80 % between 48.3 and 56.3|official 53.3 at 23:00–00:00|difference −1.0",
        "Lowest|50.0 GW|00:00–01:00|80 % between 46.0 and 54.0|official 51.0 at 00:00–01:00|difference −1.0",
        "Mean|51.1 GW|official 52.1|difference −1.0",
        "Energy|1 228 GWh|official 1 252|difference −24",
    ]
    assert "Peak and lowest are those of the medians of the units" in page


def test_a_price_has_no_energy_and_keeps_its_unit():
    page = plain(page_of(card_of("DE/price", base=50.0, unit="EUR/MWh", since=None, record=None)))
    assert "EUR/MWh" in page and not re.search(r"(?<!/)\b[kMG]Wh?\b", page)


def test_the_live_record_is_said_with_interval_and_count():
    told = [plain(" ".join(line)) for line in live_words(record_of(coverage=0.68, skill=0.31), None)]
    assert told == [
        "68 % of the outturns were in the 80 % band (95 % interval 64 % to 72 %, n = 720).",
        "31 % less error than the official forecast: 1 000 MW against 1 449 MW (skill, 95 % interval 25 % to 37 %, "
        "n = 720).",
    ]


def test_what_adaptation_has_brought_is_a_sentence_of_the_record():
    record = dataclasses.replace(record_of(), adaptation=Adaptation(0.8, 0.6, 650.0, 702.0))
    figure, words = live_words(record, None)[-1]
    assert figure == "" and plain(words) == (
        "Without adaptation to the newest days: CRPS 702 MW against 650 MW, and 60 % in the 80 % band."
    )


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (None, "Nothing that was published has an outturn yet."),
        (record_of(days=4), "Too few days to say anything: 96 of 168 hours have an outturn."),
    ],
)
def test_too_few_days_say_nothing_and_stand_in_bold_nowhere(record, words):
    page = plain(page_of(card_of(record=record)))
    assert words in page
    assert "<strong>" not in page


def test_a_band_that_has_been_too_narrow_lately_is_in_the_sentence_and_the_first_concern():
    card = card_of(record=record_of(coverage=0.68))
    page = plain(page_of(card))
    assert "inputs complete, its band was too narrow lately." in page
    assert [plain(line) for line in concerns(series_view(card), NOW)] == [
        "Its 80 % band has been too narrow: it held 68 % of the outturns of the last 30 live days "
        "(95 % interval 64 % to 72 %)."
    ]
    assert "Look closer" in page and "In order" not in page


def test_a_series_that_others_have_taught_is_a_reason_to_look_closer():
    (told,) = concerns(series_view(card_of(taught_by=12)), NOW)
    assert told == "It is learnt from no day of its own: served by what 12 others of its group have taught."


def test_live_days_are_heard_before_the_holdout_and_the_holdout_only_until_there_are_enough():
    bad = scores_of(coverage=0.5)
    assert concerns(series_view(card_of(holdout=bad)), NOW) == []
    for record in (None, record_of(days=6, coverage=0.1)):
        (told,) = concerns(series_view(card_of(holdout=bad, record=record)), NOW)
        assert plain(told) == "Its 80 % band has been too narrow: it held 50 % of the outturns of the holdout."


def test_an_official_forecast_that_has_been_better_lately_is_said():
    view = series_view(card_of(record=record_of(skill=-0.25)))
    assert plain(forecast_sentence(view)).endswith("inputs complete, the official forecast was better lately")
    assert [plain(line) for line in concerns(view, NOW)] == [
        "The official forecast has been better lately: it erred by 800 MW on average, this one by 1 000 MW."
    ]


def test_the_holdout_names_days_error_skill_and_coverage():
    assert plain(holdout_words(card_of())) == (
        "Wed 1 Jan 2025 to Tue 30 Dec 2025: average error 1 200 MW, 33 % less than the official forecast; "
        "the 80 % band held 79 % of the outturns."
    )


def test_how_wide_a_band_may_be_and_how_old_an_input_is_the_settings_to_say():
    view = series_view(card_of(record=record_of(coverage=0.95)))
    quality = ending(view, pd.Timestamp("2025-12-27T10:00Z"))
    strict = dataclasses.replace(view, quality=quality)
    lenient = dataclasses.replace(strict, coverage_alarm=(0.5, 1.0), stale_after_hours=96)
    told = [plain(line) for line in concerns(strict, NOW)]
    assert [line.split(":")[0].split(" old")[0] for line in told] == [
        "The newest observation was 3 days",
        "Its 80 % band has been too wide",
    ]
    assert concerns(lenient, NOW) == []


def test_what_speaks_against_trust_is_said():
    card = card_of(rung="degraded", missing="missing_weather")
    view = series_view(card, quality=ending(series_view(card), pd.Timestamp("2025-12-27T10Z")))
    assert [plain(line) for line in concerns(view, pd.Timestamp("2026-01-02T07:00Z"))] == [
        "Its day has passed: there is no forecast after Wed 31 Dec 2025.",
        "It is by the model that serves, without all of its inputs: missing weather.",
        "The newest observation was 3 days old at the issue time.",
    ]


def test_an_official_forecast_and_a_band_that_have_changed_are_in_the_sentence_and_among_the_concerns():
    worse = LossChange(days=28, mean_mw=900.0, ratio=8.3, rising_since=None)
    held = CoverageChange(days=28, share=0.22, share_before=0.8)
    drifted = {
        "official": DriftFinding("ES/wind_official", "official", "alarm", 9.0, 5.0, worse),
        "band": DriftFinding("ES/wind as published", "band", "alarm", 0.22, 0.1, held),
    }
    page = page_of(card_of(drifted=drifted))
    told = "the official forecast errs more than it did, the published band does not hold what it did."
    assert f"inputs complete, {told}" in page
    assert "<li>The official forecast errs more than it did. ES/wind_official: over 28 days the mean error is" in page
    assert (
        "<li>The published band does not hold what it did. ES/wind as published: the 80 % interval covers 22%" in page
    )
    assert "errs more than it did" not in page_of(card_of())


def test_what_should_be_out_and_is_not_is_said_first_and_the_page_is_not_in_order():
    due, closure = pd.Timestamp("2025-12-31T10:00Z"), pd.Timestamp("2025-12-31T11:00Z")
    absent = (Absent(dt.date(2026, 1, 1), due, closure),)
    for at, closes in ((pd.Timestamp("2025-12-31T10:30Z"), "closes"), (pd.Timestamp("2025-12-31T15:00Z"), "closed")):
        said = f"There is no forecast of Thu 1 Jan 2026: it was due 31 Dec 2025, 11:00, the gate {closes} "
        for card in (card_of(days=2, at=at), card_of(days=0, at=at)):
            view = dataclasses.replace(report_view(card), series=(series_view(card, absent=absent),), created_at=at)
            page = render_report(view)
            assert "Look closer" in page and "In order" not in page and said in page
        assert concerns(series_view(card_of(days=2), absent=absent), at)[0] == f"{said}31 Dec 2025, 12:00."
    assert "In order" in page_of(card_of(days=2))


def test_a_late_forecast_says_by_how_much():
    clocks: dict[str, Any] = {"published_at": "2025-12-30T11:30:00+00:00", "gate_closure": "2025-12-30T11:00:00+00:00"}
    page = page_of(card_of(late=90.0, **clocks))
    assert "<li>It was out 1.5 h after its deadline, when the gate had closed.</li>" in page
    assert "inputs complete, out 1.5 h after its deadline" in page


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_has_its_words_on_the_page(rung):
    page = page_of(card_of(days=1, rung=rung))
    assert (f"<li>It is {rung_words(rung, '')}.</li>" in page.replace("&#39;", "'")) == (rung != "full")


def test_a_series_without_a_forecast_says_so_instead_of_vanishing():
    assert "No forecast was issued." in page_of(card_of(days=0, record=None, since=None))


def test_what_has_changed_since_the_issue_before_is_a_sentence_and_a_bar_for_every_cause():
    page = plain(page_of(card_of()))
    assert (
        "Against the forecast issued 30 Dec 2025, 00:00, the mean of the 24 hours in common moved from 50.4 GW to "
        "51.1 GW (+0.80)."
    ) in page
    bars = re.findall(r"<li><span>([^<]+)</span><i class=\"(\w+)\"><b style=\"width: ([\d.]+)%", page)
    assert bars == [("DE/load_official", "up", "50.0"), ("DE/load", "up", "27.4"), ("time has passed", "down", "12.9")]
    assert "+0.62" in page and "−0.16" in page


def test_the_page_stands_without_history_scores_official_outturn_and_spread():
    shown = (dataclasses.replace(shown_of(levels=(0.5,), official=False, known=False), before=NOTHING),)
    normal = pd.DataFrame(columns=["valid_time", "low", "median", "high"])
    bare = card_of(shown=shown, normal=normal, since=None, record=None, holdout=scores_of().iloc[:0], files={})
    page = markup(
        render_report(
            dataclasses.replace(
                report_view(bare),
                series=(series_view(bare, quality=None, links={}),),
                score_table=table_of(bare).iloc[:0],
                quality_page=None,
            )
        )
    )
    assert page.count("no official forecast") == 4
    assert "<h2>Scores</h2>" not in page and "<h2>Data</h2>" not in page
    assert page.count("<svg") == 1
    assert all(name not in page for name in ('data-line="official"', 'data-line="outturn"', 'data-line="before"'))


def test_a_day_without_power_and_one_with_units_missing_are_drawn():
    nights, gaps = (shown_of(known=False) for _ in range(2))
    for shown, values in ((nights, nights.wide * 0), (gaps, gaps.wide.mask(gaps.wide.index.to_series().dt.hour < 3))):
        changed = dataclasses.replace(shown, wide=values, official=shown.official * 0)
        page = plain(page_of(card_of(shown=(changed, changed))))
        assert not re.search(r"\bnan\b", markup(page), re.IGNORECASE)
        assert page.count("<svg") == 5


def test_a_page_of_no_series_is_still_a_page():
    assert "<h1>Day-ahead forecasts</h1>" in page_of()


def test_the_best_value_of_a_series_is_bold_from_a_week_of_hours_on():
    card = card_of()
    assert "<b>1 200</b>" in plain(page_of(card)) and "<b>1 800</b>" not in plain(page_of(card))
    for n, bold in ((167, False), (168, True)):
        assert ("<b>1 200</b>" in plain(page_of(card, score_table=table_of(card).assign(n=n)))) == bold
    quarters = card_of(mtu=type(card.shown[0].mtu)("PT15M"))
    few = table_of(quarters).assign(n=4 * 168 - 1)
    assert "<b>1 200</b>" not in plain(page_of(quarters, score_table=few))


def test_errors_in_percent_are_one_column():
    card = card_of()
    table = table_of(card).assign(wape=0.5)
    table.loc[1, "mape"] = float("nan")
    page = plain(page_of(card, score_table=table))
    assert page.count('<th scope="col">Error</th>') == 1 and "WAPE" not in page
    assert "2.1 %" in page and "50.0 %" in page


def test_runs_are_not_compared_with_each_other_and_are_named_when_there_are_several():
    card = card_of()
    better = table_of(card).assign(run="backtest")
    better["mae"] /= 2
    page = plain(page_of(card, score_table=pd.concat([better, table_of(card)])))
    assert "<b>600</b>" in page and "<b>1 200</b>" in page
    assert '<span class="run">backtest</span>' in page
    assert '<span class="run">' not in page_of(card)


def test_past_issues_are_listed_with_what_came_of_them_and_their_files():
    page = plain(page_of(card_of()))
    rows = re.findall(r'data-pick="([\d-]+)".*?</tr>', page, re.DOTALL)
    assert len(rows) == 14 and rows[:2] == ["2025-12-31", "2025-12-30"]
    row = first(r'<tr><th[^>]*data-pick="2025-12-30".*?</tr>', page)
    assert re.findall(r"<td>([^<]*)</td>", row) == ["52.3 GW", "500 MW", "500 MW"]
    assert 'href="DE.load/2025-12-30/2025-12-29T1000Z/forecast-9f2c.csv"' in row
    assert 'href="DE.load/2025-12-30/2025-12-29T1000Z/manifest.json"' in row


def test_a_failed_rule_is_explained_where_the_inspection_is_linked():
    page = page_of(card_of(), inspection_page="../quality/index.html")
    assert '<a href="../quality/index.html">Every rule and its result</a>' in page
    assert "failed means that some values broke the rule" in page


@pytest.mark.parametrize("theme", ["#0b6fb8", "#62b5f0"])
def test_both_themes_are_on_the_page_and_charts_follow_them(theme):
    assert page_of(card_of()).count(theme) <= 2


def test_a_page_of_history_says_that_it_is_and_counts_ages_from_then():
    told = "of history: each series as it was known when it was last forecast"
    page = page_of(card_of(), created_at=pd.Timestamp("2026-11-30T07:00Z"))
    assert told in page and "<td>1.1 h</td>" in page and "In order" in page
    assert told not in page_of(card_of())
