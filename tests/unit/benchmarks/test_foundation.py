"""The benchmark of ERCOT's load and the picture beside foundation models: windows, settings, copied figures."""

import datetime as dt

import pandas as pd
import pytest
from common import Bench, Row, write_results
from ercot import MODELS, PERIODS, PUBLISHED, SERIES, SETTINGS, check_protocol, published, together
from foundation import FEV, LOAD, PRICES, load, prices, run
from one_year_scores import SERVED

from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.time import Mtu
from gridahead.features.windows import WindowSpec, build_windows
from gridahead.settings.file import load_settings
from gridahead.sources.file import FileTable


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return load_settings(tmp_path / "settings.toml")


def test_a_window_begins_at_midnight_utc_and_its_context_ends_with_the_hour_before(settings, tmp_path):
    times = pd.date_range("2020-03-01", periods=30 * 24, freq="h")
    rows = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%SZ"), "load_mw": range(30 * 24)})
    rows.to_csv(tmp_path / "load.csv", index=False)
    source = FileTable(settings.sources[0], settings.zone(SERIES.zone))
    observations = pd.concat([source.parse(one) for one in source.fetch()])
    deadline = settings.series_settings(SERIES).deadline
    spec = WindowSpec(SERIES, settings.zone(SERIES.zone), Mtu.PT60M, deadline, context_days=8, use_official=False)
    windows = build_windows(observations, spec, [PERIODS[0].first])
    begin = 14 * 24
    assert pd.Timestamp(windows.issue_time[0], unit="us") == pd.Timestamp("2020-03-15")
    assert windows.target_past[0, -1] == begin - 1
    assert windows.target[0].tolist() == [begin + hour for hour in range(24)]
    assert windows.delivery.all()


def test_the_published_scores_are_those_of_512_hours_and_a_day(tmp_path):
    names = [*PUBLISHED]
    scores = pd.DataFrame(
        [
            (name, context, horizon, "covid_2020", window, 100.0 * n + window + (0 if context == 512 else 1e6))
            for n, name in enumerate(names)
            for context, horizon in ((512, 24), (512, 168), (24, 24))
            for window in range(10)
            if (context, horizon) != (512, 168)
        ],
        columns=["model", "context_length", "horizon", "period", "window_idx", "mae"],
    )
    (tmp_path / "ercot").mkdir()
    scores.to_parquet(tmp_path / "ercot" / "ercot_foundation_model_scores.parquet")
    found = published(PERIODS[0], Bench("ercot", data=tmp_path))
    assert [row.value for row in found] == [100.0 * n + 4.5 for n in range(len(names))]
    assert all("zero-shot" in row.model or row.model not in MODELS for row in found)


def test_another_naive_score_than_the_published_one_is_another_protocol():
    theirs = Row("covid_2020", PUBLISHED["SeasonalNaive"], "mae", 1500.65)
    check_protocol(PERIODS[0], [Row("covid_2020", "naive", "mae", 1500.9), theirs])
    with pytest.raises(ModelError, match="covid_2020, published is 1500"):
        check_protocol(PERIODS[0], [Row("covid_2020", "naive", "mae", 1600.0), theirs])


def test_all_windows_count_the_same():
    rows = [
        Row(period.name, "ridge", "mae", value, n=240) for period, value in zip(PERIODS, (1.0, 2.0, 6.0), strict=True)
    ]
    assert together(rows) == [Row("all", "ridge", "mae", 3.0, 1.0, 6.0, 720)]
    assert PERIODS[1].last == dt.date(2022, 12, 10)


def test_ours_stand_beside_the_published_figures_and_only_whole_means_are_means():
    rows = [Row(market, SERVED, "sql", value) for market, value in (("NP", 0.5), ("PJM", 0.3), ("DE", 0.4))]
    found = {(row.task, row.model): row.value for row in prices([*rows, Row("NP", "ridge", "sql", 0.7)])}
    assert found[PRICES, SERVED] == pytest.approx(0.4)
    assert found[PRICES, "TabPFN-TS-3"] == pytest.approx(0.484)
    assert found[f"{PRICES} DE", "TiRex-2"] == FEV["TiRex-2"]["DE"]
    assert (PRICES, "ridge") not in found
    errors = load([Row("all", "ridge", "mae", 3.0, 1.0, 6.0, 720), Row("covid_2020", "ridge", "mae", 1.0)])
    assert errors == [Row(LOAD, "ridge", "mae", 3.0, 1.0, 6.0, 720)]


def test_results_that_are_not_there_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("foundation.RESULTS", tmp_path / "none")
    bench = Bench("foundation", output=tmp_path)
    with pytest.raises(SettingsError, match="gridahead bench epf --data FOLDER"):
        run(bench)
    write_results("epf", [Row("NP", "ridge", "sql", 0.7)], tmp_path)
    with pytest.raises(SettingsError, match="gridahead bench ercot"):
        run(bench)
