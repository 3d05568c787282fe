"""Whatever breaks of models and inputs, a forecast is published, from the highest rung that can be had, and says so."""

import datetime as dt
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from builders.ladder import answer, equip, history, put, serve, slot_for, spec_of, whole_ladder, workspace_of
from builders.ladder import windows_to_learn as learnt
from builders.long import first_of
from builders.models import model_on
from builders.rows import LOAD, measured

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, CORRECTED, DEGRADED, FULL, LAST_WEEK, PREVIOUS, RIDGE
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu
from gridahead.operate.answer import climb
from gridahead.workspace import Workspace

DAY = dt.date(2025, 3, 19)
FINLAND = Series("FI", "load")


@pytest.fixture
def ladder(tmp_path):
    return whole_ladder(tmp_path, LOAD, DAY)


def bundle(workspace, number="2", series=LOAD):
    return (
        workspace.settings.data_folder / "models" / "bundles" / workspace.exports.version(series, number).tags["bundle"]
    )


def width(said):
    wide = said.forecasts.pivot_table(index="valid_time", columns="quantile", values="value_mw")
    return float((wide[0.9] - wide[0.1]).mean())


def without(workspace, series, since):
    """The lake as it is when nothing of a series has come since an instant."""
    kept = workspace.lake.observations.read()
    late = (kept["quantity"] == series.quantity) & (kept["available_at"] > since)
    other = workspace_of(workspace.settings.data_folder, *(str(one.series) for one in workspace.settings.series))
    put(other, kept[~late])
    return other


def test_with_everything_there_it_is_the_champion_and_nothing_is_missing(ladder):
    said = answer(ladder, LOAD, DAY)
    assert (said.rung, said.missing, said.model) == (FULL, "", "lstm v2")
    assert len(said.forecasts) == 24 * 3 and said.about["run_id"] == "run-2"
    assert said.about["bundle"] == bundle(ladder).name


def cut(folder):
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def alter(folder):
    weights = folder / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-3] ^= 0x40
    weights.write_bytes(content)


def remove(folder):
    (folder / "weights.safetensors").unlink()


def gone(folder):
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize("break_it", [cut, alter, remove, gone])
def test_damaged_altered_or_lost_weights_are_told_by_their_hash_and_the_version_before_answers(ladder, break_it):
    break_it(bundle(ladder))
    said = answer(ladder, LOAD, DAY)
    assert (said.rung, said.model) == (PREVIOUS, "gru v1")
    assert said.missing == "champion lstm v2: weights damaged or gone"
    assert set(said.forecasts["rung"]) == {PREVIOUS}


@pytest.mark.parametrize("text", ["{", "[]", '{"tags": 3}', '{"run_id": 1, "created_at": "never", "tags": {}}'])
def test_a_damaged_record_of_the_champion_is_no_more_than_that(ladder, text):
    (ladder.settings.data_folder / "models" / LOAD.slug / "2.json").write_text(text)
    said = answer(ladder, LOAD, DAY)
    assert (said.rung, said.missing) == (PREVIOUS, "champion: its record is damaged")


def test_where_it_is_not_known_who_serves_the_regression_answers(ladder):
    (ladder.settings.data_folder / "models" / LOAD.slug / "serving.json").write_text("{,")
    said = answer(ladder, LOAD, DAY)
    assert (said.rung, said.model) == (RIDGE, "ridge v2025-01-31")
    assert said.missing == "champion: its record is damaged; previous version: its record is damaged"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one: one * 2500, "its 80 % band|median|outer quantile|changes|any zone"),
        (lambda one: one * np.nan, "not finite"),
    ],
)
def test_weights_that_say_what_cannot_be_are_not_published_though_their_hash_is_right(ladder, change, why):
    windows = learnt(spec_of(ladder, LOAD), history(ladder, LOAD, DAY), DAY)
    model = model_on("week", windows, "lstm")
    for member in model.members:
        largest = max((one for one in member.parameters() if one.dim() == 2), key=torch.numel)
        with torch.no_grad():
            largest.copy_(change(largest))
            for head in [one for name, one in member.named_parameters() if "head" in name or "out" in name]:
                head.copy_(change(head))
    serve(ladder, LOAD, model, "3")
    said = answer(ladder, LOAD, DAY)
    assert said.rung == PREVIOUS and said.missing.startswith("champion lstm v3 is implausible: ")
    assert pd.Series([said.missing]).str.contains(why).all()


def test_without_torch_the_regression_answers(ladder, monkeypatch):
    monkeypatch.setitem(sys.modules, "gridahead.models.bundle", None)
    said = answer(ladder, LOAD, DAY)
    assert said.rung == RIDGE and said.missing.count("cannot be loaded: ") == 2


def test_what_nobody_has_expected_ends_a_rung_and_stands_in_the_log_as_a_whole(ladder, monkeypatch, caplog):
    monkeypatch.setattr("gridahead.operate.answer.forecast_of", lambda *_, **__: 1 / 0)
    said = answer(ladder, LOAD, DAY)
    assert said.rung == CORRECTED and said.missing.startswith("champion fails with ZeroDivisionError; ")
    assert "division by zero" in caplog.text


def test_without_any_model_it_is_the_official_forecast_without_its_own_error(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load")
    put(workspace, history(workspace, LOAD, DAY, noise=0.1))
    said = answer(workspace, LOAD, DAY)
    assert (said.rung, said.model) == (CORRECTED, CORRECTED)
    assert said.missing == "no champion; no previous version; no regression"
    median = said.forecasts[said.forecasts["quantile"] == 0.5].sort_values("valid_time")["value_mw"]
    truth = workspace.lake.observations.read({"quantity": "load"}).sort_values("valid_time")["value"][-24:]
    assert abs(float((median.to_numpy() - truth.to_numpy()).mean())) < 600  # and it is 1 100 MW too high as it comes
    assert said.about["bundle"] is None


def test_without_an_official_forecast_it_is_last_weeks_hour(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load")
    observations = history(workspace, LOAD, DAY)
    put(workspace, observations[observations["quantity"] == "load"])
    said = answer(workspace, LOAD, DAY)
    assert said.rung == LAST_WEEK and "official forecast missing for 24 of 24 units" in said.missing
    assert set(said.forecasts["quantile"].unique()) == set(workspace.settings.training.quantiles)


def test_of_nothing_at_all_it_says_what_to_do(ladder):
    empty = workspace_of(ladder.settings.data_folder, "DE/load")
    with pytest.raises(ModelError, match=r"champion lstm v2: nothing is known of DE/load .*`gridahead ingest`"):
        answer(empty, LOAD, DAY)
    put(empty, history(empty, LOAD, DAY, days=2))
    assert answer(empty, LOAD, DAY).rung == DEGRADED


@pytest.mark.parametrize(
    ("days", "rung", "words"),
    [
        (1, DEGRADED, "newest value of DE/load is 25 h old"),
        (3, DEGRADED, "newest value of DE/load is 3 days old"),
        (7, CORRECTED, "newest value is 7 days old, of use are 7 days"),
        (14, CORRECTED, "nothing is known of DE/load in the 8 days before"),
        (15, CORRECTED, "no value of DE/load in the 8 days before"),
    ],
)
def test_outturn_that_is_old_is_told_and_from_a_week_on_no_model_is_asked(ladder, days, rung, words):
    due = slot_for(ladder, LOAD, DAY).asked
    said = answer(without(ladder, LOAD, due - pd.Timedelta(days=days)), LOAD, DAY)
    assert said.rung == rung and words in said.missing


def test_a_model_that_errs_more_without_an_input_than_the_rungs_below_gives_way_to_them(tmp_path):
    workspace = whole_ladder(tmp_path, LOAD, DAY)
    exact = workspace_of(tmp_path, "DE/load")
    put(exact, history(exact, LOAD, DAY, noise=0.1))
    assert answer(exact, LOAD, DAY).rung == FULL  # nothing is missing: the trial has decided who is better
    said = answer(without(exact, LOAD, slot_for(workspace, LOAD, DAY).asked - pd.Timedelta(days=3)), LOAD, DAY)
    assert said.rung == CORRECTED
    assert said.missing.startswith("champion lstm v2: with what is missing it has lately erred by ")


def test_outturn_of_a_year_ago_leaves_the_official_forecast_as_it_is(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load")
    before = history(workspace, LOAD, dt.date(2024, 3, 20))
    now = history(workspace, LOAD, DAY, days=1)
    put(workspace, pd.concat([before, now[now["quantity"] == "load_official"]]))
    said = answer(workspace, LOAD, DAY)
    assert said.rung == CORRECTED and "not corrected: its errors of the last weeks are not known" in said.missing
    assert "guess" not in said.missing


def test_bands_of_every_rung_widen_with_the_age_of_the_outturn(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load")
    put(workspace, history(workspace, LOAD, DAY, days=90))
    due = slot_for(workspace, LOAD, DAY).asked
    stale = [answer(without(workspace, LOAD, due - pd.Timedelta(days=days)), LOAD, DAY) for days in (0, 7, 20)]
    assert {one.rung for one in stale} == {CORRECTED}
    widths = [width(one) for one in stale]
    assert widths[0] < widths[1] < widths[2]


def test_without_the_official_forecast_the_champion_answers_degraded(ladder):
    said = answer(without(ladder, LOAD.official, slot_for(ladder, LOAD, DAY).asked - pd.Timedelta(days=1)), LOAD, DAY)
    assert (said.rung, said.missing) == (DEGRADED, "official forecast missing for 24 of 24 units")


def test_a_covariate_that_cannot_be_read_is_missing_and_no_more(tmp_path, monkeypatch):
    workspace = workspace_of(tmp_path, "DE/load", future_covariates=["DE/temperature"])
    temperature = Series("DE", "temperature")
    times = workspace.lake.observations.read()  # empty, of the right columns
    equip_with(workspace, temperature)
    read = workspace.lake.read_vintages

    def damaged(*series, **options):
        if temperature in series:
            raise LakeError("observations/… is damaged")
        return read(*series, **options)

    assert times.empty and answer(workspace, LOAD, DAY).rung == FULL
    monkeypatch.setattr(workspace.lake, "read_vintages", damaged)
    said = answer(workspace, LOAD, DAY)
    assert said.rung == DEGRADED and said.missing.startswith("DE/temperature cannot be read")


def equip_with(workspace, covariate):
    """The whole ladder of a load that reads a covariate ahead."""
    observations = history(workspace, LOAD, DAY)
    load = observations[observations["quantity"] == "load"]
    ahead = load.assign(quantity=covariate.quantity, value=10.0, available_at=load["valid_time"] - pd.Timedelta(days=2))
    put(workspace, ahead)
    equip_from(workspace, pd.concat([observations, ahead]))


def equip_from(workspace, observations):
    put(workspace, observations[observations["quantity"] != "temperature"])
    windows = learnt(spec_of(workspace, LOAD), Observations(observations), DAY)
    serve(workspace, LOAD, model_on("week", windows, "lstm"), "2", CHAMPION)


def test_weather_of_a_run_of_last_week_counts_as_missing(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load", future_covariates=["DE/temperature"])
    observations = history(workspace, LOAD, DAY)
    load = observations[observations["quantity"] == "load"]
    ahead = load.assign(quantity="temperature", value=10.0, source="openmeteo", available_at=load["valid_time"])
    ahead["available_at"] -= pd.Timedelta(days=2)
    observations = pd.concat([observations, ahead])
    last_run = slot_for(workspace, LOAD, DAY).asked - pd.Timedelta(days=4)
    put(workspace, ahead.assign(available_at=ahead["available_at"].where(ahead["available_at"] < last_run, last_run)))
    equip_from(workspace, observations)
    said = answer(workspace, LOAD, DAY)
    assert said.rung == DEGRADED and "DE/temperature ahead: 0% known, usually 100%" in said.missing


@pytest.mark.parametrize("clock", ["12:50", "09:30"])
def test_a_deadline_that_no_model_was_trained_for_is_told_whether_it_is_later_or_earlier(ladder, clock):
    deadline = Deadline.parse(f"D-1T{clock}[Europe/Berlin]")
    entry = ladder.settings.series[0].model_copy(update={"deadline": deadline})
    moved = Workspace(ladder.settings.model_copy(update={"series": (entry,)}), registry_of=ladder.registry_of)
    said = answer(moved, LOAD, DAY)
    assert said.rung == CORRECTED and said.issue_time == deadline.for_delivery(DAY)
    why = f"is trained to be asked at D-1T1100[Europe/Berlin], not at 2025-03-18 {clock}; "
    way_out = "after a change of the deadline run `gridahead train`"
    assert said.missing.startswith(f"champion lstm v2 {why}{way_out}; previous version gru v1 {why}{way_out}; ")


def test_whoever_asks_before_it_is_due_is_answered_by_the_model_and_told_so(ladder):
    due = ladder.settings.series[0].deadline.for_delivery(DAY)
    said = answer(ladder, LOAD, DAY, due - pd.Timedelta(hours=3))
    assert said.rung == DEGRADED and "made 3 h before the model's deadline" in said.missing
    assert answer(ladder, LOAD, DAY, due - pd.Timedelta(minutes=4)).rung == FULL, "a clock may be ahead of ours"


def test_made_up_for_as_of_a_deadline_that_was_moved_it_is_by_the_same_rung(ladder):
    deadline = Deadline.parse("D-1T0930[Europe/Berlin]")
    entry = ladder.settings.series[0].model_copy(update={"deadline": deadline})
    moved = Workspace(ladder.settings.model_copy(update={"series": (entry,)}), registry_of=ladder.registry_of)
    late = answer(moved, LOAD, DAY, deadline.for_delivery(DAY) + pd.Timedelta(hours=5))
    assert late.rung == CORRECTED and "not at 2025-03-18 09:30" in late.missing
    # An hour and a half after it, it is 11:00, which is what the model has learnt.
    assert answer(moved, LOAD, DAY, deadline.for_delivery(DAY) + pd.Timedelta(hours=1.5)).rung == FULL


def test_a_late_run_reads_nothing_that_the_model_was_not_trained_to_read(ladder):
    late = slot_for(ladder, LOAD, DAY).asked + pd.Timedelta(hours=3)
    said = answer(ladder, LOAD, DAY, late)
    assert said.rung == FULL and said.issue_time == slot_for(ladder, LOAD, DAY).deadline


def test_the_fault_of_one_zone_changes_no_bit_of_another(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load", "FI/load")
    for series in (LOAD, FINLAND):
        equip(workspace, series, DAY)
    before = answer(workspace, FINLAND, DAY).forecasts.drop(columns="made_at")
    for number in "12":
        remove(bundle(workspace, number))
    (workspace.exports.folder / LOAD.slug).write("fallback.json", b"?")
    assert answer(workspace, LOAD, DAY).rung == CORRECTED
    after = answer(workspace, FINLAND, DAY)
    # Both zones have the same networks, whose bundle is one: it is gone for both, unless it tells the zones apart.
    assert after.rung == FULL
    pd.testing.assert_frame_equal(after.forecasts.drop(columns="made_at"), before)


@pytest.mark.parametrize(
    ("name", "day", "mtu", "units"),
    first_of(
        [
            ("DE/load", dt.date(2025, 10, 26), Mtu.PT15M, 100),
            ("DE/price", DAY, Mtu.PT60M, 24),
            ("DE/solar", dt.date(2025, 3, 30), Mtu.PT60M, 23),
            ("AU-NSW/load", dt.date(2025, 10, 5), Mtu.PT60M, 23),
            ("DE/load", DAY, Mtu.PT15M, 96),
            ("DE/load", dt.date(2025, 3, 30), Mtu.PT60M, 23),
            ("AU-NSW/load", dt.date(2025, 4, 6), Mtu.PT30M, 50),
        ],
        4,
    ),
)
def test_every_rung_forecasts_every_unit_of_any_series(tmp_path, name, day, mtu, units):
    series = Series.parse(name)
    zones = [{"code": "AU-NSW", "timezone": "Australia/Sydney", "country": "AU"}] if "AU" in name else ()
    workspace = whole_ladder(tmp_path, series, day, mtu=mtu, zones=zones)
    seen = []
    for break_next in (
        lambda: None,
        lambda: remove(bundle(workspace, "2", series)),
        lambda: remove(bundle(workspace, "1", series)),
        lambda: (workspace.exports.folder / series.slug).delete("fallback.json"),
    ):
        break_next()
        said = answer(workspace, series, day)
        seen.append(said.rung)
        assert said.forecasts["valid_time"].nunique() == units
        assert np.isfinite(said.forecasts["value_mw"]).all()
        if series.quantity == "solar":
            night = said.forecasts["valid_time"].dt.tz_convert("Europe/Berlin").dt.hour < 5
            assert (said.forecasts.loc[night, "value_mw"] == 0).all()
    assert seen == [FULL, PREVIOUS, RIDGE, CORRECTED]
    official = slot_for(workspace, series, day).asked - pd.Timedelta(days=1)
    kept = workspace.lake.observations.read()
    late = kept["quantity"].str.endswith("_official") & (kept["available_at"] > official)
    other = workspace_of(tmp_path, name, zones=zones)
    put(other, kept[~late])
    said = answer(other, series, day)
    assert said.rung == LAST_WEEK and said.forecasts["valid_time"].nunique() == units
    if series.quantity == "price":
        assert said.forecasts["value_mw"].min() < 0


def test_no_registry_and_no_mlflow_is_needed(ladder):
    (ladder.settings.mlflow_folder).mkdir(parents=True, exist_ok=True)
    (ladder.settings.mlflow_folder / "mlflow.db").write_bytes(b"no database")
    assert answer(ladder, LOAD, DAY).rung == FULL
    assert "mlflow" not in climb.__module__


def test_a_disk_that_takes_no_inputs_still_gives_the_forecast(ladder):
    (ladder.settings.data_folder / "inputs").write_text("a file where a folder should be")
    assert answer(ladder, LOAD, DAY).rung == FULL


def test_an_official_forecast_in_kilowatts_is_not_published(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load")
    observations = history(workspace, LOAD, DAY)
    wrong = observations["quantity"].eq("load_official") & (observations["valid_time"] >= pd.Timestamp(DAY, tz="UTC"))
    put(workspace, observations.assign(value=observations["value"].where(~wrong, observations["value"] * 8)))
    said = answer(workspace, LOAD, DAY)
    assert said.rung == LAST_WEEK and "official forecast is implausible: " in said.missing


def test_three_days_of_data_are_enough_for_the_lowest_rung(tmp_path):
    workspace = workspace_of(tmp_path, "DE/load")
    times = pd.date_range("2025-03-15T23:00Z", "2025-03-18T08:00Z", freq="h")
    put(workspace, measured(LOAD, times, 50_000 + 100 * times.hour.to_numpy()))
    said = answer(workspace, LOAD, DAY)
    assert said.rung == LAST_WEEK and "its band is a guess: errors of " in said.missing
    assert said.forecasts["valid_time"].nunique() == 24
