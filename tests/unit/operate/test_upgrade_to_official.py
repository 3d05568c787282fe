"""From layout 2 to 3: what was called reference is official in rows, receipts, models, back-tests and settings."""

import json
import shutil
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from builders.fits import fit_of, issue_time, opened
from builders.layouts import as_layout_2, contents, former
from builders.models import every_kind, model_on
from builders.rows import LOAD, WIND_SOLAR, day_ahead, hours, judged, measured, rulings_on, together
from builders.windows import made_windows
from typer.testing import CliRunner

from gridahead.backtest.store import MODELS, BacktestStore, FoldRecord
from gridahead.cli.main import app
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.renamed import renamed
from gridahead.core.tables import FORECASTS, LIMITS, QUALITY, SCORES
from gridahead.lake.compaction import compact
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.layout import LAYOUT, layout_of, mark
from gridahead.lake.partitions import RECENT
from gridahead.lake.receipts import Receipt
from gridahead.lake.renaming import to_layout_3
from gridahead.lake.verify import verify
from gridahead.models.base import predict_each
from gridahead.models.storage import keep_copy, keep_model, load
from gridahead.operate.forecast import forecast
from gridahead.operate.repair import repair
from gridahead.operate.upgrade import upgrade
from gridahead.promotion.promote import promote
from gridahead.settings.model import Settings
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.workspace import Workspace

DAY = hours("2025-01-01T00:00Z", 24)
AT = pd.Timestamp("2025-01-03T00:00Z")
FORMER = Series("DE", "load_reference")
"""The official forecast of the load until layout 2."""


def former_rows():
    """A load, its official forecast by its former name, and the generation, whose name sorts after both."""
    official = day_ahead(LOAD.official, DAY, range(100, 124)).assign(quantity=FORMER.quantity)
    return together(measured(LOAD, DAY, range(24)), official, measured(WIND_SOLAR, DAY, range(50, 74)))


def former_receipt(**about) -> Receipt:
    request = {
        "kind": "file",
        "reference_column": "load_reference",
        "reference_available": None,
        "quantity": "load",
        "where": {"site_reference": "reference"},
        "covariates": [{"column": "w_reference", "name": "wind_reference"}],
    }
    newest = {"DE/load": "2025-01-02T00:00:00+00:00", "DE/load_reference": "2024-12-31T09:00:00+00:00"}
    return Receipt(
        "ab12",
        "file",
        "a.csv",
        "/a.csv",
        "cd34-a.csv",
        "cd34",
        request,
        AT,
        AT,
        newest,
        ("DE/solar_reference",),
        **about,
    )


def one_row(table, **cells):
    """A row of a table, with any value where none is given."""
    fillings = {"text": "x", "instant": AT, "float64": 0.5, "int64": 1}
    row = {column.name: (column.values or (fillings[column.kind],))[0] for column in table.columns}
    return pd.DataFrame([row | {"zone": "DE"} | cells])


@pytest.fixture
def lake(tmp_path) -> Lake:
    """A lake of layout 2: recent and merged rows, one batch that waits, receipts."""
    lake = Lake(tmp_path / "data/lake", tmp_path / "data/raw")
    rows = former_rows()
    lake.observations.append(rows)
    compact(lake.observations)
    later = rows.assign(value=rows["value"] + 0.5, available_at=rows["available_at"] + pd.Timedelta(days=3))
    lake.observations.append(later)
    official = rows[rows["quantity"] == FORMER.quantity]
    verdicts = judged(official, "quarantine").assign(rule="reference_misfit")
    lake.verdicts.append(verdicts)
    compact(lake.verdicts)
    lake.rulings.append(rulings_on(official.head(2), "release"))
    lake.waiting.enter("ab12", official.head(3))
    lake.limits.append(one_row(LIMITS, quantity=FORMER.quantity))
    lake.quality.append(one_row(QUALITY, quantity=FORMER.quantity))
    forecasts = one_row(FORECASTS, quantity="load", run="backtest/x_reference", mtu="PT60M", rung="x", missing="")
    rung = "DE/wind_solar_reference ahead: 50% known, usually 100%"
    both = pd.concat([forecasts, forecasts.assign(quantile=0.9, rung=rung)])
    lake.forecasts.write(RECENT, pa.Table.from_pandas(both, schema=FORECASTS.arrow_schema(), preserve_index=False))
    compact(lake.forecasts)
    lake.scores.append(one_row(SCORES, quantity="load", model="official"))
    lake.receipts.sign(former_receipt())
    mark(lake.folder, 2)
    mark(Folder.at(tmp_path / "data"), 2)
    return lake


def settings_at(tmp_path) -> Settings:
    return Settings(data_folder=tmp_path / "data")


def assert_renamed(lake: Lake) -> None:
    assert [verify(store).findings for store in lake.stores] == [()] * len(lake.stores)
    rows = former_rows()
    later = rows.assign(value=rows["value"] + 0.5, available_at=rows["available_at"] + pd.Timedelta(days=3))
    expected = pd.concat([rows, later]).replace({"quantity": {FORMER.quantity: "load_official"}})
    expected = expected.sort_values(list(lake.observations.table.key), ignore_index=True)
    pd.testing.assert_frame_equal(lake.observations.read(), expected)
    series = (f"series=DE.{name}" for name in ("load", "load_official", "wind_solar"))
    assert lake.observations.folder.folders() == [
        "recent",
        *series,
    ]
    verdicts = lake.verdicts.read()
    assert set(verdicts["rule"]) == {"official_misfit"} and set(verdicts["quantity"]) == {"load_official"}
    assert lake.verdicts.folder.names(".parquet", below=True)[0].startswith("series=DE.load_official/year=2025/")
    assert lake.rulings.read()["quantity"].tolist() == ["load_official"] * 2
    (waiting,) = lake.waiting.all()
    assert waiting.batch == "ab12" and waiting.rows["quantity"].tolist() == ["load_official"] * 3
    for store in (lake.limits, lake.quality):
        assert store.read()["quantity"].tolist() == ["load_official"]
    forecasts = lake.forecasts.read({"run": "backtest/x_reference"})
    assert forecasts["missing"].tolist() == ["x", "DE/wind_solar_official ahead: 50% known, usually 100%"]
    assert set(forecasts["rung"]) == {"degraded"}
    assert lake.scores.read()["model"].tolist() == ["official"]
    (receipt,) = lake.receipts.all()
    assert receipt.request == {
        "kind": "file",
        "official_column": "load_reference",
        "official_available": None,
        "quantity": "load",
        "where": {"site_reference": "reference"},
        "covariates": [{"column": "w_reference", "name": "wind_official"}],
    }
    assert receipt.newest == {"DE/load": "2025-01-02T00:00:00+00:00", "DE/load_official": "2024-12-31T09:00:00+00:00"}
    assert receipt.missing == ("DE/solar_official",) and receipt.batch == "ab12"


def test_rows_receipts_and_what_waits_have_the_names_of_today(lake, tmp_path):
    before = contents(tmp_path / "data/lake")
    done = upgrade(settings_at(tmp_path))
    assert (done.layout, done.to_layout, done.models_backup) == (2, LAYOUT, None)
    assert_renamed(Lake(tmp_path / "data/lake", tmp_path / "data/raw"))
    assert contents(tmp_path / "data/lake.layout-2") == before
    assert layout_of(Folder.at(tmp_path / "data")) == LAYOUT
    after = contents(tmp_path)
    to_layout_3(lake, lambda step: None)
    assert upgrade(settings_at(tmp_path)).backup is None
    assert contents(tmp_path) == after


def test_files_without_a_former_name_are_not_written_again(lake, tmp_path):
    kept = {
        name for name in contents(tmp_path / "data/lake") if name.startswith(("observations/series=DE.load/", "scores"))
    }
    assert len(kept) == 2
    before = {name: (tmp_path / "data/lake" / name).stat().st_mtime_ns for name in kept}
    upgrade(settings_at(tmp_path))
    assert {name: (tmp_path / "data/lake" / name).stat().st_mtime_ns for name in kept} == before


@pytest.mark.long
def test_a_renaming_that_is_killed_anywhere_ends_the_same(lake, tmp_path, monkeypatch):
    shutil.copytree(tmp_path / "data", tmp_path / "before")
    whole = {name: getattr(Folder, name) for name in ("write", "delete")}
    good, killed = 0, True
    while killed:
        left = [good]

        def dying(name, left=left):
            def operation(self, *arguments):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                return whole[name](self, *arguments)

            return operation

        with monkeypatch.context() as patch:
            for name in whole:
                patch.setattr(Folder, name, dying(name))
            try:
                upgrade(settings_at(tmp_path))
                killed = False
            except KeyboardInterrupt:
                killed = True
        upgrade(settings_at(tmp_path))
        assert_renamed(Lake(tmp_path / "data/lake", tmp_path / "data/raw"))
        shutil.rmtree(tmp_path / "data")
        shutil.copytree(tmp_path / "before", tmp_path / "data")
        good += 1
    assert good > 30, "not every operation was killed"


def test_a_damaged_file_and_a_line_that_is_no_receipt_are_left_for_a_person(lake, tmp_path):
    lake.receipts.write([b'{"origin": "torn'])
    path = next((tmp_path / "data/lake/limits/recent").iterdir())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LakeError, match=f"{path.name} is not what its name says.*`gridahead upgrade` again"):
        upgrade(settings_at(tmp_path))
    path.unlink()
    upgrade(settings_at(tmp_path))
    lines = [line for name in lake.receipts.folder.names() for line in lake.receipts.folder.read(name).splitlines()]
    assert b'{"origin": "torn' in lines and len(lines) == 2


def test_two_data_folders_with_one_lake_are_upgraded_one_after_the_other(lake, tmp_path):
    other = tmp_path / "other"
    mark(Folder.at(other), 2)
    upgrade(settings_at(tmp_path))
    settings = Settings(data_folder=other, lake=str(tmp_path / "data/lake"))
    with pytest.raises(LakeError, match=r"other has layout 2"):
        _ = Workspace(settings).lake
    assert upgrade(settings).layout == LAYOUT
    assert len(Workspace(settings).lake.receipts.all()) == 1


@pytest.fixture(scope="module")
def former_models(tmp_path_factory) -> Settings:
    """A data folder of layout 2 in which two networks are registered; the second, on the official forecast, serves."""
    folder = tmp_path_factory.mktemp("former") / "data"
    workspace = opened(folder)
    for seed in (1, 2):
        fit = fit_of(seed) if seed == 1 else replace(fit_of(seed), model=model_on("official", made_windows()))
        settings = f"settings {seed}"
        version, _ = workspace.registry.register(fit, ModelSettings(cell="gru"), TrainingSettings(), settings)
        promote(workspace, version.series, version.number, f"reason {seed}", "Ada")
    as_layout_2(workspace)
    return workspace.settings


@pytest.fixture
def models(former_models, tmp_path) -> Workspace:
    """The same, of which nothing has been opened yet."""
    shutil.copytree(former_models.data_folder, tmp_path / "data")
    return Workspace(former_models.model_copy(update={"data_folder": tmp_path / "data"}))


def about_of(workspace: Workspace, number: str):
    version = workspace.exports.version(LOAD, number)
    assert version is not None
    return version.tags, json.loads((workspace.exports.bundle(version) / "model.json").read_bytes())


def test_a_network_that_was_trained_before_answers_to_the_bit_what_it_would_have(models):
    tags, about = about_of(models, "2")
    assert about["spec"]["use_reference"] and about["scaler"]["anchor"] == "reference"
    assert "DE/load_reference ahead" in about["scaler"]["known_share"] and "DE/load_reference" in tags["inputs"]
    done = upgrade(models.settings)
    assert (done.models, done.unreadable) == (2, ())
    tags, about = about_of(models, "2")
    assert about["spec"]["use_official"] and about["scaler"]["anchor"] == "official"
    assert "DE/load_official ahead" in about["scaler"]["known_share"] and tags["inputs"] == "DE/load, DE/load_official"
    windows = made_windows()
    model = models.exports.load(models.exports.version(LOAD, "2")).model
    np.testing.assert_array_equal(predict_each(model, windows), predict_each(model_on("official", windows), windows))
    registered = models.registry.holder(LOAD, "champion")
    assert registered is not None and dict(registered.tags) == tags
    assert upgrade(models.settings).models == 0


def test_it_forecasts_and_its_spare_copy_takes_the_place_of_a_bundle_that_is_lost(models):
    upgrade(models.settings)
    shutil.rmtree(models.exports.bundle(models.exports.version(LOAD, "2")))
    assert forecast(models, LOAD, issue_time(models)).manifest["parquet"]
    assert not repair(models).lost


def test_records_of_models_are_kept_as_they_were(models):
    folder = models.settings.data_folder
    before = contents(folder)
    assert upgrade(models.settings).models_backup == str(folder / "backup.layout-2")
    kept = contents(folder / "backup.layout-2")
    assert set(kept) == {"mlflow/mlflow.db", *(f"models/DE.load/{name}.json" for name in ("1", "2", "serving"))}
    assert kept == {name: before[name] for name in kept}
    bundles = {name: content for name, content in before.items() if name.startswith("models/bundles/")}
    assert bundles.items() <= contents(folder).items()


def test_models_are_renamed_where_there_is_no_mlflow(models):
    shutil.rmtree(models.settings.mlflow_folder)
    assert upgrade(models.settings).models == 2
    assert about_of(models, "1")[1]["spec"]["use_official"]


def test_a_champion_that_cannot_be_read_is_named_with_the_command_that_trains_another(models):
    version = models.exports.version(LOAD, "2")
    for folder in (models.exports.bundle(version), models.exports.copies / version.tags["copy"]):
        weights = folder / "weights.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
    done = upgrade(models.settings)
    assert done.models == 2
    assert [(each.series, each.version, each.way_out) for each in done.unreadable] == [
        ("DE/load", "gru v2", "gridahead train --series DE/load")
    ]


def test_an_upgrade_of_models_that_is_killed_is_called_again(models, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("gridahead.registry.registry.Registry.note", kill)
        with pytest.raises(KeyboardInterrupt):
            upgrade(models.settings)
    before = contents(models.settings.data_folder / "backup.layout-2")
    upgrade(models.settings)
    assert about_of(models, "2")[1]["spec"]["use_official"]
    assert contents(models.settings.data_folder / "backup.layout-2") == before


def kill(*about):
    raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["network", "ensemble", "aggregate", "ridge", "lightgbm", "reference"])
def test_every_kind_of_model_is_the_same_after_its_names_have_changed(kind, tmp_path):
    windows = made_windows()
    model = every_kind(windows)[kind]
    kept = keep_model(model, tmp_path)
    before = keep_copy(tmp_path / kept, tmp_path, former)
    assert before != kept
    assert keep_copy(tmp_path / before, tmp_path, renamed) == kept
    np.testing.assert_array_equal(predict_each(load(tmp_path / kept), windows), predict_each(model, windows))


def test_a_fold_of_a_back_test_names_the_renamed_model_and_reads_what_it_read(tmp_path):
    store = BacktestStore(tmp_path / "data", "t")
    model = model_on("official", made_windows())
    kept = store.keep(model)
    former_bundle = keep_copy(store.bundle(kept), store.folder / MODELS, former)
    record = FoldRecord(
        **dict.fromkeys(FoldRecord.__dataclass_fields__, "x")
        | {"series": "DE/load", "bundle": former_bundle, "spec": former(model.spec.to_dict())}
    )
    lost = replace(record, first="y", bundle="0" * 16)
    for each in (record, lost):
        store.write(each)
    mark(Folder.at(tmp_path / "data"), 2)
    mark(Folder.at(tmp_path / "data/lake"), 2)
    upgrade(settings_at(tmp_path))
    assert [asdict(each) for each in store.records(LOAD)] == [
        asdict(replace(record, bundle=kept, spec=model.spec.to_dict())),
        asdict(replace(lost, spec=model.spec.to_dict())),
    ]


def test_the_command_writes_settings_lake_and_models_and_says_where_each_was(lake, tmp_path):
    file = tmp_path / "settings.toml"
    before = (
        'data_folder = "data" # ours\n[[series]]\nseries = "DE/load"\ndeadline = "D-1T1100[Europe/Berlin]"\n'
        "use_reference = false # never\nmodels = []\n"
    )
    file.write_text(before)

    def said(*more):
        done = CliRunner().invoke(app, ["upgrade", *more, "-s", str(file)])
        assert done.exit_code == 0, done.output
        return done.stdout.replace("\n", "")

    assert "would be written with the names of today" in said("--dry-run")
    assert file.read_text() == before and layout_of(lake.folder) == 2
    told = said()
    assert "settings.toml.layout-2" in told and "lake.layout-2" in told
    assert file.read_text() == before.replace("use_reference", "use_official")
    assert (tmp_path / "settings.toml.layout-2").read_text() == before
    assert_renamed(Lake(tmp_path / "data/lake", tmp_path / "data/raw"))
    assert json.loads(CliRunner().invoke(app, ["upgrade", "--json", "-s", str(file)]).stdout)["settings_backup"] is None
