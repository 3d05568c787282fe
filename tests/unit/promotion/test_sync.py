"""Aliases in the exports and in MLflow: which side has changed, which counts, and what is recorded of it."""

import logging
from contextlib import contextmanager

import pytest
from builders.registry import workspace_at
from builders.rows import LOAD

from gridahead.core.errors import ModelError
from gridahead.promotion.promote import promote, rollback
from gridahead.promotion.serving import serving
from gridahead.promotion.sync import sync


@pytest.fixture
def workspace(tmp_path):
    """Versions 1 to 3 have served one after the other."""
    made = workspace_at(tmp_path)
    for number in "123":
        made.registry.add(number, 300.0)
        promote(made, LOAD, number, f"reason {number}", "Ada")
    return made


def synced(workspace):
    return [(one.alias, one.number, one.source) for one in sync(workspace, workspace.registry, LOAD)]


@contextmanager
def down(workspace):
    """MLflow does not answer meanwhile."""

    def refuse(*given):
        raise ModelError("the registry", "does not answer", retryable=True)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("give", "note", "take", "aliases"):
            patch.setattr(workspace.registry, name, refuse)
        yield


def test_the_champion_before_is_kept_and_one_that_was_taken_back_is_none(workspace):
    assert serving(workspace, LOAD) == {"champion": "3", "previous": "2"}
    rollback(workspace, LOAD, "worse", "Ada")
    assert serving(workspace, LOAD) == {"champion": "2", "previous": "1"}
    rollback(workspace, LOAD, "worse", "Ada")
    assert serving(workspace, LOAD) == {"champion": "1"}
    promote(workspace, LOAD, "3", "better after all", "Ada")
    assert serving(workspace, LOAD) == {"champion": "3", "previous": "1"}


def test_a_champion_before_that_an_older_release_has_not_kept_is_read_from_the_lake(workspace):
    workspace.exports.serve(LOAD, {"champion": "3"})
    assert synced(workspace) == []
    assert serving(workspace, LOAD) == {"champion": "3", "previous": "2"}


def test_what_is_in_line_is_left_alone(workspace):
    assert synced(workspace) == []
    assert len(workspace.lake.read_promotions(LOAD)) == 3


def test_what_was_set_in_mlflow_comes_in_and_is_recorded_once(workspace):
    workspace.registry.on_pages("champion", "1")
    workspace.registry.on_pages("challenger", "2")
    assert synced(workspace) == [("champion", "1", "mlflow"), ("challenger", "2", "mlflow")]
    assert synced(workspace) == []
    assert serving(workspace, LOAD) == {"champion": "1", "challenger": "2", "previous": "3"}
    rows = workspace.lake.read_promotions(LOAD).tail(2)
    assert [(*row,) for row in rows[["alias", "how", "from_version", "to_version"]].itertuples(index=False)] == [
        ("champion", "mlflow", "3", "1"),
        ("challenger", "mlflow", "", "2"),
    ]


def test_a_rollback_while_mlflow_is_down_serves_at_once_and_is_told_later(workspace, caplog):
    with down(workspace), caplog.at_level(logging.WARNING):
        assert rollback(workspace, LOAD, "worse", "Ada").number == "2"
        assert serving(workspace, LOAD) == {"champion": "2", "previous": "1"}
    assert "does not answer" in caplog.text and "`gridahead models sync` tells MLflow" in caplog.text
    assert workspace.registry.aliases(LOAD) == {"champion": "3"}
    (change,) = sync(workspace, workspace.registry, LOAD)
    assert str(change) == "DE/load: v2 is champion, told to MLflow"
    assert workspace.registry.aliases(LOAD) == {"champion": "2"}
    assert "by Ada (rollback): worse" in workspace.registry.version(LOAD, "2").tags["champion_since"]
    assert len(workspace.lake.read_promotions(LOAD)) == 4


def test_where_both_have_changed_the_command_counts(workspace):
    workspace.registry.on_pages("champion", "1")
    with down(workspace):
        rollback(workspace, LOAD, "worse", "Ada")
    assert synced(workspace) == [("champion", "2", "exports")]
    assert serving(workspace, LOAD)["champion"] == workspace.registry.aliases(LOAD)["champion"] == "2"


def test_a_champion_that_is_taken_away_goes_on_serving_and_a_challenger_does_not(workspace):
    workspace.registry.on_pages("challenger", "1")
    synced(workspace)
    workspace.registry.on_pages("challenger", None)
    workspace.registry.on_pages("champion", None)
    assert synced(workspace) == [("champion", "3", "exports"), ("challenger", None, "mlflow")]
    assert serving(workspace, LOAD) == workspace.registry.aliases(LOAD) | {"previous": "2"}


def test_a_version_whose_weights_are_lost_does_not_come_in(workspace, caplog):
    workspace.registry.lost.add("1")
    workspace.registry.on_pages("champion", "1")
    with caplog.at_level(logging.WARNING):
        assert synced(workspace) == []
    assert "v1 is champion in MLflow and cannot serve, for its weights are lost" in caplog.text
    assert serving(workspace, LOAD)["champion"] == "3"
