"""How good forecasts were: scores, all figures by slice, what luck can explain, and what the errors cost."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
import typer

from gridahead.commands.options import JsonOption, SeriesOption, SettingsOption, chosen_series, open_workspace
from gridahead.console import (
    interval_words,
    left_out_records,
    print_json,
    records,
    say,
    score_records,
    show,
    show_left_out,
    show_scores,
)

app = typer.Typer()
SHOWN = (
    "n", "mae", "rmse", "mape", "wape", "mase", "bias", "crps", "coverage_80", "skill_official",
    "skill_official_corrected", "skill_naive",
)  # fmt: skip
"""Of a slice; JSON has all of them."""


@app.command()
def score(
    settings: SettingsOption = None,
    series: SeriesOption = None,
    run: Annotated[
        str, typer.Option(help="backtest/NAME scores what a back-test has kept, without fitting anything.")
    ] = "live",
    by: Annotated[
        str | None,
        typer.Option(
            help="All figures instead, by: all, lead, hour, weekday, month, season, day_kind (holiday, weekend, "
            "working_day), clock (days of 23 and 25 hours), outturn (flagged by the gate) or temperature; every for "
            "all of these."
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="What each model saves, with its interval, and whether it can be luck.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Score what was published against the outturn, beside the official forecast, the same corrected, and last week."""
    from gridahead.pipeline import figures
    from gridahead.pipeline.backtest import rescore
    from gridahead.pipeline.score import score_published

    workspace = open_workspace(settings)
    chosen = chosen_series(workspace, series)
    if compare:
        show_comparisons(pd.concat([figures.compared(workspace, one, run) for one in chosen]), as_json)
        return
    if by is not None:
        show_figures(pd.concat([figures.figures_of(workspace, one, run, by) for one in chosen]), run, as_json)
        return
    live = run == "live"
    found = {str(one): score_published(workspace, one) if live else rescore(workspace, run, one) for one in chosen}
    scores = pd.concat([each.scores for each in found.values()])
    left_out = {series: each.left_out for series, each in found.items()}
    if scores.empty:
        say("Nothing to score: no published forecast has an outturn yet.", as_json)
    if as_json:
        rows = [row for series, each in left_out.items() for row in left_out_records(series, each)]
        print_json(score_records(scores) + rows)
    elif not scores.empty:
        show_scores(scores, "Published forecasts [MW]" if live else f"Forecasts of {run} [MW]")
        show_left_out(left_out)


def show_comparisons(rows: pd.DataFrame, as_json: bool) -> None:
    """Every pair on a line: the interval of what is saved, and the test in words."""
    from gridahead.scoring.significance import p_words

    found = records(rows)
    if as_json:
        print_json(found)
        return
    lines = [
        {
            "series": row["series"], "model": row["model"], "against": row["against"], "days": row["days"],
            "crps": row["crps"], "saves": row["saves"],
            "95 % interval": interval_words(row["saves_low"], row["saves_high"]),
            "Diebold–Mariano": p_words(float("nan") if row["p"] is None else row["p"]), "luck?": _luck(row["p"]),
        }
        for row in found
    ]  # fmt: skip
    show(lines, False, "What each saves of the CRPS of another [MW]", "one model alone")


def _luck(p: float | None) -> str:
    return "too few days to tell" if p is None else "more than luck explains" if p < 0.05 else "luck can explain it"


def show_figures(rows: pd.DataFrame, run: str, as_json: bool) -> None:
    """A line a metric for the whole, and a line a slice and model for slices."""
    if as_json:
        print_json(records(rows))
        return
    for (one, by), part in rows.groupby(["series", "by"], sort=False):
        if by == "all":
            models = {str(name): found.set_index("metric")["value"] for name, found in part.groupby("model")}
            units = part.drop_duplicates("metric").set_index("metric")["unit"]
            lines = [
                {
                    "metric": metric,
                    **{name: _in_unit(str(metric), found.get(metric), unit) for name, found in models.items()},
                }
                for metric, unit in units.items()
            ]
        else:
            lines = _by_slice(part, str(by))
        show(lines, False, f"{one}, {run}, by {by}" if by != "all" else f"{one}, {run}: all figures")


def _in_unit(metric: str, value: float | None, unit: str) -> str:
    """A figure as people read it, the digits under one another."""
    if value is None:
        return "–"
    if unit == "1":
        return f"{value:10.2f}" if metric == "mase" else f"{value:10.1%}"
    return f"{value:10,.1f} {unit}" if abs(value) < 100 else f"{value:10,.0f} {unit}"


def _by_slice(part: pd.DataFrame, by: str) -> list[dict[str, Any]]:
    """One line a slice and model, in the order of the slices."""
    counts = part[part["metric"] == "mae"].assign(metric="n", value=lambda rows: rows["n"])
    both = pd.concat([counts, part])
    both["slice"] = pd.Categorical(both["slice"], part["slice"].unique(), ordered=True)
    wide = both.pivot_table(index=["slice", "model"], columns="metric", values="value", observed=True).reset_index()
    wide["n"] = wide["n"].astype(int)
    wide = wide.rename(columns={"slice": by})
    return records(wide[[by, "model", *(name for name in SHOWN if name in wide)]])
