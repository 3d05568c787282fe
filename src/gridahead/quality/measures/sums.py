"""Quantities that are sums of others: load minus residual load is wind and solar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gridahead.grid import REFERENCE_SUFFIX, SUMS, Series
from gridahead.quality.curves import Curve, is_reference
from gridahead.quality.measures.base import Measurement

ROUNDING = 0.002
"""Of the size of the sum: what rounding makes of quantities that are published together."""
REVISION = 0.05
"""Of the size of the sum, for parts that are published and revised one by one: SMARD's wind and solar of 2025 differ
from their sum by up to 3 GW for weeks."""
TOGETHER = ("residual_load",)


def sums(curve: Curve) -> Mapping[str, Measurement]:
    """Difference between a sum and its parts [MW], for every sum that the quantity takes part in."""
    suffix = REFERENCE_SUFFIX if is_reference(curve.series) else ""
    found = {}
    for total, parts in _relations(curve.series.quantity.removesuffix(suffix)):
        names = {total: -1.0, **dict(parts)}
        curves = {name: curve.others.get(Series(curve.series.zone, name + suffix)) for name in names}
        if any(one is None for one in curves.values()):
            continue
        terms = [names[name] * curve.on_my_clock(one) for name, one in curves.items() if one is not None]
        size = max(one.highest for one in curves.values() if one is not None)
        found[total] = Measurement(
            np.abs(np.sum(terms, axis=0)), np.asarray((ROUNDING if total in TOGETHER else REVISION) * size)
        )
    return found


def _relations(quantity: str) -> Iterator[tuple[str, tuple[tuple[str, float], ...]]]:
    for total, parts in SUMS.items():
        if quantity == total or quantity in dict(parts):
            yield total, parts
