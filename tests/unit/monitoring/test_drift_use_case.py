"""Drift as a use case: the champion's own errors, on days that it had not learnt."""

import re

import pytest
from builders.long import first_of
from builders.registry import JUDGED, said, workspace_at
from builders.rows import LOAD

from gridahead.core.errors import ModelError
from gridahead.monitoring.drift import drift
from gridahead.operate.promotion import admit
from gridahead.reports.drift import drift_rows, drift_sentence


def serving(folder, live_error, span=(112, 129), unit=None):
    """A champion that erred by 500 MW on the days it was judged on, and by so much since."""
    workspace = workspace_at(folder, unit)
    version = workspace.registry.add("1", 300.0)
    admit(workspace, LOAD, [version])
    said(workspace, version, 500)
    said(workspace, version, live_error, run="live", span=span, seed=5)
    return workspace


def test_a_champion_that_errs_as_before_has_not_drifted(tmp_path):
    found = drift(serving(tmp_path, 500), LOAD, days=18)
    assert not found.alarm
    assert {one.kind for one in found.findings} == {"input", "error", "interval", "official", "band"}
    assert drift_sentence(found).startswith("no drift")
    assert "errors" not in drift_sentence(found)


def test_a_champion_that_errs_three_times_as_much_is_to_be_trained_again(tmp_path):
    found = drift(serving(tmp_path, 1500), LOAD, days=18)
    assert found.alarm
    assert {one.kind: one.level for one in found.findings}["error"] == "alarm"
    assert "train it again" in drift_sentence(found)


@pytest.mark.parametrize("unit", first_of(["kW", "GW", "MW"], 1))
def test_losses_are_told_in_the_unit_of_the_series(tmp_path, unit):
    found = drift(serving(tmp_path, 500, unit=unit), LOAD, days=18)
    words = {row["kind"]: str(row["finding"]) for row in drift_rows(found)}
    for kind in ("error", "official"):
        assert re.findall(r" is [\d,.]+ (\wW),", words[kind]) in ([unit], []), words[kind]
    assert f" {unit}, " in words["error"]


def test_errors_on_days_that_the_champion_has_learnt_are_refused(tmp_path):
    workspace = serving(tmp_path, 500, span=(JUDGED[1] - 5, 129))
    with pytest.raises(ModelError, match="has learnt"):
        drift(workspace, LOAD, days=129 - JUDGED[1] + 4)


def test_without_a_champion_the_inputs_are_looked_at(tmp_path):
    found = drift(workspace_at(tmp_path), LOAD)
    assert found.champion is None
    assert {one.kind for one in found.findings} == {"input", "official", "band"}
    assert "there is no champion" in drift_sentence(found)


def test_silence_about_errors_is_not_told_as_good_news(tmp_path):
    """The champion has forecast none of the newest days live."""
    found = drift(serving(tmp_path, 500, span=(112, 113)), LOAD, days=7)
    assert drift_sentence(found).endswith(
        "errors: too few forecasts of lstm v1 of these days have an outturn to say anything"
    )
