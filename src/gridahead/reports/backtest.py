"""Back-tests in lines of tables and in words: how honest their clocks are, and how much of one was there already."""

from __future__ import annotations

from collections.abc import Sequence

from gridahead.backtest.results import SeriesResult


def availability_rows(results: Sequence[SeriesResult]) -> list[dict[str, object]]:
    """A line an input of every series: how much of its availability was recorded, and how much is assumed."""
    return [
        {
            "series": str(result.series),
            "input": of_input.series,
            "rows": of_input.rows,
            "recorded": f"{of_input.recorded:.0%}",
            "assumed": f"{of_input.assumed:.0%}",
        }
        for result in results
        for of_input in result.availability
    ]


def folds_sentence(result: SeriesResult) -> str:
    """How many folds a series has, and how many of them were there already."""
    there = f", {result.folds - result.made} there already" if result.made < result.folds else ""
    return f"{result.series}: {result.folds} {'fold' if result.folds == 1 else 'folds'}{there}"
