"""What the command line shows: tables and short blocks for people, JSON for machines.

What is printed is data: a bracket in the name of a file is a bracket, not an instruction to the terminal.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from gridahead.core.units import Unit

# Away from a terminal there is no width to respect but the reader's, who may say it.
WIDTH = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
EACH = "mape/wape"
"""One percentage a series: MAPE where it has a meaning, else WAPE."""
out = Console(width=WIDTH, markup=False, emoji=False, highlight=False)
err = Console(stderr=True, width=WIDTH, markup=False, emoji=False, highlight=False)
UnitOf = Callable[[str], "Unit"]
"""The unit in which the power of a series, by its name, is shown."""


def score_records(scores: pd.DataFrame) -> list[dict[str, Any]]:
    """The scores as `{"series", "model", "metric", "lead", "value", "n"}`; `lead` is null for the whole."""
    from gridahead.core.vintages import series_names

    columns = ["series", "model", "metric", "lead", "value", "n"]
    return records(scores.assign(series=series_names(scores))[columns])


def left_out_records(series: object, left_out: pd.DataFrame) -> list[dict[str, Any]]:
    """What scores leave out, beside them: as metric `left_out` of no model, with the days and the reason."""
    common = {"series": str(series), "model": None, "metric": "left_out", "lead": None}
    return [
        {
            **common,
            "value": row["units"],
            "n": row["units"],
            "first": row["first"],
            "last": row["last"],
            "reason": row["reason"],
        }
        for row in records(left_out)
    ]


def show_left_out(left_out: Mapping[str, pd.DataFrame]) -> None:
    """What scores leave out, by series, with the reason."""
    rows = [
        {
            "series": series,
            "days": row["first"] if row["first"] == row["last"] else f"{row['first']} to {row['last']}",
            "units": row["units"],
            "reason": row["reason"],
        }
        for series, left_out_rows in left_out.items()
        for row in records(left_out_rows)
    ]
    show(rows, False, "Left out of the scores", "nothing")


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON values with all their digits, instants as ISO 8601."""
    return list(json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s", double_precision=15)))


def print_json(content: object) -> None:
    """Anything as JSON on standard output."""
    typer.echo(json.dumps(content, indent=2, default=str))


def say(text: str, as_json: bool) -> None:
    """A line for people; beside the JSON it goes to standard error."""
    (err if as_json else out).print(text, soft_wrap=True)


def show(rows: Sequence[Mapping[str, Any]], as_json: bool, title: str, empty: str = "nothing") -> None:
    """Rows as a table, as blocks where a table is wider than the terminal, or as JSON."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(Text.assemble((title, "bold"), f": {empty}"))
        return
    grid = Table(title=Text(title), title_justify="left", header_style="bold")
    # A row may have less to say: what serves a series that others have taught has no figures of later issues.
    names = list(dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row))
    for name in names:
        values = [row[name] for row in rows if name in row]
        number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        grid.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(name, row.get(name)) for name in names))
    if Measurement.get(out, out.options.update(max_width=1000), grid).minimum <= out.width:
        out.print(grid)
    else:
        show_blocks(title, [(str(row[next(iter(row))]), _lines(row)) for row in rows])


def _lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """All but the first column, a line each."""
    return [(name, _cell(name, value)) for name, value in list(row.items())[1:]]


def show_blocks(title: str, blocks: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    """A heading each, and under it lines of a name or a mark and its text."""
    if title:
        out.print(Text(title, style="italic"))
    for heading, lines in blocks:
        out.print(Text(heading, style="bold"))
        grid = Table.grid(padding=(0, 1, 0, 2), pad_edge=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, text in lines:
            grid.add_row(name, text)
        out.print(grid)


def _cell(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        from gridahead.core.units import significant
        from gridahead.evaluation.catalogue import FIGURES

        figure = FIGURES.get(name)
        if name == EACH or (figure is not None and figure.percent):
            return f"{value:.1%}"
        return f"{value:.2f}" if figure is not None and figure.unit == "1" else significant(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def interval_words(low: float | None, high: float | None) -> str:
    """`12 to 34`; the reason where there is none."""
    from gridahead.core.units import significant

    return "too few days" if low is None or high is None else f"{significant(low)} to {significant(high)}"


def in_units(rows: pd.DataFrame, unit_of: UnitOf, columns: frozenset[str] | None = None) -> pd.DataFrame:
    """The same rows, a series each, with their power in the unit of the series and that unit as a column.

    Args:
        rows: with `series`.
        unit_of: in which unit each series is shown.
        columns: of power [MW]; the metrics that are one unless given.
    """
    import pandas as pd

    from gridahead.core.units import per
    from gridahead.evaluation.catalogue import POWERS

    units = [unit_of(str(name)) for name in rows["series"]]
    shown = rows.copy()
    for name in (POWERS if columns is None else columns) & set(rows.columns):
        shown[name] = [
            per(value, unit) if pd.notna(value) else value for value, unit in zip(rows[name], units, strict=True)
        ]
    shown.insert(list(shown.columns).index("series") + 1, "unit", units)
    return shown


def show_scores(scores: pd.DataFrame, title: str, unit_of: UnitOf, *, wide: bool = False) -> None:
    """The tables that people read: one percentage a series, MAPE for load and WAPE for what may be near zero.

    Args:
        scores: as scored [MW].
        title: of what.
        unit_of: in which unit each series is shown.
        wide: one table with all columns; else a narrow one a series.
    """
    from gridahead.evaluation.catalogue import shown_in
    from gridahead.evaluation.scores import table

    rows = in_units(table(scores), unit_of).drop(columns="run", errors="ignore")
    shares = [name for name in ("mape", "wape") if name in rows.columns]
    if shares:
        rows.insert(list(rows.columns).index(shares[0]), EACH, rows[shares].bfill(axis=1).iloc[:, 0])
    rows = rows.drop(columns=shares)
    if wide or rows.empty:
        show(records(rows), False, title)
        return
    out.print(Text(title, style="italic"))
    few = {"model", "n", EACH, *shown_in("narrow")}
    for (series, unit), part in rows.groupby(["series", "unit"], sort=False):
        show_narrow(records(part[[name for name in part if name in few]]), f"{series} [{unit}]")


def show_narrow(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """A table without lines between its columns, which fits 80 characters."""
    grid = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in rows[0]:
        number = any(isinstance(row[name], int | float) for row in rows)
        grid.add_column(_short(name), justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(name, row[name]) for name in rows[0]))
    out.print(grid)


def _short(name: str) -> str:
    """What a column is called on 80 columns."""
    from gridahead.evaluation.catalogue import FIGURES

    return (name in FIGURES and FIGURES[name].short) or name
