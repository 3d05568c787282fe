"""Back-tests in lines of tables and in words: how honest their clocks are, and how much of one was there already."""

from __future__ import annotations

from collections.abc import Sequence

from gridahead.backtest.results import SeriesResult
from gridahead.core.weather_vintages import BOUNDS


def availability_rows(results: Sequence[SeriesResult]) -> list[dict[str, object]]:
    """A line an input of every series: how much of its availability was recorded, assumed or bounded."""
    return [
        {
            "series": str(result.series),
            "input": of_input.series,
            "rows": of_input.rows,
            "recorded": f"{of_input.recorded:.0%}",
            "assumed": f"{of_input.assumed:.0%}",
            "bounded": ", ".join(f"{share:.0%} {kind}" for kind, share in of_input.bounds.items()),
        }
        for result in results
        for of_input in result.availability
    ]


def bounds_sentences(results: Sequence[SeriesResult]) -> list[str]:
    """What it means for the scores that forecasts of the weather which are not kept are bounded by others."""
    inputs = [of_input for result in results for of_input in result.availability]
    kinds = dict.fromkeys(kind for of_input in inputs for kind in of_input.bounds)
    return [
        f"{', '.join(dict.fromkeys(one.series for one in inputs if kind in one.bounds))}: past forecasts are bounded "
        f"{BOUNDS[kind]}"
        for kind in kinds
    ]


def folds_sentence(result: SeriesResult) -> str:
    """How many folds a series has, and how many of them were there already."""
    there = f", {result.folds - result.made} there already" if result.made < result.folds else ""
    return f"{result.series}: {result.folds} {'fold' if result.folds == 1 else 'folds'}{there}"
