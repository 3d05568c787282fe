"""What the inner loop leaves out, and which files share a process."""

from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

SLOW = frozenset(
    {
        "test_amend",
        "test_attribution",
        "test_backfill",
        "test_backtest",
        "test_backtest_command",
        "test_backtest_resume",
        "test_blame",
        "test_bootstrap",
        "test_candidates",
        "test_compaction",
        "test_compare",
        "test_corrected",
        "test_daily_words",
        "test_dating",
        "test_day_to_forecast",
        "test_diagnosis_of_training",
        "test_drift",
        "test_drift_of_what_was_published",
        "test_drift_use_case",
        "test_energy_rules",
        "test_exchanged_dates",
        "test_figures_and_value",
        "test_fingerprint",
        "test_fit",
        "test_forecast_ids",
        "test_ingest",
        "test_init_file",
        "test_inspection",
        "test_inspection_page",
        "test_late_rows",
        "test_learnt_limits",
        "test_mlflow_state",
        "test_moved_and_damaged",
        "test_names_first",
        "test_official_available",
        "test_one_horizon",
        "test_padding",
        "test_planted_leaks",
        "test_promotion_use_case",
        "test_quality_gate",
        "test_refresh_test",
        "test_reparse",
        "test_report",
        "test_resolution",
        "test_results",
        "test_resume",
        "test_sample",
        "test_search",
        "test_shared",
        "test_parts_of_an_installation",
        "test_slices",
        "test_store",
        "test_tabular",
        "test_throughout",
        "test_throughout_others",
        "test_trial",
        "test_two_trainings",
        "test_two_units",
        "test_two_zones",
        "test_upgrade",
        "test_upgrade_to_official",
        "test_values_of_their_clock",
        "test_views",
        "test_vintages",
        "test_what_scoring_loads",
        "test_whole_series",
        "test_windows",
        "test_workers",
    }
)
"""Unit tests that train, kill or wait for other processes, for more than a second or two. `make quick` leaves them out,
and all of `tests/integration`."""


JOB = frozenset(
    {
        "test_diagnose",
        "test_documented_blocks",
        "test_engine",
        "test_flows",
        "test_job",
        "test_models_commands",
        "test_python",
        "test_quarantine_journey",
        "test_reproduce",
        "test_search_command",
        "test_trial_year",
    }
)
"""Files that look at the small run of the whole job (the fixture `done`): in one process it is made once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, and begin with what takes long, so that no process waits for the other at the end."""
    for item in items:
        if item.path.stem in SLOW or "integration" in item.path.parts:
            item.add_marker(pytest.mark.slow)
    items.sort(key=_rank)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let no file make the job a second time unseen."""
    if "done" in getattr(item, "fixturenames", ()) and item.path.stem not in JOB:
        pytest.fail(f"{item.path.name} uses the fixture `done`; name it in JOB in tests/conftest.py", pytrace=False)


def _rank(item: pytest.Item) -> int:
    return 0 if item.path.stem in JOB else 1 if item.get_closest_marker("slow") else 2


class JobTogether(LoadFileScheduling):
    """A file stays in one process, and all files of the job in the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "job" if Path(file).stem in JOB else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> JobTogether | None:
    """The groups of xdist itself do nothing under pytest 9.2."""
    return JobTogether(config, log) if config.getoption("dist") == "loadfile" else None
