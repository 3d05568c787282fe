"""All figures of a run, and what its errors cost: against what a hand would calculate from the rows in the lake."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from builders.backtests import run_backtest, workspace_of
from builders.forecasts import forecast_of
from builders.rows import LOAD, measured, together
from builders.serving import DAY, load_at, ready

from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import Mtu, delivery_range
from gridahead.evaluation.battery import Battery
from gridahead.evaluation.outturn import temperature
from gridahead.evaluation.value import Prices
from gridahead.operate.figures import compared, figures_of, forecasts_of_run
from gridahead.operate.value import batteries, costs, read_prices

RUN, REFERENCES = "backtest/t", ("official", "official_corrected", "naive")
PRICES = Prices(short=40.0, long=20.0, reserve=5.0)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A back-test of the references: nothing has to be trained."""
    made = workspace_of(tmp_path_factory.mktemp("value"))
    run_backtest(made, *REFERENCES, first=dt.date(2025, 3, 20), last=dt.date(2025, 4, 9), retrain="never")
    return made


@pytest.fixture(scope="module")
def by_hand(workspace):
    """Outturn and the quantiles 10, 50 and 90 % of the naive forecast, (T, 4) [MW]."""
    found = forecasts_of_run(workspace, LOAD, RUN)
    rows = found.forecasts[found.forecasts["model"] == "naive"]
    wide = rows.pivot_table(index="valid_time", columns="quantile", values="value_mw")
    truth = found.outturn.set_index("valid_time")["value"]
    return np.column_stack([truth.loc[wide.index], wide])


def test_the_figures_of_a_run_are_those_of_its_rows(workspace, by_hand):
    found = figures_of(workspace, LOAD, RUN, "none").set_index(["model", "metric"])["value"]
    assert found["naive", "mae"] == pytest.approx(np.abs(by_hand[:, 0] - by_hand[:, 2]).mean(), rel=1e-6)
    assert found["naive", "coverage_80"] == pytest.approx(
        ((by_hand[:, 0] >= by_hand[:, 1]) & (by_hand[:, 0] <= by_hand[:, 3])).mean()
    )
    shape = {"peak_hour_error", "daily_peak_error", "ramp_error", "energy_score", "variogram_score"}
    assert {"crps", "mase", "rmse", "skill_naive"} | shape <= set(found["official"].index)
    assert set(figures_of(workspace, LOAD, RUN, "clock")["slice"]) == {"change"}, "30 March has 23 hours"
    every = {"none", "lead", "hour", "weekday", "month", "season", "day_kind"}
    assert set(figures_of(workspace, LOAD, RUN, "all")["by"]) >= every


def test_the_comparison_of_a_run_is_of_its_references(workspace):
    found = compared(workspace, LOAD, RUN)
    assert [*found[["series", "model", "against", "days"]].itertuples(index=False, name=None)] == [
        (str(LOAD), "official", "official_corrected", 21),
        (str(LOAD), "official", "naive", 21),
        (str(LOAD), "official_corrected", "naive", 21),
    ]


def test_what_cannot_be_told_is_said(workspace):
    with pytest.raises(LakeError, match="no input in degC"):
        figures_of(workspace, LOAD, RUN, "temperature")
    with pytest.raises(SettingsError, match="say all, none, lead, lead_day, hour"):
        figures_of(workspace, LOAD, RUN, "colour")
    with pytest.raises(LakeError, match="no forecast of run live that counts"):
        forecasts_of_run(workspace, LOAD, "live")


def test_what_was_published_jumps_from_issue_to_issue_and_is_scored_by_the_newest(tmp_path):
    made, early = ready(tmp_path), pd.Timestamp("2025-03-18T08:00Z")
    told = {"issue_time": early, "made_at": early}
    made.lake.forecasts.append(forecast_of("2025-03-19", level=50_300.0, **told))
    made.lake.forecasts.append(forecast_of("2025-03-19", level=50_000.0))
    found = figures_of(made, LOAD, "live", "none")
    values = found[found["model"] == "published"].set_index("metric")["value"]
    newest = forecast_of("2025-03-19", levels=(0.5,))["value_mw"].to_numpy()
    truth = load_at(LOAD, delivery_range(DAY, "Europe/Berlin").times(Mtu.PT60M).tz_convert("Europe/Berlin"))
    assert values["jump"] == pytest.approx(300.0) and values["jump_80"] == pytest.approx(300.0)
    assert values["mae"] == pytest.approx(np.abs(newest - truth).mean())
    assert values["jump_share"] == pytest.approx(300.0 / values["mae"])
    assert "jump" not in set(found.loc[found["model"] == "naive", "metric"])


def test_the_temperature_of_a_series_is_its_first_input_in_degrees():
    gas, air = Series("DE", "gas"), Series("DE", "temperature")
    times = pd.date_range("2025-01-01", periods=3, freq="h", tz="UTC")
    warm = measured(air, times, [1.0, 2.0, 3.0]).assign(unit="degC")
    rows = together(measured(gas, times, [9.0, 9.0, 9.0]), warm)
    degrees = temperature(rows, [gas, air])
    assert degrees is not None
    assert degrees.tolist() == [1.0, 2.0, 3.0]
    assert temperature(rows, [gas]) is None


def test_costs_are_those_of_the_rows(workspace, by_hand):
    against, found = costs(workspace, LOAD, RUN, PRICES, cover=0.8)
    naive = next(one for one in found if one.model == "naive")
    missing = by_hand[:, 0] - by_hand[:, 2]
    imbalance = 40 * np.maximum(missing, 0).sum() + 20 * np.maximum(-missing, 0).sum()
    assert against == "official"
    assert naive.imbalance_eur == pytest.approx(imbalance, rel=1e-5)
    assert naive.reserve_eur == pytest.approx(5 * (by_hand[:, 3] - by_hand[:, 1]).sum(), rel=1e-5)
    official = next(one for one in found if one.model == "official")
    assert official.saving_eur is None
    assert naive.saving_eur == pytest.approx(official.total_eur - naive.total_eur, rel=1e-5)
    assert naive.saving_low is not None
    assert naive.saving_eur is not None
    assert naive.saving_high is not None
    assert naive.saving_low < naive.saving_eur < naive.saving_high
    assert [one.total_eur for one in found] == sorted(one.total_eur for one in found)


def test_prices_of_a_file_count_in_their_hour_alone(workspace, by_hand, tmp_path):
    times = pd.date_range("2025-03-19T23:00Z", "2025-04-09T21:00Z", freq="h")
    short = np.zeros(len(times))
    short[100] = 1000.0
    file = tmp_path / "prices.csv"
    texts = times.tz_convert("Europe/Berlin").map(lambda instant: instant.isoformat())
    pd.DataFrame({"time": texts, "short": short, "long": 0.0}).to_csv(file, index=False)
    naive = next(one for one in costs(workspace, LOAD, RUN, read_prices(file), 0.8)[1] if one.model == "naive")
    assert naive.total_eur == pytest.approx(1000 * max(by_hand[100, 0] - by_hand[100, 2], 0), rel=1e-5, abs=1e-6)
    with pytest.raises(SettingsError, match="no price, the first is 2025-03-31 22:00"):
        costs(workspace, LOAD, RUN, read_prices(file)[: pd.Timestamp("2025-03-31T21:00Z")], 0.8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,short\n2025-01-01T00:00Z,1\n", "no column long"),
        ("time,short,long\n2025-01-01T00:00,1,1\n", "needs an offset"),
        ("time,short,long\n2025-01-01T00:00Z,much,1\n", "much"),
        ("time,short,long\n2025-01-01T00:00Z,1,1\n2025-01-01T01:00+01:00,1,1\n", "two prices of 2025-01-01 00:00"),
    ],
)
def test_prices_that_cannot_be_meant_are_refused(tmp_path, text, said):
    file = tmp_path / "prices.csv"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_prices(file)


def test_a_share_without_its_quantiles_is_refused(workspace):
    with pytest.raises(SettingsError, match=r"--cover 0\.5: no quantile of level 0\.25"):
        costs(workspace, LOAD, RUN, PRICES, cover=0.5)


def test_no_battery_earns_more_than_perfect_foresight(workspace):
    found = batteries(workspace, LOAD, RUN, lambda load: load / 1000, Battery(10, 20))
    assert {one.model for one in found} == set(REFERENCES)
    assert {one.days for one in found} == {21}
    assert found[0].possible_eur > 0
    assert all(one.earned_eur <= one.possible_eur + 1e-6 for one in found)
    assert found[0].earned_eur >= found[1].earned_eur
    assert found[0].share == pytest.approx(found[0].earned_eur / found[0].possible_eur)
    assert {one.drawn for one in found} == {21}
    assert all(one.inside is not None and 0 <= one.inside <= 1 for one in found)
