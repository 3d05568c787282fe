"""History of services: whole under faults, gone on with after a kill, and never fetched twice."""

import datetime as dt
import multiprocessing
import signal
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from builders.commands import run
from builders.generators import energy_charts, values
from builders.http_faults import Weather
from builders.long import first_of
from builders.replay import Host
from builders.services import limits, rows_of, workspace_at
from children.dying import Interruption

from gridahead.core.errors import AccessError, SettingsError, SourceError
from gridahead.core.time import now
from gridahead.operate import ingest as ingest_module
from gridahead.operate.backfill import backfill
from gridahead.operate.ingest import ingest
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.settings.source_catalogue import SOURCE_INFOS, Key, RateLimit

ZONES = ("DE", "FR", "BE", "NL")
YEAR: dict[str, Any] = {"start": dt.date(2024, 1, 1), "end": dt.date(2024, 12, 31)}
MONTH: dict[str, Any] = {"start": dt.date(2025, 3, 1), "end": dt.date(2025, 3, 31)}


@pytest.fixture(autouse=True)
def no_rules(monkeypatch):
    """What the gate says of the values is no matter here, and takes seconds."""
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


def test_a_year_of_four_zones_is_whole_under_thirty_per_cent_of_faults_and_within_the_limit(tmp_path):
    allowed = RateLimit(40, 2.0)
    with limits(), Host([energy_charts()]) as host:
        undisturbed = workspace_at(tmp_path / "undisturbed", host, *ZONES, quantities=["load", "price"])
        assert backfill(undisturbed, **YEAR).failed == []
        assert 1 < host.most_at_once <= 4
        asked = len(host.asked)
    with limits(allowed), Host([energy_charts()], Weather(0.3)) as host:
        disturbed = workspace_at(tmp_path / "disturbed", host, *ZONES, quantities=["load", "price"], attempts=4)
        done = backfill(disturbed, **YEAR)
        assert done.failed == [] and done.windows == asked == 4 * 2 * 12
        assert len(host.faults) > 10 and 0.25 < sum(host.faults.values()) / len(host.asked) < 0.5
        assert host.most_within(1.6) <= allowed.requests < len(host.asked)  # what is late comes closer to the next
    expected = rows_of(undisturbed)
    assert len(expected) == 4 * 2 * 8784
    pd.testing.assert_frame_equal(rows_of(disturbed), expected)
    load = expected[(expected["zone"] == "FR") & (expected["quantity"] == "load")]
    hours = pd.date_range("2023-12-31T23:00Z", "2024-12-31T22:00Z", freq="h")
    assert list(load["valid_time"]) == list(hours)
    assert list(load["value"]) == list(values("fr", "load", hours))


def test_a_second_call_fetches_nothing_that_is_there(tmp_path):
    with limits(), Host([energy_charts()]) as host:
        workspace = workspace_at(tmp_path, host, "FR", "BE")
        first = backfill(workspace, **MONTH)
        asked = len(host.asked)
        assert first.windows == asked == 2 * 6  # a window an item and zone
        again = backfill(workspace, **MONTH)
        assert (again.windows, len(host.asked)) == (0, asked)
        wider = backfill(workspace, start=dt.date(2025, 2, 1), end=dt.date(2025, 3, 31))
        assert wider.windows == len(host.asked) - asked == 2 * 6
        ends = {one.query["end"] for one in host.asked[asked:]}
        assert ends == {str(int(pd.Timestamp("2025-02-28T23:00Z").timestamp()) - 1)}


def test_what_cannot_be_fetched_is_named_and_the_rest_is_there(tmp_path):
    def answer(asked):
        is_gone = asked.path == "/price" and asked.query["bzn"] == "BE"
        return None if is_gone else energy_charts()(asked)

    with limits(), Host([answer]) as host:
        workspace = workspace_at(tmp_path, host, "FR", "BE", attempts=2)
        done = backfill(workspace, **MONTH)
        (error,) = done.failed
        assert "BE-price-20250228T2300-20250331T2200" in str(error) and "status 404" in str(error)
        assert f"{host.url}/price?bzn=BE" in str(error)
        with pytest.raises(SourceError, match="BE-price"):
            done.require(1.0)
        assert {"FR/price", "BE/load"} <= set(done.series["series"]) and "BE/price" not in set(done.series["series"])
        assert backfill(workspace, **MONTH).windows == 1


def test_a_host_that_is_down_is_left_alone_after_some_windows(tmp_path):
    with limits(), Host([energy_charts()], Weather(1.0, ("503",))) as host:
        workspace = workspace_at(tmp_path, host, *ZONES, attempts=2)
        done = backfill(workspace, **YEAR)
        assert "8 windows in a row failed, so 280 others were not tried" in str(done.failed[-1])
        assert len(host.asked) <= 2 * (8 + 8)


def with_key(monkeypatch) -> Key:
    key = Key(("CHARTS_KEY",), "https://charts.example/keys", "parameter", "api_key")
    monkeypatch.setitem(SOURCE_INFOS, "energy_charts", replace(SOURCE_INFOS["energy_charts"], key=key))
    return key


def test_a_refused_key_costs_one_request_and_says_the_way_out(tmp_path, monkeypatch):
    with_key(monkeypatch)
    monkeypatch.setenv("CHARTS_KEY", "wrong-token-4711")
    with limits(), Host([energy_charts()], token="right-token-4711") as host:
        done = backfill(workspace_at(tmp_path, host, *ZONES), **YEAR)
        assert len(host.asked) == 1
        with pytest.raises(AccessError, match=r"the key is refused.*https://charts.example/keys.*CHARTS_KEY"):
            done.require(1.0)


def test_without_a_key_nobody_is_asked(tmp_path, monkeypatch):
    with_key(monkeypatch)
    monkeypatch.delenv("CHARTS_KEY", raising=False)
    with limits(), Host([energy_charts()]) as host:
        done = backfill(workspace_at(tmp_path, host, "FR"), **MONTH)
        assert host.asked == []
        with pytest.raises(AccessError, match="needs a key, and there is none"):
            done.require(1.0)


def killed_after(folder, url: str, payloads: int) -> None:
    """A back-fill of a month that kills itself when so many payloads have been taken in."""
    with limits():
        workspace = workspace_at(folder, url, *ZONES, quantities=["load", "price"])
        backfill(workspace, **YEAR, on_progress=Interruption(payloads).tick)


@pytest.mark.parametrize("payloads", first_of([1, 60], 1))
def test_killed_and_started_again_it_ends_with_the_same_lake_and_goes_on_where_it_was(tmp_path, payloads):
    with limits(), Host([energy_charts()]) as host:
        child = multiprocessing.get_context("fork").Process(target=killed_after, args=(tmp_path, host.url, payloads))
        child.start()
        child.join(120)
        assert child.exitcode == -signal.SIGKILL
        asked = len(host.asked)
        workspace = workspace_at(tmp_path, host, *ZONES, quantities=["load", "price"])
        done = backfill(workspace, **YEAR)
        assert done.failed == []
        # Of 96 windows; what was taken in by fifties, and noted, is not asked for again.
        assert len(host.asked) - asked == 96 - payloads // 50 * 50
    rows = rows_of(workspace)
    assert len(rows) == 4 * 2 * 8784
    assert workspace.lake.waiting.batches() == set()
    prices = rows[(rows["zone"] == "NL") & (rows["quantity"] == "price")]
    hours = pd.DatetimeIndex(prices["valid_time"])
    assert list(prices["value"]) == list(values("NL", "price", hours))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"source": "entsoe_x"}, "the settings have no service entsoe_x"),
        ({"source": "energy_chart"}, "did you mean 'energy_charts'"),
        ({"zones": ["PL"]}, "is not asked for zone 'PL', only for FR"),
        ({"start": dt.date(2025, 3, 2), "end": dt.date(2025, 3, 1)}, "is after"),
        ({"start": None}, "from which day on"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_asked(tmp_path, options, said):
    with limits(), Host([energy_charts()]) as host:
        with pytest.raises(SettingsError, match=said):
            backfill(workspace_at(tmp_path, host, "FR"), **{**MONTH, **options})
        assert host.asked == []


# -- the command ----------------------------------------------------------------------------------------------------


def test_the_command_ends_with_what_came_and_an_exit_code_for_what_did_not(tmp_path):
    def answer(asked):
        return None if asked.path == "/price" else energy_charts()(asked)

    with limits(), Host([answer]) as host:
        file = tmp_path / "my.toml"
        file.write_text(
            f'data_folder = "data"\n[[sources]]\nkind = "energy_charts"\nbase_url = "{host.url}"\n'
            'zones = ["FR", "BE"]\nquantities = ["load", "price"]\n'
        )
        ended = run(file, "backfill", "--zones", "FR", "--start", "2025-03-01", "--end", "2025-03-31")
        assert ended.code == 3 and "FR-price" in ended.error and "status 404" in ended.error
        assert "FR/load" in ended.said and "743" in ended.said  # hours of March with its clock change
        assert "Of 2 windows some are missing" in ended.said
        whole = run(file, "backfill", "--zones", "FR", "--start", "2025-03-01", "--end", "2025-03-31", "--json")
        assert '"windows": 1' in whole.said


# -- the increment --------------------------------------------------------------------------------------------------


def test_after_an_outage_the_increment_fetches_what_is_missing_and_what_may_have_been_revised(tmp_path):
    present = {"is": now().floor("h") - pd.Timedelta(days=20)}
    revised = set[pd.Timestamp]()

    def answer(asked):
        import json

        from builders.http_faults import Reply

        reply = energy_charts(lambda: present["is"])(asked)
        assert reply is not None
        content = json.loads(reply.content)
        for power in content["production_types"]:
            for n, second in enumerate(content["unix_seconds"]):
                if pd.Timestamp(second, unit="s", tz="UTC") in revised:
                    power["data"][n] += 1000
        return Reply(json.dumps(content).encode())

    with limits(), Host([answer]) as host:
        workspace = workspace_at(tmp_path, host, "FR", quantities=["load"])
        workspace = replace(workspace, clock=lambda: present["is"])
        start = (present["is"] - pd.Timedelta(days=10)).date()
        backfill(workspace, start=start)
        began = present["is"]
        for step in (pd.Timedelta(hours=1), pd.Timedelta(days=12), pd.Timedelta(hours=1)):
            present["is"] += step
            asked = len(host.asked)
            if step == pd.Timedelta(days=12):
                revised.add(began - pd.Timedelta(days=2))
                revised.add(began - pd.Timedelta(days=6))
            done = ingest(workspace)
            assert not done.failed
            (one,) = host.asked[asked:]
            first = pd.Timestamp(int(one.query["start"]), unit="s", tz="UTC")
            # From where the last window had settled, three days before it was fetched.
            assert first == present["is"] - step - pd.Timedelta(days=3)
    rows = rows_of(workspace)
    newest = rows.drop_duplicates("valid_time", keep="last")
    expected = pd.date_range(newest["valid_time"].min(), present["is"] - pd.Timedelta(hours=1), freq="h")
    assert list(newest["valid_time"]) == list(expected)
    twice = rows[rows.duplicated("valid_time", keep=False)]
    assert set(twice["valid_time"]) == {began - pd.Timedelta(days=2)}  # the older one had settled
    assert list(twice["availability"]) == ["assumed", "recorded"]


def test_the_increment_fills_a_hole_that_a_back_fill_has_left(tmp_path):
    broken = {"is": True}

    def answer(asked):
        is_hole = broken["is"] and asked.query["start"] == str(int(pd.Timestamp("2025-03-31T22:00Z").timestamp()))
        return None if is_hole else energy_charts()(asked)

    with limits(), Host([answer]) as host:
        workspace = workspace_at(tmp_path, host, "FR", quantities=["load"])
        backfill(workspace, start=dt.date(2025, 3, 1), end=dt.date(2025, 3, 31))
        failed = backfill(workspace, start=dt.date(2025, 3, 1), end=dt.date(2025, 5, 1)).failed
        assert len(failed) == 1
        broken["is"] = False
        wanted_end = now()
        ingest(workspace)
    hours = pd.DatetimeIndex(rows_of(workspace)["valid_time"])
    assert list(hours) == list(pd.date_range("2025-02-28T23:00Z", hours.max(), freq="h"))
    assert wanted_end - hours.max() < pd.Timedelta(hours=3)
