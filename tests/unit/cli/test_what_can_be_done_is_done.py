"""What can be said of some series is said; then those of which it cannot are named, with an exit code that fits."""

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders.commands import run, settings_in

from gridahead.core.each import of_each
from gridahead.core.errors import LakeError, ModelError, PartialError
from gridahead.core.grid import Series
from gridahead.explain.diagnosis import Diagnosis
from gridahead.explain.gradient_report import GradientReport
from gridahead.monitoring.drift import Drift
from gridahead.monitoring.findings import DriftFinding, LossChange
from gridahead.operate.explain import Diagnosed
from gridahead.registry.versions import Registered, Version

LOAD, SOLAR, WIND = (Series("DE", quantity) for quantity in ("load", "solar", "wind"))
FORECASTS = "gridahead.operate.forecast.forecast_each"
"""A use case that is asked of all series at once."""
NOTHING_YET = "nothing of run live has an outturn yet, so there is nothing to measure"


@pytest.fixture
def file(tmp_path):
    return settings_in(tmp_path, load="MW", solar="MW", wind="MW")


def but_solar(monkeypatch, where, result):
    """A use case that cannot be done for the solar series, and of the others gives what `result` makes of them."""

    def use_case(workspace, series, *rest, **options):
        if series == SOLAR:
            raise LakeError(f"{series}: {NOTHING_YET}")
        return result(series)

    def of_all(workspace, names, *rest, **options):
        return of_each(names, lambda series: use_case(workspace, series))

    monkeypatch.setattr(where, of_all if where == FORECASTS else use_case)


def figures_of(series):
    row = {"series": str(series), "model": "published", "by": "all", "slice": "", "n": 24}
    return pd.DataFrame([{**row, "metric": "mae", "value": 41.2, "unit": "MW"}])


def compared_of(series):
    return pd.DataFrame(
        [
            {
                "series": str(series),
                "model": "published",
                "against": "naive",
                "days": 9,
                "crps": 41.2,
                "saves": 3.0,
                "saves_low": 1.0,
                "saves_high": 5.0,
                "p": 0.01,
            }
        ]
    )


def drift_of(series, level="none"):
    finding = DriftFinding(str(series.official), "official", level, 2.0, 1.0, LossChange(28, 900.0, 2.0, None))
    return Drift(series, dt.date(2025, 1, 1), dt.date(2025, 1, 28), (finding,), "gru v1", "MW")


def published_of(series):
    manifest = {
        "series": str(series),
        "issue_time": "2025-01-01T10:00:00+00:00",
        "model": "gru",
        "model_version": "1",
        "rung": "full",
        "delivery_day": "2025-01-02",
        "timezone": "Europe/Berlin",
        "unit": "MW",
        "delivery": ["2025-01-01T23:00:00+00:00", "2025-01-02T23:00:00+00:00"],
        "csv": "a.csv",
        "median": {"mean_mw": 1.0, "peak_mw": 2.0, "peak_at": "2025-01-02T11:00:00+00:00"},
        "parquet": "a.parquet",
    }
    return SimpleNamespace(
        manifest=manifest, folder=Path("out"), changed=True, unkept="", unmade="", unsunk="", behind=""
    )


def diagnosed(series):
    gradients = GradientReport("gru", 24.0, np.array([1.0, 0.1]), np.array([1.0, 0.1]), None, None)
    version = Version(series, "1", "run", pd.Timestamp("2025-06-01T00:00Z"), (), {"model": "gru"})
    network: Any = SimpleNamespace(name="gru")
    return [Diagnosed(Diagnosis(Registered(version, network), network, gradients, {}), Path("p"))]


CASES = [
    (("score", "--by", "all"), "gridahead.operate.figures.figures_of", figures_of),
    (("score", "--compare"), "gridahead.operate.figures.compared", compared_of),
    (("drift",), "gridahead.monitoring.drift.drift", drift_of),
    (("forecast",), FORECASTS, published_of),
    (("diagnose",), "gridahead.operate.explain.diagnose_model", diagnosed),
    (("value", "--short", "1", "--long", "1"), "gridahead.operate.value.costs", lambda series: ("official", [])),
    (("value", "--battery", "1,2", "--curve", "1:1,2:2"), "gridahead.operate.value.batteries", lambda series: []),
]


@pytest.mark.parametrize(("arguments", "where", "result"), CASES, ids=[" ".join(case[0][:2]) for case in CASES])
def test_a_series_that_fails_is_named_after_the_others_are_done(monkeypatch, file, arguments, where, result):
    done = []

    def noted(series):
        done.append(series)
        return result(series)

    but_solar(monkeypatch, where, noted)
    ended = run(file, *arguments)
    assert done == [LOAD, WIND]
    assert ended.code == 6
    assert ended.error == f"not done: DE/solar; the rest is done\nDE/solar: {NOTHING_YET}"
    if arguments[:2] in (("score", "--by"), ("score", "--compare"), ("forecast",)):
        assert "DE/load" in ended.said and "DE/wind" in ended.said and "DE/solar" not in ended.said


@pytest.mark.parametrize("arguments", [("score", "--by", "all"), ("drift",), ("forecast",)])
def test_the_json_of_the_others_is_whole(monkeypatch, file, arguments):
    (case,) = [case for case in CASES if case[0] == arguments]
    but_solar(monkeypatch, *case[1:])
    ended = run(file, *arguments, "--json")
    assert {row["series"] for row in json.loads(ended.said)} == {"DE/load", "DE/wind"}
    assert ended.code == 6


def test_of_one_series_alone_the_error_is_its_own(monkeypatch, file):
    but_solar(monkeypatch, *CASES[0][1:])
    ended = run(file, "score", "--by", "all", "--series", "DE/solar")
    assert (ended.code, ended.error) == (6, f"DE/solar: {NOTHING_YET}")


def test_all_that_fail_are_named(monkeypatch, file):
    def use_case(workspace, names, issue_time, **options):
        return {}, {series: ModelError(str(series), "has no champion") for series in names}

    monkeypatch.setattr(FORECASTS, use_case)
    ended = run(file, "forecast")
    assert ended.code == 5
    assert ended.error.splitlines() == [
        "not done: DE/load, DE/solar, DE/wind; nothing is done",
        *(f"{one}: has no champion" for one in (LOAD, SOLAR, WIND)),
    ]


def test_a_slice_that_nobody_knows_is_told_once(file):
    ended = run(file, "score", "--by", "moon")
    assert ended.code == 2
    assert ended.error.startswith("--by 'moon': say all, none, lead") and "\n" not in ended.error


def test_what_was_trained_is_shown_before_what_could_not_be(monkeypatch, file):
    trained = SimpleNamespace(
        series=LOAD,
        model="gru",
        version="1",
        validation={"validation_mae": 41.2},
        epochs=3,
        seconds=1.0,
        champion=True,
        known=False,
        outcome="",
        card=None,
    )

    def use_case(workspace, series, progress, **options):
        raise PartialError({"DE/solar": LakeError("DE/solar: the lake has nothing of it")}, [trained])

    monkeypatch.setattr("gridahead.operate.train.train_all", use_case)
    ended = run(file, "train")
    assert "41.2 MW" in ended.said
    assert (ended.code, ended.error.splitlines()[-1]) == (6, "DE/solar: the lake has nothing of it")


def test_a_drift_comes_before_what_could_not_be_looked_at(monkeypatch, file):
    but_solar(
        monkeypatch,
        "gridahead.monitoring.drift.drift",
        lambda series: drift_of(series, "alarm" if series == LOAD else "none"),
    )
    ended = run(file, "drift")
    assert ended.code == 5
    assert "DE/load: drifted" in ended.error and f"DE/solar: {NOTHING_YET}" in ended.error
