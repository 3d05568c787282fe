"""Nothing is left out of a score in silence."""

import numpy as np
import pandas as pd
import pytest
from builders.rows import DE
from builders.scores import DAY, NOW, forecasts, outturn, value

from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.evaluation.daily import daily_losses
from gridahead.evaluation.left_out import COLUMNS, NO_OUTTURN, left_out
from gridahead.evaluation.scores import score
from gridahead.evaluation.slices import breakdown

BERLIN = "Europe/Berlin"
FOUR_DAYS = pd.date_range(DAY, periods=4 * 24, freq="h")  # from local midnight of 31 December


def made(*frames):
    return Forecasts(FORECASTS.check(pd.concat(frames)))


def of(forecasts, outturn, expected=FOUR_DAYS):
    return [*left_out(forecasts, outturn, expected, BERLIN).itertuples(index=False, name=None)]


def test_stretches_of_days_are_named_with_their_units_and_the_reason():
    # The model lacks the first hour; the second and third day have not been measured, and one hour of the fourth.
    ours = forecasts([10.0] * 95, start=DAY + pd.Timedelta(hours=1))
    truth = outturn([10.0] * 24 + [np.nan] * 49 + [10.0] * 23)
    assert of(made(ours), truth) == [
        ("2025-12-31", "2025-12-31", 1, "no forecast of lstm"),
        ("2026-01-01", "2026-01-03", 49, NO_OUTTURN),
    ]


def test_every_model_that_lacks_a_unit_is_named_and_a_unit_counts_once():
    ours, theirs = forecasts([10.0] * 3), forecasts([10.0] * 2, "official")
    found = of(made(ours, theirs), outturn([10.0] * 5), FOUR_DAYS[:6])
    assert found == [
        ("2025-12-31", "2025-12-31", 2, "no forecast of lstm, official"),
        ("2025-12-31", "2025-12-31", 1, "no forecast of official"),
        ("2025-12-31", "2025-12-31", 1, NO_OUTTURN),
    ]
    assert sum(row[2] for row in found) == 6 - 2


def test_where_all_is_scored_nothing_is_left_out():
    found = left_out(made(forecasts([10.0] * 3)), outturn([10.0] * 9), FOUR_DAYS[:3], BERLIN)
    assert found.empty
    assert list(found.columns) == list(COLUMNS)


def test_a_score_counts_what_it_leaves_out_and_scores_flagged_outturns_by_themselves():
    ours, theirs = forecasts([10.0] * 5), forecasts([12.0] * 4, "official")
    truth = outturn([10.0, 11.0, 14.0, np.nan]).assign(flags=["", "", "level_shift", ""])
    scores = score(made(ours, theirs), truth, scored_at=NOW)
    # Five hours forecast, three scored: one has no outturn, one no official forecast. 14 MW is flagged.
    for model, flagged, error in (("lstm", 4.0, 5 / 3), ("official", 2.0, 5 / 3)):
        assert value(scores, "left_out", model) == 2
        assert value(scores, "mae_flagged", model) == pytest.approx(flagged)
        assert value(scores, "mae", model) == pytest.approx(error)
    assert set(scores.loc[scores["metric"] == "mae_flagged", "n"]) == {1}
    longer = score(made(ours, theirs), truth, scored_at=NOW, expected=FOUR_DAYS)
    assert value(longer, "left_out", "lstm") == 4 * 24 - 3


def test_a_whole_score_speaks_neither_of_left_out_nor_of_flagged():
    scores = score(made(forecasts([10.0])), outturn([10.0]).assign(flags=""), scored_at=NOW)
    assert not {"left_out", "mae_flagged"} & set(scores["metric"])


def test_flagged_outturns_are_a_slice_of_all_figures():
    truth = outturn([10.0, 11.0, 14.0]).assign(flags=["", "", "level_shift"])
    found = breakdown(made(forecasts([10.0] * 3)), truth, DE)
    (row,) = found[(found["by"] == "outturn") & (found["metric"] == "mae")].to_dict("records")
    assert (row["slice"], row["value"], row["n"]) == ("flagged", 4.0, 1)


def test_a_reference_that_lacks_an_hour_takes_no_hour_from_the_others():
    hours = 48
    ours, theirs = forecasts([10.0] * hours), forecasts([12.0] * (hours - 1), "official")
    truth = outturn([11.0] * (hours - 1) + [20.0])
    strict = daily_losses(made(ours, theirs), truth, DE).set_index(["model", "day"])["mae"]
    lenient = daily_losses(made(ours, theirs), truth, DE, optional=["official"]).set_index(["model", "day"])["mae"]
    first, second = pd.Timestamp("2025-12-31"), pd.Timestamp("2026-01-01")
    assert strict[("lstm", second)] == pytest.approx(1.0)
    assert lenient[("lstm", second)] == pytest.approx((23 * 1.0 + 10.0) / 24)
    assert lenient[("official", first)] == pytest.approx(1.0)
    assert ("official", second) not in lenient.index
