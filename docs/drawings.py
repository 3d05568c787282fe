"""Draws the pictures of "Concepts": `python docs/drawings.py` writes docs/concepts/*.svg.

Each has a ground of its own and both themes inside, so that it can be read wherever it is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "concepts"
STYLE = """
text { font: 14px system-ui, "DejaVu Sans", sans-serif; fill: #1c2733; }
.soft { fill: #55636f; font-size: 13px; }
.name { font-weight: 700; }
.ground { fill: #ffffff; }
.box { fill: #eef2f5; stroke: #8a98a5; }
.good { fill: #d3e6f5; stroke: #0b6cb3; }
.warn { fill: #fdeacc; stroke: #a35200; }
.line { stroke: #55636f; fill: none; }
.grid { stroke: #d5dde4; fill: none; }
.strong { stroke: #0b6cb3; fill: none; stroke-width: 2.5; }
.other { stroke: #a35200; fill: none; stroke-width: 2.5; stroke-dasharray: 6 4; }
.dot { fill: #0b6cb3; }
.odd { fill: #a35200; }
.unseen { opacity: 0.25; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .soft { fill: #a9b6c2; } .ground { fill: #151b22; }
  .box { fill: #222c36; stroke: #7b8996; } .good { fill: #123a57; stroke: #6fb6ea; }
  .warn { fill: #4a3413; stroke: #ffb45e; }
  .line { stroke: #a9b6c2; } .grid { stroke: #33404c; } .strong { stroke: #6fb6ea; } .other { stroke: #ffb45e; }
  .dot { fill: #6fb6ea; } .odd { fill: #ffb45e; }
}
"""
ARROW = (
    '<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8" class="line"/></marker>'
)


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """One line of words."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "line", *, arrow: bool = False) -> str:
    """A straight line, with a tip if asked for."""
    end = ' marker-end="url(#end)"' if arrow else ""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{kind}"{end}/>'


def box(x: float, y: float, width: float, height: float, lines: Sequence[str], kind: str = "box") -> str:
    """A box with words in its middle; the first line is its name."""
    first = y + height / 2 + 5 - 9 * (len(lines) - 1)
    words = "".join(
        text(x + width / 2, first + 18 * k, words, "soft" if k else "name", "middle") for k, words in enumerate(lines)
    )
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" class="{kind}"/>{words}'


def dot(x: float, y: float, kind: str = "dot") -> str:
    """One value."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="6" class="{kind}"/>'


def drawing(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    """The whole file."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}"><title>{escape(title)}</title><style>{STYLE}</style>'
        f'<defs>{ARROW}</defs><rect width="{width}" height="{height}" rx="8" class="ground"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


DAYS = ("Mon", "Tue", "Wed", "Thu")
LEFT, DAY = 110, 120
"""Where Monday begins, and how wide a day is, on both clocks of the pictures below."""


def _x(day: float) -> float:
    return LEFT + DAY * day


def _y(day: float) -> float:
    return 350 - 75 * day


def _plane(*, until: float | None = None) -> list[str]:
    """Rows on two clocks; what became known after `until` is pale."""
    parts = [
        line(_x(0), _y(0), _x(4.1), _y(0), arrow=True),
        line(_x(0), _y(0), _x(0), _y(4.1), arrow=True),
        text(_x(4.1), _y(0) + 44, "valid_time: what a value describes", "soft", "end"),
        text(_x(0) - 90, _y(4.1) - 10, "available_at: from when it could be known", "soft"),
        line(_x(0), _y(0), _x(4), _y(4), "grid"),
        text(_x(4) + 8, _y(4) + 5, "known as it happens", "soft"),
    ]
    parts += [text(_x(k + 0.5), _y(0) + 22, day, "soft", "middle") for k, day in enumerate(DAYS)]
    parts += [text(_x(0) - 12, _y(k + 0.5) + 5, day, "soft", "end") for k, day in enumerate(DAYS)]
    rows = [(k + 0.5, k + 0.75, "dot") for k in range(4)]  # outturn: known after its unit has ended
    rows += [(k + 0.5, k - 0.6, "odd") for k in range(1, 4)]  # official forecasts: the day before, at ten
    rows += [(0.5, 2.4, "dot")]  # a revision
    for valid, known, kind in rows:
        pale = until is not None and known > until
        parts.append(dot(_x(valid), _y(known), f"{kind} unseen" if pale else kind))
    return parts


def two_clocks() -> str:
    """Outturn lies above the line of now, forecasts below it, and a revision above what it revises."""
    parts = _plane()
    parts += [
        text(_x(0.5) + 14, _y(2.4) + 5, "a revision: a new row, never a change"),
        text(_x(0.5) + 14, _y(0.75) - 4, "outturn: known after it happened"),
        text(_x(2.5) + 14, _y(1.9) + 5, "official forecast:"),
        text(_x(2.5) + 14, _y(1.9) + 23, "known the day before"),
        line(_x(0.5), _y(0.85), _x(0.5), _y(2.28), arrow=True),
    ]
    return drawing(750, 410, "Two clocks: what a value describes, and from when it could be known", parts)


def as_of() -> str:
    """A forecast issued on Wednesday at 11:00 reads what lies below the line."""
    issue = 2.46
    parts = _plane(until=issue)
    parts += [
        line(_x(0), _y(issue), _x(4), _y(issue), "strong"),
        text(_x(4) + 8, _y(issue) - 2, "issue time,", "name"),
        text(_x(4) + 8, _y(issue) + 16, "Wed 11:00", "name"),
        text(_x(4) + 8, _y(issue) - 60, "not there yet:", "soft"),
        text(_x(4) + 8, _y(issue) - 42, "not read", "soft"),
        text(_x(3.5), _y(2.4) + 26, "official forecast", "soft", "middle"),
        text(_x(3.5), _y(2.4) + 42, "of tomorrow", "soft", "middle"),
    ]
    return drawing(750, 410, "As of an issue time: what became known later is not read", parts)


def segments() -> str:
    """How the days of a history are used."""
    parts, x, top = [], 20, 60
    kinds = [("learnt", 172, "good"), ("stopping", 86, "warn"), *((f"{k}", 46, "box") for k in range(1, 7))]
    for name, width, kind in [*kinds, ("holdout", 90, "warn")]:
        parts.append(box(x, top, width - 4, 50, [name], kind))
        x += width
    parts += [
        text(20, 36, "older days", "soft"),
        text(640, 36, "newest days", "soft", "end"),
        text(20, 140, "chooses", "soft"),
        line(76, 135, 212, 114, arrow=True),
        text(20, 158, "how long to train"),
        text(428, 140, "six blocks that judge", "soft", "middle"),
        text(428, 158, "candidates, weights and calibration", "", "middle"),
        text(640, 140, "only reported", "soft", "end"),
        text(20, 204, "Block 3 is forecast by networks that have learnt:", "name"),
    ]
    x = 20
    for k, (_, width, _) in enumerate(kinds):
        gap = k in (3, 4, 5)  # block 3 and a week on either side
        parts.append(box(x, 216, width - 4, 34, ["3"] if k == 4 else [""], "box" if gap else "good"))
        x += width
    parts += [
        text(20, 276, "blue: learnt; grey: the block and the days around it, unseen", "soft"),
        text(20, 296, "The networks that serve have learnt all days up to the holdout.", "soft"),
    ]
    return drawing(660, 316, "Segments: which days are learnt, which stop the training, which judge", parts)


def ladder() -> str:
    """What answers when what stands above cannot."""
    rungs = [
        ("full, degraded", "the champion, with all its inputs or without some"),
        ("previous", "the champion before it"),
        ("ridge", "the regression beside it; needs no torch"),
        ("official_corrected", "the official forecast without its recent error"),
        ("naive", "last week's same hour"),
    ]
    parts = []
    for k, (name, meaning) in enumerate(rungs):
        x, y = 20 + 34 * k, 24 + 58 * k
        parts.append(box(x, y, 170, 40, [name], "good" if k == 0 else "box"))
        parts.append(text(x + 184, y + 25, meaning))
        if k < len(rungs) - 1:
            parts.append(line(x + 50, y + 40, x + 50, y + 56, arrow=True))
    parts.append(text(20, 334, "Each rung has a band of its own; every row says which rung it is of, and why.", "soft"))
    return drawing(660, 350, "The ladder: what answers when what stands above cannot", parts)


def gate() -> str:
    """What becomes of a row that arrives."""
    verdicts = [
        ("pass", "read, learnt, scored", "good"),
        ("flag", "read, and no model learns to say it", "box"),
        ("quarantine", "not read until a person rules", "warn"),
        ("block", "nor any other row of its delivery", "warn"),
    ]
    parts = [
        box(16, 130, 100, 56, ["a row", "as received"]),
        line(116, 158, 148, 158, arrow=True),
        box(150, 118, 130, 80, ["37 rules", "limits learnt", "from the series"]),
    ]
    for k, (name, meaning, kind) in enumerate(verdicts):
        y = 20 + 76 * k
        parts.append(line(280, 158, 322, y + 25, arrow=True))
        parts.append(box(324, y, 100, 50, [name], kind))
        parts.append(text(436, y + 30, meaning, "soft"))
    parts.append(text(16, 318, "The row itself is never changed and never deleted;", "soft"))
    parts.append(text(16, 336, "a verdict counts from when it was given.", "soft"))
    return drawing(690, 350, "The quality gate: pass, flag, quarantine or block", parts)


def calibration() -> str:
    """A band that is too narrow, and the same band as it is published."""
    outturns = (3, -16, 22, -38, 9, 35, -7, 14, -24, 44)  # a drawing: ten days of invented errors
    parts = []
    bands = ((20, 20, "as the network says it", "warn", "other"), (350, 37, "as published", "good", "strong"))
    for left, half, title, ground, kind in bands:
        middle = 130
        inside = sum(abs(error) <= half for error in outturns)
        parts.append(text(left, 30, title, "name"))
        parts.append(f'<rect x="{left}" y="{middle - half}" width="280" height="{2 * half}" class="{ground}"/>')
        parts.append(line(left, middle, left + 280, middle, kind))
        for k, error in enumerate(outturns):
            parts.append(dot(left + 14 + 28 * k, middle - error, "dot" if abs(error) <= half else "odd"))
        parts.append(text(left, 212, f"{inside} of {len(outturns)} outturns inside the 80 % band"))
    parts.append(
        text(20, 244, "How far the levels move was measured on days that the networks had not learnt.", "soft")
    )
    return drawing(660, 264, "Calibration: levels are moved until they hold what they say", parts)


DRAWINGS: dict[str, Callable[[], str]] = {
    "two_clocks": two_clocks,
    "as_of": as_of,
    "segments": segments,
    "ladder": ladder,
    "gate": gate,
    "calibration": calibration,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        (FOLDER / f"{name}.svg").write_text(draw(), encoding="utf-8")
        sys.stdout.write(f"{name}.svg\n")
