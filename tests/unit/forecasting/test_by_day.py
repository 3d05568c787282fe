"""What an older release has published is found by its delivery day after an upgrade, and nothing of it is lost."""

import datetime as dt
import json

import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.rows import LOAD

from gridahead.forecasting.by_day import to_days
from gridahead.forecasting.publish import newest_of, publish
from gridahead.lake.folder import Folder

DAY = dt.date(2025, 12, 31)


@pytest.fixture
def former(tmp_path):
    """A forecast as layout 3 had it: in the folder of its issue time, its rung in words, without clocks."""
    made = publish(tmp_path, forecast_of(str(DAY)), BERLIN, {}, at=forecast_of(str(DAY))["issue_time"].iloc[0])
    manifest = {k: v for k, v in made.manifest.items() if k not in ("made_at", "published_at", "late", "missing")}
    home = tmp_path / "DE.load/2025-12-30T1000Z"
    (tmp_path / "DE.load/2025-12-31/2025-12-30T1000Z").rename(home)
    (tmp_path / "DE.load/2025-12-31").rmdir()
    (home / "manifest.json").write_text(json.dumps({**manifest, "rung": "no official forecast"}))
    return tmp_path


def test_it_is_moved_whole_and_its_rung_has_a_name(former):
    before = {path.name: path.read_bytes() for path in (former / "DE.load/2025-12-30T1000Z").glob("forecast-*")}
    assert to_days(Folder.at(former)) == 1
    issue = newest_of(former, LOAD, DAY)
    assert issue is not None
    assert (issue.manifest["rung"], issue.manifest["missing"]) == ("degraded", "no official forecast")
    assert {name: issue.folder.read(name) for name in before} == before
    assert [path.name for path in (former / "DE.load").iterdir()] == ["2025-12-31"]
    assert to_days(Folder.at(former)) == 0


def test_killed_anywhere_and_begun_again_it_ends_the_same(former, monkeypatch):
    whole = {name: getattr(Folder, name) for name in ("write", "delete")}
    for good in range(8):
        left = [good]

        def dying(name, left=left):
            def operation(self, *arguments):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                return whole[name](self, *arguments)

            return operation

        with monkeypatch.context() as patch:
            for name in whole:
                patch.setattr(Folder, name, dying(name))
            try:
                to_days(Folder.at(former))
            except KeyboardInterrupt:
                continue
    to_days(Folder.at(former))
    issue = newest_of(former, LOAD, DAY)
    assert issue is not None and issue.folder.exists(str(issue.manifest["csv"]))
    assert [path.name for path in (former / "DE.load").iterdir()] == ["2025-12-31"]
