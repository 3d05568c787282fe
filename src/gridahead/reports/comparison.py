"""The comparison of two versions in words and for machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gridahead.core.units import per, power, significant
from gridahead.promotion.compare import VersionComparison
from gridahead.reports.wording import p_words


def comparison_sentence(comparison: VersionComparison) -> str:
    """Which is better, and whether that can be luck."""
    first, second = map(str, comparison.versions)
    difference, unit = comparison.difference, comparison.unit
    better, worse = (first, second) if difference.value < 0 else (second, first)
    days, (low, high) = comparison.evidence.days, difference[1:]
    if difference.value < 0:
        low, high = -high, -low
    luck = "luck alone can explain that" if not comparison.p < 0.05 else "more than luck explains"
    return (
        f"{better} has a CRPS that is {power(abs(difference.value), unit)} smaller than that of {worse} "
        f"over {len(days)} days from {days[0]} to {days[-1]} (95 % interval {significant(per(low, unit))} to "
        f"{significant(per(high, unit))}; Diebold–Mariano {p_words(comparison.p)}): {luck}."
    )


def comparison_record(comparison: VersionComparison, picture: Path) -> dict[str, Any]:
    """The comparison of two versions as plain values, for JSON."""
    days = comparison.evidence.days
    return {
        "versions": [version.number for version in comparison.versions],
        "days": len(days),
        "first": str(days[0]),
        "last": str(days[-1]),
        "difference_crps_mw": comparison.difference._asdict(),
        "p_diebold_mariano": comparison.p,
        "scores": comparison.scores.to_dict("records"),
        "seasons": comparison.seasons.to_dict("records"),
        "sentence": comparison_sentence(comparison),
        "picture": str(picture),
    }
