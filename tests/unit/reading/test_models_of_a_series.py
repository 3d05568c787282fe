"""Versions, roles and decisions of a series, read from the exports and the lake."""

from dataclasses import replace

import pandas as pd
import pytest
from builders.live_days import live_days
from builders.rows import LOAD
from builders.serving import serve, workspace_in_memory

from gridahead.core.runs import CHALLENGER, SHADOW
from gridahead.core.tables import PROMOTIONS
from gridahead.reading.models import models_of


def decided(number, at):
    row = {"zone": "DE", "quantity": "load", "alias": "champion", "how": "trial", "from_version": ""}
    row |= {"to_version": number, "reason": "it is better", "decided_by": "ana"}
    return PROMOTIONS.check(pd.DataFrame([row]).assign(decided_at=pd.Timestamp(at)))


@pytest.fixture
def workspace(tmp_path):
    """Version 3 serves and is 1 000 MW off, version 4 forecasts along and is 500 MW off; 20 days of both."""
    workspace, _ = live_days(tmp_path, 20, inside=1.0)
    rows = workspace.lake.forecasts.read()
    along = rows.assign(run=SHADOW, model_version="4", value_mw=rows["value_mw"] + 500)
    workspace.lake.forecasts.append(along)
    serve(workspace, LOAD, "3")
    serve(workspace, LOAD, "4", CHALLENGER)
    for name in ("3", "4"):  # the versions of the builder are called naive, and so have to be their forecasts
        record = workspace.exports.version(LOAD, name)
        assert record is not None
        workspace.exports.put(replace(record, tags={**record.tags, "model": "gru"}))
    for number, at in (("2", "2025-04-01T00:00Z"), ("3", "2025-04-08T00:00Z")):
        workspace.lake.promotions.append(decided(number, at))
    return workspace


def test_roles_versions_and_decisions_come_newest_first(workspace):
    found = models_of(workspace, LOAD)
    assert dict(found.roles) == {"champion": "3", "challenger": "4"}
    assert [str(version) for version in found.versions] == ["gru v4", "gru v3"]
    assert found.decisions["to_version"].tolist() == ["3", "2"]


def test_scores_are_of_the_units_that_both_have_with_the_official_forecast_beside(workspace):
    scores = models_of(workspace, LOAD).scores.set_index(["version", "metric"])
    assert list(scores.loc[("3", "mae"), ["value", "low", "high", "n"]]) == [1_000.0, 1_000.0, 1_000.0, 480]
    assert scores.loc[("4", "mae"), "value"] == 500.0
    assert scores.loc[("official", "mae"), "value"] == pytest.approx(2_000.0)
    assert scores.loc[("3", "coverage_80"), "value"] == 1.0
    assert ("official", "coverage_80") not in scores.index


def test_a_series_without_models_has_none(tmp_path):
    found = models_of(workspace_in_memory(tmp_path, "DE"), LOAD)
    assert (dict(found.roles), found.versions, found.scores.empty, found.decisions.empty) == ({}, (), True, True)


def test_versions_without_common_evidence_have_no_scores(workspace):
    serve(workspace, LOAD, "5", CHALLENGER)
    assert models_of(workspace, LOAD).scores.empty
