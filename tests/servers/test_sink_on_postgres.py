"""The database for BI tools, on a real PostgreSQL: equal to the lake, whatever was killed, missed or taken back."""

import json
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import closing

import pandas as pd
import psycopg2
import pytest
from builders.forecasts import BERLIN, forecast_of
from builders.rows import LOAD
from builders.servers import Cluster, postgres_cluster
from children.sink_kill import killed_sync

from gridahead.core.errors import PublicationError
from gridahead.core.runs import BY_HAND, LIVE
from gridahead.forecasting.database_schema import STEPS
from gridahead.forecasting.identity import IDENTIFIES, forecast_id
from gridahead.forecasting.publish import publish
from gridahead.operate.checking import Checking
from gridahead.operate.sink import after_publication, failing_since, sync
from gridahead.operate.watch import state_file
from gridahead.workspace import Workspace

SETTINGS = """
data_folder = "data"
[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
[published]
database = "{address}"
"""
KILLS = 50
AT = pd.Timestamp("2025-12-30T10:05Z")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with postgres_cluster() as made:
        yield made


@pytest.fixture
def settings(cluster, tmp_path):
    """An installation whose database is empty."""
    asked(cluster.address, "DROP SCHEMA IF EXISTS gridahead CASCADE")
    file = tmp_path / "settings.toml"
    file.write_text(SETTINGS.format(address=cluster.address))
    return file


def asked(address: str, statement: str) -> pd.DataFrame:
    """What the database answers to somebody else."""
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        if cursor.description is None:
            return pd.DataFrame()
        return pd.DataFrame(cursor.fetchall(), columns=[one.name for one in cursor.description])


def assert_equal_to_the_lake(workspace: Workspace, address: str) -> None:
    """Every value, and everything that is told of its forecast, is that of the lake: no row less, none more."""
    found = asked(address, "SELECT * FROM gridahead.forecasts JOIN gridahead.forecast_values USING (forecast_id)")
    expected = workspace.lake.read_forecasts(LOAD, LIVE).rename(
        columns={"value_mw": "value", "unadapted_mw": "unadapted"}
    )
    expected["forecast_id"] = [forecast_id(row) for row in expected[IDENTIFIES].to_dict("records")]
    names, key = list(expected.columns), ["forecast_id", "valid_time", "quantile"]
    for name in ("issue_time", "valid_time", "made_at"):
        found[name] = pd.to_datetime(found[name], utc=True).dt.as_unit("us")
    found["unadapted"] = found["unadapted"].astype(float)
    one, other = (frame[names].sort_values(key, ignore_index=True) for frame in (found, expected))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
    assert len(asked(address, "SELECT 1 FROM gridahead.forecasts")) == expected["forecast_id"].nunique()


def sizes(address: str) -> set[int]:
    """How many values the forecasts have; of nobody, as long as there are no tables."""
    if asked(address, "SELECT to_regclass('gridahead.latest_forecast') IS NULL AS none")["none"][0]:
        return set()
    values = "gridahead.forecasts LEFT JOIN gridahead.forecast_values USING (forecast_id)"
    return set(asked(address, f"SELECT count(quantile) AS n FROM {values} GROUP BY forecast_id")["n"])


def day(number: int) -> str:
    return str((pd.Timestamp("2025-12-01") + pd.Timedelta(days=number)).date())


def test_a_database_is_made_filled_and_left_alone_when_nothing_is_new(settings, cluster):
    workspace = Workspace.open(settings)
    workspace.lake.forecasts.append(forecast_of(day(0), unadapted_mw=48_000.0))
    (done,) = sync(workspace)
    assert (done.written, done.deleted, done.withdrawn) == (1, 0, 0)
    assert_equal_to_the_lake(workspace, cluster.address)
    before = asked(cluster.address, "SELECT xmin::text FROM gridahead.forecast_values ORDER BY 1")
    assert sync(workspace)[0].written == 0
    pd.testing.assert_frame_equal(
        asked(cluster.address, "SELECT xmin::text FROM gridahead.forecast_values ORDER BY 1"), before
    )
    assert asked(cluster.address, "SELECT version FROM gridahead.schema_version")["version"].tolist() == [1, 2]
    told = asked(cluster.address, "SELECT obj_description('gridahead.latest_forecast'::regclass) AS words")
    assert "the forecast that readers are given" in told["words"][0]


def test_killed_in_mid_upsert_fifty_times_the_next_run_makes_it_equal_to_the_lake(settings, cluster):
    workspace = Workspace.open(settings)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "gridahead.operate.sink", "sqlalchemy.dialects.postgresql.psycopg2"])
    killed = 0
    for number in range(KILLS):
        for more in range(2):
            workspace.lake.forecasts.append(forecast_of(day(2 * number + more), model_version=str(number)))
        at = 5 + number % 9  # from listing what is there to the last commit
        child = context.Process(target=killed_sync, args=(settings, at, ("before", "after")[number // 9 % 2]))
        child.start()
        child.join(60)
        killed += child.exitcode == -signal.SIGKILL
        assert sizes(cluster.address) <= {72}, "a forecast is whole or not there"
    assert killed == KILLS
    (done,) = sync(workspace)
    assert done.written > 0
    assert_equal_to_the_lake(workspace, cluster.address)


def test_a_database_that_is_down_stops_nothing_is_told_and_is_made_whole_by_the_next_run(settings, cluster, caplog):
    workspace = Workspace.open(settings)
    workspace.lake.forecasts.append(forecast_of(day(0)))
    cluster.stop()
    try:
        words = after_publication(workspace, LOAD)
        assert "gridahead sink sync" in words and words in caplog.text
        with pytest.raises(PublicationError) as refusal:
            sync(workspace)
        assert refusal.value.retryable
    finally:
        cluster.start()
    since, error = failing_since(workspace) or (None, "")
    assert error == words
    checking = Checking(workspace, state_file(workspace).read(), workspace.clock())
    (condition,) = checking._database()
    assert condition.since == since and "gridahead sink sync" in condition.advice
    workspace.lake.forecasts.append(forecast_of(day(1)))
    assert after_publication(workspace, LOAD) == ""
    assert failing_since(workspace) is None and list(checking._database()) == []
    assert_equal_to_the_lake(workspace, cluster.address)


def test_readers_are_given_the_correction_until_it_is_taken_back(settings, cluster):
    workspace = Workspace.open(settings)
    place = workspace.settings.published_place
    machine = forecast_of("2025-12-31")
    corrected = forecast_of("2025-12-31", level=40_000.0, model=BY_HAND, rung=BY_HAND, data_hash="ff")
    later = forecast_of("2025-12-31", level=60_000.0, issue_time=pd.Timestamp("2025-12-30T11:00Z"))
    for rows in (machine, corrected, later):
        publish(place, rows, BERLIN, {}, at=AT)
        workspace.lake.forecasts.append(rows)
    sync(workspace)
    shown = "SELECT * FROM gridahead.latest_forecast WHERE quantile = 0.5 ORDER BY valid_time"
    front = asked(cluster.address, shown)
    assert front["value"].tolist() == [40_000.0 + n for n in range(24)]
    assert set(pd.to_datetime(front["published_at"], utc=True)) == {AT}
    assert (front["valid_until"] - front["valid_time"]).unique().tolist() == [pd.Timedelta(hours=1)]
    home = workspace.published / "DE.load/2025-12-31/2025-12-30T1000Z-by-hand"
    home.write("withdrawn.json", json.dumps({"at": "2025-12-30T12:00:00+00:00"}).encode())
    assert sync(workspace)[0].withdrawn == 1 and sync(workspace)[0].withdrawn == 0
    assert asked(cluster.address, shown)["value"].tolist() == [60_000.0 + n for n in range(24)]
    assert_equal_to_the_lake(workspace, cluster.address)


def test_what_the_lake_does_not_have_any_more_goes(settings, cluster, tmp_path):
    workspace = Workspace.open(settings)
    workspace.lake.forecasts.append(forecast_of(day(0)))
    sync(workspace)
    other = tmp_path / "other" / "settings.toml"
    other.parent.mkdir()
    other.write_text(settings.read_text())
    restored = Workspace.open(other)
    restored.lake.forecasts.append(forecast_of(day(1)))
    (done,) = sync(restored)
    assert (done.written, done.deleted) == (1, 1)
    assert_equal_to_the_lake(restored, cluster.address)


def test_the_schema_of_a_newer_release_is_refused_and_left_as_it_is(settings, cluster):
    workspace = Workspace.open(settings)
    sync(workspace)
    asked(cluster.address, "INSERT INTO gridahead.schema_version VALUES (99)")
    with pytest.raises(PublicationError, match=f"version 99, this release knows {len(STEPS)}; use the newer release"):
        sync(workspace)
