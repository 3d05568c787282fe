"""Models of every kind: one contract, one way to store them and one to load them."""

import json
import subprocess
import sys

import pytest
from builders.models import every_kind
from builders.windows import made_windows

from gridahead.core.errors import ModelError
from gridahead.models.base import ABOUT
from gridahead.models.storage import content_of, keep_model, load

WINDOWS = made_windows()
KINDS = ("network", "ensemble", "aggregate", "ridge", "lightgbm", "reference")


@pytest.fixture(scope="module")
def models():
    return every_kind(WINDOWS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_every_kind_keeps_the_contract_before_and_after_a_save(models, kind, tmp_path):
    model = models[kind]
    folder = tmp_path / keep_model(model, tmp_path)
    loaded = load(folder)
    assert type(loaded) is type(model)
    assert loaded.predict(WINDOWS).tobytes() == model.predict(WINDOWS).tobytes()
    for each in (model, loaded):
        assert each.kind == kind
        assert (each.name, each.spec, each.quantiles) == (model.name, WINDOWS.spec, model.quantiles)
        assert each.known_share == ({} if kind == "reference" else WINDOWS.known_share())
        assert len(each.networks) == {"network": 1, "ensemble": 2, "aggregate": 2}.get(kind, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_model_is_the_same_bytes_however_often_it_is_written(models, kind, tmp_path):
    """Guard: forecasts bear the content hash of their model as its version."""
    model = models[kind]
    model.save(tmp_path)
    assert content_of(model) == content_of(model) == content_of(load(tmp_path))


@pytest.mark.parametrize("about", [None, "{", "{}", json.dumps({"kind": "oracle"}), json.dumps({"kind": "ridge"})])
def test_a_folder_that_is_no_bundle_of_this_version_says_what_to_do(tmp_path, about):
    if about is not None:
        (tmp_path / ABOUT).write_text(about)
    with pytest.raises(ModelError, match=r"is no bundle that this version can read .*; train again"):
        load(tmp_path)


@pytest.mark.parametrize(("kind", "file"), [("network", "weights.safetensors"), ("ridge", "ridge.safetensors")])
def test_a_bundle_whose_arrays_are_torn_says_what_to_do(models, kind, file, tmp_path):
    models[kind].save(tmp_path)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:-50])
    with pytest.raises(ModelError, match=r"is no bundle that this version can read .*; train again"):
        load(tmp_path)


def test_a_reference_is_loaded_without_torch(models, tmp_path):
    models["reference"].save(tmp_path)
    code = (
        "import sys; from pathlib import Path; from gridahead.models.storage import load; load(Path(sys.argv[1])); "
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
