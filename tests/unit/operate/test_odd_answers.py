"""Answers that are out of order, say something twice, or contradict themselves."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders.generators import energy_charts, rearranged, values
from builders.replay import Host
from builders.services import limits, rows_of, workspace_at

from gridahead.operate import ingest as ingest_module
from gridahead.operate.backfill import backfill
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection

MONTH: dict[str, Any] = {"start": dt.date(2025, 3, 1), "end": dt.date(2025, 3, 31)}


@pytest.fixture(autouse=True)
def no_rules(monkeypatch):
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


@pytest.mark.parametrize(
    "change",
    [lambda rows: rows[::-1], lambda rows: rows[400:] + rows[:400], lambda rows: rows + rows[100:200]],
    ids=["backwards", "pages in another order", "rows twice"],
)
def test_order_and_repetition_do_not_matter(tmp_path, change):
    with limits(), Host([rearranged(energy_charts(), change)]) as host:
        workspace = workspace_at(tmp_path, host, "FR", quantities=["price"])
        assert backfill(workspace, **MONTH).failed == []
    rows = rows_of(workspace)
    hours = pd.date_range("2025-02-28T23:00Z", "2025-03-31T21:00Z", freq="h")
    assert list(rows["valid_time"]) == list(hours)
    np.testing.assert_array_equal(rows["value"], values("FR", "price", hours))


def test_a_contradiction_is_refused_and_the_window_asked_for_again(tmp_path):
    bad = {"is": True}

    def change(rows):
        return [*rows, (rows[7][0], rows[7][1] + 1)] if bad["is"] else rows

    with limits(), Host([rearranged(energy_charts(), change)]) as host:
        workspace = workspace_at(tmp_path, host, "FR", quantities=["price"])
        (error,) = backfill(workspace, **MONTH).failed
        (value,) = values("FR", "price", pd.DatetimeIndex(["2025-03-01T06:00Z"]))
        assert "price at 2025-03-01" in str(error) and f"{value:g}" in str(error) and f"{value + 1:g}" in str(error)
        assert rows_of(workspace).empty
        bad["is"] = False
        again = backfill(workspace, **MONTH)
    assert (again.windows, again.failed, len(rows_of(workspace))) == (1, [], 743)
