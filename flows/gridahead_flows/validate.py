"""Every night, and on demand: the quality gate over the whole lake, with limits learnt anew."""

from __future__ import annotations

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from gridahead.operate.quality_page import PAGE
from gridahead.operate.validate import validate
from gridahead.quality.report import QualityReport
from gridahead.reports.quality_summary import summary
from gridahead.workspace import Workspace
from gridahead_flows.engine import LIMITS, RETRIES, kept_on_record, open_workspace, page_link


def publish_findings(workspace: Workspace, report: QualityReport) -> None:
    """What an inspection found, as artifacts of this run: in words, as a table, and where the page is."""
    create_markdown_artifact(f"```\n{summary(report)}\n```", key="quality", description="What the gate says.")
    findings = {str(name): list(column.astype("str")) for name, column in report.findings.items()}
    create_table_artifact(findings, key="quality-findings", description="Series, rules and stretches that failed.")
    create_markdown_artifact(page_link(workspace, PAGE, "Quality of the data, over time"), key="quality-page")


@task(name="inspect", **RETRIES)
def inspect_lake(settings: str | None) -> int:
    """Inspect, keep the verdicts, write the pages; gives the number of verdicts."""
    workspace = open_workspace(settings)
    report = validate(workspace)
    if report is None:
        return 0
    publish_findings(workspace, report)
    report.require(workspace.settings.quality.max_quarantined_share)
    return len(report.verdicts)


@flow(name="validate", timeout_seconds=LIMITS["night"])
@kept_on_record
def validate_flow(settings: str | None = None) -> int:
    """Great Expectations over everything in the lake that is not in quarantine.

    Args:
        settings: settings file, on the machine of the worker.
    """
    return inspect_lake(settings)


if __name__ == "__main__":
    validate_flow()
