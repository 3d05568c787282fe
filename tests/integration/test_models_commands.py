"""Versions, their comparison, their card, and who serves: by command, on the small run of the whole job."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.operate.forecast import forecast
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

LOAD = Series("DE", "load")


@pytest.fixture
def workspace(done: Path) -> Workspace:
    return Workspace(load_settings(done / "settings.toml"))


@pytest.fixture
def listed(gridahead_command, done: Path) -> dict[str, dict[str, str]]:
    return {one["version"]: one for one in json.loads(gridahead_command("models", "list", "--json")[1])}


def test_every_candidate_carries_what_a_decision_on_it_needs(listed) -> None:
    assert set(listed) == {"1", "2"}
    for one in listed.values():
        assert {"data_fingerprint", "settings_hash", "deadline", "inputs", "git_commit", "outcome_reasons"} <= set(one)
        assert one["inputs"] == "DE/load, DE/load_official"
    champion = next(one for one in listed.values() if one["aliases"] == "champion")
    assert champion["outcome"] == "first"
    assert champion["validation_pinball"] == min(one["validation_pinball"] for one in listed.values())


def test_training_again_on_the_same_data_makes_no_new_version(gridahead_command, listed, workspace: Workspace) -> None:
    _, text = gridahead_command("train", "--json")
    again = json.loads(text)
    assert {one["version"]: one["known"] for one in again} == {"1": True, "2": True}
    assert [one["version"] for one in again if one["champion"]] == [
        number for number, one in listed.items() if one["aliases"] == "champion"
    ]
    assert len(workspace.registry.versions(LOAD)) == 2


def test_two_versions_are_compared_on_their_common_days_beside_the_references(gridahead_command, done: Path) -> None:
    found = json.loads(gridahead_command("models", "compare", "1", "2", "--json")[1])
    by_model = {row["model"]: row for row in found["scores"]}
    assert found["days"] == 60 * 6 // 8, "those that stop a training judge nothing"
    assert set(by_model) == {"lstm v1", "gru v2", "official", "official_corrected", "naive"}
    assert len({row["n"] for row in by_model.values()}) == 1
    difference = found["difference_crps_mw"]
    assert difference["value"] == pytest.approx(by_model["lstm v1"]["crps"] - by_model["gru v2"]["crps"], abs=0.5)
    assert difference["low"] <= difference["value"] <= difference["high"]
    assert Path(found["picture"]).read_bytes().startswith(b"\x89PNG")


def test_the_figures_of_the_comparison_are_those_of_the_fit(gridahead_command, listed) -> None:
    found = json.loads(gridahead_command("models", "compare", "1", "2", "--json")[1])
    for row in found["scores"][:2]:
        version = listed[row["model"].partition(" v")[2]]
        # A fit does not count hours that the quality gate has flagged; they came all the same.
        assert row["mae"] == pytest.approx(version["validation_mae"], rel=0.02)
        assert row["pinball"] == pytest.approx(version["validation_pinball"], rel=0.02)


def test_the_card_stands_alone_and_is_an_artifact(gridahead_command, workspace: Workspace) -> None:
    page = Path(json.loads(gridahead_command("models", "card", "--json")[1])["page"])
    text = page.read_text()
    champion = workspace.registry.champion(LOAD)
    assert f"Load DE: {champion}" in text
    for heading in ("How good it is", "Where it fails", "What it leans on", "What it has learnt from", "History"):
        assert heading in text
    assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=(?![\"']?data:)", text)
    kept = workspace.tracking.file(champion.run_id, "card.html")
    assert kept is not None
    assert kept.read_text() == text
    assert page.parent == workspace.settings.published_folder / "cards"


def test_every_training_leaves_a_card_of_each_candidate(done: Path, workspace: Workspace, listed) -> None:
    for number in listed:
        page = workspace.settings.published_folder / "cards" / f"DE.load-v{number}.html"
        version = workspace.registry.version(LOAD, number)
        kept = workspace.tracking.file(version.run_id, "card.html")
        assert kept is not None
        written = kept.read_text()
        assert "MASE" in written and "How good it is" in written and "Its trial:" in written
        assert page.exists()
        if not version.aliases:  # nobody has asked for its whole card
            assert f"gridahead models card {number} --series DE/load" in written


def test_the_figures_of_what_was_published_are_told_by_slice_and_in_euros(gridahead_command, done: Path) -> None:
    figures = json.loads(gridahead_command("score", "--by", "hour", "--json")[1])
    assert {one["slice"] for one in figures} == {f"{hour:02d}" for hour in range(24)}
    told = {"published", "unadapted", "official", "official_corrected", "naive"}
    assert {one["model"] for one in figures} == told
    assert "mase" in gridahead_command("score", "--by", "none")[1]
    assert "too few days" in gridahead_command("score", "--compare")[1]
    spent = json.loads(gridahead_command("value", "--short", "40", "--long", "20", "--json")[1])
    assert {one["model"] for one in spent} == told
    assert all(one["total_eur"] == one["imbalance_eur"] > 0 for one in spent)
    assert "share" in gridahead_command("value", "--battery", "10,20", "--curve", "30000:20,70000:180")[1]


def test_an_explanation_adds_up_and_names_the_inputs(gridahead_command, done: Path) -> None:
    _, text = gridahead_command("explain", "--series", "DE/load", "--json")
    found = json.loads(text)
    total = np.sum([one["share_mw"] for one in found["shares"]], axis=0)
    difference = np.array(found["difference_mw"])
    assert np.abs(total - difference).max() < 0.02 * np.abs(difference).max()
    assert {one["input"] for one in found["shares"]} == {"DE/load", "DE/load_official", "calendar"}
    change = found["change"]
    np.testing.assert_allclose(
        np.sum(list(change["parts_mw"].values()), axis=0), np.subtract(change["now_mw"], change["then_mw"]), atol=0.05
    )
    for picture in (found["picture"], found["change_picture"]):
        assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_drift_looks_at_every_input_and_at_the_champion(gridahead_command, done: Path) -> None:
    _, text = gridahead_command("drift", "--json")
    (found,) = json.loads(text)
    assert [one["kind"] for one in found["findings"]] == ["input", "input", "error", "interval", "official", "band"]
    assert found["alarm"] is False


def test_a_challenger_forecasts_along_unpublished_and_a_person_can_promote_and_take_back(
    gridahead_command, workspace: Workspace, listed
) -> None:
    champion = next(number for number, one in listed.items() if one["aliases"] == "champion")
    other = next(number for number in listed if number != champion)
    workspace.registry.give(workspace.registry.version(LOAD, other), "challenger")
    forecast(workspace, LOAD, pd.Timestamp("2025-12-20T10:00Z"))
    shadow = workspace.lake.read_forecasts(LOAD, "shadow")
    assert set(shadow["model_version"]) == {other}
    manifest = json.loads(
        (workspace.settings.published_folder / "DE.load/2025-12-21/2025-12-20T1000Z/manifest.json").read_text()
    )
    assert manifest["model_version"] == champion
    gridahead_command("models", "promote", other, "--reason", "to see", "--by", "ana")
    assert workspace.registry.champion(LOAD).version == other
    gridahead_command("models", "rollback", "--reason", "seen", "--by", "ana")
    assert workspace.registry.champion(LOAD).version == champion
    told = json.loads(gridahead_command("models", "list", "--history", "--json")[1])
    assert [(one["how"], one["to_version"]) for one in told] == [
        ("first", champion),
        ("person", other),
        ("rollback", champion),
    ]


def test_what_is_not_there_is_refused_with_the_way_out(gridahead_command, done: Path) -> None:
    with pytest.raises(ModelError, match=r"no version '9'; there are gru v2, lstm v1"):
        gridahead_command("models", "compare", "1", "9")
    with pytest.raises(ModelError, match="name two versions"):
        gridahead_command("models", "compare", "1", "v1")
    with pytest.raises(ModelError, match="no champion before it"):
        gridahead_command("models", "rollback", "--reason", "why not")
