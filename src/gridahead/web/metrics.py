"""Figures for Prometheus: names carry their unit, and a series that is not there any more vanishes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gridahead.core.release import VERSION
from gridahead.core.runs import RUNGS
from gridahead.monitoring.conditions import ConditionKind
from gridahead.web.health import health
from gridahead.web.state import State, runs_of

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PARTS = ("forecasts", "incidents", "data", "coverage", "quarantine", "runs", "records", "disk")
"""Parts of a state that may not be readable."""


def metrics(state: State) -> bytes:
    """The state in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(state))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """Every figure of the state."""
        yield from _of_the_whole(self._state)
        yield from _of_forecasts(self._state)
        yield from _of_data(self._state)
        yield from _of_runs(self._state)


def _of_the_whole(state: State) -> Iterator[Metric]:
    info = _gauge("gridahead_info", "Always 1; the release and the mode stand in the labels.", "version", "mode")
    info.add_metric([VERSION, state.mode], 1)
    yield info
    healthy = _gauge("gridahead_healthy", "1 if nothing that was due is missing, as /healthz says.")
    healthy.add_metric([], float(health(state).healthy))
    yield healthy
    unread = _gauge("gridahead_unreadable", "1 for a part of the state that cannot be read just now.", "part")
    for part in PARTS:
        unread.add_metric([part], float(part in state.problems))
    yield unread
    for name, text, value in (
        ("gridahead_disk_free_bytes", "Free on the disk of the data folder.", state.disk_free),
        ("gridahead_disk_size_bytes", "Size of the disk of the data folder.", state.disk_size),
    ):
        if "disk" not in state.problems:
            gauge = _gauge(name, text)
            gauge.add_metric([], value)
            yield gauge


def _of_forecasts(state: State) -> Iterator[Metric]:
    age = _gauge("gridahead_forecast_age_seconds", "Since the issue time of the newest published forecast.", "series")
    deadline = _gauge(
        "gridahead_forecast_deadline_seconds",
        "Until the deadline of the delivery day that is wanted next; negative: so long ago, and not published.",
        "series",
    )
    closure = _gauge("gridahead_forecast_gate_closure_seconds", "Until the gate closure of the same day.", "series")
    late = _gauge("gridahead_forecast_late", "1 if a forecast was due and is not published.", "series")
    rung = _gauge(
        "gridahead_forecast_rung", "1 for the rung that the newest published forecast comes from.", "series", "rung"
    )
    for outlook in state.outlooks:
        name = str(outlook.series)
        deadline.add_metric([name], (outlook.deadline - state.at).total_seconds())
        closure.add_metric([name], (outlook.gate_closure - state.at).total_seconds())
        late.add_metric([name], float(outlook.is_late))
        if outlook.issue_time is not None and outlook.manifest is not None:
            age.add_metric([name], (state.at - outlook.issue_time).total_seconds())
            for one in RUNGS:
                rung.add_metric([name, one], float(outlook.manifest["rung"] == one))
    yield from (age, deadline, closure, late, rung)
    covered = _gauge(
        "gridahead_coverage_ratio", "Share of outturns of 28 days within the published 80 % interval.", "series"
    )
    units = _gauge("gridahead_coverage_units", "Market time units that this share is of.", "series")
    for one_series in state.coverage:
        covered.add_metric([one_series.series], one_series.share)
        units.add_metric([one_series.series], one_series.units)
    yield from (covered, units)


def _of_data(state: State) -> Iterator[Metric]:
    labels = ("series", "source")
    newest = _gauge(
        "gridahead_series_newest_timestamp_seconds", "End of the newest market time unit with a value.", *labels
    )
    known = _gauge("gridahead_series_available_timestamp_seconds", "When the newest value could be known.", *labels)
    for line in state.freshness:
        newest.add_metric([line.series, line.source], line.end.timestamp())
        known.add_metric([line.series, line.source], line.available_at.timestamp())
    yield from (newest, known)
    waiting = _gauge("gridahead_quarantine_rows", "Rows in quarantine that wait for a person.", "series")
    for series in sorted({str(outlook.series) for outlook in state.outlooks} | state.withheld.keys()):
        waiting.add_metric([series], state.withheld.get(series, 0))
    yield waiting


def _of_runs(state: State) -> Iterator[Metric]:
    labels = ("flow", "outcome")
    ended = _gauge("gridahead_flow_last_run_timestamp_seconds", "When the last run of a flow ended so.", *labels)
    lasted = _gauge("gridahead_flow_last_run_duration_seconds", "How long that run took.", *labels)
    for run in runs_of(state):
        ended.add_metric([run.flow, run.outcome], run.ended_at.timestamp())
        lasted.add_metric([run.flow, run.outcome], run.seconds)
    yield from (ended, lasted)
    if state.runs is not None:
        waiting = _gauge("gridahead_flow_runs", "Runs under way, and late ones, which no worker has taken.", "state")
        waiting.add_metric(["running"], state.runs.running)
        waiting.add_metric(["late"], state.runs.late)
        yield waiting
    incidents = _gauge("gridahead_incidents_open", "Incidents that are open, as the last watch found them.", "kind")
    for kind in get_args(ConditionKind):
        incidents.add_metric([kind], sum(one.kind == kind for one in state.incidents))
    yield incidents


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)
