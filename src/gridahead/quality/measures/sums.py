"""Quantities that are sums of others: load minus residual load is wind and solar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gridahead.core.grid import OFFICIAL_SUFFIX, SUMS, Series
from gridahead.quality.curves import Curve, is_official
from gridahead.quality.measures.base import Measurement, measures

ROUNDING = 0.002
"""Of the size of the sum: what rounding makes of quantities that are published together."""
REVISION = 0.05
"""Of the size of the sum, for parts that are published and revised one by one: SMARD's wind and solar of 2025 differ
from their sum by up to 3 GW for weeks."""
TOGETHER = ("residual_load",)


@measures("sum")
def sums(curve: Curve) -> Mapping[str, Measurement]:
    """Difference between a sum and its parts [MW], for every sum that the quantity takes part in."""
    suffix = OFFICIAL_SUFFIX if is_official(curve.series) else ""
    variants = {}
    for total, parts in _relations(curve.series.quantity.removesuffix(suffix)):
        names = {total: -1.0, **dict(parts)}
        curves = {name: curve.others.get(Series(curve.series.zone, name + suffix)) for name in names}
        if any(part is None for part in curves.values()):
            continue
        terms = [names[name] * curve.aligned(part) for name, part in curves.items() if part is not None]
        size = max(part.highest for part in curves.values() if part is not None)
        variants[total] = Measurement(
            np.abs(np.sum(terms, axis=0)), np.asarray((ROUNDING if total in TOGETHER else REVISION) * size)
        )
    return variants


def _relations(quantity: str) -> Iterator[tuple[str, tuple[tuple[str, float], ...]]]:
    for total, parts in SUMS.items():
        if quantity == total or quantity in dict(parts):
            yield total, parts
