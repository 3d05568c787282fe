"""How large is the page of forecasts, how soon does it answer, and how fast does a year of hours zoom?

Pages of made-up series are rendered as `gridahead report` does, and opened in Chromium from a file: five series of
fourteen days, hourly and by the quarter of an hour, a hundred series, and one whose only "day" is a year of hours with
eleven quantiles. `ready_ms` is from the start of the navigation to the end of the page's own script, `drawn_ms` until
the first chart is there; `zoom_ms` from a key to the drawn chart, at every zoom between the year and a day. `…_cpu_ms`
is what the page's thread has worked in that time, which a busy machine does not lengthen.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from common import CHECKOUT, Bench, Row, measure, say
from pictures import picture, title
from playwright.sync_api import Browser, Page

sys.path.append(str(CHECKOUT / "tests"))
from builders.browser import browser, opened
from builders.cards import card_of, report_view, shown_of

from gridahead.core.time import Mtu, TimeRange
from gridahead.reading.card import Card
from gridahead.reports.forecast_page import render_report
from gridahead.reports.palette import LIGHT

REPETITIONS = 7
BARS = {"five": (400, 500), "hundred": (1_500, 1_000)}
"""Kilobytes and milliseconds until the page is ready that are asked for."""
ZOOM_BAR = 50
SCRIPT_OF_ZOOM = """async () => {
  const chart = document.querySelector("[role=application]"), spent = [];
  for (const key of [..."++++++++--------"]) {
    const start = performance.now();
    chart.dispatchEvent(new KeyboardEvent("keydown", { key }));
    await new Promise(done => setTimeout(done, 0));
    spent.push(performance.now() - start);
  }
  return spent;
}"""
DRAWN = "() => document.querySelector('.fan canvas') && performance.now()"


def run(bench: Bench) -> list[Row]:
    """Sizes and times of every page."""
    repetitions = 1 if bench.quick else REPETITIONS
    pages = {
        "five": [_varied(card_of(f"Z{at}/load"), at) for at in range(5)],
        "five by the quarter hour": [_varied(card_of(f"Z{at}/load", mtu=Mtu("PT15M")), at) for at in range(5)],
        "hundred": [_varied(card_of(f"Z{at:02d}/load"), at) for at in range(100)],
        "year": [_varied(_year(), 0)],
    }
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        for name, cards in pages.items():
            start = time.perf_counter()
            content = render_report(report_view(*cards)).encode()
            rendered = time.perf_counter() - start
            file = Path(folder) / f"{len(rows)}.html"
            file.write_bytes(content)
            say(f"{name}: {len(content) / 1_000:.0f} kB, rendered in {rendered:.1f} s")
            rows.append(Row(name, "page", "kilobytes", len(content) / 1_000))
            if name == "year":
                rows += _zooms(chromium, file, name, repetitions)
            else:
                rows += _opened(chromium, file, name, repetitions)
    return rows


def _opened(chromium: Browser, file: Path, name: str, repetitions: int) -> list[Row]:
    ready, drawn, busy = [], [], []
    for _ in range(repetitions):
        with opened(chromium, "about:blank") as (page, _):
            spent = _busy(page)
            page.goto(file.as_uri())
            ready.append(float(page.evaluate("Number(document.documentElement.dataset.ready)")))
            page.locator("article").first.scroll_into_view_if_needed()
            drawn.append(float(page.wait_for_function(DRAWN).json_value()))
            busy.append(spent())
    times = {"ready_ms": ready, "drawn_ms": drawn, "drawn_cpu_ms": busy}
    return [Row.of(name, "page", metric, values) for metric, values in times.items()]


def _zooms(chromium: Browser, file: Path, name: str, repetitions: int) -> list[Row]:
    times, busy = list[float](), []
    with opened(chromium, "about:blank") as (page, _):
        spent = _busy(page)
        page.goto(file.as_uri())
        page.wait_for_function(DRAWN)
        for _ in range(repetitions):
            spent()
            found = page.evaluate(SCRIPT_OF_ZOOM)
            busy.append(spent() / len(found))
            times += found
    return [Row.of(name, "page", "zoom_ms", times), Row.of(name, "page", "zoom_cpu_ms", busy)]


def _busy(page: Page) -> Callable[[], float]:
    """What tells how long the processor has worked for the page since it was asked last [ms]."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = [0.0]

    def spent() -> float:
        found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        now = 1_000 * float(found["TaskDuration"])
        since, before[0] = now - before[0], now
        return since

    return spent


def _year() -> Card:
    """A card whose only day is the year 2025."""
    start, end = (
        pd.Timestamp(day).tz_localize("Europe/Berlin").tz_convert("UTC") for day in ("2025-01-01", "2026-01-01")
    )
    times = pd.date_range(start, end, freq="h", inclusive="left")
    one = shown_of(dt.date(2025, 1, 1))
    wide = pd.DataFrame({level: float(one.wide[level].iloc[0]) for level in one.wide.columns}, times)
    empty = one.before.iloc[:0]
    year = dataclasses.replace(
        one, time_range=TimeRange(start, end), wide=wide, official=wide[0.5] + 1, outturn=wide[0.5], before=empty
    )
    return card_of(shown=(year,), normal=card_of().normal.iloc[:0])


def _varied(card: Card, seed: int) -> Card:
    """The same card with days that look like load, of which no two are alike: what repeats would take no room."""
    random = np.random.default_rng(seed)
    shown = []
    for one in card.shown:
        hours = np.arange(len(one.wide)) / one.mtu.per_hour
        median = 55_000 + 9_000 * np.sin((hours - 9) / 24 * 2 * np.pi) + random.normal(0, 600, len(hours)).cumsum() / 3
        spread = 4_000 + random.normal(0, 200, len(hours))
        wide = pd.DataFrame(
            {level: median + spread * 2 * (float(level) - 0.5) for level in one.wide.columns}, one.wide.index
        )
        around = [pd.Series(median + random.normal(0, 900, len(hours)), one.wide.index) for _ in range(3)]
        official, outturn, before = around
        shown.append(dataclasses.replace(one, wide=wide, official=official, outturn=outturn, before=before))
    return dataclasses.replace(card, shown=tuple(shown))


def draw(rows: Sequence[Row], path: Path) -> None:
    """Milliseconds until each page is ready, beside the bar, and of a zoom."""
    shown = [row for row in rows if row.metric in ("ready_ms", "zoom_ms")]
    bars = [ZOOM_BAR if row.metric == "zoom_ms" else BARS.get(row.task, BARS["five"])[1] for row in shown]
    with picture(path, width=7.0, height=3.0) as (axes,):
        at = np.arange(len(shown))
        axes.barh(at, [row.value for row in shown], color=LIGHT["model"], height=0.5)
        axes.plot(bars, at, "|", color=LIGHT["official"], markersize=24, markeredgewidth=2)
        axes.set_yticks(at, [f"{row.task}, {'zoom' if row.metric == 'zoom_ms' else 'ready'}" for row in shown])
        axes.invert_yaxis()
        title(axes, "Milliseconds in Chromium, and what is asked for")


if __name__ == "__main__":
    measure(run, draw)
