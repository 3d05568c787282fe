"""A training of a group is one logged model: one code, every bundle, and versions of many series that refer to it."""

import logging
import shutil
import subprocess
import sys
from dataclasses import replace

import mlflow
import pytest
from builders.fits import group_of, opened, register, register_group
from builders.rows import LOAD
from builders.windows import made_windows
from children import environment

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.models.base import predict_each
from gridahead.models.storage import bundle_hash
from gridahead.operate.parcels import export_versions, import_versions
from gridahead.operate.repair import repair
from gridahead.registry.exports import Exports
from gridahead.registry.registry import Registry
from gridahead.registry.shared import SharedTraining

WIND = Series("DE", "wind_onshore")
MEMBERS = (LOAD, WIND, Series("FR", "load"))

REPAIR = """
import sys
from pathlib import Path
from builders.fits import opened
from gridahead.operate.repair import repair

print(*sorted(f"{one.series} v{one.number}" for one in repair(opened(Path(sys.argv[1]))).registered), sep=", ")
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("group") / "data"
    register_group(opened(folder), group_of(*MEMBERS))
    return folder


@pytest.fixture
def trained(original, tmp_path):
    """A workspace that has trained the group once."""
    shutil.copytree(original, tmp_path / "data")
    return opened(tmp_path / "data")


def logged_models(workspace):
    return list(workspace.tracking.client.search_logged_models([workspace.tracking.experiment_id]))


def group_versions(workspace, group="north"):
    return sorted(str(row.version) for row in workspace.tracking.client.search_model_versions(f"name='{group}'"))


def versions_of(workspace):
    return [version for series in MEMBERS for version in reversed(workspace.registry.versions(series))]


def loaded(workspace, address):
    with workspace.tracking.active():
        return mlflow.pyfunc.load_model(address)


def arrays_of(model):
    """The windows of a model, and what MLflow is given of them."""
    windows = replace(made_windows(), spec=model.spec)
    return windows, {name: getattr(windows, name) for name in ("past", "future", "valid_time", "delivery")}


def damage(bundle):
    (bundle / "weights.safetensors").write_bytes(b"none")


def test_every_series_is_found_however_few_versions_mlflow_tells_of_at_once(trained, monkeypatch):
    monkeypatch.setattr("gridahead.registry.registry.PAGE", 2)
    assert trained.registry.series() == sorted(MEMBERS)


def test_mlflow_gets_the_code_once_and_every_bundle_and_the_versions_of_the_series_refer_to_it(trained):
    (model,) = logged_models(trained)
    assert len(list(trained.exports.copies.rglob("code"))) == 1
    assert group_versions(trained) == ["1"]
    assert trained.registry.series() == sorted(MEMBERS), "a group is no series"
    versions = versions_of(trained)
    assert [(one.number, one.model, one.of_group) for one in versions] == [
        ("1", "north", "north v1"),
        ("2", "north_tuned", "north v1"),
    ] * len(MEMBERS)
    for version in versions:
        assert bundle_hash(trained.exports.copies / version.tags["copy"]) == version.tags["bundle"]
        assert trained.exports.version(version.series, version.number).tags == version.tags
    assert len({version.tags["bundle"] for version in versions}) == len(versions)
    client = trained.tracking.client
    parents = {client.get_run(version.run_id).data.tags["mlflow.parentRunId"] for version in versions}
    assert parents == {model.source_run_id}
    parent = client.get_run(model.source_run_id)
    assert (parent.info.status, parent.info.run_name) == ("FINISHED", "north")
    assert parent.data.params["model.cell"] == "gru" and parent.data.params["group.series"] == "3"
    listed = trained.tracking.file(model.source_run_id, "series.txt").read_text().split()
    assert listed == sorted(map(str, MEMBERS))


@pytest.mark.parametrize("address", ["models:/north/1", "models:/DE.load/2"])
def test_each_series_is_answered_to_the_bit_by_its_own_bundle_which_is_read_when_it_is_asked_for(trained, address):
    served = loaded(trained, address)
    behind = served.unwrap_python_model()
    for asked, version in enumerate(versions_of(trained), start=1):
        model = trained.exports.load(version).model
        windows, arrays = arrays_of(model)
        answer = served.predict(arrays, params={"series": str(version.series), "model": version.model})
        assert answer.tobytes() == predict_each(model, windows).tobytes()
        served.predict(arrays, params={"series": str(version.series), "model": version.model})
        assert len(behind._read) == asked


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (None, r"serves many series: .*Series: DE/load, DE/wind_onshore, FR/load; models: north, north_tuned"),
        ({"series": "DE/load"}, r"has no 'DE/load': .*models of DE/load: north, north_tuned"),
        ({"model": "north"}, r"has no 'north': .*Series: DE/load, DE/wind_onshore, FR/load;"),
        ({"series": "DE/gas", "model": "north"}, r"has no 'DE/gas north': .*Series: DE/load,"),
        ({"series": "../bundles/DE/load", "model": "north"}, r"has no '\.\./bundles/DE/load north'"),
    ],
)
def test_who_does_not_say_which_series_is_meant_is_told_which_there_are_and_how_to_ask(trained, params, said):
    served = loaded(trained, "models:/north/1")
    _, arrays = arrays_of(trained.exports.load(versions_of(trained)[0]).model)
    with pytest.raises(ModelError, match=said) as caught:
        served.predict(arrays, params=params)
    assert 'params={"series": "DE/load", "model": "north"}' in str(caught.value)
    served.predict(arrays, params={"series": "DE/load", "model": "north"})


def test_a_model_of_one_series_is_served_without_being_told_which(trained):
    version = register(trained, 7)
    assert (version.of_group, len(logged_models(trained))) == ("", 2)
    model = trained.exports.load(version).model
    windows, arrays = arrays_of(model)
    answer = loaded(trained, f"models:/DE.load/{version.number}").predict(arrays)
    assert answer.tobytes() == predict_each(model, windows).tobytes()


def test_a_bundle_that_is_lost_is_taken_from_its_place_in_mlflows_copy(trained):
    version = versions_of(trained)[3]
    damage(trained.exports.kept(version.tags["bundle"]))
    assert bundle_hash(trained.exports.bundle(version)) == version.tags["bundle"]
    # Where MLflow keeps its copies in no folder that is known here, they are fetched.
    elsewhere = Exports(trained.exports.folder, None, trained.settings.data_folder / "cache")
    damage(trained.exports.kept(version.tags["bundle"]))
    assert Registry(trained.tracking, elsewhere).sound(version)
    assert bundle_hash(trained.exports.kept(version.tags["bundle"])) == version.tags["bundle"]


def test_what_is_the_same_to_the_bit_is_not_registered_again_and_gets_a_lost_bundle_back(trained):
    version = versions_of(trained)[0]
    shutil.rmtree(trained.exports.kept(version.tags["bundle"]))
    shutil.rmtree(trained.exports.copies / version.tags["copy"])
    assert not trained.registry.sound(version)
    done = register_group(trained, group_of(*MEMBERS))
    assert [(one.version.number, one.is_new) for one in done] == [("1", False), ("2", False)] * len(MEMBERS)
    assert trained.registry.sound(version)
    assert (len(logged_models(trained)), group_versions(trained)) == (1, ["1"])


def test_another_training_is_another_version_of_the_group(trained):
    register_group(trained, group_of(*MEMBERS, seed=100, fingerprint="newer"))
    assert (len(logged_models(trained)), group_versions(trained)) == (2, ["1", "2"])
    assert trained.registry.versions(WIND)[0].of_group == "north v2"
    assert trained.registry.versions(WIND)[-1].of_group == "north v1"


def test_repair_makes_a_registry_that_is_gone_again_with_one_model_of_each_training(trained):
    register_group(trained, group_of(*MEMBERS[:2], seed=100, fingerprint="newer"))
    before = {(one.series, one.number): one for one in versions_of(trained)}
    folder = trained.settings.data_folder
    shutil.rmtree(folder / "mlflow")
    # In a process of its own, as whoever has the database open goes on with the file that is gone.
    done = subprocess.run(
        [sys.executable, "-c", REPAIR, str(folder)], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.strip() == ", ".join(sorted(f"{series} v{number}" for series, number in before))
    shutil.move(folder, folder.with_name("again"))
    workspace = opened(folder.with_name("again"))
    after = {(one.series, one.number): one for one in versions_of(workspace)}
    assert after.keys() == before.keys()
    assert (len(logged_models(workspace)), group_versions(workspace)) == (2, ["1", "2"])
    for key, one in after.items():
        assert (one.of_group, one.tags["bundle"]) == (before[key].of_group, before[key].tags["bundle"])
        assert bundle_hash(workspace.exports.copies / one.tags["copy"]) == one.tags["bundle"]
        assert workspace.exports.version(one.series, one.number).tags == one.tags
    assert repair(workspace).registered == ()


def test_exports_that_are_gone_are_written_again_for_every_series(trained):
    before = versions_of(trained)
    shutil.rmtree(trained.settings.data_folder / "models")
    done = repair(opened(trained.settings.data_folder))
    assert (len(done.exported), done.lost) == (len(before), ())
    assert [trained.exports.load(one).model.spec.series for one in before] == [one.series for one in before]


def test_a_version_of_one_series_goes_to_another_installation_without_its_group(trained, tmp_path):
    export_versions(trained, WIND, tmp_path / "wind.zip", "2")
    other = opened(tmp_path / "other")
    (imported,) = import_versions(other, tmp_path / "wind.zip")
    assert (imported.version.model, imported.version.of_group) == ("north_tuned", "")
    model = trained.exports.load(trained.registry.version(WIND, "2")).model
    windows, arrays = arrays_of(model)
    answer = loaded(other, "models:/DE.wind_onshore/1").predict(arrays)
    assert answer.tobytes() == predict_each(model, windows).tobytes()


def late(monkeypatch, times):
    """Another host registers while this one does: it is seen only when it is looked at once more."""
    asked, look = [], Registry._first_sound

    def first_sound(self, *given):
        asked.append(given)
        return None if len(asked) in times else look(self, *given)

    monkeypatch.setattr(Registry, "_first_sound", first_sound)


def test_of_two_hosts_that_register_at_once_the_later_takes_back_its_versions_and_what_they_referred_to(
    trained, monkeypatch
):
    late(monkeypatch, range(1, 12, 2))
    runs = len(trained.tracking.client.search_runs([trained.tracking.experiment_id]))
    done = register_group(trained, group_of(*MEMBERS, seed=100))
    assert [(one.version.number, one.is_new) for one in done] == [("1", False), ("2", False)] * len(MEMBERS)
    assert (len(logged_models(trained)), group_versions(trained)) == (1, ["1"])
    assert len(trained.tracking.client.search_runs([trained.tracking.experiment_id])) == runs
    assert {one.of_group for one in versions_of(trained)} == {"north v1"}


def test_what_a_single_version_refers_to_stays(trained, monkeypatch):
    late(monkeypatch, (1, 3))
    done = register_group(trained, group_of(LOAD, WIND, Series("AT", "load"), seed=100))
    assert [one.is_new for one in done] == [False] * 4 + [True] * 2
    assert (len(logged_models(trained)), group_versions(trained)) == (2, ["1", "2"])
    version = trained.registry.versions(Series("AT", "load"))[0]
    assert version.of_group == "north v2"
    assert bundle_hash(trained.exports.copies / version.tags["copy"]) == version.tags["bundle"]


class _KilledError(BaseException):
    """As a signal would."""


def killed(*given, **named):
    raise _KilledError


@pytest.mark.parametrize("where", ["_version_of", "copy_of"])
def test_a_training_that_was_stored_and_then_interrupted_is_not_stored_twice(tmp_path, monkeypatch, where):
    workspace, fits = opened(tmp_path / "data"), group_of(*MEMBERS)
    with monkeypatch.context() as patch, pytest.raises(_KilledError):
        patch.setattr(SharedTraining, where, killed)
        register_group(workspace, fits)
    assert len(logged_models(workspace)) == 1
    assert all(one.is_new for one in register_group(workspace, fits))
    assert (len(logged_models(workspace)), group_versions(workspace)) == (1, ["1"])
    assert [one.number for one in versions_of(workspace)] == ["1", "2"] * len(MEMBERS)


def test_what_was_interrupted_while_it_was_stored_is_stored_anew_and_said(tmp_path, monkeypatch, caplog):
    workspace, fits = opened(tmp_path / "data"), group_of(*MEMBERS)
    with monkeypatch.context() as patch, pytest.raises(_KilledError):
        patch.setattr(mlflow.MlflowClient, "log_model_artifacts", killed)
        register_group(workspace, fits)
    with caplog.at_level(logging.WARNING):
        register_group(workspace, fits)
    assert "north: MLflow has a part of this training in" in caplog.text
    assert (len(logged_models(workspace)), group_versions(workspace)) == (2, ["1"])
    for version in versions_of(workspace):
        assert bundle_hash(workspace.exports.copies / version.tags["copy"]) == version.tags["bundle"]


def test_a_copy_that_has_been_damaged_since_is_not_referred_to_by_new_versions(tmp_path, monkeypatch, caplog):
    workspace, fits = opened(tmp_path / "data"), group_of(*MEMBERS)
    with monkeypatch.context() as patch, pytest.raises(_KilledError):
        patch.setattr(SharedTraining, "copy_of", killed)
        register_group(workspace, fits)
    damage(next(iter(workspace.exports.copies.rglob("bundles"))) / "DE/load/north")
    register_group(workspace, fits)
    assert (len(logged_models(workspace)), group_versions(workspace)) == (2, ["1", "2"])
    assert {one.of_group for one in versions_of(workspace)} == {"north v2"}
