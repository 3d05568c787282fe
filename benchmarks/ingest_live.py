"""How long does an hourly ingest take, of 40 zones with 8 quantities each, the quality gate included?

A host on this machine answers as Energy-Charts does, from real German series, scaled and shifted by the zone. Six weeks
are back-filled until an hour ago; then `gridahead ingest` runs as a process of its own, start and imports included, and
fetches what is new together with what may have been revised in three days. Seconds on the wall; beside them those of
the processor, which another process does not lengthen.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from common import CHECKOUT, Bench, Row, measure, say
from pictures import colour, picture, title

sys.path.append(str(CHECKOUT / "tests"))
from builders.generators import energy_charts
from builders.replay import Host

from gridahead.core.grid import ZONES
from gridahead.core.time import now
from gridahead.operate.backfill import backfill
from gridahead.settings.source_catalogue import SOURCE_INFOS, RateLimit
from gridahead.workspace import Workspace

ZONES_ASKED, WEEKS = 40, 6
QUANTITIES = (
    "load",
    "solar",
    "wind_onshore",
    "wind_offshore",
    "load_official",
    "solar_official",
    "wind_onshore_official",
    "price",
)
BAR_SECONDS = 60.0
HOUR = pd.Timedelta(hours=1)


def run(bench: Bench) -> list[Row]:
    """Seconds and counts of one hourly ingest."""
    codes = [f"Z{number}" for number in range(4 if bench.quick else ZONES_ASKED)]
    behind = [HOUR]
    with Host([energy_charts(lambda: now() - behind[0])]) as host, tempfile.TemporaryDirectory() as folder:
        file = settings_in(Path(folder), host.url, codes)
        workspace = Workspace.open(file)
        SOURCE_INFOS["energy_charts"] = replace(SOURCE_INFOS["energy_charts"], limits=(RateLimit(1e6, 1.0),))  # type: ignore[index]
        say(f"back-filling {WEEKS} weeks of {len(codes)} zones")
        began = time.perf_counter()
        filled = backfill(workspace, start=(now() - pd.Timedelta(weeks=WEEKS)).date())
        filling = time.perf_counter() - began
        behind[0], asked = pd.Timedelta(0), len(host.asked)
        seconds, of_processor = ingested(file)
        windows = len(host.asked) - asked
    task = f"{len(codes)} zones of {len(QUANTITIES)} quantities"
    return [
        Row(task, "back-fill", "seconds", filling),
        Row(task, "back-fill", "windows", float(filled.windows)),
        Row(task, "hourly ingest", "seconds", seconds),
        Row(task, "hourly ingest", "processor_seconds", of_processor),
        Row(task, "hourly ingest", "windows", float(windows)),
    ]


def settings_in(folder: Path, url: str, codes: Sequence[str]) -> Path:
    """A settings file with one service and its zones, of which the host is asked as often as it likes."""
    zone = '[[zones]]\ncode = "{0}"\ntimezone = "{1}"\ncodes = {{energy_charts = "{0}:{0}"}}\n'
    zones = "".join(zone.format(code, ZONES["DE"].timezone) for code in codes)
    source = f'[[sources]]\nkind = "energy_charts"\nzones = {list(codes)}\nquantities = {list(QUANTITIES)}\n'
    file = folder / "settings.toml"
    file.write_text(f'data_folder = "data"\n{source}base_url = "{url}"\n{zones}'.replace("'", '"'), encoding="utf-8")
    return file


UNLIMITED = """
from dataclasses import replace
from gridahead.settings.source_catalogue import SOURCE_INFOS, RateLimit
SOURCE_INFOS["energy_charts"] = replace(SOURCE_INFOS["energy_charts"], limits=(RateLimit(1e6, 1.0),), parallel=4)
from gridahead.cli.main import main
main()
"""
"""The command without the limit of the real host, which would be what is measured."""


def ingested(file: Path) -> tuple[float, float]:
    """Seconds on the wall and of the processor of `gridahead ingest`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [sys.executable, "-c", UNLIMITED, "ingest", "--settings", str(file), "--json"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used


def draw(rows: Sequence[Row], path: Path) -> None:
    """The ingest and its bar."""
    found = {row.metric: row.value for row in rows if row.model == "hourly ingest"}
    with picture(path) as (chart,):
        names = ["on the wall", "of the processor", "bar"]
        heights = [found["seconds"], found["processor_seconds"], BAR_SECONDS]
        chart.bar(names, heights, 0.5, color=[colour("gridahead"), colour("gridahead"), colour("darts")])
        title(chart, "Seconds of an hourly ingest")


if __name__ == "__main__":
    measure(run, draw)
