"""Does `gridahead serve` answer 200 requests a second of the latest forecast on one core, while others are published?

The server runs as a process on one core of its own. On another one a process asks for the latest forecast as JSON, with
a token, over 16 connections, for a minute; each answer counts from when its request was due. Beside it a third
forecasts and publishes again and again: 24 hours of eleven quantiles beside the official forecast, from a lake with two
years of both. n counts requests.

- `milliseconds`: median, 99th percentile and longest of all answers.
- `failures`: answers that are not the forecast. `publications`: how often it was published meanwhile.
- `rss_mb`: memory of the server after ten seconds, at the end, and at most.
- `core_share`: of its core that the server was at work [1].
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
from common import CHECKOUT, HERE, Bench, Row, measure, say
from pictures import colour, picture, title

sys.path.append(str(CHECKOUT / "tests"))
from builders.rows import LOAD, measured
from builders.servers import free_port
from builders.serving import BASE, CONTEXT_DAYS, SPREAD, load_at
from scipy.stats import norm

from gridahead.core.runs import CHAMPION, NAIVE
from gridahead.core.time import Mtu, now
from gridahead.features.windows import WindowSpec
from gridahead.models.baselines import ReferenceForecast
from gridahead.registry.versions import Version
from gridahead.web.tokens import Tokens
from gridahead.workspace import Workspace

PER_SECOND, SECONDS = 200.0, 60.0
BARS = {"p99": 100.0, "rss_max": 250.0}
"""What is asked for: milliseconds, MB."""
LEVELS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
YEARS = 2
WARM_SECONDS = 10.0
EVERY_S = 3
"""Between two publications [s]: in operation there is one in hours."""
PATH = "/api/v1/series/DE/load/forecast"
SETTINGS = """data_folder = "data"
mode = "live"
[[series]]
series = "DE/load"
deadline = "D-1T0000[UTC]"
gate_closure = "D-1T2359[UTC]"
[serve]
require_tokens = true
requests_per_minute = 1000000
"""
PUBLISH = """
import sys, time
import pandas as pd
sys.path.append(sys.argv[2])
from builders.rows import LOAD, measured
from gridahead.core.time import now
from gridahead.operate.forecast import forecast
from gridahead.workspace import Workspace
workspace = Workspace.open("settings.toml")
issue_time, times, published = now().normalize(), 0, 0
hours = pd.date_range(issue_time - pd.Timedelta(days=6, hours=2), periods=26, freq="h")
print("ready", flush=True)
until = time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    began = time.monotonic()
    revised = measured(LOAD, hours, [50_000.0 + times] * len(hours))
    known = revised["valid_time"] + pd.Timedelta(hours=2) + pd.Timedelta(seconds=times)
    workspace.lake.observations.append(revised.assign(available_at=known, batch=f"revision-{times}"))
    published += forecast(workspace, LOAD, issue_time).changed
    times += 1
    time.sleep(max(0.0, EVERY_S - (time.monotonic() - began)))
print(published)
"""
"""The load of last week is revised a little before each forecast, which says the same of tomorrow: so each is new."""


def run(bench: Bench) -> list[Row]:
    """Latencies, failures and memory of a minute."""
    seconds = 10.0 if bench.quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="serve-") as place:
        folder = Path(place)
        token = installed(folder)
        cores = sorted(os.sched_getaffinity(0))
        port = free_port()
        command = [sys.executable, "-m", "gridahead", "serve", "--port", str(port)]
        server = subprocess.Popen(_on(cores[0], command), cwd=folder, stderr=subprocess.DEVNULL)
        try:
            _wait(port, server)
            return _measured(folder, port, token, cores[-1], seconds, server.pid)
        finally:
            server.terminate()
            server.wait(20)


def _measured(folder: Path, port: int, token: str, core: int, seconds: float, pid: int) -> list[Row]:
    program = PUBLISH.replace("EVERY_S", str(EVERY_S))
    command = [sys.executable, "-c", program, str(seconds), str(CHECKOUT / "tests")]
    publisher = subprocess.Popen(_on(core, command), cwd=folder, stdout=subprocess.PIPE, text=True)
    assert publisher.stdout is not None
    publisher.stdout.readline()
    asked = [str(HERE / "serve_load.py"), str(port), token, PATH, str(PER_SECOND), str(seconds)]
    say(f"{PER_SECOND:g} requests a second for {seconds:g} s")
    memory: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(pid, memory, stop))
    watcher.start()
    worked = _processor_seconds(pid)
    done = subprocess.run(_on(core, [sys.executable, *asked]), capture_output=True, text=True, check=True)
    worked = _processor_seconds(pid) - worked
    stop.set()
    watcher.join()
    published = int(publisher.communicate()[0].split()[-1])
    found = json.loads(done.stdout)
    taken, failures = np.sort(found["milliseconds"]), found["failures"]
    if failures:
        say(f"failures: {failures[:5]}")
    warm = memory[min(len(memory) - 1, int(WARM_SECONDS))]
    figures = {
        "milliseconds_p50": float(np.quantile(taken, 0.5)),
        "milliseconds_p99": float(np.quantile(taken, 0.99)),
        "milliseconds_max": float(taken[-1]),
        "per_second": len(taken) / found["seconds"],
        "failures": float(len(failures)),
        "publications": float(published),
        "contents": float(found["contents"]),
        "rss_mb_warm": warm,
        "rss_mb_end": memory[-1],
        "rss_mb_max": max(memory),
        "core_share": worked / found["seconds"],
    }
    return [Row("latest_as_json", "gridahead serve", name, value, n=len(taken)) for name, value in figures.items()]


def installed(folder: Path) -> str:
    """An installation with two years of load and official forecast, and a forecast of tomorrow; returns a token."""
    (folder / "settings.toml").write_text(SETTINGS)
    workspace = Workspace.open(folder / "settings.toml")
    end = now().floor("h")
    hours = pd.date_range(end - pd.Timedelta(days=365 * YEARS), end, freq="h", inclusive="left")
    ahead = pd.date_range(hours[0], end + pd.Timedelta(days=2), freq="h", inclusive="left")
    chance = np.random.default_rng(21)
    for series, times in ((LOAD, hours), (LOAD.official, ahead)):
        values = load_at(LOAD, times.tz_convert("Europe/Berlin")) + chance.normal(0, 500, len(times))
        rows = measured(series, times, values)
        if series != LOAD:
            rows = rows.assign(available_at=rows["valid_time"].dt.normalize() - pd.Timedelta(days=1))
        workspace.lake.observations.append(rows)
    _serve(workspace)
    from gridahead.operate.forecast import forecast

    forecast(workspace, LOAD, now().normalize())
    return Tokens.of(workspace.settings).add("bench")


def _serve(workspace: Workspace) -> None:
    """Export a version that says of every hour what the same hour of last week was, with eleven quantiles."""
    entry = workspace.settings.series_settings(LOAD)
    zone = workspace.settings.zone(LOAD.zone)
    spec = WindowSpec(LOAD, zone, Mtu.PT60M, entry.deadline, CONTEXT_DAYS, use_official=False, intraday=entry.intraday)
    offsets = np.asarray(SPREAD * norm.ppf(LEVELS), np.float32)
    bundle = workspace.exports.keep(ReferenceForecast(NAIVE, spec, LEVELS, float(BASE["DE"]), offsets))
    learnt = (now() - pd.Timedelta(days=60)).date()
    tags = {"series": str(LOAD), "model": NAIVE, "bundle": bundle, "copy": "none", "learnt_until": str(learnt)}
    tags["validation_days"] = f"2025-01-01 to {learnt}"
    workspace.exports.put(Version(LOAD, "1", "run-1", now(), (), tags))
    workspace.exports.serve(LOAD, {CHAMPION: "1"})


def _on(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core), *command]


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/livez")
            return
        except httpx.TransportError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("the server does not come up")


def _watch(pid: int, memory: list[float], stop: threading.Event) -> None:
    """The memory of a process every second [MB]."""
    while not stop.wait(1.0):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        memory.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")))


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def draw(rows: Sequence[Row], path: Path) -> None:
    """Latencies beside their bar, memory beside its own."""
    value = {row.metric: row.value for row in rows}
    with picture(path, 2) as (left, right):
        names = ("p50", "p99", "max")
        left.bar(names, [value[f"milliseconds_{name}"] for name in names], color=colour("gridahead"))
        left.axhline(BARS["p99"], color="black", linestyle="--")
        left.set_ylabel("milliseconds")
        title(left, f"{PER_SECOND:g} requests a second, one core")
        names = ("warm", "end", "max")
        right.bar(names, [value[f"rss_mb_{name}"] for name in names], color=colour("gridahead"))
        right.axhline(BARS["rss_max"], color="black", linestyle="--")
        right.set_ylabel("MB")
        title(right, "memory of the server")


if __name__ == "__main__":
    measure(run, draw)
