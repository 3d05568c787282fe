"""A parser that was wrong, and the lake after it was corrected."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from builders.commands import run
from builders.generators import energy_charts, values
from builders.replay import Host
from builders.services import limits, workspace_at

from gridahead.core.tables import Observations
from gridahead.core.time import now
from gridahead.core.vintages import as_of
from gridahead.operate import ingest as ingest_module
from gridahead.operate.amend import reparse
from gridahead.operate.backfill import backfill
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.sources.energy_charts import EnergyCharts

MONTH: dict[str, Any] = {"start": dt.date(2025, 3, 1), "end": dt.date(2025, 3, 31)}


@pytest.fixture(autouse=True)
def no_rules(monkeypatch):
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


def known(workspace) -> pd.DataFrame:
    return as_of(workspace.lake.read_vintages(), now())


def test_the_kept_answers_are_read_again_and_no_service_is_asked(tmp_path, monkeypatch):
    right = EnergyCharts.parse

    def an_hour_late(self, payload):
        rows = right(self, payload)
        moved = {name: rows[name] + pd.Timedelta(hours=1) for name in ("valid_time", "available_at")}
        return Observations(rows.assign(**moved))

    with limits(), Host([energy_charts()]) as host:
        workspace = workspace_at(tmp_path, host, "FR", "BE", quantities=["load", "price"])
        monkeypatch.setattr(EnergyCharts, "parse", an_hour_late)
        backfill(workspace, **MONTH)
        wrong = known(workspace)
        monkeypatch.setattr(EnergyCharts, "parse", right)
        asked = len(host.asked)

        proposed = reparse(workspace, by="tester", dry_run=True)
        pd.testing.assert_frame_equal(known(workspace), wrong)
        done = reparse(workspace, by="tester", only="energy_charts")
        (summary,) = done.sources
        assert (summary.added, summary.undone) == (proposed.sources[0].added, proposed.sources[0].undone)
        assert summary.undone == len(wrong)
        for zone in ("FR", "BE"):
            rows = known(workspace)
            load = rows[(rows["zone"] == zone) & (rows["quantity"] == "load")]
            hours = pd.DatetimeIndex(load["valid_time"])
            assert hours[0] == pd.Timestamp("2025-02-28T23:00Z")
            assert list(load["value"]) == list(values(zone.lower(), "load", hours))

        (again,) = reparse(workspace, by="tester").sources
        assert (again.added, again.undone) == (0, 0)
        assert len(host.asked) == asked


def test_the_command_says_what_it_changed(tmp_path, monkeypatch):
    right = EnergyCharts.parse
    with limits(), Host([energy_charts()]) as host:
        file = tmp_path / "my.toml"
        file.write_text(
            f'data_folder = "data"\n[[sources]]\nkind = "energy_charts"\nzones = ["FR"]\nbase_url = "{host.url}"\n'
            'quantities = ["load"]\nsince = "2025-03-01"\n'
        )
        doubled = lambda self, payload: Observations(right(self, payload).assign(value=lambda rows: 2 * rows["value"]))  # noqa: E731
        monkeypatch.setattr(EnergyCharts, "parse", doubled)
        assert run(file, "backfill", "--end", "2025-03-02").code == 0
        monkeypatch.setattr(EnergyCharts, "parse", right)
        ended = run(file, "reparse", "--json")
        assert ended.code == 0 and '"added": 48' in ended.said and '"undone": 48' in ended.said
