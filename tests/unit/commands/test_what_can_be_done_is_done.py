"""What can be said of some series is said; then those of which it cannot are named, with an exit code that fits."""

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from made_commands import run, settings_in

from gridahead.errors import LakeError, ModelError, PartialError
from gridahead.grid import Series

LOAD, SOLAR, WIND = (Series("DE", quantity) for quantity in ("load", "solar", "wind"))
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

    monkeypatch.setattr(where, use_case)


def figures_of(series):
    row = {"series": str(series), "model": "published", "by": "all", "slice": "", "n": 24}
    return pd.DataFrame([{**row, "metric": "mae", "value": 41.2, "unit": "MW"}])


def compared_of(series):
    return pd.DataFrame([{"series": str(series), "model": "published", "against": "naive", "days": 9, "crps": 41.2,
                          "saves": 3.0, "saves_low": 1.0, "saves_high": 5.0, "p": 0.01}])  # fmt: skip


def drift_of(series):
    found = SimpleNamespace(series=series, retrain=False, alarm=False)
    found.rows, found.words, found.to_dict = list, lambda: "no drift", lambda: {"series": str(series)}
    return found


def published_of(series):
    manifest = {"series": str(series), "issue_time": "2025-01-01T10:00:00+00:00", "model": "gru", "model_version": "1",
                "degraded": None, "delivery_day": "2025-01-02", "timezone": "Europe/Berlin", "unit": "MW",
                "delivery": ["2025-01-01T23:00:00+00:00", "2025-01-02T23:00:00+00:00"], "csv": "a.csv",
                "median": {"mean_mw": 1.0, "peak_mw": 2.0, "peak_at": "2025-01-02T11:00:00+00:00"},
                "parquet": "a.parquet"}  # fmt: skip
    return SimpleNamespace(manifest=manifest, folder=Path("out"), changed=True)


def diagnosis_of(series):
    return [SimpleNamespace(to_dict=lambda: {"series": str(series)}, title=str(series), rows=list, picture="p",
                            gradients=SimpleNamespace(sentence=lambda: "", undefined=lambda: ""))]  # fmt: skip


CASES = [
    (("score", "--by", "all"), "gridahead.pipeline.figures.figures_of", figures_of),
    (("score", "--compare"), "gridahead.pipeline.figures.compared", compared_of),
    (("drift",), "gridahead.pipeline.drift.drift", drift_of),
    (("forecast",), "gridahead.pipeline.forecast.forecast", published_of),
    (("diagnose",), "gridahead.pipeline.diagnose.diagnose", diagnosis_of),
    (("value", "--short", "1", "--long", "1"), "gridahead.pipeline.value.costs", lambda series: ("official", [])),
    (("value", "--battery", "1,2", "--curve", "1:1,2:2"), "gridahead.pipeline.value.batteries", lambda series: []),
]


@pytest.mark.parametrize(("arguments", "where", "result"), CASES, ids=[" ".join(case[0][:2]) for case in CASES])
def test_a_series_that_fails_is_named_after_the_others_are_done(monkeypatch, file, arguments, where, result):
    done = []
    but_solar(monkeypatch, where, lambda series: done.append(series) or result(series))
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
    def use_case(workspace, series, issue_time):
        raise ModelError(str(series), "has no champion")

    monkeypatch.setattr("gridahead.pipeline.forecast.forecast", use_case)
    ended = run(file, "forecast")
    assert ended.code == 5
    assert ended.error.splitlines() == [
        "not done: DE/load, DE/solar, DE/wind; nothing is done",
        *(f"{one}: has no champion" for one in (LOAD, SOLAR, WIND)),
    ]


def test_a_slice_that_nobody_knows_is_told_once(file):
    ended = run(file, "score", "--by", "moon")
    assert ended.code == 2
    assert ended.error.startswith("--by 'moon': say all, lead") and "\n" not in ended.error


def test_what_was_trained_is_shown_before_what_could_not_be(monkeypatch, file):
    trained = SimpleNamespace(series=LOAD, model="gru", version="1", validation={"validation_mae": 41.2}, epochs=3,
                              seconds=1.0, champion=True, known=False, verdict="", card=None)  # fmt: skip

    def use_case(workspace, series, progress, **options):
        raise PartialError({"DE/solar": LakeError("DE/solar: the lake has nothing of it")}, [trained])

    monkeypatch.setattr("gridahead.pipeline.train.train_all", use_case)
    ended = run(file, "train")
    assert "41.2 MW" in ended.said
    assert (ended.code, ended.error.splitlines()[-1]) == (6, "DE/solar: the lake has nothing of it")


def test_a_drift_comes_before_what_could_not_be_looked_at(monkeypatch, file):
    def drifted(series):
        found = drift_of(series)
        found.alarm = series == LOAD
        return found

    but_solar(monkeypatch, "gridahead.pipeline.drift.drift", drifted)
    ended = run(file, "drift")
    assert ended.code == 5
    assert "DE/load: drifted" in ended.error and f"DE/solar: {NOTHING_YET}" in ended.error
