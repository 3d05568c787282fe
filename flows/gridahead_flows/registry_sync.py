"""Every hour: who serves by MLflow's pages and who serves by the exports are brought in line."""

from __future__ import annotations

from prefect import flow, task

from gridahead.operate.registry_sync import registry_sync
from gridahead_flows.engine import LIMITS, RETRIES, kept_on_record, open_workspace


@task(name="registry sync", **RETRIES)
def bring_in_line(settings: str | None) -> list[str]:
    """Bring in line; gives what was changed, in words."""
    return [str(change) for change in registry_sync(open_workspace(settings))]


@flow(name="registry-sync", timeout_seconds=LIMITS["ingest"])
@kept_on_record
def registry_sync_flow(settings: str | None = None) -> list[str]:
    """What a person has changed on MLflow's pages counts for what serves.

    Args:
        settings: settings file, on the machine of the worker.
    """
    return bring_in_line(settings)


if __name__ == "__main__":
    registry_sync_flow()
