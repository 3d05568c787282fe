"""By hand: the history of services that the lake lacks."""

from __future__ import annotations

import datetime as dt

from prefect import flow, task
from prefect.artifacts import create_table_artifact

from gridahead.operate.backfill import backfill
from gridahead_flows.engine import LIMITS, RETRIES, kept_on_record, open_workspace


@task(name="back-fill", **RETRIES)
def fetch_history(
    source: str | None, zones: list[str], start: dt.date | None, end: dt.date | None, settings: str | None
) -> int:
    """Fetch and judge; gives the number of windows that were asked for. What is there is not asked for again."""
    workspace = open_workspace(settings)
    done = backfill(workspace, source=source, zones=zones, start=start, end=end)
    rows = {str(name): list(column.astype("str")) for name, column in done.series.items()}
    create_table_artifact(rows, key="back-filled", description="What is new, by series.")
    done.require(workspace.settings.quality.max_quarantined_share)
    return done.windows


@flow(name="backfill", timeout_seconds=LIMITS["history"])
@kept_on_record
def backfill_flow(
    source: str | None = None,
    zones: list[str] = [],  # noqa: B006 - a form's default
    start: dt.date | None = None,
    end: dt.date | None = None,
    settings: str | None = None,
) -> int:
    """Fetch what the lake lacks of the history of services; killed and started again it goes on.

    Args:
        source: kind of one service; every service of the settings without it.
        zones: codes of zones; all of the services if none is named.
        start: first local day; `since` of the settings without it.
        end: last local day; as far as there are values without it.
        settings: settings file, on the machine of the worker.
    """
    return fetch_history(source, zones, start, end, settings)


if __name__ == "__main__":
    backfill_flow()
