"""What Prefect's API says of the flows, read over HTTP."""

import base64
import json

import httpx
import pandas as pd
import pytest

from gridahead.core.errors import SourceError
from gridahead.web.runs import Run, Runs, runs

AT = pd.Timestamp("2026-11-29T11:00Z")


def prefect(request: httpx.Request) -> httpx.Response:
    """As Prefect 3.8 answers; only to who knows the password."""
    if request.headers.get("authorization") != f"Basic {base64.b64encode(b'admin:word').decode()}":
        return httpx.Response(401)
    asked = json.loads(request.content)
    if request.url.path == "/api/flows/filter":
        return httpx.Response(200, json=[{"id": "f1", "name": "ingest"}, {"id": "f2", "name": "forecast"}])
    if request.url.path == "/api/flow_runs/count":
        return httpx.Response(200, json=3 if "name" in asked["flow_runs"]["state"] else 1)
    ended = [("f1", "COMPLETED", 5), ("f2", "CRASHED", 10), ("f1", "COMPLETED", 65), ("f1", "FAILED", 125)]
    rows = [
        {
            "flow_id": flow,
            "state_type": outcome,
            "end_time": (AT - pd.Timedelta(minutes=ago)).isoformat(),
            "total_run_time": 4.5,
        }
        for flow, outcome, ago in ended
    ]
    return httpx.Response(200, json=rows)


def asked(**environment: str) -> Runs | None:
    return runs(environment, httpx.MockTransport(prefect))


def test_of_every_flow_and_outcome_the_last_is_told():
    found = asked(PREFECT_API_URL="http://prefect/api", PREFECT_API_AUTH_STRING="admin:word")
    assert found is not None
    assert found.last == (
        Run("ingest", "completed", AT - pd.Timedelta(minutes=5), 4.5),
        Run("forecast", "crashed", AT - pd.Timedelta(minutes=10), 4.5),
        Run("ingest", "failed", AT - pd.Timedelta(minutes=125), 4.5),
    )
    assert (found.running, found.late) == (1, 3)


def test_where_no_orchestrator_is_known_there_are_no_runs():
    assert asked() is None


def test_a_refused_password_is_told_and_not_shown():
    with pytest.raises(SourceError, match=r"prefect: http://prefect/api does not answer: .*401") as failed:
        asked(PREFECT_API_URL="http://prefect/api", PREFECT_API_AUTH_STRING="admin:wrong")
    assert "wrong" not in str(failed.value)
