"""What the command line shows: tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from gridahead.scoring.evaluate import table

# Away from a terminal there is no width to respect but the reader's.
WIDTH = None if sys.stdout.isatty() else 140
SHARES = frozenset(
    {"mape/wape", "mape", "wape", "coverage_80", "below_median", "furthest_level", "skill", "skill_corrected",
     "skill_official", "skill_official_corrected", "skill_naive"}
)  # fmt: skip
"""Columns that are shown in percent."""
out = Console(width=WIDTH)
err = Console(stderr=True, width=WIDTH)


def score_records(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """The scores as `{"series", "model", "metric", "lead", "value", "n"}`; `lead` is null for the whole."""
    columns = ["series", "model", "metric", "lead", "value", "n"]
    rows = records(scores[columns])
    return [{**row, "lead": None if row["lead"] < 0 else row["lead"]} for row in rows]


def left_out_records(series: object, left_out: pd.DataFrame) -> list[dict[str, Any]]:
    """What scores leave out, beside them: as metric `left_out` of no model, with the days and the reason."""
    said = {"series": str(series), "model": None, "metric": "left_out", "lead": None}
    return [
        {**said, "value": row["units"], "n": row["units"], "first": row["first"], "last": row["last"],
         "reason": row["reason"]}
        for row in records(left_out)
    ]  # fmt: skip


def show_left_out(left_out: Mapping[str, pd.DataFrame]) -> None:
    """What scores leave out, by series, with the reason."""
    rows = [
        {"series": series, "days": row["first"] if row["first"] == row["last"] else f"{row['first']} to {row['last']}",
         "units": row["units"], "reason": row["reason"]}
        for series, found in left_out.items() for row in records(found)
    ]  # fmt: skip
    show(rows, False, "Left out of the scores", "nothing")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON values, instants as ISO 8601."""
    return list(json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s", double_precision=6)))


def print_json(content: object) -> None:
    """Anything as JSON on standard output."""
    typer.echo(json.dumps(content, indent=2, default=str))


def say(text: str, as_json: bool) -> None:
    """A line for people; beside the JSON it goes to standard error."""
    (err if as_json else out).print(text, highlight=False, soft_wrap=True)


def show(rows: list[dict[str, Any]], as_json: bool, title: str, empty: str = "nothing") -> None:
    """Rows as a table, or as JSON."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(f"[bold]{title}[/bold]: {empty}", highlight=False)
        return
    grid = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        number = all(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        grid.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(name, row[name]) for name in rows[0]))
    out.print(grid)


def _cell(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if name in SHARES:
            return f"{value:.1%}"
        return f"{value:.2f}" if name == "mase" else f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def interval_words(low: float | None, high: float | None) -> str:
    """`12 to 34`; says why where there is none."""
    return "too few days" if low is None else f"{low:,.0f} to {high:,.0f}"


def show_scores(scores: pd.DataFrame, title: str) -> None:
    """The table that people read: one percentage a series, MAPE for load and WAPE for what may be near zero."""
    wide = table(scores).drop(columns=["run", "rmse", "bias", "width_80"], errors="ignore")
    shares = [name for name in ("mape", "wape") if name in wide.columns]
    if shares:
        wide.insert(list(wide.columns).index(shares[0]), "mape/wape", wide[shares].bfill(axis=1).iloc[:, 0])
    show(records(wide.drop(columns=shares)), False, title)
