"""What is expected of the data: rules as data, generated from the tables, the quantities and a series' own history.

A rule is an expectation, a severity and words. To add one, add a `Rule` to the suite that it belongs to; whatever it
finds then travels through the gate, the quarantine and the Data Docs without another line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gridahead.grid import QUANTITIES, Quantity, Series, quantity_of
from gridahead.tables import Column, Kind, Table

Severity = Literal["stop", "quarantine", "flag"]
"""stop: the frame is not what we declared, our bug; quarantine: the row is withheld; flag: a person should know."""

_TYPES: Mapping[Kind, str] = {"text": "str", "instant": "Timestamp", "float64": "float64", "int64": "int64"}
"""The names by which Great Expectations knows the column types in pandas."""

HISTORY_QUANTILES = (0.01, 0.99)
"""The bulk of a history: up to 1 % of wrong values do not move it, however large they are."""
HISTORY_MARGINS = ((pd.Timedelta(days=365), 1.0), (pd.Timedelta(days=28), 10.0))
"""Ranges of the bulk that a value may lie beyond it, once valid times span so long. Measured on SMARD 2020-2025 from
any month on: never above 0.5 with a year of history, but solar power in February goes 1.3 ranges beyond a history that
began in December. A false quarantine costs a model its peaks, so both margins are wide."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation, what follows when it fails, and the same in words with the limit."""

    name: str
    expectation: str
    """The class in `great_expectations.expectations`."""
    arguments: Mapping[str, object]
    severity: Severity
    words: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The rules for one frame."""

    name: str
    rules: tuple[Rule, ...]


def table_suite(table: Table) -> Suite:
    """What the declaration of a table says: columns, types, missing values, value sets, limits, key."""
    names = table.names
    key = list(table.key)
    return Suite(
        table.name,
        (
            Rule(
                "columns_as_declared",
                "ExpectTableColumnsToMatchOrderedList",
                {"column_list": names},
                "stop",
                f"the columns are {', '.join(names)}, in this order",
            ),
            *(rule for column in table.columns for rule in _column_rules(column, is_key=column.name in key)),
            Rule(
                "key_unique",
                "ExpectCompoundColumnsToBeUnique",
                {"column_list": key},
                "quarantine",
                f"no two rows have the same {', '.join(key)}",
            ),
        ),
    )


def _column_rules(column: Column, *, is_key: bool) -> list[Rule]:
    """The rules for one column. A row without its key has no identity to be withheld under, so that stops."""
    name, where = column.name, {"column": column.name}
    rules = [
        Rule(
            f"{name}_type",
            "ExpectColumnValuesToBeOfType",
            {**where, "type_": _TYPES[column.kind]},
            "stop",
            f"{name} is of type {column.kind}",
        )
    ]
    if not column.nullable:
        severity: Severity = "stop" if is_key else "quarantine"
        rules.append(
            Rule(f"{name}_present", "ExpectColumnValuesToNotBeNull", where, severity, f"{name} is never missing")
        )
    if allowed := column.values:  # noqa: PD011 (a Column, not a frame)
        words = f"{name} is one of {', '.join(allowed)}"
        rules.append(
            Rule(
                f"{name}_known",
                "ExpectColumnValuesToBeInSet",
                {**where, "value_set": list(allowed)},
                "quarantine",
                words,
            )
        )
    return rules + _between(f"{name}_in_range", name, column.low, column.high, column.unit, "quarantine")


def series_suite(series: Series, rows: pd.DataFrame) -> Suite:
    """What is expected of the values of one series: one unit, physics, and its own history."""
    units = rows["unit"].dropna().mode()
    quantity = quantity_of(series.quantity, str(units.iloc[0]) if len(units) else "")
    return Suite(
        series.slug,
        (
            Rule(
                "unit_of_quantity",
                "ExpectColumnValuesToBeInSet",
                {"column": "unit", "value_set": [quantity.unit]},
                "quarantine",
                f"unit is {quantity.unit}, as in all of {series}",
            ),
            *_between("value_physical", "value", quantity.low, quantity.high, quantity.unit, "quarantine"),
            *_history_rules(quantity, rows),
        ),
    )


def _history_rules(quantity: Quantity, rows: pd.DataFrame) -> list[Rule]:
    """A value far outside the bulk of its own history: a factor 1000 between units, a stuck telegram."""
    times, values = rows["valid_time"], rows["value"].dropna()
    if quantity.low is not None:
        values = values[values >= quantity.low]
    if quantity.high is not None:
        values = values[values <= quantity.high]
    ranges = next((ranges for span, ranges in HISTORY_MARGINS if times.max() - times.min() >= span), None)
    if values.empty or ranges is None:
        return []
    low, high = (float(values.quantile(level)) for level in HISTORY_QUANTILES)
    margin = ranges * (high - low)
    if margin == 0:
        return []  # A series that stood still has no scale yet, such as a wind farm before its first day.
    # We know how power behaves. A covariate may be a price, whose spikes are real: say it, but keep the row.
    severity: Severity = "quarantine" if quantity.code in QUANTITIES else "flag"
    return _between("value_near_history", "value", low - margin, high + margin, quantity.unit, severity)


def completeness_suite() -> Suite:
    """What is expected of every delivery day between the first and the last of a series."""
    return Suite(
        "completeness",
        (
            Rule(
                "delivery_day_complete",
                "ExpectColumnPairValuesToBeEqual",
                {"column_A": "found_mtus", "column_B": "expected_mtus"},
                "flag",
                "a delivery day has every market time unit of its 23, 24 or 25 hours",
            ),
        ),
    )


def _between(
    name: str, column: str, low: float | None, high: float | None, unit: str | None, severity: Severity
) -> list[Rule]:
    """The rule that a column lies between two limits; none if there is no limit."""
    limits = [
        f"{word} {_amount(limit, unit)}" for word, limit in (("at least", low), ("at most", high)) if limit is not None
    ]
    if not limits:
        return []
    arguments = {"column": column, "min_value": low, "max_value": high}
    return [Rule(name, "ExpectColumnValuesToBeBetween", arguments, severity, f"{column} is {' and '.join(limits)}")]


def _amount(value: float, unit: str | None) -> str:
    number = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{number} {unit or ''}".rstrip()
