"""Forecasts made again, in words and as rows of a table: which bits differ, and why."""

from __future__ import annotations

from typing import Any, assert_never

from gridahead.core.errors import ModelError
from gridahead.forecasting.inputs import OtherShape, OtherValues
from gridahead.forecasting.reproduction import (
    Difference,
    NotMade,
    OtherAdaptation,
    OtherContent,
    OtherEnvironment,
    OtherInputs,
    OtherLength,
    OtherMember,
    OtherNumbers,
    OtherPaths,
    Reproduction,
)


def reproduction_row(again: Reproduction) -> dict[str, Any]:
    """A forecast made again as plain values, without its differences."""
    return {
        "id": again.id,
        "run": again.run,
        "series": str(again.series),
        "model": again.model,
        "version": again.version,
        "issue_time": f"{again.issue_time:%Y-%m-%dT%H:%MZ}",
        "values": again.count,
        "same": again.same,
    }


def difference_lines(again: Reproduction) -> list[str]:
    """A line for each difference: in the data, the model or the numbers."""
    return [_line(difference) for difference in again.differences]


def _line(difference: Difference) -> str:
    match difference:
        case NotMade(error):
            return f"model: {error}" if isinstance(error, ModelError) else f"data: {error}"
        case OtherContent(model, before, after):
            return f"model: {model} has another content, {after}, than was published with, {before}"
        case OtherEnvironment(before, after):
            return f"made with {before}, now {after}"
        case OtherInputs(before, after, were_kept):
            unkept = "" if were_kept else "; they were not kept, so which hours differ cannot be told"
            return f"data: the inputs have the fingerprint {after}, and had {before}{unkept}"
        case OtherShape(before_shapes, after_shapes):
            before_text, after_text = (" and ".join(map(str, shapes)) for shapes in (before_shapes, after_shapes))
            return (
                f"data: the window had {before_text} values, and has {after_text} now: the features are those of "
                "another release, so make it again with the release that made it"
            )
        case OtherValues():
            return f"data: {_values(difference)}"
        case OtherAdaptation(adapted_before, adapted_after):
            return (
                f"adaptation: {adapted_before}, made again {adapted_after}: the outturn of the weeks before is not "
                "what it was, or the release is another"
            )
        case OtherLength(values_before, values_after):
            return (
                f"numbers: the forecast has {values_before} values, made again it has {values_after}, or of other hours"
            )
        case OtherNumbers(count, of, most_mw, before_adaptation):
            which = " before adaptation" if before_adaptation else ""
            return f"numbers: {count} of {of} values{which} differ, by {most_mw:.3g} at most"
        case OtherPaths(of_paths, of_all):
            return f"paths: {of_paths} of {of_all} values differ; they follow the errors of days that have been"
        case OtherMember(series, id_of_it):
            return (
                f"sums: it was made to add up with the forecast {id_of_it} of {series}, which is not the same made "
                f"again; `gridahead reproduce {id_of_it}` says why"
            )
    assert_never(difference)


def _values(difference: OtherValues) -> str:
    ahead = ", read ahead," if difference.is_ahead else ""
    hours = "; ".join(
        f"{start:%Y-%m-%d %H:%M} was {before:g}, is {after:g}" for start, before, after in difference.first
    )
    rest = difference.count - len(difference.first)
    more = f" and {rest} more" if rest else ""
    return f"{difference.name}{ahead} differs in {difference.count} units (UTC): {hours}{more}"
