"""The catalogue of metrics: whatever is in it is stored, sliced and shown, without another list to be kept."""

import pandas as pd
import pytest
from builders.rows import DE
from builders.scores import forecasts, outturn, scored

from gridahead.cli.console import show_scores
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.evaluation import catalogue
from gridahead.evaluation.catalogue import FIGURES, METRICS, SKILLS, STORED, shown_in
from gridahead.evaluation.scores import table
from gridahead.evaluation.slices import breakdown

LEVELS = (0.1, 0.5, 0.9)


def two_models():
    ours = forecasts([[8.0, 10.0, 12.0], [8.0, 11.0, 13.0]], levels=LEVELS)
    return ours, forecasts([[9.0, 12.0, 15.0]] * 2, "official", levels=LEVELS)


def test_every_stored_metric_is_a_row_of_the_scores_and_a_column_of_their_table():
    scores = scored(*two_models(), truth=outturn([10.0, 12.0]))
    expected = {metric.name for metric in STORED} - {"wape"}  # of load it is the MAPE
    assert set(scores["metric"]) == expected <= set(table(scores).columns)
    units = scores.drop_duplicates("metric").set_index("metric")["unit"]
    assert units.to_dict() == {name: FIGURES[name].unit for name in units.index}
    by_lead = {metric.name for metric in STORED if metric.by_lead}
    assert set(scores.loc[scores["lead"].notna(), "metric"]) == by_lead


def test_slices_have_what_is_not_stored_too():
    rows = Forecasts(FORECASTS.check(pd.concat(two_models())))
    found = set(breakdown(rows, outturn([10.0, 12.0]), DE)["metric"])
    assert {metric.name for metric in METRICS if metric.basis not in ("days", "revised")} - {"wape", "mase"} <= found
    assert SKILLS[0].name in found


def test_a_metric_that_is_added_is_stored_and_shown(monkeypatch, capsys):
    largest = catalogue.Metric(name="largest", title="Largest error", of=lambda one: abs(one.point - one.outturn).max())
    for module, name in (("scores", "STORED"), ("catalogue", "STORED")):
        monkeypatch.setattr(f"gridahead.evaluation.{module}.{name}", (*STORED, largest))
    scores = scored(*two_models(), truth=outturn([10.0, 12.0]))
    assert table(scores).set_index("model")["largest"].to_dict() == {"lstm": 1.0, "official": 2.0}
    show_scores(scores, "Scores", lambda series: "MW", wide=True)
    assert "largest" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "best"), [("mae", 1.0), ("bias", -2.0), ("coverage_80", 0.75), ("skill_official", 0.9)]
)
def test_which_value_is_best(name, best):
    values = {"mae": [1.0, 3.0], "bias": [-2.0, 3.0], "coverage_80": [0.95, 0.75], "skill_official": [0.1, 0.9]}[name]
    column = pd.Series(values)
    assert column[FIGURES[name].distance(column).idxmin()] == best


def test_a_narrow_band_is_no_merit_in_itself():
    assert FIGURES["width_80"].distance(pd.Series([1.0])) is None


def test_a_table_on_80_columns_has_few_and_each_name_is_one_figure():
    assert len(FIGURES) == len(METRICS) + len(SKILLS)
    assert set(shown_in("narrow")) < set(shown_in("page"))
