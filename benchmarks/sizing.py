"""How many bytes does an installation grow by in a year, and by what?

One zone of Energy-Charts with eight quantities, ingested every hour and forecast once a day by a version that serves
from exports, on a host of this machine and by a clock that is an argument: six weeks are back-filled, then some days
pass hour by hour, with the compaction of every night. What the folders gain in these days, times 365 over their number,
is the year: an extrapolation. Answers are taken to differ from one hour to the next, as they do where values are new.
Blocks of the file system are not counted.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from common import CHECKOUT, Bench, Row, measure, say
from pictures import picture, title

sys.path.append(str(CHECKOUT / "tests"))
from builders.generators import energy_charts
from builders.replay import Host
from builders.serving import serve

from gridahead.core.grid import Series
from gridahead.operate.backfill import backfill
from gridahead.operate.forecast import forecast
from gridahead.operate.ingest import ingest
from gridahead.operate.lake import compact_lake
from gridahead.operate.report import report
from gridahead.reports.palette import LIGHT
from gridahead.settings.model import Settings
from gridahead.settings.source_catalogue import SOURCE_INFOS, RateLimit
from gridahead.workspace import Workspace

BEGIN = pd.Timestamp("2026-03-02T23:00Z")
DAYS, WEEKS = 4, 6
HOUR = pd.Timedelta(hours=1)
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
LOAD = Series("DE", "load")
SHADES = (LIGHT["model"], LIGHT["official"])
STEPS = {"hourly": HOUR, "quarter-hourly": HOUR / 4}
KINDS = {
    "raw payloads": ("raw/",),
    "receipts": ("lake/receipts/",),
    "observations": ("lake/observations/",),
    "forecasts in the lake": ("lake/forecasts/",),
    "other tables of the lake": ("lake/",),
    "published files": ("published/",),
    "inputs of forecasts": ("inputs/",),
    "everything else": ("",),
}
"""By how their paths begin in the data folder; the first that fits counts."""


def run(bench: Bench) -> list[Row]:
    """Bytes and files a year of each kind."""
    days = 1 if bench.quick else DAYS
    SOURCE_INFOS["energy_charts"] = replace(SOURCE_INFOS["energy_charts"], limits=(RateLimit(1e6, 1.0),))  # type: ignore[index]
    return [row for name, step in STEPS.items() for row in grown(name, step, days)]


def grown(name: str, step: pd.Timedelta, days: int) -> list[Row]:
    """What is there more after some days, as of a year."""
    at = [BEGIN]
    with Host([energy_charts(lambda: at[0], step)]) as host, tempfile.TemporaryDirectory() as folder:
        workspace = workspace_in(Path(folder), host.url, at)
        say(f"{name}: back-filling {WEEKS} weeks")
        backfill(workspace, start=(BEGIN - pd.Timedelta(weeks=WEEKS)).date())
        serve(workspace, LOAD, learnt=dt.date(2026, 2, 1))
        compact_lake(workspace)
        before, answers = sizes(workspace), len(host.asked)
        for day in range(days):
            say(f"{name}: day {day + 1} of {days}")
            pass_day(workspace, at)
        after, answers = sizes(workspace), len(host.asked) - answers
    factor = 365 / days
    rows = [Row("a zone a year", name, "answers", answers * factor)]
    for kind in KINDS:
        files, size = (after[kind][n] - before[kind][n] for n in (0, 1))
        rows.append(Row("a zone a year", name, f"{kind} [MB]", size * factor / 1e6))
        rows.append(Row("a zone a year", name, f"{kind}, files", files * factor))
    return rows


def pass_day(workspace: Workspace, at: list[pd.Timestamp]) -> None:
    """Ingest every hour, forecast at the deadline, compact at night."""
    for _ in range(24):
        at[0] += HOUR
        ingest(workspace).require(1.0)
        if at[0].tz_convert("Europe/Berlin").hour == 11:
            forecast(workspace, LOAD, at[0])
            report(workspace)
    compact_lake(workspace)


def workspace_in(folder: Path, url: str, at: list[pd.Timestamp]) -> Workspace:
    """Settings of one zone, and the clock."""
    source = {"kind": "energy_charts", "zones": ["DE"], "quantities": list(QUANTITIES), "base_url": url}
    series = {"series": str(LOAD), "deadline": "D-1T1100[Europe/Berlin]", "models": []}
    said = {"data_folder": folder, "mode": "live", "sources": [source], "series": [series]}
    return Workspace(Settings.model_validate(said), clock=lambda: at[0])


def sizes(workspace: Workspace) -> dict[str, tuple[int, int]]:
    """Files and bytes of each kind."""
    found = dict.fromkeys(KINDS, (0, 0))
    folder = workspace.settings.data_folder
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            kind = next(kind for kind, begins in KINDS.items() if name.startswith(begins))
            files, size = found[kind]
            found[kind] = files + 1, size + path.stat().st_size
    return found


def draw(rows: Sequence[Row], path: Path) -> None:
    """Megabytes of each kind."""
    with picture(path) as (chart,):
        kinds = list(KINDS)
        for number, name in enumerate(STEPS):
            found = {row.metric: row.value for row in rows if row.model == name}
            places = [place + 0.4 * number for place in range(len(kinds))]
            chart.barh(places, [found[f"{kind} [MB]"] for kind in kinds], 0.38, label=name, color=SHADES[number])
        chart.set_yticks([place + 0.2 for place in range(len(kinds))], kinds)
        chart.legend(frameon=False)
        title(chart, "MB a year of one zone")


if __name__ == "__main__":
    measure(run, draw)
