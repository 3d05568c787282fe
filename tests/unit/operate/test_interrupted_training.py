"""A training that is killed among its registrations, of a group or of one series: the next ends where it would have."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest
from builders.fits import group_of
from builders.rows import LOAD
from builders.turning_days import made

from gridahead.core.grid import Series
from gridahead.core.runs import CHALLENGER, CHAMPION
from gridahead.operate import train as module
from gridahead.operate.promotion import admit
from gridahead.operate.train import train_shared
from gridahead.registry.registry import Registry
from gridahead.registry.shared import SharedTraining
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

WIND, OFFSHORE = Series("DE", "wind_onshore"), Series("DE", "wind_offshore")
MEMBERS = (LOAD, OFFSHORE, WIND)
NAMES = ("north", "north_tuned", "north_aggregate")


class _KilledError(BaseException):
    """As a signal would."""


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A workspace whose group is trained in a moment, by what is `made`, and what was kept as evidence of each."""
    settings = Settings.model_validate(
        {
            "data_folder": tmp_path,
            "series": [{"series": str(one), "deadline": "D-1T1100[Europe/Berlin]", "models": []} for one in MEMBERS],
            "shared": [{"name": "north", "model": "gru", "series": [*map(str, MEMBERS)], "fine_tune": True}],
            "training": {"context_days": 8, "validation_days": 20, "workers": 1, "quantiles": [0.1, 0.5, 0.9]},
        }
    )
    workspace, seeds, judged = Workspace(settings), [0], []
    for seed, series in enumerate(MEMBERS):
        workspace.lake.observations.append(made(series, 1_000, seed=seed))

    def fitted(group, splits, new, *rest, **options):
        fits = group_of(*splits, seed=seeds[-1], names=NAMES)
        prints = {series: split.fingerprint() for series, split in splits.items()}
        fits = [replace(fit, data_fingerprint=prints[fit.model.spec.series]) for fit in fits]
        return [[fit for fit in fits if fit.model.spec.series == series] for series in splits]

    monkeypatch.setattr(module, "fit_shared_in_worker", fitted)
    monkeypatch.setattr(module, "keep_regression", lambda *given: None)
    monkeypatch.setattr(module, "MOST_SHOWN", 0)
    monkeypatch.setattr(
        module, "keep_judged", lambda workspace, version, *given: judged.append((version.series, version.number))
    )
    return workspace, seeds, judged


def train(workspace):
    return train_shared(workspace, workspace.settings.shared[0])


def state(workspace):
    """What the registry says of every series, and what it has of the group."""
    client = workspace.tracking.client
    by_series = [
        (str(series), version.number, version.model, version.aliases, version.of_group, version.tags.get("outcome"))
        for series in MEMBERS
        for version in reversed(workspace.registry.versions(series))
    ]
    logged = client.search_logged_models([workspace.tracking.experiment_id])
    return by_series, len(logged), sorted(row.version for row in client.search_model_versions("name='north'"))


def at(times, method):
    """Let a method be killed when it is called for the so many-th time."""
    calls = []

    def counted(*given, **named):
        calls.append(given)
        if len(calls) == times:
            raise _KilledError
        return method(*given, **named)

    return counted


@pytest.mark.parametrize(
    ("owner", "method", "times"),
    [
        pytest.param(SharedTraining, "_version_of", 1, marks=pytest.mark.long),
        pytest.param(Registry, "add", 1, marks=pytest.mark.long),
        pytest.param(Registry, "add", 3, marks=pytest.mark.long),
        (Registry, "add", 9),
        (module, "keep_judged", 5),
        pytest.param(module, "admit", 1, marks=pytest.mark.long),
        pytest.param(module, "admit", 3, marks=pytest.mark.long),
    ],
)
def test_the_next_training_ends_where_the_interrupted_one_would_have(trained, monkeypatch, owner, method, times):
    workspace, _, judged = trained
    with monkeypatch.context() as patch, pytest.raises(_KilledError):
        patch.setattr(owner, method, at(times, getattr(owner, method)))
        train(workspace)
    train(workspace)
    versions, logged, of_group = state(workspace)
    assert [(series, number, model) for series, number, model, *_ in versions] == [
        (str(series), str(number), model) for series in MEMBERS for number, model in enumerate(NAMES, start=1)
    ]
    assert {group for *_, group, _ in versions} == {"north v1"}
    assert all(outcome for *_, outcome in versions), "somebody has decided on each"
    assert [model for _, _, model, aliases, *_ in versions if CHAMPION in aliases] == ["north"] * len(MEMBERS)
    assert (logged, of_group) == (1, [1])
    assert set(judged) == {(series, str(number)) for series in MEMBERS for number in (1, 2, 3)}
    again = train(workspace)
    assert all(candidate.known for candidate in again)
    assert state(workspace) == (versions, logged, of_group)


def test_a_newer_training_that_was_interrupted_before_its_trials_has_them_the_next_time(trained, monkeypatch):
    workspace, seeds, _ = trained
    train(workspace)
    seeds.append(50)
    newer = made(LOAD, 1_000, seed=9)
    workspace.lake.observations.append(newer[newer["valid_time"] > newer["valid_time"].max() - pd.Timedelta(days=5)])
    with monkeypatch.context() as patch, pytest.raises(_KilledError):
        patch.setattr(module, "admit", at(1, admit))
        train(workspace)
    assert workspace.registry.holder(LOAD, CHALLENGER) is None
    train(workspace)
    assert workspace.registry.holder(LOAD, CHALLENGER).number in {"4", "5", "6"}
    assert workspace.registry.holder(LOAD, CHAMPION).number == "1"
    assert all(version.is_decided for version in workspace.registry.versions(LOAD))


def test_a_version_whose_bundle_is_lost_everywhere_gets_it_back_and_is_not_tried_again(trained):
    workspace, _, judged = trained
    train(workspace)
    before, kept = state(workspace), len(judged)
    tuned = workspace.registry.version(WIND, "2")
    shutil.rmtree(workspace.exports.kept(tuned.tags["bundle"]))
    shutil.rmtree(workspace.exports.copies / tuned.tags["copy"])
    done = train(workspace)
    assert all(candidate.known for candidate in done)
    assert workspace.registry.sound(tuned)
    assert (state(workspace), len(judged)) == (before, kept)


def test_one_series_that_was_interrupted_before_its_trial_has_it_the_next_time(tmp_path, monkeypatch):
    entry = {"series": str(LOAD), "deadline": "D-1T1100[Europe/Berlin]", "models": ["lstm", "gru"]}
    training = {"context_days": 8, "validation_days": 20, "workers": 1, "quantiles": [0.1, 0.5, 0.9]}
    workspace = Workspace(Settings.model_validate({"data_folder": tmp_path, "series": [entry], "training": training}))
    workspace.lake.observations.append(made(LOAD, 1_000))
    fitted = []

    def fit(split, models, *given, **options):
        fitted.append(list(models))
        return [replace(one, data_fingerprint=split.fingerprint()) for one in group_of(LOAD, names=tuple(models))]

    monkeypatch.setattr(module, "fit_candidates", fit)
    for name in ("keep_regression", "has_regression", "keep_gradients", "keep_judged"):
        monkeypatch.setattr(module, name, lambda *given: True)
    monkeypatch.setattr(module, "cards", lambda *given: {})
    module.train(workspace, LOAD)
    newer = made(LOAD, 1_000, seed=9)
    workspace.lake.observations.append(newer[newer["valid_time"] > newer["valid_time"].max() - pd.Timedelta(days=5)])
    with monkeypatch.context() as patch, pytest.raises(_KilledError):
        patch.setattr(module, "admit", at(1, admit))
        module.train(workspace, LOAD)
    undecided = [version.number for version in workspace.registry.versions(LOAD) if not version.is_decided]
    assert undecided == ["4", "3"]
    module.train(workspace, LOAD)
    assert [version.number for version in workspace.registry.versions(LOAD)] == ["4", "3", "2", "1"]
    assert all(version.is_decided for version in workspace.registry.versions(LOAD))
    challenger = workspace.registry.holder(LOAD, CHALLENGER)
    assert challenger is not None and challenger.number in undecided
    assert all(one.known for one in module.train(workspace, LOAD))
    assert fitted == [["lstm", "gru"]] * 3, "what is decided on is not trained again"
