"""A forecast as a fan: what its legend says is what the chart shows."""

import pandas as pd
import pytest

from gridahead.reports.fan import fan_figure

LEVELS = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98]
WIDE = pd.DataFrame({level: [1000 * level] * 2 for level in LEVELS}, pd.date_range("2025-03-01", periods=2, freq="h"))
WIDE.attrs["manifest"] = {"model": "lstm", "issue_time": "2025-02-28T10:00Z", "timezone": "UTC", "series": "DE/load"}


def test_a_band_looks_in_the_legend_as_it_does_in_the_chart():
    """A band of 18 % opacity that lies over others lets 0.82 of 0.82 through."""
    (axes,) = fan_figure(WIDE, WIDE[0.5], pd.Series(dtype=float), "MW").axes
    legend = axes.get_legend()
    assert legend is not None
    assert [one.get_text() for one in legend.get_texts()] == ["96 %", "80 %", "40 %", "lstm, median", "outturn"]
    assert [swatch.get_alpha() for swatch in legend.get_patches()] == pytest.approx([0.18, 0.3276, 0.448632])
