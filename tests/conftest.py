"""Which tests the inner loop leaves out."""

import pytest

SLOW = frozenset(
    {
        "test_amend",
        "test_backtest",
        "test_backtest_resume",
        "test_candidates",
        "test_compaction",
        "test_corrected",
        "test_dating",
        "test_day_to_forecast",
        "test_drift",
        "test_drift_use_case",
        "test_energy_rules",
        "test_figures_and_value",
        "test_fit",
        "test_forecast_ids",
        "test_ingest",
        "test_init_file",
        "test_late_rows",
        "test_moved_and_damaged",
        "test_names_first",
        "test_official_available",
        "test_one_horizon",
        "test_padding",
        "test_planted_leaks",
        "test_promotion_use_case",
        "test_quality_gate",
        "test_refresh_test",
        "test_report",
        "test_resolution",
        "test_resume",
        "test_sample",
        "test_search",
        "test_shared",
        "test_slices",
        "test_store",
        "test_tabular",
        "test_throughout",
        "test_throughout_others",
        "test_two_trainings",
        "test_two_units",
        "test_values_of_their_clock",
        "test_views",
        "test_vintages",
        "test_windows",
        "test_workers",
    }
)
"""Unit tests that train, kill or wait for other processes, for more than some seconds. `make quick` leaves them out,
and all of `tests/integration`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the inner loop leaves out."""
    for item in items:
        if item.path.stem in SLOW or "integration" in item.path.parts:
            item.add_marker(pytest.mark.slow)
