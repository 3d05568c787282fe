"""Runs: the last of each flow and outcome, and what waits; by the records in the lake, and asked of Prefect.

The library does not know the orchestrator; its address is in PREFECT_API_URL, as for Prefect itself.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.lake.run_log import Run as Record
from gridahead.workspace import Workspace

if TYPE_CHECKING:
    import httpx

ADDRESS, PASSWORD, KEY = "PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"
LOOKED_AT = 200
"""Prefect's most for one answer; an installation with hourly flows has a day or two in it."""
PATIENCE_SECONDS = 3.0
"""The page does not wait longer for a server that is down."""
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Run:
    """A run of a flow that has ended."""

    flow: str
    outcome: str
    """completed, failed, crashed or cancelled."""
    ended_at: pd.Timestamp
    seconds: float
    """How long it ran."""


@dataclass(frozen=True)
class Runs:
    """What Prefect says of the flows."""

    last: tuple[Run, ...]
    """The newest of every flow and outcome, the newest first."""
    running: int
    late: int
    """Scheduled for a time that has passed, and taken by no worker."""


def runs(environment: Mapping[str, str] = os.environ, transport: httpx.BaseTransport | None = None) -> Runs | None:
    """What the orchestrator says; None where its address is not known.

    Args:
        environment: has address and password.
        transport: what asks; a test brings another.

    Raises:
        SourceError: it does not answer.
    """
    address = environment.get(ADDRESS)
    if not address:
        return None
    import httpx  # 7 MB, which a server beside which no orchestrator runs does without

    try:
        with httpx.Client(
            base_url=address.rstrip("/"), headers=_headers(environment), timeout=PATIENCE_SECONDS, transport=transport
        ) as client:
            ended = _post(client, "/flow_runs/filter", _ended())
            names = {flow["id"]: flow["name"] for flow in _post(client, "/flows/filter", {"limit": LOOKED_AT})}
            counts = [_post(client, "/flow_runs/count", {"flow_runs": {"state": state}}) for state in _WAITING]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise SourceError(
            "prefect", f"{address} does not answer: {error}. Is its server up?", retryable=True
        ) from error
    return Runs(_last(ended, names), *counts)


def recorded(workspace: Workspace) -> tuple[Run, ...]:
    """The newest run of every kind and outcome that left a record of itself, the newest first.

    Raises:
        LakeError: the records cannot be read.
    """
    newest: dict[tuple[str, str], Run] = {}
    for kind, records in workspace.lake.runs.newest().items():
        for record in records:
            outcome, at = _outcome(record)
            seconds = (at - record.began).total_seconds()
            newest.setdefault((kind, outcome), Run(kind, outcome, at, seconds))
    return tuple(sorted(newest.values(), key=lambda run: run.ended_at, reverse=True))


def _outcome(record: Record) -> tuple[str, pd.Timestamp]:
    """How a run ended, and when; of one that has not, its last sign of life."""
    if record.ended is not None:
        return "failed" if record.error else "completed", record.ended
    return "crashed" if record.is_gone else "running", record.alive


_WAITING = ({"type": {"any_": ["RUNNING"]}}, {"name": {"any_": ["Late"]}})


def _ended() -> dict[str, object]:
    return {"sort": "END_TIME_DESC", "limit": LOOKED_AT, "flow_runs": {"state": {"type": {"any_": list(ENDED)}}}}


def _last(ended: list[dict[str, Any]], names: Mapping[str, str]) -> tuple[Run, ...]:
    newest: dict[tuple[str, str], Run] = {}
    for run in ended:
        flow, outcome = names.get(run["flow_id"], "unknown"), str(run["state_type"]).lower()
        at = pd.Timestamp(run["end_time"] or run["state"]["timestamp"])
        newest.setdefault((flow, outcome), Run(flow, outcome, at, float(run["total_run_time"] or 0.0)))
    return tuple(newest.values())


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    if password := environment.get(PASSWORD):
        return {"Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"}
    if key := environment.get(KEY):
        return {"Authorization": f"Bearer {key}"}
    return {}


def _post(client: httpx.Client, path: str, body: Mapping[str, object]) -> Any:
    answer = client.post(path, json=body)
    answer.raise_for_status()
    return answer.json()
