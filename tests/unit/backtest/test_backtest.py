"""Back-tests: the same windows as operation, nothing of the future, nothing made twice."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from builders.backtests import (
    FIRST,
    LAST,
    MONDAY,
    SHOP,
    bundles,
    forecasts,
    here,
    poisoned,
    run_backtest,
    workspace_of,
)
from builders.long import first_of
from builders.rows import LOAD, judged
from builders.windows import made_load

from gridahead.backtest import run as module
from gridahead.backtest.data import prepare
from gridahead.backtest.entrants import entrants, fitted
from gridahead.backtest.plan import Fold, Plan
from gridahead.backtest.results import rescore
from gridahead.backtest.run import backtests
from gridahead.core.errors import LakeError, ModelError, PartialError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.models.storage import load
from gridahead.training.split import split

ALL = ("tiny", "ridge", "official", "official_corrected", "naive")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(module, "worker_pool", here)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A back-test in two folds, and its workspace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "worker_pool", here)
        workspace = workspace_of(tmp_path_factory.mktemp("clean"))
        return workspace, run_backtest(workspace, *ALL)


def test_every_model_forecasts_every_day_of_every_fold(clean):
    workspace, result = clean
    rows = forecasts(workspace)
    assert set(rows["model"]) == set(ALL)
    assert len(rows) == 5 * 6 * 24 * 3, "models, days, hours, quantiles"
    assert (result.folds, result.made) == (2, 2)
    whole = result.scores[(result.scores["metric"] == "mae") & result.scores["lead"].isna()]
    assert whole.set_index("model")["n"].to_dict() == dict.fromkeys(ALL, 6 * 24)


@pytest.mark.parametrize("model", ["naive", "tiny"])
def test_days_before_the_first_whole_context_are_an_error_that_names_that_day(tmp_path, model):
    """Known from 6 January; eight days are read before each issue time, which is on the day before."""
    workspace = workspace_of(tmp_path, made_load(30))
    with pytest.raises(
        ModelError, match=r"the first day with a whole context is 2025-01-15. .*--start 2025-01-15"
    ) as said:
        run_backtest(workspace, model, first=dt.date(2025, 1, 2), last=dt.date(2025, 1, 20))
    assert "DE/load: is not known long enough before 2025-01-02" in str(said.value)
    if model == "naive":
        run_backtest(workspace, model, first=dt.date(2025, 1, 15), last=dt.date(2025, 1, 17))
    with pytest.raises(ModelError, match="no delivery day with a whole context before it; ingest a longer history"):
        run_backtest(workspace_of(tmp_path / "short", made_load(5)), model, first=dt.date(2025, 1, 2))


def test_a_fold_learns_what_a_training_on_its_eve_would_learn(clean):
    """Windows are built once and cut; cut or built for the fold, they hold the same bits."""
    workspace, _ = clean
    data = prepare(workspace, LOAD, Plan("t", FIRST, LAST, ("tiny",), "weekly"))
    training = workspace.settings.training.model_copy(update={"holdout_start": MONDAY})
    alone = split(data.observations, data.spec, training)
    cut = data.to_learn(data.folds[1])
    assert (cut.train_days, cut.validation_days) == (alone.train_days, alone.validation_days)
    assert cut.validation_days[1] < MONDAY
    for mine, others in ((cut.train, alone.train), (cut.validation, alone.validation)):
        assert mine.fingerprint() == others.fingerprint()


@pytest.mark.parametrize("garbage", first_of([1e9, 0.0], 1))
def test_nothing_of_the_future_reaches_a_fold(clean, tmp_path, garbage):
    """Guards: reading as of the issue time, and targets as known at the fold's first deadline.

    Every value that was not available at the deadline of the second fold's first day is overwritten, and every other
    one is revised just after it: models, and forecasts up to that day, must not change by a bit.
    """
    workspace, _ = clean
    data = prepare(workspace, LOAD, Plan("t", FIRST, LAST, ("naive",), "weekly"))
    deadline = data.spec.deadline.for_delivery(MONDAY)
    other = workspace_of(tmp_path, poisoned(made_load(104), deadline, garbage))
    run_backtest(other, *ALL)
    assert bundles(other) == bundles(workspace), "a model has learnt from the future"
    mine, others = (known_by(deadline, forecasts(each)) for each in (workspace, other))
    assert len(mine) == (5 * 4 - 2) * 24 * 3
    pd.testing.assert_frame_equal(mine, others, check_exact=True)


def known_by(deadline, rows):
    """The forecasts issued by then; the official one counts as of the beginning of its day, in its favour."""
    favoured = rows["model"].isin(["official", "official_corrected"])
    too_late = (rows["issue_time"] > deadline) | ((rows["issue_time"] == deadline) & favoured)
    return rows[~too_late].reset_index(drop=True)


def test_what_is_there_is_not_made_again(clean):
    workspace, _ = clean
    before, jobs = forecasts(workspace), SHOP.jobs
    again = run_backtest(workspace, *ALL)
    assert (again.made, SHOP.jobs) == (0, jobs)
    pd.testing.assert_frame_equal(forecasts(workspace), before)


def test_another_setting_or_other_data_are_made_again_and_only_those(tmp_path):
    workspace = workspace_of(tmp_path)
    run_backtest(workspace, "ridge", "naive")
    # A value of the last week is revised after the first fold's deadlines, and before the second one's.
    late = pd.Timestamp("2025-04-05T12:00Z")
    revised = made_load(104).query("quantity == 'load' and valid_time == @late")
    revised = revised.assign(value=60_000.0, available_at=late + pd.Timedelta(hours=5), availability="recorded")
    workspace.lake.observations.append(revised)
    assert run_backtest(workspace, "ridge", "naive").made == 1, "nothing in the first fold was read after the revision"
    other = workspace_of(tmp_path, validation_days=15)
    other.lake.observations.append(revised)
    jobs = SHOP.jobs
    assert run_backtest(other, "ridge", "naive").made == 2
    assert SHOP.jobs == jobs + 2, "ridge in both folds; the naive forecast knows no validation days"


def test_a_warm_fold_begins_with_the_model_of_the_former_fold(tmp_path):
    """Without a refit, that model has learnt no day that judges the next one."""
    workspace = workspace_of(tmp_path, refit=False)
    run_backtest(workspace, "pair", warm=True)
    data = prepare(workspace, LOAD, Plan("t", FIRST, LAST, ("pair",), "weekly", True))
    first, second = sorted(data.store.records(LOAD), key=lambda record: record.first)

    def of_second(starts):
        (entrant,), split = entrants(data, data.folds[1], starts)
        (ready,) = fitted(data, data.folds[1], [entrant], split, starts, SHOP, lambda epoch: None)
        return entrant.made_of, data.store.keep(ready.model)

    assert of_second([first.bundle]) == (second.made_of, second.bundle)
    cold = of_second([])
    assert cold[0] != second.made_of and cold[1] != second.bundle


def test_a_run_is_scored_again_without_making_anything(clean):
    workspace, result = clean
    jobs, rows = SHOP.jobs, len(forecasts(workspace))
    again = rescore(workspace, "backtest/t", LOAD).scores
    columns = ["model", "metric", "lead", "value", "n"]
    assert (SHOP.jobs, len(forecasts(workspace))) == (jobs, rows)
    pd.testing.assert_frame_equal(again[columns], result.scores[columns], check_exact=True)


def test_nothing_is_dropped_in_silence(tmp_path):
    """A day that is wholly flagged is scored; what cannot be scored is named, and nothing stands in for a reference."""
    rows = made_load(104)
    local = pd.DatetimeIndex(rows["valid_time"]).tz_convert("Europe/Berlin")
    is_load = rows["quantity"] == "load"
    unmeasured = is_load & (local.strftime("%Y-%m-%d") == "2025-04-06")
    withheld = ~is_load & (local.strftime("%Y-%m-%d %H") == "2025-04-08 12")
    workspace = workspace_of(tmp_path, Observations(rows[~unmeasured].reset_index(drop=True)))
    flagged = rows[is_load & (local.strftime("%Y-%m-%d") == "2025-04-05")]
    workspace.lake.verdicts.append(judged(flagged, "level_shift", "flag"))
    workspace.lake.verdicts.append(judged(rows[withheld]))
    result = run_backtest(workspace, "official", "official_corrected", "naive")

    whole = result.scores[result.scores["lead"].isna()].set_index(["model", "metric"])
    assert set(whole.xs("mae", level="metric")["n"]) == {6 * 24 - 24 - 1}
    assert set(whole.xs("left_out", level="metric")["value"]) == {25}
    assert set(whole.xs("mae_flagged", level="metric")["n"]) == {24}
    assert [*result.left_out.itertuples(index=False, name=None)] == [
        ("2025-04-06", "2025-04-06", 24, "no outturn"),
        ("2025-04-08", "2025-04-08", 1, "no forecast of official, official_corrected"),
    ]
    pd.testing.assert_frame_equal(rescore(workspace, "backtest/t", LOAD).left_out, result.left_out)
    silent = forecasts(workspace).query("valid_time == @rows[@withheld].valid_time.item()")
    assert set(silent["model"]) == {"naive"}


def test_it_says_how_much_of_the_availability_was_recorded(tmp_path):
    rows = made_load(104)
    seen = (rows["quantity"] == "load") & (rows["valid_time"] >= pd.Timestamp("2025-04-01T00:00Z"))
    rows.loc[seen, "availability"] = "recorded"
    result = run_backtest(workspace_of(tmp_path, rows), "naive")
    load, official = result.availability
    # Read: from 45 days before 4 April (six weeks by which the official forecast is corrected, the day before, and the
    # rests of two days) to the end of 9 April, and 9 of those days are of April; midnight in Berlin is 22:00 UTC.
    assert load.rows == 51 * 24 - 1, "the clocks go forward on 30 March"
    assert load.recorded == pytest.approx((9 * 24 - 2) / load.rows)
    assert load.recorded + load.assumed == 1
    assert official.recorded == 0
    told = json.loads((tmp_path / "backtest/t/DE.load/run.json").read_text())
    assert told["availability"][0]["recorded"] == load.recorded


@pytest.mark.parametrize(
    ("models", "said", "message"),
    [
        (("champion",), {}, "not trained again weekly"),
        (("tiny",), {"retrain": "never", "warm": True}, "say --retrain as well"),
        (("tiny",), {"warm": True}, "set refit = false under \\[training\\], or leave --warm out"),
        (("lsmt",), {}, "no model lsmt"),
        ((), {}, "no model named"),
        (("naive",), {"first": LAST, "last": FIRST}, "ends before it starts"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, models, said, message):
    with pytest.raises(SettingsError, match=message):
        run_backtest(workspace_of(tmp_path), *models, **said)


def test_a_warm_start_of_what_is_no_network_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="none is one"):
        run_backtest(workspace_of(tmp_path, refit=False), "ridge", warm=True)


def test_a_run_that_never_was_has_no_scores(tmp_path):
    with pytest.raises(LakeError, match="no backtest/other of DE/load"):
        rescore(workspace_of(tmp_path), "backtest/other", LOAD)


def test_forecasts_of_a_backtest_are_those_of_operation(clean):
    """The model of the fold, asked for one day as operation asks it, says the same bits."""
    workspace, _ = clean
    data = prepare(workspace, LOAD, Plan("t", FIRST, LAST, ("tiny",), "weekly"))
    fold = Fold(MONDAY, MONDAY)
    model = load(data.store.bundle(bundles(workspace)["tiny", str(MONDAY)]))
    windows = data.to_forecast(fold)
    said = model.predict(windows)[windows.delivery].astype(np.float64)
    rows = forecasts(workspace)
    kept = rows[(rows["model"] == "tiny") & (rows["issue_time"] == data.spec.deadline.for_delivery(MONDAY))]
    assert np.array_equal(kept["value_mw"].to_numpy().reshape(24, 3), said)


def test_a_series_that_the_lake_does_not_have_is_named_after_the_others_are_done(tmp_path):
    workspace = workspace_of(tmp_path)
    plan = Plan("t", FIRST, LAST, ("naive",))
    with pytest.raises(PartialError, match="not done: DE/solar; the rest is done") as caught:
        backtests(workspace, [LOAD, Series("DE", "solar")], plan, lambda event: None)
    (result,) = caught.value.done
    assert result.series == LOAD and len(result.scores)


def test_a_fold_that_fails_stops_its_own_series_and_no_other(tmp_path, monkeypatch):
    solar = Series("DE", "solar")
    both = pd.concat([rows := made_load(104), rows.assign(quantity="solar")], ignore_index=True)
    workspace, run_fold, begun = workspace_of(tmp_path, Observations(both)), module._run_fold, []

    def broken(data, fold, *rest):
        begun.append((data.series, fold.first))
        if data.series == solar:
            raise ModelError(str(solar), "the loss is no number")
        return run_fold(data, fold, *rest)

    monkeypatch.setattr(module, "_run_fold", broken)
    plan = Plan("t", FIRST, LAST, ("ridge",), "weekly")
    with pytest.raises(PartialError, match=r"not done: DE/solar; the rest is done\nDE/solar: the loss is") as caught:
        backtests(workspace, [solar, LOAD], plan, lambda event: None)
    assert [result.series for result in caught.value.done] == [LOAD]
    assert begun == [(solar, FIRST), (LOAD, FIRST), (LOAD, MONDAY)], "of the broken one no other fold begins"
    with pytest.raises(ModelError, match="DE/solar: the loss is no number"):
        backtests(workspace, [solar], plan, lambda event: None)
