"""What trains together: ensembles and shared networks among the candidates, warm starts, nothing left behind."""

import shutil
from pathlib import Path

import mlflow
import numpy as np
import pytest
from integration.conftest import SETTINGS

from gridahead.backtest.run import backtest
from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.time import days_between
from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each
from gridahead.models.ensemble import Ensemble
from gridahead.operate.train import train, train_all
from gridahead.settings.file import load_settings
from gridahead.training import workers
from gridahead.workspace import Workspace

pytestmark = pytest.mark.long  # each of it alone is in tests/unit/training and tests/unit/models

LOAD, WIND_SOLAR = Series("DE", "load"), Series("DE", "wind_solar")
MORE = """
[ensembles]
both = ["lstm", "gru"]

[[shared]]
name = "together"
model = "gru"
series = ["DE/load", "DE/wind_solar"]

[[series]]
series = "DE/wind_solar"
deadline = "D-1T1100[Europe/Berlin]"
models = ["gru"]
"""


@pytest.fixture(scope="module")
def workspace(done: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The lake of the small job, with more to train on it; nothing is trained yet."""
    folder = tmp_path_factory.mktemp("engine")
    shutil.copytree(done / "data" / "lake", folder / "data" / "lake", ignore=shutil.ignore_patterns("promotions"))
    said = SETTINGS.replace('["lstm", "gru"]', '["lstm", "gru", "both"]', 1)
    said = said.replace("epochs = 3", "epochs = 2\nwarm_epochs = 1\ncontext_days = 8\nrefit = false")
    (folder / "settings.toml").write_text(said + MORE)
    return Workspace(load_settings(folder / "settings.toml"))


@pytest.fixture(scope="module")
def trained(workspace: Workspace):
    """The candidates of both series; fits run in this process, which saves starting others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            workers, "_in_workers", lambda data, jobs, _workers, tell, _folder: [job(data, tell) for job in jobs]
        )
        yield train_all(workspace, [LOAD, WIND_SOLAR], lambda epoch: None)


def test_ensembles_and_shared_networks_are_candidates_beside_the_others(workspace: Workspace, trained) -> None:
    assert [(str(one.series), one.model) for one in trained] == [
        ("DE/load", "lstm"),
        ("DE/load", "gru"),
        ("DE/load", "both"),
        ("DE/wind_solar", "gru"),
        ("DE/load", "together"),
        ("DE/load", "together_aggregate"),
        ("DE/wind_solar", "together"),
        ("DE/wind_solar", "together_aggregate"),
    ]
    for series in (LOAD, WIND_SOLAR):
        candidates = [one for one in trained if one.series == series]
        alone = [one for one in candidates if not one.model.startswith("together")]
        best = min(alone, key=lambda one: one.validation["validation_pinball"])
        assert [one.version for one in alone if one.champion] == [best.version], "the first champion"
        # The shared network came later: it had to win its trial.
        assert workspace.registry.champion(series).version == [one for one in candidates if one.champion][-1].version


def test_the_ensemble_is_served_by_mlflow_with_the_same_bits(workspace: Workspace, trained) -> None:
    version = next(one.version for one in trained if one.model == "both")
    spec, observations = workspace.inputs(LOAD)
    first = workspace.settings.training.holdout_start
    assert first is not None
    windows = build_windows(observations, spec, days_between(first, first))
    own = workspace.registry.newest(LOAD, "both")
    assert own.version == version
    assert isinstance(own.model, Ensemble)
    with workspace.tracking.active():
        served = mlflow.pyfunc.load_model(f"models:/DE.load/{version}")
    answers = served.predict({name: getattr(windows, name) for name in ("past", "future", "valid_time", "delivery")})
    assert np.array_equal(answers, predict_each(own.model, windows))
    params = workspace.tracking.client.get_run(own.run_id).data.params
    assert float(params["ensemble.lstm"]) + float(params["ensemble.gru"]) == pytest.approx(1, abs=0.002)


def test_what_a_group_was_trained_to_is_one_model_of_mlflow_that_answers_for_each_series(
    workspace: Workspace, trained
) -> None:
    client = workspace.tracking.client
    logged = client.search_logged_models([workspace.tracking.experiment_id])
    assert len([model for model in logged if model.tags.get("group") == "together"]) == 1
    assert len(logged) == 1 + len([one for one in trained if not one.model.startswith("together")])
    first = workspace.settings.training.holdout_start
    assert first is not None
    with workspace.tracking.active():
        served = mlflow.pyfunc.load_model("models:/together/1")
    for series in (LOAD, WIND_SOLAR):
        spec, observations = workspace.inputs(series)
        windows = build_windows(observations, spec, days_between(first, first))
        arrays = {name: getattr(windows, name) for name in ("past", "future", "valid_time", "delivery")}
        for name in ("together", "together_aggregate"):
            answers = served.predict(arrays, params={"series": str(series), "model": name})
            own = workspace.registry.newest(series, name)
            assert own.about.of_group == "together v1"
            assert answers.tobytes() == predict_each(own.model, windows).tobytes()


def test_a_back_test_takes_ensembles(workspace: Workspace, trained) -> None:
    first = workspace.settings.training.holdout_start
    assert first is not None
    scores = backtest(workspace, LOAD, first, first, ["both", "naive"], "engine", lambda epoch: None)
    assert set(scores["model"]) == {"both", "naive"}


def test_a_warm_start_takes_the_champion_and_few_epochs(workspace: Workspace, trained) -> None:
    done = train(workspace, WIND_SOLAR, lambda epoch: None, warm_from=WIND_SOLAR)
    assert [one.model for one in done] == ["gru"]
    assert done[0].epochs == 1, "one anchor, one epoch"


def test_a_warm_start_from_weights_that_know_the_validation_days_is_refused(workspace: Workspace, trained) -> None:
    training = workspace.settings.training
    assert training.holdout_start is not None
    earlier = training.model_copy(update={"holdout_start": training.holdout_start.replace(month=6)})
    before = Workspace(workspace.settings.model_copy(update={"training": earlier}))
    with pytest.raises(ModelError, match=r"has learnt days until 2025-08-01 .*judged on days that it knows"):
        train(before, WIND_SOLAR, lambda epoch: None, warm_from=WIND_SOLAR)
