"""The expectations: from the declaration of a table, and one for every energy rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gridahead.core.tables import Column, Kind, Table
from gridahead.settings.quality_rules import RULE_BY_NAME, Severity

OnFailure = Literal["stop", Severity]
"""What follows when an expectation fails: as of a rule; or stop, since the frame is not what we declared, our bug."""

_TYPES: Mapping[Kind, str] = {"text": "str", "instant": "Timestamp", "float64": "float64", "int64": "int64"}
"""The names by which Great Expectations knows the column types in pandas."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation, what follows when it fails, and the same in words."""

    name: str
    kind: str
    """The class in `great_expectations.expectations`."""
    arguments: Mapping[str, object]
    on_failure: OnFailure
    words: str


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations on one frame."""

    name: str
    expectations: tuple[Expectation, ...]


def table_suite(table: Table) -> Suite:
    """The declaration of a table as expectations: columns, types, missing values, value sets, limits, key."""
    names = table.names
    key = list(table.key)
    return Suite(
        table.name,
        (
            Expectation(
                "columns_as_declared",
                "ExpectTableColumnsToMatchOrderedList",
                {"column_list": names},
                "stop",
                f"the columns are {', '.join(names)}, in this order",
            ),
            *(
                expectation
                for column in table.columns
                for expectation in _column_expectations(column, is_key=column.name in key)
            ),
            Expectation(
                "key_unique",
                "ExpectCompoundColumnsToBeUnique",
                {"column_list": key},
                "quarantine",
                f"no two rows have the same {', '.join(key)}",
            ),
        ),
    )


def unit_suite() -> Suite:
    """Every series keeps to one unit: beside the unit of a row, the frame has the one that is expected of it."""
    words = "the unit is that of the quantity, as in all of the series"
    where = {"column_A": "unit", "column_B": "expected_unit", "ignore_row_if": "either_value_is_missing"}
    unit = Expectation("unit_of_quantity", "ExpectColumnPairValuesToBeEqual", where, "quarantine", words)
    return Suite("units", (unit,))


def rules_suite(name: str, frame: pd.DataFrame) -> Suite:
    """That every rule whose ratios are in the frame stays within its limit: 1."""
    return Suite(
        name,
        tuple(
            Expectation(
                rule.name,
                "ExpectColumnValuesToBeBetween",
                {"column": rule.name, "max_value": 1.0},
                rule.severity,
                rule.meaning,
            )
            for rule in (RULE_BY_NAME[column] for column in frame.columns if column in RULE_BY_NAME)
        ),
    )


def completeness_suite() -> Suite:
    """What is expected of every delivery day between the first and the last of a series."""
    return Suite(
        "completeness",
        (
            Expectation(
                "delivery_day_complete",
                "ExpectColumnPairValuesToBeEqual",
                {"column_A": "found_mtus", "column_B": "expected_mtus"},
                "flag",
                "a delivery day has every market time unit of its 23, 24 or 25 hours",
            ),
        ),
    )


def _column_expectations(column: Column, *, is_key: bool) -> list[Expectation]:
    """Those on one column. A row without its key has no identity to be withheld under, so that stops."""
    name, where = column.name, {"column": column.name}
    expectations = [
        Expectation(
            f"{name}_type",
            "ExpectColumnValuesToBeOfType",
            {**where, "type_": _TYPES[column.kind]},
            "stop",
            f"{name} is of type {column.kind}",
        )
    ]
    if not column.nullable:
        on_failure: OnFailure = "stop" if is_key else "quarantine"
        expectations.append(
            Expectation(
                f"{name}_present", "ExpectColumnValuesToNotBeNull", where, on_failure, f"{name} is never missing"
            )
        )
    if allowed := column.values:  # noqa: PD011 (a Column, not a frame)
        words = f"{name} is one of {', '.join(allowed)}"
        arguments = {**where, "value_set": list(allowed)}
        expectations.append(Expectation(f"{name}_known", "ExpectColumnValuesToBeInSet", arguments, "quarantine", words))
    if column.low is not None or column.high is not None:
        words = f"{name} is between {column.low} and {column.high} {column.unit or ''}".rstrip()
        limits: dict[str, object] = {**where, "min_value": column.low, "max_value": column.high}
        expectations.append(
            Expectation(f"{name}_in_range", "ExpectColumnValuesToBeBetween", limits, "quarantine", words)
        )
    return expectations
