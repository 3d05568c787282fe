"""What a champion said of its validation days, scored by itself."""

import pytest
from builders.registry import JUDGED, day, said, workspace_at
from builders.rows import LOAD

from gridahead.core.errors import ModelError
from gridahead.core.runs import CHAMPION
from gridahead.core.time import days_between
from gridahead.operate.score import score_validation

DAYS = len(list(days_between(day(JUDGED[0]), day(JUDGED[1]))))


@pytest.fixture
def workspace(tmp_path):
    """Version 2 serves and was right to a megawatt; others, and its own forecasts of other days, were wrong."""
    made = workspace_at(tmp_path)
    versions = {number: made.registry.add(number, 300.0, model) for number, model in (("1", "gru"), ("2", "lstm"))}
    made.registry.give(versions["2"], CHAMPION)
    said(made, versions["2"], error=1)
    said(made, versions["1"], error=5_000)
    said(made, versions["2"], error=5_000, run="live", span=(110, 120))
    return made


def test_only_what_the_champion_said_of_its_validation_days_is_scored_and_nothing_is_kept(workspace):
    scores = score_validation(workspace, LOAD)
    whole = scores[scores["lead"].isna()].set_index("metric")
    assert set(scores["model"]) == {"lstm"} and set(scores["run"]) == {"validation"}
    assert whole.loc["mae", "value"] == pytest.approx(0.8, rel=0.1), "the mean of |N(0, 1 MW)| is 0.8 MW"
    assert whole.loc["mae", "n"] == DAYS * 24 - 1, "the clocks go forward on 30 March"
    assert whole.loc["coverage_80", "value"] == pytest.approx(0.8, abs=0.05)
    assert workspace.lake.read_scores().empty


def test_without_a_champion_there_is_nothing_to_score(tmp_path):
    with pytest.raises(ModelError, match="has no version 'champion'"):
        score_validation(workspace_at(tmp_path), LOAD)
