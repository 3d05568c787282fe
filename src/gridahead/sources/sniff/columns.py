"""The columns of a table as what is measured, its official forecast and its covariates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import MEASURED, PRICE, BiddingZone, Series, official_by, unit_of
from gridahead.sources.sniff.files import FileGroup
from gridahead.sources.sniff.meaning import (
    Meaning,
    meaning_of,
    power_unit,
    price_unit_in,
    slug,
    unit_by_magnitude,
    words_of,
    zone_of_id,
)
from gridahead.sources.sniff.parts import MANY, UNKNOWN_ZONE, Guess, GuessOptions, SourceGuess

_UNIT_WORDS = {"%": "percent", "MW": "mw", "kW": "kw", "MWh": "mwh", "kWh": "kwh"}
"""For names of covariates that would otherwise be those of a quantity."""
_NEGATIVE = 0.002
"""Share of values below zero above which a load is what is left of it after own generation."""
_RISING = 0.999
"""Share of steps that do not fall above which values are the reading of a meter; a meter is exchanged now and then."""
_FEW = 100
"""Steps that are too few to distinguish a meter's reading from a morning."""
_IDLE = re.compile(
    r"flag|quality|status|valid|code|index|^id$|count|version|\blat\b|\blon\b|unnamed|weekday|month|year|week",
    re.IGNORECASE,
)
"""Names of columns of numbers that are no series."""


@dataclass(frozen=True)
class Measured:
    """A measured column: its zone, its quantity and its name in the file."""

    zone: BiddingZone
    quantity: str
    column: str
    """Empty where the columns of a day hold it."""


@dataclass(frozen=True)
class Columns:
    """The columns of numbers of one table, and what is known of all of them."""

    group: FileGroup
    numbers: Mapping[str, pd.Series]
    keys: Mapping[str, object]
    """How the rows are read; of a part of a long table its quantity as well."""
    zone: BiddingZone
    options: GuessOptions
    guess: Guess

    def sources(self) -> list[SourceGuess]:
        """A source for every quantity or zone that has a column."""
        sources: list[SourceGuess] = []
        measured = [] if "issue_column" in self.keys else self._measured()
        taken = {target.column for target in measured}
        rest_of_columns = {name: meaning for name, meaning in self.meanings.items() if name not in taken}
        for target in measured:
            block, reasons = self._value(target), dict(self.group.notes.reasons)
            self._set_unit(block, reasons, target)
            official = next(
                (name for name, what in rest_of_columns.items() if self._is_official(name, what, target)), None
            )
            if official is not None:
                self._set_official(block, reasons, official, target)
                rest_of_columns.pop(official)
            sources.append(SourceGuess(target.zone, block, reasons))
        inputs = {
            name: meaning
            for name, meaning in rest_of_columns.items()
            if meaning.kind == "covariate" or meaning.is_forecast or "issue_column" in self.keys
        }
        if inputs and (sources or not measured):
            self._add_covariates(sources, inputs)
        self.guess.leave_out("column", [name for name in rest_of_columns if name and name not in inputs])
        return sources

    @cached_property
    def meanings(self) -> dict[str, Meaning]:
        """What every column seems to hold.

        Raises:
            SourceError: the column that the person named is not there.
        """
        meanings = {name: meaning_of(name, self.group.table.units.get(name, "")) for name in self.numbers}
        column, quantity = self.options.column, self.keys.get("quantity")
        if column is not None and column not in meanings:
            has = ", ".join(map(repr, self.numbers))
            raise SourceError(Path(self.group.path).name, f"no column {column!r} with numbers; it has {has}")
        if column is None and quantity is not None:
            column = next((name for name in self.numbers if meanings[name].kind != "covariate"), None)
        if column is not None:
            held = meanings[column]
            name = str(quantity or (held.name if held.kind == "quantity" else "load"))
            meanings[column] = Meaning("quantity", name, held.unit)
        return meanings

    def _measured(self) -> list[Measured]:
        """Every measured column: those named like a quantity, else the only column, else a column a zone."""
        if (column := self.options.column or self._price_column) is not None:
            return [self._target(column, self.meanings[column].name)]
        called = [
            name for name, meaning in self.meanings.items() if meaning.kind == "quantity" and not meaning.is_forecast
        ]
        if called:
            return self._by_quantity(called)
        unknown = [name for name, meaning in self.meanings.items() if self._may_be_series(name, meaning)]
        path_meaning = meaning_of(words_of(Path(self.group.path)))
        usual = path_meaning.name if path_meaning.kind == "quantity" else "load"
        if len(unknown) == 1:
            if path_meaning.kind != "quantity" and self.options.quantity is None:
                what = f"column {unknown[0]!r}" if unknown[0] else "the table"
                self.guess.doubt(f"quantity: nothing names what {what} is; it is read as {usual}. Change: --quantity")
            return [self._target(unknown[0], usual)]
        if unknown:
            self.guess.doubt(f"zones: every column is read as {usual} of a zone of its own. Choose one with --column")
        self.guess.leave_out("column", unknown[MANY:])
        return [
            self._target(
                name, usual, zone_of_id(name) or BiddingZone(slug(name), self.zone.timezone, self.zone.country)
            )
            for name in unknown[:MANY]
        ]

    @property
    def _price_column(self) -> str | None:
        """The first column of prices, if the person wants to forecast prices."""
        wanted = self.options.quantity == PRICE
        return next((name for name, meaning in self.meanings.items() if wanted and meaning.name == PRICE), None)

    def _by_quantity(self, columns: list[str]) -> list[Measured]:
        """The first column of every quantity that columns are named after."""
        chosen: dict[str, Measured] = {}
        for name in columns:
            target = self._target(name, self.meanings[name].name)
            if target.quantity in chosen:
                self.guess.leave_out("column", [name])
                first = chosen[target.quantity].column
                self.guess.doubt(
                    f"value_column: {first!r} is read as {target.quantity}, not {name!r}. Change: --column"
                )
            else:
                chosen[target.quantity] = target
        return list(chosen.values())

    def _may_be_series(self, name: str, meaning: Meaning) -> bool:
        return meaning.kind == "unknown" and not meaning.is_forecast and not _IDLE.search(name)

    def _target(self, column: str, quantity: str, zone: BiddingZone | None = None) -> Measured:
        """A measured column; a load that is below zero is residual load."""
        negative = float((self.numbers[column] < 0).mean())
        if self.options.quantity is not None:
            quantity = self.options.quantity
        elif quantity == "load" and negative > _NEGATIVE:
            quantity = "residual_load"
            self.guess.doubt(
                f"quantity: {negative:.1%} of the values are below zero, so they are read as residual_load (load less "
                "own generation). If they are faults: --quantity load"
            )
        return Measured(zone or self.zone, quantity, column)

    def _value(self, target: Measured) -> dict[str, object]:
        value = {"value_column": target.column} if target.column else {}
        return {"zone": target.zone.code, **self.keys, "quantity": target.quantity, **value}

    def _set_unit(self, block: dict[str, object], reasons: dict[str, str], target: Measured) -> None:
        """Set the unit: by the name of the column, by the lines above the table, else by magnitude."""
        if target.quantity == PRICE:
            self._set_price_unit(block, reasons, target)
            return
        values, column_unit = self.numbers[target.column], self.meanings[target.column].unit
        named_unit = column_unit or power_unit(self.group.table.preamble) or power_unit(words_of(Path(self.group.path)))
        unit = named_unit or unit_by_magnitude(values, target.zone.code != UNKNOWN_ZONE)
        level = f"{values.abs().mean():,.4g}"
        reasons["unit"] = "the file says so" if named_unit else f"nothing names it; the mean is {level}"
        block["unit"] = unit
        if named_unit is None and not self.guess.doubts(f"unit {unit}:"):
            self.guess.doubt(
                f"unit {unit}: nothing names it; {target.quantity} has a mean of {level}. Change `unit` (W, kW, MW, "
                "GW, or energy over one row: Wh, kWh, MWh, GWh)"
            )
        steps = values.dropna().diff().dropna()
        if len(steps) > _FEW and (steps >= 0).mean() > _RISING and (steps > 0).mean() > 0.5:
            self.guess.doubt(
                f"values: {target.column!r} only ever rises, like the reading of a meter. Bring the differences from "
                "row to row instead"
            )

    def _set_price_unit(self, block: dict[str, object], reasons: dict[str, str], target: Measured) -> None:
        """Set the unit of a price: that of its heading, else the currency of its zone per MWh."""
        said, usual = price_unit_in(target.column), unit_of(Series(target.zone.code, PRICE), target.zone)
        block["unit"] = said or usual
        reasons["unit"] = "the file says so" if said else f"nothing names it; prices of {target.zone.code} are in it"
        if said is None:
            self.guess.doubt(f"unit {usual}: nothing names it. Change `unit` (a currency per MWh or kWh)")

    def _is_official(self, name: str, meaning: Meaning, target: Measured) -> bool:
        """Whether a column is the official forecast: its name means that, or no quantity and it is as large."""
        if target.quantity == PRICE or not meaning.is_forecast or meaning.kind == "covariate" or not target.column:
            return False
        if meaning.name:
            return meaning.name == target.quantity
        level = float(self.numbers[target.column].mean())
        return bool(level) and 0.5 < float(self.numbers[name].mean()) / level < 2

    def _set_official(self, block: dict[str, object], reasons: dict[str, str], column: str, target: Measured) -> None:
        """Name the official forecast, and from when it may be used."""
        block["official_column"] = column
        reasons["official_column"] = "its name says that it is a forecast of the same"
        self.guess.doubt(f"official_column: take {column!r} out if it is no forecast that is known the day before")
        if official_by(Series(target.zone.code, target.quantity)) is None:
            block["official_available"] = f"D-1T1000[{target.zone.timezone}]"
            reasons["official_available"] = "a guess: look up when it is published"
            self.guess.doubt("official_available: 10:00 the day before is a guess; look up when it is published")

    def _add_covariates(self, sources: list[SourceGuess], inputs: Mapping[str, Meaning]) -> None:
        """Add further columns to the first source, or as a source of their own."""
        if not sources:
            sources.append(
                SourceGuess(self.zone, {"zone": self.zone.code, **self.keys}, dict(self.group.notes.reasons))
            )
        chosen: list[dict[str, object]] = []
        used_names = set(MEASURED)
        for column, meaning in inputs.items():
            name = meaning.name if meaning.name and meaning.name not in used_names else slug(column).lower()
            name = f"{name}_{_UNIT_WORDS.get(meaning.unit or '', 'forecast')}" if name in used_names else name
            used_names.add(name)
            unit = meaning.unit or str(sources[0].keys.get("unit", "MW"))
            is_ahead = meaning.is_forecast or "issue_column" in self.keys
            chosen.append({"column": column, "name": name, "unit": unit, "known_ahead": is_ahead})
            if not is_ahead:
                self.guess.doubt(
                    f"covariate {name}: taken for measured, so it is read up to the issue time only. If {column!r} is "
                    "a forecast made before the delivery day, set known_ahead = true and move it to future_covariates"
                )
        sources[0].keys["covariates"] = chosen
