"""The sink: a database of PostgreSQL that has every published forecast as well, for BI tools.

What is published does not wait for it. It is brought up to the lake after every publication: a forecast is written in
one transaction, whole or not at all, by its id, so that a run that is killed leaves nothing half, and the next one
writes what is missing, whatever was missed since. What the lake does not have any more goes, and a correction that was
taken back is marked.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.core.errors import GridaheadError, PublicationError, SettingsError
from gridahead.core.files import write_whole
from gridahead.core.grid import PRICE, Series
from gridahead.core.runs import BY_HAND, LIVE
from gridahead.core.time import TimeRange
from gridahead.forecasting.database_schema import FORECAST_COLUMNS, SCHEMA, STEPS, VALUE_COLUMNS
from gridahead.forecasting.identity import IDENTIFIES, forecast_id, forecasts_in
from gridahead.forecasting.publish import WITHDRAWN, Issue, home_of, read_manifest, superseded_at
from gridahead.settings.stores import with_variables
from gridahead.workspace import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Forecasts that are written in one transaction: a day of quarter hours and eleven quantiles is a thousand rows."""
PATIENCE_S = 10
"""How long it is waited for a database that does not answer [s]; the next run tries again."""
STATEMENT_S = 120
"""How long a statement may take, waiting for another writer as well [s]."""
AROUND = pd.Timedelta(days=30)
"""Valid times of a forecast are within so much of its issue time."""


@dataclass(frozen=True)
class Synced:
    """What was to be done for a series."""

    series: str
    written: int
    """Forecasts that the database did not have."""
    deleted: int
    """Forecasts that the lake does not have any more."""
    withdrawn: int
    """Corrections that were taken back since."""


def after_publication(workspace: Workspace, *series: Series) -> str:
    """Bring the database up to the lake, if there is one; why it could not be, and nothing where it is."""
    if workspace.settings.published.database is None:
        return ""
    try:
        sync(workspace, series)
    except Exception as error:  # whatever a database of others does, the forecast is out
        words = str(error) if isinstance(error, GridaheadError) else f"{type(error).__name__}: {error}"
        log.error("published, but the database does not have it yet: %s", words)
        _note(workspace, words)
        return words
    _note(workspace, "")
    return ""


def sync(workspace: Workspace, series: Sequence[Series] = ()) -> list[Synced]:
    """Make the tables equal to the lake.

    Args:
        workspace: whose.
        series: which; those of the settings unless given.

    Raises:
        SettingsError: no database is set, or its driver or password is missing.
        PublicationError: the database cannot be reached or refuses; what was written whole stays.
        LakeError: the lake or the folder of what is published cannot be read.
    """
    chosen = series or [entry.series for entry in workspace.settings.series]
    with _engine(workspace) as engine:
        _prepare(engine)
        return [_sync(engine, workspace, one) for one in chosen]


def failing_since(workspace: Workspace) -> tuple[pd.Timestamp, str] | None:
    """Since when the database has not been brought up to the lake, and why; None where all is well."""
    try:
        told = json.loads(_state(workspace).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return pd.Timestamp(told["since"]), str(told["error"])


def _note(workspace: Workspace, error: str) -> None:
    """Remember a failure until it is over, for whoever watches."""
    state, before = _state(workspace), failing_since(workspace)
    if not error:
        state.unlink(missing_ok=True)
        return
    since = before[0] if before else workspace.clock()
    write_whole(state, json.dumps({"since": since.isoformat(), "error": error}).encode())


def _state(workspace: Workspace) -> Path:
    return workspace.settings.data_folder / "watch" / "sink.json"


@contextmanager
def _engine(workspace: Workspace) -> Iterator[Engine]:
    """The database of the settings; its errors are told without its password."""
    address = workspace.settings.published.database
    if address is None:
        raise SettingsError('no database is set: [published] database = "postgresql://user@host/name"')
    import sqlalchemy

    options = {"connect_timeout": PATIENCE_S, "options": f"-c statement_timeout={STATEMENT_S * 1000}"}
    try:
        url = sqlalchemy.make_url(with_variables(address)).set(drivername="postgresql+psycopg2")
        engine = sqlalchemy.create_engine(url, connect_args=options, poolclass=sqlalchemy.NullPool)
    except ImportError as error:
        raise SettingsError(f"the database needs its driver: pip install 'gridahead[service]' ({error})") from error
    name = url.set(password=None).render_as_string()
    try:
        yield engine
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        help_ = "see whether it is up and lets this user in; `gridahead sink sync` tries again, as the next run does"
        may_pass = isinstance(error, sqlalchemy.exc.OperationalError)
        raise PublicationError(name, f"{reason}; {help_}", retryable=may_pass) from error


def _prepare(engine: Engine) -> None:
    """Make the schema, or bring it to the version of this release, in one transaction.

    Raises:
        PublicationError: a newer release has made it.
    """
    from sqlalchemy import text

    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": SCHEMA})
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS gridahead"))
        connection.execute(text("CREATE TABLE IF NOT EXISTS gridahead.schema_version (version int PRIMARY KEY)"))
        found = connection.execute(text("SELECT max(version) FROM gridahead.schema_version")).scalar() or 0
        if found > len(STEPS):
            raise PublicationError(
                f"schema {SCHEMA}", f"it has version {found}, this release knows {len(STEPS)}; use the newer release"
            )
        for number, step in enumerate(STEPS[found:], start=found + 1):
            connection.exec_driver_sql(step)
            connection.execute(text("INSERT INTO gridahead.schema_version VALUES (:version)"), {"version": number})


def _sync(engine: Engine, workspace: Workspace, series: Series) -> Synced:
    """Make the rows of a series equal to the lake.

    The database is listed first: what it has by then came from the lake, and is found there afterwards.
    """
    from sqlalchemy import text

    own = {"series": str(series)}
    with engine.begin() as connection:
        listed = text("SELECT forecast_id, withdrawn_at IS NOT NULL FROM gridahead.forecasts WHERE series = :series")
        there = {str(name): bool(gone) for name, gone in connection.execute(listed, own)}
    where = {"run": LIVE, "zone": series.zone, "quantity": series.quantity}
    wanted = forecasts_in(workspace.lake.forecasts.read(where, columns=IDENTIFIES))
    missing = wanted[~wanted["id"].isin(list(there))]
    for first in range(0, len(missing), AT_ONCE):
        _write(engine, workspace, series, missing.iloc[first : first + AT_ONCE])
    gone = sorted(set(there) - set(wanted["id"]))
    withdrawn = _withdrawn(workspace, series, wanted[wanted["model"] == BY_HAND])
    new = {name: at for name, at in withdrawn.items() if not there.get(name, False)}
    with engine.begin() as connection:
        for name in gone:
            connection.execute(text("DELETE FROM gridahead.forecasts WHERE forecast_id = :id"), {"id": name})
        for name, at in new.items():
            marked = text("UPDATE gridahead.forecasts SET withdrawn_at = :at WHERE forecast_id = :id")
            connection.execute(marked, {"id": name, "at": at})
    done = Synced(str(series), len(missing), len(gone), len(new))
    log.info("%s: %d forecasts written to the database", series, done.written)
    return done


def _write(engine: Engine, workspace: Workspace, series: Series, chosen: pd.DataFrame) -> None:
    """Write some forecasts, all of them or none."""
    span = TimeRange.spanning(chosen["issue_time"], AROUND)
    rows = workspace.lake.read_forecasts(series, LIVE, span)
    by_id = {forecast_id(dict(zip(IDENTIFIES, key, strict=True))): one for key, one in rows.groupby(IDENTIFIES)}
    told, values = [], []
    for name in chosen["id"]:
        one = by_id[name]
        told.append(_told(workspace, series, name, one))
        values += (
            one[["valid_time", "quantile", "value_mw", "unadapted_mw"]]
            .set_axis(list(VALUE_COLUMNS)[1:], axis=1)
            .astype({"unadapted": object})
            .where(lambda rows: rows.notna(), None)  # NaN is a number to a database
            .assign(forecast_id=name)
            .to_dict("records")
        )
    with engine.begin() as connection:
        _upsert(connection, "forecasts", list(FORECAST_COLUMNS), ["forecast_id"], told)
        _upsert(connection, "forecast_values", list(VALUE_COLUMNS), list(VALUE_COLUMNS)[:3], values)


def _upsert(
    connection: Connection, table: str, columns: Sequence[str], key: Sequence[str], rows: list[dict[Any, Any]]
) -> None:
    """Insert rows, or put them in the place of those with the same key."""
    import sqlalchemy
    from sqlalchemy.dialects.postgresql import insert

    target = sqlalchemy.table(table, *map(sqlalchemy.column, columns), schema=SCHEMA)
    statement = insert(target)
    others = {name: statement.excluded[name] for name in columns if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=others), rows)


def _told(workspace: Workspace, series: Series, name: str, rows: pd.DataFrame) -> dict[str, object]:
    """The row of a forecast in `forecasts`."""
    first, settings = rows.iloc[0], workspace.settings
    day = rows["valid_time"].min().tz_convert(settings.zone(series.zone).timezone).date()
    home = home_of(settings.published_place, series, day, first["issue_time"], str(first["rung"]))
    found = [Issue(home, manifest), *superseded_at(home)] if (manifest := read_manifest(home)) else []
    out = next((issue.at("published_at") for issue in found if issue.manifest["forecast_id"] == name), pd.NaT)
    return {
        **{column: first[column] for column in FORECAST_COLUMNS if column in rows},
        "forecast_id": name,
        "series": str(series),
        "delivery_day": day,
        "unit": settings.unit_of(series) if series.quantity == PRICE else "MW",
        "published_at": None if pd.isna(out) else out,
        "withdrawn_at": None,
    }


def _withdrawn(workspace: Workspace, series: Series, corrections: pd.DataFrame) -> dict[str, pd.Timestamp]:
    """By id, when corrections were taken back; one whose folder is gone has been marked before."""
    found: dict[str, pd.Timestamp] = {}
    if corrections.empty:
        return found
    timezone, place = workspace.settings.zone(series.zone).timezone, workspace.settings.published_place
    rows = workspace.lake.read_forecasts(series, LIVE, TimeRange.spanning(corrections["issue_time"], AROUND))
    starts = rows[rows["rung"] == BY_HAND].groupby("issue_time")["valid_time"].min()
    for one in corrections.to_dict("records"):
        day = starts[one["issue_time"]].tz_convert(timezone).date()
        home = home_of(place, series, day, one["issue_time"], BY_HAND)
        manifest = read_manifest(home) or {}
        if manifest.get("forecast_id") == one["id"] and home.exists(WITHDRAWN):
            found[one["id"]] = pd.Timestamp(json.loads(home.read(WITHDRAWN))["at"])
    return found
