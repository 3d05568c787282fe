"""What others read with one line: DuckDB, Polars and plain pandas see the rows that we see."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from builders.rows import LOAD, WIND_SOLAR, hours, judged, measured, rows, rulings_on, together
from hypothesis import given, settings
from hypothesis import strategies as st

from gridahead.core.grid import Series
from gridahead.core.tables import RULINGS
from gridahead.core.time import TimeRange
from gridahead.core.vintages import as_of
from gridahead.lake import verify as verify_module
from gridahead.lake.compaction import compact
from gridahead.lake.lake import Lake
from gridahead.lake.verify import verify_views
from gridahead.lake.views import views

TURN = hours("2024-12-31T12:00Z", 24)
NOON = pd.Timestamp("2025-01-01T12:00Z")
IDENTITY = ["zone", "quantity", "valid_time", "available_at"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """Merged and recent rows, one of them in both; revisions; a verdict, a released verdict; a batch that waits."""
    folder = tmp_path_factory.mktemp("views")
    lake = Lake(folder / "it's a lake", folder / "raw")
    loads = measured(LOAD, TURN, range(24))
    lake.observations.append(together(loads, measured(WIND_SOLAR, TURN, range(100, 124))))
    lake.observations.append(rows(LOAD, TURN[:6], 9.0, NOON))
    lake.verdicts.append(judged(loads.iloc[[1, 2]], known_at=NOON))
    lake.verdicts.append(judged(loads.iloc[[5]], "ramp", "flag", known_at=NOON))
    for day, ruling in enumerate(("reject", "release")):
        ruled = NOON + pd.Timedelta(days=day)
        about = loads.iloc[[2]].assign(ruling=ruling, reason="seen", decided_by="me", decided_at=ruled)
        lake.rulings.append(RULINGS.check(RULINGS.select(about)))
    for store in lake.stores:
        compact(store)
    lake.observations.append(loads.iloc[:4])
    # Withdrawn: a released one before and one after the release, one that comes back; and one that never was.
    gone = loads.iloc[[2, 10, 14]].assign(value=np.nan, availability="recorded", batch="gone")
    lake.observations.append(gone.assign(available_at=[NOON + pd.Timedelta(hours=h) for h in (36, 1, 2)]))
    lake.observations.append(loads.iloc[[14]].assign(value=99.0, available_at=NOON + pd.Timedelta(days=2)))
    lake.observations.append(loads.iloc[[12]].assign(value=np.nan, availability="void"))
    waits = rows(WIND_SOLAR, TURN[:2], 55.0, NOON).assign(batch="waits")
    lake.waiting.enter("waits", waits)
    lake.observations.append(waits)
    return lake


@pytest.fixture(scope="module")
def database(lake):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(views(lake))
    return connection


def plain(frame):
    """Rows as lists, whatever library they come from."""
    frame = frame.sort_values(IDENTITY)
    times = [pd.DatetimeIndex(frame[name]).tz_convert("UTC").as_unit("us").asi8.tolist() for name in IDENTITY[2:]]
    frame = frame.fillna({"value": -1.0})
    return list(zip(*(frame[name].tolist() for name in ("zone", "quantity", "value", "batch")), *times, strict=True))


def test_the_views_are_what_the_lake_reads(lake, database):
    assert plain(database.sql("SELECT * FROM observations").df()) == plain(lake.read_observations())
    assert plain(database.sql("SELECT * FROM accepted").df()) == plain(lake.read_accepted())
    assert database.sql("SELECT count(*) FROM quarantined").fetchall() == [(1,)]
    # One is in quarantine, two wait, three withdrawals end four vintages, two of them of one value.
    assert len(lake.read_accepted()) == len(lake.read_observations()) - 1 - 2 - 3 - 4


def test_latest_and_as_of_are_what_the_back_tests_read(lake, database):
    vintages = lake.read_vintages()
    for text in ("2024-12-31T20:00:00Z", "2025-01-01T12:00:00Z", "2025-01-01T11:59:59.999999Z"):
        found = database.sql(f"SELECT * FROM as_of(TIMESTAMPTZ '{text}')").df()
        assert plain(found) == plain(as_of(vintages, pd.Timestamp(text)))
    latest = database.sql("SELECT * FROM latest").df()
    assert plain(latest) == plain(as_of(vintages, pd.Timestamp("2100-01-01T00:00Z")))
    one = database.sql("SELECT value FROM as_of(TIMESTAMPTZ '2025-01-01 13:00+01') WHERE quantity = 'load' LIMIT 1")
    assert len(one.fetchall()) == 1


SAID = st.tuples(
    st.integers(0, 7), st.sampled_from(["quarantine", "flag", "release", "reject"]), st.integers(0, 6)
)  # which row, what, on which day


@settings(max_examples=8, deadline=None)
@given(drawn=st.lists(SAID, max_size=10), merged=st.booleans())
def test_whatever_the_gate_and_people_say_the_views_read_what_the_lake_reads(drawn, merged):
    french = measured(Series("FR", "load"), TURN[:2], [7.0, 8.0])
    held = together(measured(LOAD, TURN[:4], range(4)), rows(LOAD, TURN[:2], 9.0, NOON), french)
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", Path(folder) / "raw")
        lake.observations.append(held)
        for row, what, day in drawn:
            instant, one = NOON + pd.Timedelta(days=day), held.iloc[[row]]
            if what in ("release", "reject"):
                lake.rulings.append(rulings_on(one, what, str(instant)))
            else:
                lake.verdicts.append(judged(one, severity=what, known_at=str(instant)))
        if merged:
            for store in lake.stores:
                compact(store)
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(views(lake))
        assert plain(connection.sql("SELECT * FROM accepted").df()) == plain(lake.read_accepted())
        withheld = len(lake.read_observations()) - len(lake.read_accepted())
        assert connection.sql("SELECT count(*) FROM quarantined").fetchall() == [(withheld,)]
        vintages = lake.read_vintages()
        for day in range(-1, 8):
            instant = NOON + pd.Timedelta(days=day)
            found = connection.sql(f"SELECT * FROM as_of(TIMESTAMPTZ '{instant.isoformat()}')").df()
            assert plain(found) == plain(as_of(vintages, instant))
        assert verify_views(lake) == ()


def test_a_verification_finds_views_that_read_otherwise(tmp_path, monkeypatch):
    """The mistake that was: a rejected row that the gate had only flagged stayed in the views."""
    lake, loads = Lake(tmp_path / "lake", tmp_path / "raw"), measured(LOAD, TURN, range(24))
    assert verify_views(lake) == ()
    lake.observations.append(loads)
    lake.verdicts.append(judged(loads.iloc[[3]], severity="flag"))
    lake.rulings.append(rulings_on(loads.iloc[[3]], "reject", "2025-02-05T00:00Z"))
    assert verify_views(lake) == ()
    wrong = views(lake).replace("WHERE ruling = 'reject'", "WHERE false")
    monkeypatch.setattr(verify_module, "views", lambda _: wrong)
    first, _ = verify_views(lake)  # at the ruling, and after all
    assert (first.table, first.what) == (
        "views",
        "SQL as_of('2025-02-05 00:00:00+00:00') and the lake read 1 values differently",
    )


def test_an_empty_lake_has_empty_views(tmp_path):
    connection = duckdb.connect()
    connection.execute(views(Lake(tmp_path / "lake", tmp_path / "raw")))
    for view in ("observations", "accepted", "quarantined", "latest", "as_of(now())"):
        assert connection.sql(f"SELECT * FROM {view}").fetchall() == []


def test_polars_and_pandas_read_every_vintage_with_one_line(lake):
    folder = Path(lake.observations.folder.path)
    ours = plain(lake.read_observations())
    rows = pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=False).sort("availability")
    polars = rows.unique(IDENTITY, keep="last").filter(pl.col("availability") != "void").collect()
    assert plain(polars.to_pandas()) == ours
    table = pd.read_parquet(folder, partitioning=None).sort_values("availability")
    assert plain(table.drop_duplicates(IDENTITY, keep="last").query("availability != 'void'")) == ours


def test_the_store_itself_reads_as_of(lake):
    time_range = TimeRange(TURN[0], TURN[20])
    known = lake.observations.read({"zone": "DE", "quantity": "load"}, time_range, as_of=NOON - pd.Timedelta(hours=1))
    everything = lake.observations.read({"zone": "DE", "quantity": "load"}, time_range)
    pd.testing.assert_frame_equal(known, as_of(everything, NOON - pd.Timedelta(hours=1)))
    columns = lake.observations.read(time_range=time_range, as_of=NOON, columns=["value", "valid_time"])
    whole = lake.observations.read(time_range=time_range, as_of=NOON)
    pd.testing.assert_frame_equal(columns, whole[["value", "valid_time"]])


@pytest.mark.parametrize(("gone", "known"), [("PT15M", 10.0), ("PT60M", 40.0)])
def test_sql_and_the_store_read_a_withdrawal_as_of_its_own_unit_alone(tmp_path, gone, known):
    """An hour of 10 MW and its first quarter of 40 MW begin at one instant, and one of them is withdrawn."""
    lake = Lake(tmp_path / "lake", tmp_path / "raw")
    hour = measured(LOAD, hours("2025-01-01T00:00Z", 1), [10.0])
    quarter = hour.assign(value=40.0, mtu="PT15M", available_at=hour["available_at"] + pd.Timedelta(days=1))
    withdrawal = hour.assign(value=np.nan, mtu=gone, available_at=hour["available_at"] + pd.Timedelta(days=2))
    lake.observations.append(together(hour, quarter, withdrawal))
    instant = withdrawal["available_at"].iloc[0]
    assert lake.observations.read(as_of=instant)["value"].tolist() == [known]
    assert lake.observations.read(as_of=instant, columns=["value"])["value"].tolist() == [known]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(views(lake))
        read = connection.execute("SELECT value FROM as_of(?::TIMESTAMPTZ)", [instant.isoformat()]).fetchall()
        assert read == connection.execute("SELECT value FROM latest").fetchall() == [(known,)]
