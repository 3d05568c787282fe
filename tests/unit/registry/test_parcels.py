"""Versions taken to another installation: to the bit, once, and refused where something on the way has changed them."""

import zipfile

import pytest
from builders.fits import issue_time, opened, registered
from builders.rows import LOAD

from gridahead.core.errors import ModelError
from gridahead.operate.forecast import forecast
from gridahead.operate.parcels import export_versions, import_versions
from gridahead.promotion.promote import promote


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An installation of which version 2 serves, and the file of its versions."""
    folder = tmp_path_factory.mktemp("made")
    workspace = registered(folder / "data")
    workspace.put_page(workspace.settings.published_folder / "cards/DE.load-v2.html", b"a card")
    export_versions(workspace, LOAD, folder / "load.zip")
    return workspace, folder / "load.zip"


def test_versions_come_with_their_figures_and_cards_and_say_the_same(made, tmp_path):
    workspace, file = made
    other = opened(tmp_path / "other")
    done = import_versions(other, file)
    assert [(one.former, one.version.number, one.is_new) for one in done] == [("1", "1", True), ("2", "2", True)]
    assert other.exports.serving(LOAD) == {}
    there, here = workspace.exports.version(LOAD, "2"), other.exports.version(LOAD, "2")
    assert (here.validation, here.created_at) == (there.validation, there.created_at)
    assert here.tags["imported_from"] == "v2 of load.zip" and "champion_since" not in here.tags
    assert other.tracking.file(here.run_id, "card.html").read_text() == "a card"
    promote(other, LOAD, "2", "it is good there", "Ada")
    said = [forecast(one, LOAD, issue_time(one)).manifest["parquet"] for one in (workspace, other)]
    assert said[0] == said[1]
    assert [one.is_new for one in import_versions(other, file)] == [False, False]
    assert len(other.registry.versions(LOAD)) == 2


def test_the_same_versions_are_the_same_file_and_one_alone_can_be_taken(made, tmp_path):
    workspace, file = made
    export_versions(workspace, LOAD, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == file.read_bytes()
    assert [one.number for one in export_versions(workspace, LOAD, tmp_path / "one.zip", "champion")] == ["2"]


def test_a_file_with_other_weights_or_of_another_kind_is_refused(made, tmp_path):
    _, file = made
    altered = tmp_path / "altered.zip"
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(altered, "w") as target:
        for name in source.namelist():
            content = bytearray(source.read(name))
            content[-1] ^= name.endswith("weights.safetensors")
            target.writestr(name, bytes(content))
    with pytest.raises(ModelError, match=r"has another bundle of DE/load .* than was packed: it is damaged"):
        import_versions(opened(tmp_path / "other"), altered)
    (tmp_path / "text.zip").write_text("no")
    with pytest.raises(ModelError, match="is none that `gridahead models export` writes"):
        import_versions(opened(tmp_path / "other"), tmp_path / "text.zip")


def test_a_file_that_would_write_elsewhere_writes_nothing_there(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as target:
        target.writestr("../outside.txt", "bad")
        target.writestr("parcel.json", '{"versions": []}')
    assert import_versions(opened(tmp_path / "data"), tmp_path / "bad.zip") == []
    assert not list(tmp_path.rglob("outside.txt"))
