"""Workspaces whose sources are services on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pandas as pd

from builders.replay import Host
from gridahead.settings.model import Settings
from gridahead.settings.source_catalogue import SOURCE_INFOS, RateLimit
from gridahead.workspace import Workspace


def workspace_at(folder: Path, host: Host | str, *zones: str, kind: str = "energy_charts", **more: object) -> Workspace:
    """A workspace with one service, which is asked patiently but quickly."""
    source = {
        "kind": kind,
        "zones": list(zones),
        "base_url": host if isinstance(host, str) else host.url,
        "retry_wait_seconds": 0.01,
        "timeout_seconds": 1.0,
        **more,
    }
    return Workspace(Settings.model_validate({"data_folder": folder / "data", "sources": [source]}))


@contextmanager
def limits(*limits: RateLimit, kind: str = "energy_charts", parallel: int = 4) -> Iterator[None]:
    """What a service allows while a test runs."""
    info = replace(SOURCE_INFOS[kind], limits=limits or (RateLimit(100_000, 1.0),), parallel=parallel)
    with mock.patch.dict(SOURCE_INFOS, {kind: info}):
        yield


def rows_of(workspace: Workspace) -> pd.DataFrame:
    """Every row of the lake without what differs from run to run: when it came, and in which payload."""
    rows = workspace.lake.read_observations().drop(columns="batch")
    key = ["zone", "quantity", "valid_time", "available_at"]
    assert not rows.duplicated(key).any()
    return rows.sort_values(key, ignore_index=True)
