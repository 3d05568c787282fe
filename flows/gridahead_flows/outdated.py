"""Whether the deployments are those that the settings ask for by now."""

from __future__ import annotations

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import deployment

from gridahead_flows.plan import fingerprint, plan


def warn_if_outdated(settings: str | None) -> bool:
    """Say it, in the log and as an artifact, if the settings ask for other deployments than this run's were made from.

    What a run does follows the settings all the same; only when it begins does not.
    """
    if deployment.id is None or deployment.version == fingerprint(plan(settings)):
        return False
    words = (
        "The deployments are older than the settings: what is scheduled is as it was. The watch publishes what is due "
        "by the settings, up to five minutes late. `python -m gridahead_flows deploy` brings the schedules in line"
    )
    get_run_logger().warning(words)
    create_markdown_artifact(words, key="deployments", description="Deploy again.")
    return True
