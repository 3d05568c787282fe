"""What a terminal shows: data as it is, tables that fit, digits that tell something."""

import io
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from gridahead.cli import console
from gridahead.cli.progress import training_progress
from gridahead.training.epoch import Epoch

NASTY = ["a[b].csv", "[/bold]", "[red]x", ":smile:", "\\[x]", "[link=x]y[/link]"]


@pytest.fixture
def screen(monkeypatch):
    """A terminal of 80 columns; gives what it shows."""
    text = io.StringIO()
    made = Console(file=text, width=80, markup=False, emoji=False, highlight=False, color_system=None)
    monkeypatch.setattr(console, "out", made)
    return text.getvalue


def test_our_own_terminals_take_data_for_data():
    for one in (console.out, console.err):
        with one.capture() as caught:
            one.print("[bold]x[/bold] :smile: [/no]")
        assert caught.get() == "[bold]x[/bold] :smile: [/no]\n"


@pytest.mark.parametrize("text", NASTY)
def test_a_bracket_neither_vanishes_nor_crashes_wherever_it_stands(screen, text):
    console.say(text, False)
    console.show([{text: text}], False, text)
    console.show([], False, text)
    console.show_blocks(text, [(text, [(text, text)])])
    console.show_narrow([{text: text}], text)
    lines = [line for line in screen().splitlines() if any(mark not in " ─━┃│┏┓┗┛┡┩╇┳└┘┴" for mark in line)]
    assert all(text in line for line in lines)
    assert sum(line.count(text) for line in lines) == 1 + 3 + 1 + 4 + 3


def test_a_bracket_in_the_name_of_a_model_stays_in_its_bar():
    text = io.StringIO()
    made = Console(file=text, force_terminal=True, width=120, color_system=None)
    told: dict[str, Any] = {
        "member": 0,
        "epoch": 0,
        "epochs": 2,
        "train_loss": 0.25,
        "validation_loss": 0.5,
        "gradient_norm": 2.0,
        "mean_gradient_norm": 1.0,
        "clip_rate": 0.1,
        "learning_rate": 1e-3,
        "windows_per_second": 1.0,
        "training": 0,
        "trainings": 1,
    }
    with training_progress(made) as report:
        report(Epoch(model="DE/load [/a]", **told))
    assert "DE/load [/a]" in text.getvalue()


def test_a_table_that_does_not_fit_becomes_blocks_without_a_value_cut(screen):
    row = {f"column_{n}": f"value-{n}-without-a-blank" for n in range(9)}
    console.show([row], False, "Wide")
    shown = screen()
    assert max(map(len, shown.splitlines())) <= 80
    assert all(value in shown for value in row.values())


@pytest.mark.parametrize("turned", [1, -1])
def test_a_row_that_has_less_to_say_than_others_has_a_dash_whichever_comes_first(screen, turned):
    rows = [{"model": "all", "mae": 3.5}, {"model": "lstm", "mae": 2.5, "mae_late": 4.5}]
    console.show(rows[::turned], False, "Trained")
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in screen().splitlines() if line.startswith("│")]
    assert sorted(lines) == [["all", "3.50", "–"], ["lstm", "2.50", "4.50"]]


@pytest.mark.parametrize(("value", "told"), [(0.0000127, "0.0000127"), (4.123, "4.12"), (1183.4, "1,183"), (0.0, "0")])
def test_a_cell_keeps_three_significant_digits(screen, value, told):
    console.show([{"mae": value}], False, "x")
    assert f" {told} " in screen()


def test_json_has_all_digits():
    (row,) = console.records(pd.DataFrame({"value": [0.000012712345678]}))
    assert row["value"] == pytest.approx(0.000012712345678, rel=1e-9)


def scores_of(**errors):
    stamp = pd.Timestamp("2025-06-01T00:00Z")
    return pd.DataFrame(
        [
            {
                "run": "live",
                "zone": series.split("/")[0],
                "quantity": series.split("/")[1],
                "model": model,
                "metric": metric,
                "value": value,
                "unit": "MW",
                "lead": None,
                "n": 24,
                "start": stamp,
                "end": stamp,
                "scored_at": stamp,
            }
            for series, mae in errors.items()
            for model in ("published", "official", "naive")
            for metric, value in (
                ("mae", mae),
                ("rmse", mae),
                ("mape", 0.021),
                ("bias", -mae),
                ("pinball", mae / 2),
                ("coverage_80", 0.79),
                ("width_80", 3 * mae),
            )
        ]
    )


def units(series):
    return "kW" if series == "DE/solar" else "MW"


def test_scores_fit_80_columns_each_series_in_its_unit(screen):
    console.show_scores(scores_of(**{"DE/load": 1183.4, "DE/solar": 0.0000127}), "Published", units)
    shown = screen()
    assert max(map(len, shown.splitlines())) <= 80
    assert "DE/load [MW]" in shown and "DE/solar [kW]" in shown
    assert "1,183" in shown and "0.0127" in shown and "0.00635" in shown
    assert "79.0%" in shown and "…" not in shown


def test_wide_scores_have_every_column_with_the_unit_beside_the_series(screen):
    console.out.width = 200
    console.show_scores(scores_of(**{"DE/load": 1183.4, "DE/solar": 0.0000127}), "Published", units, wide=True)
    shown = screen()
    assert all(name in shown for name in ("unit", "rmse", "width_80", "bias"))
    assert "0.0381" in shown and "3,550" in shown
