"""A forecast is made again to the bit, or it is said what differs."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from builders.backtests import here, run_backtest, workspace_of
from builders.rows import LOAD, judged, rulings_on
from builders.windows import made_load

from gridahead.backtest import run as backtest_module
from gridahead.backtest.store import BacktestStore
from gridahead.core.errors import LakeError
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.forecasting.identity import forecast_id
from gridahead.forecasting.reproduction import OtherNumbers
from gridahead.models.base import predict_each
from gridahead.operate import reproduce as module
from gridahead.operate.reproduce import forecast_list, reproduce
from gridahead.reports.reproduction import difference_lines
from gridahead.workspace import Workspace

MODELS = ("pair", "ridge", "official", "official_corrected", "naive")
HOUR = pd.Timestamp("2025-04-01T10:00Z")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder of a back-test."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backtest_module, "worker_pool", here)
        run_backtest(workspace_of(folder, refit=False), *MODELS, warm=True)
    return folder


@pytest.fixture
def workspace(made, tmp_path) -> Workspace:
    """A copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return workspace_of(tmp_path)


def last_of(workspace, model: str) -> str:
    known = forecast_list(workspace)
    return known[known["model"] == model]["id"].iloc[-1]


def row_at(hour: pd.Timestamp) -> Observations:
    rows = made_load(104)
    return Observations(rows[(rows["quantity"] == "load") & (rows["valid_time"] == hour)])


def late_payload(workspace, available_at: pd.Timestamp) -> None:
    """Another value of an hour in the context of the last forecasts, known from an instant on."""
    row = row_at(HOUR).assign(value=12_345.0, batch="feedfeedfeedfeed", available_at=available_at)
    workspace.lake.observations.append(OBSERVATIONS.check(row))


def test_every_kind_of_model_says_the_same_bits_again(workspace):
    known = forecast_list(workspace, "backtest/t", [LOAD])
    assert len(known) == known["id"].nunique() == 5 * 6
    again = Workspace(workspace.settings)
    for model in MODELS:
        found = reproduce(again, last_of(again, model))
        assert (found.same, found.differences, found.count) == (True, (), 24 * 3)
        assert found.model == model


def test_an_id_depends_on_all_that_tells_a_forecast_from_others():
    issued = pd.Timestamp("2025-04-01T09:00Z")
    told = {
        "run": "live",
        "zone": "DE",
        "quantity": "load",
        "model": "lstm",
        "model_version": "3",
        "issue_time": issued,
        "data_hash": "0f",
    }
    local = {**told, "issue_time": issued.tz_convert("Europe/Berlin"), "value_mw": 1.0}
    assert forecast_id(told) == forecast_id(local)
    changed = {"issue_time": pd.Timestamp("2025-04-01T10:00Z")}
    others = [{**told, name: changed.get(name, f"{value}x")} for name, value in told.items()]
    assert len({forecast_id(one) for one in [told, *others]}) == 8


def test_the_beginning_of_an_id_is_enough_if_it_is_of_one_forecast(workspace):
    known = last_of(workspace, "naive")
    assert reproduce(workspace, known[:9]).id == known
    for wrong, message in (("000000000000", "no forecast in the lake has"), (known[:3], "too short")):
        with pytest.raises(LakeError, match=message):
            reproduce(workspace, wrong)


def test_what_came_or_was_decided_later_does_not_matter(workspace):
    """One clock: whatever came, was judged or was decided after the issue time is not read."""
    # The official forecast as a reference is read as of the beginning of the delivery day.
    later = forecast_list(workspace)["issue_time"].max() + pd.Timedelta(days=1)
    late_payload(workspace, available_at=later)
    workspace.lake.verdicts.append(judged(row_at(HOUR + pd.Timedelta(hours=5)), known_at=str(later)))
    workspace.lake.rulings.append(rulings_on(row_at(HOUR + pd.Timedelta(hours=6)), "reject", str(later)))
    for model in MODELS:
        assert reproduce(workspace, last_of(workspace, model)).differences == ()


def test_a_value_that_was_there_and_is_another_now_is_named_with_its_hour(workspace):
    late_payload(workspace, available_at=HOUR + pd.Timedelta(hours=3))
    found = reproduce(workspace, last_of(workspace, "pair"))
    assert not found.same
    data = [line for line in difference_lines(found) if line.startswith("data")]
    was = row_at(HOUR)["value"].item()
    assert data[1].startswith("data: DE/load differs in 1 units (UTC): 2025-04-01 10:00 was ")
    assert data[1].endswith("is 12345")
    assert float(data[1].split(" was ")[1].split(",")[0]) == pytest.approx(was, rel=1e-5)
    assert any(line.startswith("numbers: ") for line in difference_lines(found))


def test_a_value_that_is_gone_is_named_too(workspace):
    workspace.lake.verdicts.append(judged(row_at(HOUR)))  # decided in February, long before the forecast was made
    found = reproduce(workspace, last_of(workspace, "pair"))
    assert "2025-04-01 10:00" in difference_lines(found)[1]
    assert difference_lines(found)[1].endswith("is nan")


def test_another_model_under_the_same_name_is_a_difference(workspace, tmp_path):
    record = next(one for one in BacktestStore(tmp_path, "backtest/t").records(LOAD) if one.asked == "naive")
    file = tmp_path / "backtest/t/models" / record.bundle / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "level": 1.0}))
    rows = forecast_list(workspace)
    first = rows[(rows["model"] == "naive") & (rows["model_version"] == record.version)]["id"].iloc[0]
    (difference,) = difference_lines(reproduce(workspace, first))
    assert difference.startswith("model: ") and "has been changed" in difference
    file.unlink()
    file.parent.rmdir()
    assert "not in" in difference_lines(reproduce(workspace, first))[0]


def test_a_number_that_differs_in_its_last_bit_is_a_difference(workspace, monkeypatch):
    honest = predict_each
    monkeypatch.setattr(module, "predict_each", lambda *given: honest(*given) * (1 + 2e-7))
    found = reproduce(workspace, last_of(workspace, "naive")).differences
    numbers = [difference for difference in found if isinstance(difference, OtherNumbers)]
    assert [difference.before_adaptation for difference in numbers] == [False, True] and len(found) == 2
    assert all(0 < difference.most_mw < 1 for difference in numbers)
