"""Options, rows and the file of results that all benchmarks share."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import common
import pytest
from common import RESULTS, TRIALS, Bench, Row, measure, read_results, write_results
from datasets import dataset, smard
from pictures import colour, picture

from gridahead.core.errors import SettingsError


def test_a_row_of_several_seeds_is_their_median_and_range():
    assert Row.of("load", "lstm", "mae", [1400.0, 1350.0, 1500.0, 1360.0]) == Row(
        "load", "lstm", "mae", 1380.0, 1350.0, 1500.0, 4
    )


def test_a_row_of_one_value_has_no_range():
    assert Row.of("load", "official", "mae", [1933.0]) == Row("load", "official", "mae", 1933.0, None, None, 1)


def test_results_hold_commit_machine_and_rows_and_nothing_else(tmp_path):
    row = Row("load", "lstm", "mae", 1380.5, 1350.0, 1500.0, 5)
    content = json.loads(write_results("load", [row], tmp_path).read_text(encoding="utf-8"))
    assert list(content) == ["commit", "machine", "rows"]
    assert content["rows"] == [
        {"task": "load", "model": "lstm", "metric": "mae", "value": 1380.5, "low": 1350.0, "high": 1500.0, "n": 5}
    ]
    assert "torch 2." in content["machine"]
    assert read_results("load", tmp_path) == [row]


def test_a_figure_that_is_not_a_number_is_not_kept(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_results("load", [Row("load", "lstm", "mae", float("nan"))], tmp_path)
    assert not (tmp_path / "load.json").exists()


def test_a_quick_run_leaves_the_committed_results_alone():
    assert Bench.parse("speed", []).output == RESULTS
    assert Bench.parse("speed", ["--quick"]).output == TRIALS / "results"
    assert RESULTS not in (TRIALS / "results").parents


def test_seeds_given_count_for_a_quick_run_too():
    assert Bench.parse("speed", []).seeds == 5
    assert Bench.parse("speed", ["--quick"]).seeds == 1
    assert Bench.parse("speed", ["--quick", "--seeds", "3"]).seeds == 3


def test_a_data_set_that_is_missing_is_an_error_that_says_where_to_get_it(tmp_path):
    with pytest.raises(SettingsError, match=r"--data FOLDER.*Elia Open Data"):
        dataset(Bench("elia"), "elia/some.parquet")
    with pytest.raises(SettingsError, match=r"is not in .*Hong et al\. \(2016\)"):
        dataset(Bench("wind", data=tmp_path), "gefcom2014/some.parquet")


def test_a_data_set_that_is_there_is_found(tmp_path):
    file = tmp_path / "elia" / "some.parquet"
    file.parent.mkdir()
    file.touch()
    assert dataset(Bench("elia", data=tmp_path), "elia/some.parquet") == file


def test_german_data_come_from_the_sample_or_from_the_folder_given(tmp_path, monkeypatch):
    folders = []

    def fetched(self):
        folders.append(self.settings.folder)
        return []

    monkeypatch.setattr("gridahead.sources.smard.Smard.fetch", fetched)
    (tmp_path / "smard").mkdir()
    for bench in (Bench("load"), Bench("load", data=tmp_path)):
        with pytest.raises(ValueError, match="concatenate"):
            smard(bench)
    assert folders == [common.CHECKOUT / "data" / "sample", tmp_path / "smard"]


def test_a_benchmark_is_measured_shown_and_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/somewhere/tiny.py", "--output", str(tmp_path)])

    def draw(rows, path):
        with picture(path) as (axes,):
            axes.bar([row.model for row in rows], [row.value for row in rows])

    measure(lambda bench: [Row(bench.name, "lstm", "mae", 12345.678)], draw)
    assert read_results("tiny", tmp_path)[0].value == 12345.678
    assert (tmp_path / "tiny.png").read_bytes().startswith(b"\x89PNG")
    assert "12,346" in capsys.readouterr().out


def test_an_error_of_ours_is_a_message_and_an_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/somewhere/tiny.py", "--output", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        measure(lambda bench: [Row("", "", "", 0.0, n=len(str(dataset(bench, "elia/none.parquet"))))])
    assert stopped.value.code == 2
    assert "Elia Open Data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_same_drawing_gives_the_same_bytes(tmp_path):
    for name in ("one.png", "two.png"):
        with picture(tmp_path / name, columns=2) as (left, right):
            left.plot([1, 2], [3, 4])
            right.plot([1, 2], [4, 3])
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_model_has_the_colour_of_what_it_is_most():
    assert colour("LSTM, day segments") == colour("lstm")
    assert colour("LSTM+attention") == colour("attention") != colour("lstm")
    assert colour("neuralforecast LSTM") == colour("neuralforecast") != colour("lstm")


def test_every_committed_result_has_the_form_that_is_promised():
    for file in Path(RESULTS).glob("*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        assert list(content) == ["commit", "machine", "rows"], file
        assert [Row(**row) for row in content["rows"]], file


def test_a_task_is_made_once_for_the_same_code_and_options(monkeypatch, tmp_path):
    calls = []

    def make():
        calls.append("made")
        return [Row("load", "lstm", "mae", 1.0)]

    bench = common.Bench("trial", output=tmp_path)
    assert bench.resumed("load, 2025", make) == bench.resumed("load, 2025", make) == [Row("load", "lstm", "mae", 1.0)]
    assert len(calls) == 1
    (kept,) = (tmp_path / "tasks").iterdir()
    assert kept.name == "trial-load-2025.json"
    replace(bench, seeds=2).resumed("load, 2025", make)
    assert len(calls) == 2, "other seeds give other rows"
    monkeypatch.setattr(common, "code_hash", lambda: "other code")
    bench.resumed("load, 2025", make)
    assert len(calls) == 3
