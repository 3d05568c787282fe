"""The rows of one inspection: which are new, which are sound, and their series as curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu
from gridahead.quality.apply_rules import whole_series_ratios
from gridahead.quality.curves import Curves, curves_of
from gridahead.quality.limit_ratios import GroupRatios
from gridahead.quality.limits import learnt_limits, newest_limits
from gridahead.quality.row_rules import off_the_grid
from gridahead.quality.rules import WHOLE_SERIES_RULES, severity_for
from gridahead.settings.model import Settings

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class InspectedRows:
    """All rows at hand, which of them are new, and which lie on a day with a new one."""

    rows: pd.DataFrame
    """The new rows, then the known ones around them; the index is 0, 1, 2, …"""
    new: Mask
    touched: Mask
    """Which lie on a day with a new one."""
    sound: Mask
    """Which rows the curves are made of."""
    curves: Curves
    series_faults: GroupRatios
    """Faults that run through whole series."""
    explained: Mask
    """Which rows are of series in which such a fault explains all else: they have no curve, and no other finding."""

    @classmethod
    def of(cls, new: Observations, known: Observations, settings: Settings, limits: pd.DataFrame) -> InspectedRows:
        """The rows with everything that the rules need to know of them.

        Args:
            new: the rows to inspect.
            known: accepted rows around them.
            settings: zones, and what follows from each rule.
            limits: learnt from the accepted history; those of a series that has none are learnt from the rows at hand.
        """
        rows = pd.concat([new, known], ignore_index=True)
        is_new = np.arange(len(rows)) < len(new)
        sound = np.isfinite(rows["value"].to_numpy(dtype=float)) & rows["mtu"].isin(list(Mtu)).to_numpy()
        sound[sound] = off_the_grid(rows[sound], settings) == 0
        learnt = dict(newest_limits(limits))
        curves = curves_of(rows[sound], settings, learnt)
        series_faults = whole_series_ratios(curves, is_new)
        explained = np.zeros(len(rows), dtype=bool)
        for series in _explained_series(series_faults, settings):
            explained |= ((rows["zone"] == series.zone) & (rows["quantity"] == series.quantity)).to_numpy()
        if explained.any():
            sound &= ~explained
            curves = curves_of(rows[sound], settings, learnt)
        without_limits = {key: curve for key, curve in curves.items() if key[0] not in learnt}
        for series, limits_at_hand in learnt_limits(without_limits).items():
            for (other, _), curve in without_limits.items():
                if other == series:
                    curve.learnt = limits_at_hand
        return cls(rows, is_new, _touched(curves, is_new), sound, curves, series_faults, explained)


def _touched(curves: Curves, is_new: Mask) -> Mask:
    """The new rows, and those on a day with a new one."""
    touched = is_new.copy()
    for curve in curves.values():
        has_row = curve.row >= 0
        days = np.zeros(len(curve.clock.days), dtype=bool)
        days[curve.clock.day[has_row][is_new[curve.row[has_row]]]] = True
        touched[curve.row[has_row & days[curve.clock.day]]] = True
    return touched


def _explained_series(faults: GroupRatios, settings: Settings) -> set[Series]:
    """The series with a fault from which everything else that fails in them would follow."""
    explained = set()
    for rule in WHOLE_SERIES_RULES:
        column = faults.ratios.columns.get(rule.name)
        if column is None or not rule.explains_all:
            continue
        for line in np.flatnonzero(column.ratios > 1.0):
            series = Series(*faults.ratios.lines.loc[line, ["zone", "quantity"]])
            if severity_for(rule, series.quantity, settings.quality) != "pass":
                explained.add(series)
    return explained
