"""The whole job, once: what `gridahead demo` runs."""

from __future__ import annotations

from prefect import flow

from gridahead_flows.backtest import backtest_flow
from gridahead_flows.engine import open_workspace
from gridahead_flows.forecast import forecast_flow
from gridahead_flows.ingest import ingest_flow
from gridahead_flows.score import score_flow
from gridahead_flows.train import train_flow


@flow(name="pipeline")
def pipeline_flow(settings: str | None = None) -> str:
    """Ingest with the quality gate, train, back-test, forecast, score, report; gives the page.

    Args:
        settings: settings file, on the machine of the worker.
    """
    ingest_flow(settings)
    train_flow(settings=settings)
    if open_workspace(settings).settings.training.holdout_start is not None:
        backtest_flow(settings)
    forecast_flow(settings=settings)
    return score_flow(settings)


if __name__ == "__main__":
    pipeline_flow()
