"""Exports in an object store: the same records, and bundles copied here and checked by their hash every time."""

import uuid
from dataclasses import replace

import pytest
from builders.rows import LOAD
from builders.serving import DAY, fill, issued, serve, workspace_in_memory

from gridahead.core.errors import ModelError
from gridahead.forecasting.publish import latest_manifest
from gridahead.lake.folder import Folder
from gridahead.operate.forecast import forecast
from gridahead.registry.exports import Exports, given
from gridahead.settings.published import PublishedSettings
from gridahead.settings.stores import STORES
from gridahead.workspace import Workspace


@pytest.fixture
def remote(tmp_path):
    """A workspace whose every store is an object store, and a version that serves."""
    made, store = workspace_in_memory(tmp_path, "DE"), f"memory://{uuid.uuid4().hex}"
    places: dict[str, object] = {name: f"{store}/{name}" for name in STORES}
    places["published"] = PublishedSettings(place=f"{store}/published")
    workspace = Workspace(made.settings.model_copy(update=places), registry_of=made.registry_of)
    fill(workspace, LOAD, DAY)
    return workspace, serve(workspace, LOAD)


def stored_bundle(workspace, version):
    return workspace.exports.folder / "bundles" / version.tags["bundle"]


def test_a_forecast_is_made_from_an_object_store(remote, tmp_path):
    workspace, version = remote
    assert "model.json" in stored_bundle(workspace, version).names()
    assert workspace.exports.series() == [LOAD]
    assert workspace.exports.versions(LOAD) == [replace(version, aliases=("champion",))]
    manifest = forecast(workspace, LOAD, issued(workspace)).manifest
    latest = latest_manifest(workspace.settings.published_place, LOAD) or {}
    assert latest["forecast_id"] == manifest["forecast_id"]
    assert workspace.published.names("latest.csv", below=True) == ["DE.load/latest.csv"]
    assert len(Folder.at(workspace.settings.inputs_folder).names(".npz", below=True)) == 1
    assert {path.name for path in workspace.settings.data_folder.iterdir()} <= {"cache", "locks"}
    elsewhere = Exports(workspace.settings.exports or "", None, tmp_path / "another host")
    bundle = elsewhere.bundle(version)
    assert bundle.is_relative_to(tmp_path / "another host") and manifest["bundle"] == bundle.name


def test_a_copy_here_that_was_altered_is_fetched_anew_and_one_there_is_refused(remote):
    workspace, version = remote
    cached = workspace.exports.bundle(version) / "model.json"
    sound = cached.read_bytes()
    cached.write_bytes(sound.replace(b"naive", b"naiver"))
    assert (workspace.exports.bundle(version) / "model.json").read_bytes() == sound
    cached.write_bytes(sound.replace(b"naive", b"naiver"))
    stored_bundle(workspace, version).write("model.json", sound.replace(b"naive", b"naivest"))
    with pytest.raises(ModelError, match="Let `gridahead models repair` fetch it from MLflow's copy"):
        workspace.exports.bundle(version)


def test_who_served_before_is_previous_and_who_serves_is_no_challenger():
    assert given({}, "champion", "1") == {"champion": "1"}
    assert given({"champion": "1", "challenger": "2"}, "champion", "2") == {"champion": "2", "previous": "1"}
    assert given({"champion": "1"}, "champion", "1") == {"champion": "1"}
    assert given({"champion": "1"}, "challenger", "2") == {"champion": "1", "challenger": "2"}
