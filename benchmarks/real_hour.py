"""What do the deployments do in one real hour on Prefect and PostgreSQL, where parts are killed: is every forecast out?

`python benchmarks/real_hour.py --minutes 60` starts docker-compose.yml as processes of this machine (as in
tests/builders/compose.py), with six zones of small networks whose deadlines lie in this hour. A worker is killed in a
forecast, PostgreSQL and Prefect at a deadline, both workers before another, MLflow before one, and a worker in a
training. What came of it is in benchmarks/results/real_hour.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import psycopg2
from common import CHECKOUT, Row, say, write_results

sys.path.append(str(CHECKOUT / "tests"))
from builders.compose import Installation, resolved
from builders.small_networks import ZONE as TIMEZONE
from builders.small_networks import small_settings, write_load

from gridahead.core.tables import FORECASTS
from gridahead.core.time import now
from gridahead.workspace import Workspace

ZONES = ("DE", "FR", "BE", "NL", "AT", "PL")
CLOSURE_MINUTES = 20
"""Between the deadline of a zone and its gate closure."""
AWAY_SECONDS = 60
"""How long what was killed stays away: as long as a machine takes to start."""


@dataclass
class Kill:
    """Something that was broken, and when all was as it should be again."""

    what: str
    at: str
    taken_over_after_seconds: float | None = None
    how: str = ""


@dataclass
class Hour:
    """The installation, and what is seen of it."""

    installation: Installation
    workspace: Workspace
    api: httpx.Client
    deadlines: dict[str, pd.Timestamp]
    kills: list[Kill] = field(default_factory=list)

    def begin(self, deployment: str, **parameters: object) -> str:
        """Start a run; gives its id."""
        made = self.api.get(f"deployments/name/{deployment}").raise_for_status().json()
        told = {"parameters": {**made["parameters"], **parameters}}
        begun = self.api.post(f"deployments/{made['id']}/create_flow_run", json=told).raise_for_status()
        return str(begun.json()["id"])

    def state(self, run: str) -> str:
        """Of a run."""
        return str(self.api.get(f"flow_runs/{run}").raise_for_status().json()["state_type"])

    def runs(self) -> list[dict[str, Any]]:
        """All runs of deployments."""
        found: list[dict[str, Any]] = []
        while page := self.api.post("flow_runs/filter", json={"offset": len(found), "limit": 200}).json():
            found += page
        return [run for run in found if run["deployment_id"]]

    def published(self, zone: str) -> list[dict[str, Any]]:
        """The manifests of a zone's forecasts from its deadline on."""
        files = (self.workspace.settings.published_folder / f"{zone}.load").rglob("manifest.json")
        manifests = [json.loads(file.read_text()) for file in files]
        return [one for one in manifests if pd.Timestamp(one["issue_time"]) >= self.deadlines[zone]]

    def versions(self, zone: str) -> int:
        """How many versions MLflow's database has of a zone."""
        address = self.installation.environment("mlflow")["MLFLOW_BACKEND_STORE_URI"]
        with psycopg2.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM model_versions WHERE name = %s", (f"{zone}.load",))
            return int(cursor.fetchone()[0])

    def kill(self, what: str, *keys: tuple[str, int]) -> Kill:
        """Kill processes with all that they have started."""
        for key in keys:
            number = signal.SIGINT if key[0] == "postgres" else signal.SIGKILL
            self.installation.processes[key].kill(number)
        self.kills.append(Kill(what, now().isoformat()))
        say(f"killed: {what}")
        return self.kills[-1]

    def made_good(self, kill: Kill, how: str, found: Callable[[], object], patience: float = 900) -> None:
        """Wait until something is there, and note after how long."""
        began = pd.Timestamp(kill.at)
        while not found() and (now() - began).total_seconds() < patience:
            time.sleep(1)
        if found():
            kill.taken_over_after_seconds, kill.how = round((now() - began).total_seconds(), 1), how
        say(f"{kill.what}: {kill.how or 'not made good'} after {kill.taken_over_after_seconds} s")

    def worker_of(self, run: str) -> tuple[str, int]:
        """The worker that has a run."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if (key := self.installation.worker_of(run)) is not None:
                return key
            time.sleep(0.2)
        raise RuntimeError(f"nobody has taken run {run}")


def _wait_until(instant: pd.Timestamp) -> None:
    time.sleep(max((instant - now()).total_seconds(), 0))


def write_settings(
    installation: Installation, deadlines: dict[str, pd.Timestamp], epochs: int, open_for: pd.Timedelta
) -> None:
    """The settings of all zones, whose gates close so long after the deadlines."""
    gates = {}
    for zone, deadline in deadlines.items():
        local = deadline.tz_convert(TIMEZONE)
        closure = local + open_for
        days = 1 - (closure.date() - local.date()).days
        gates[zone] = (f"D-1T{local:%H%M}[{TIMEZONE}]", f"D-{days}T{closure:%H%M}[{TIMEZONE}]")
    (installation.own / "settings.toml").write_text(installation.here(small_settings(gates, epochs), "worker"))


@contextmanager
def prepared(minutes: float) -> Iterator[Hour]:
    """Everything up, every zone trained, the deadlines spread over the minutes to come, deployed."""
    folder = Path(tempfile.mkdtemp(prefix="real-hour-"))
    folder.chmod(0o755)
    installation = Installation(folder, resolved(folder), more={"OMP_NUM_THREADS": "1"})
    installation.own.mkdir(parents=True)
    midnight = now().tz_convert(TIMEZONE).normalize().tz_convert("UTC")
    # Models serve the issue times that they were trained for: until the gate closes, and the deadlines lie before that.
    write_settings(installation, dict.fromkeys(ZONES, midnight), epochs=2, open_for=pd.Timedelta(hours=23))
    write_load(installation.own, *ZONES)
    worker = installation.environment("worker")
    auth = tuple(worker["PREFECT_API_AUTH_STRING"].split(":", 1))
    transport = httpx.HTTPTransport(retries=60)
    try:
        installation.up()
        with httpx.Client(
            base_url=worker["PREFECT_API_URL"] + "/", auth=(auth[0], auth[1]), timeout=120, transport=transport
        ) as api:
            hour = Hour(installation, Workspace.open(installation.own / "settings.toml"), api, {})
            run = hour.begin("pipeline/by-hand")
            while hour.state(run) not in ("COMPLETED", "FAILED", "CRASHED"):
                time.sleep(2)
            say(f"ingested, trained, forecast: {hour.state(run)}")
            first = now().ceil("min") + pd.Timedelta(minutes=4)
            step = pd.Timedelta(minutes=(minutes - 4) / (len(ZONES) + 1))
            hour.deadlines = {zone: (first + number * step).floor("min") for number, zone in enumerate(ZONES)}
            write_settings(installation, hour.deadlines, epochs=2, open_for=pd.Timedelta(minutes=CLOSURE_MINUTES))
            hour.workspace = Workspace.open(installation.own / "settings.toml")
            assert installation.start("deploy").child.wait(300) == 0, installation.words("deploy")  # type: ignore[union-attr]
            yield hour
    finally:
        installation.down()
        shutil.rmtree(folder, ignore_errors=True)


def break_things(hour: Hour) -> None:
    """The kills, each at the deadline of a zone."""
    zones, started = iter(ZONES), hour.installation.start

    zone = next(zones)  # nothing is broken
    _wait_until(hour.deadlines[zone])

    zone = next(zones)
    _wait_until(hour.deadlines[zone])
    run = _run_at(hour, zone)
    key = hour.worker_of(run)
    kill = hour.kill(f"the worker in the forecast of {zone}", key)
    hour.made_good(kill, "published", lambda: hour.published(zone))
    started(*key)

    zone = next(zones)
    _wait_until(hour.deadlines[zone] - pd.Timedelta(seconds=5))
    kill = hour.kill(f"PostgreSQL and Prefect before the deadline of {zone}", ("prefect", 0), ("postgres", 0))
    time.sleep(AWAY_SECONDS)
    for service in ("postgres", "prefect"):
        started(service)
        hour.installation.wait_healthy(service)
    hour.made_good(kill, "published", lambda: hour.published(zone))

    zone = next(zones)
    _wait_until(hour.deadlines[zone] - pd.Timedelta(seconds=20))
    kill = hour.kill(f"both workers before the deadline of {zone}", ("worker", 0), ("worker", 1))
    time.sleep(4 * AWAY_SECONDS)
    for replica in (0, 1):
        started("worker", replica)
    hour.made_good(kill, "published", lambda: hour.published(zone))

    zone = next(zones)
    _wait_until(hour.deadlines[zone] - pd.Timedelta(seconds=20))
    kill = hour.kill(f"MLflow before the deadline of {zone}", ("mlflow", 0))
    hour.made_good(kill, "published", lambda: hour.published(zone))
    started("mlflow")
    hour.installation.wait_healthy("mlflow")

    zone = next(zones)
    before = hour.versions(zone)
    write_settings(hour.installation, hour.deadlines, epochs=150, open_for=pd.Timedelta(minutes=CLOSURE_MINUTES))
    run = hour.begin("train/scheduled", series=[f"{zone}/load"])
    key = hour.worker_of(run)
    _until_checkpoint(hour)
    kill = hour.kill(f"the worker in the training of {zone}", key)
    hour.made_good(kill, "registered", lambda: hour.versions(zone) > before)
    started(*key)
    _wait_until(hour.deadlines[zone] + pd.Timedelta(minutes=4))


def _run_at(hour: Hour, zone: str) -> str:
    """The scheduled run of a zone's deadline, by the number that its deployment has."""
    local = hour.deadlines[zone].tz_convert(TIMEZONE)
    name = f"D-1T{local:%H%M}-{TIMEZONE.replace('/', '-')}"
    deployment = hour.api.get(f"deployments/name/forecast/{name}").raise_for_status().json()["id"]
    asked = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC", "limit": 1}
    return str(hour.api.post("flow_runs/filter", json=asked).raise_for_status().json()[0]["id"])


def _until_checkpoint(hour: Hour) -> None:
    end = time.monotonic() + 300
    while not list(hour.workspace.settings.checkpoint_folder.rglob("*.*")) and time.monotonic() < end:
        time.sleep(0.5)


def told(hour: Hour, minutes: float) -> dict[str, Any]:
    """What came of it."""
    zones = {}
    for zone, deadline in hour.deadlines.items():
        issues = sorted(hour.published(zone), key=lambda one: str(one["published_at"]))
        closure = deadline + pd.Timedelta(minutes=CLOSURE_MINUTES)
        first = pd.Timestamp(issues[0]["published_at"]) if issues else None
        zones[zone] = {
            "deadline": deadline.isoformat(),
            "published_after_seconds": None if first is None else round((first - deadline).total_seconds(), 1),
            "in_time": first is not None and first < closure,
            "rung": issues[0]["rung"] if issues else None,
            "forecasts_of_this_deadline": len(issues),
            "versions": hour.versions(zone),
        }
    # The lake is in the object store of the installation, which gives nothing without its key.
    told_to_workers = hour.installation.environment("worker").items()
    os.environ.update({name: value for name, value in told_to_workers if name.startswith("AWS_")})
    rows = hour.workspace.lake.forecasts.read()
    flows = {one["id"]: one["name"] for one in hour.api.post("flows/filter", json={}).raise_for_status().json()}
    states = Counter(f"{flows[run['flow_id']]} {run['state_type']}" for run in hour.runs())
    return {
        "minutes": minutes,
        "zones": zones,
        "kills": [asdict(kill) for kill in hour.kills],
        "runs": dict(sorted(states.items())),
        "rows_of_forecasts": len(rows),
        "doubled_rows": int(rows.duplicated(list(FORECASTS.key)).sum()),
    }


def rows_of(figures: dict[str, Any]) -> list[Row]:
    """The table as it is kept: a row a figure of a zone, of what was killed, and of the runs."""
    rows = []
    for zone, told in figures["zones"].items():
        names = ("published_after_seconds", "in_time", "forecasts_of_this_deadline", "versions")
        rows += [Row("zone", zone, name, float(told[name])) for name in names if told[name] is not None]
        rows.append(Row("zone", zone, f"rung {told['rung']}", 1.0))
    for kill in figures["kills"]:
        if kill["taken_over_after_seconds"] is not None:
            metric = f"{kill['how']} after seconds"
            rows.append(Row("killed", kill["what"], metric, kill["taken_over_after_seconds"]))
    rows += [Row("runs", name, "number", float(number)) for name, number in figures["runs"].items()]
    totals = ("minutes", "rows_of_forecasts", "doubled_rows")
    return [*rows, *(Row("all", "lake", name, float(figures[name])) for name in totals)]


def main() -> None:
    """Run the hour and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=60, help="over which the deadlines are spread; 40 at least")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "benchmarks" / "results")
    chosen = parser.parse_args()
    with prepared(chosen.minutes) as hour:
        break_things(hour)
        figures = told(hour, chosen.minutes)
    write_results("real_hour", rows_of(figures), chosen.output)
    say(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
