"""What every benchmark has in common: its options, its rows, its table, and the file that they are kept in.

A benchmark is a module with `run(bench) -> list[Row]`, and `draw(rows, path)` for its picture. It ends with
`if __name__ == "__main__": measure(run, draw)`, and `gridahead bench NAME` starts it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridahead.cli.console import err, out
from gridahead.cli.main import guarded
from gridahead.core.fingerprint import code_hash, digest
from gridahead.evaluation.bootstrap import Interval
from gridahead.models.determinism import deterministic

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
RESULTS = CHECKOUT / "benchmarks" / "results"
TRIALS = CHECKOUT / "data" / "bench"
"""Ignored by git: results of trial runs, and what a benchmark installs."""
_DECIDES = ("src", "pyproject.toml", "benchmarks/*.py", "benchmarks/peers")
"""What results depend on: the results themselves do not make a commit dirty."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    task: str
    model: str
    metric: str
    value: float
    low: float | None = None
    """The smallest of what `value` is the median of, None where there is no spread."""
    high: float | None = None
    """The largest of it."""
    n: int = 1
    """How many seeds, repetitions or scored values stand behind it; the benchmark says which."""

    @classmethod
    def of(cls, task: str, model: str, metric: str, values: Sequence[float]) -> Row:
        """Median and range of one value a seed or repetition; no range for a single one."""
        if len(values) == 1:
            return cls(task, model, metric, float(values[0]))
        low, middle, high = (float(one) for one in (np.min(values), np.median(values), np.max(values)))
        return cls(task, model, metric, middle, low, high, len(values))

    @classmethod
    def within(cls, task: str, model: str, metric: str, found: Interval, n: int) -> Row:
        """A figure and the interval around it, whose bounds are left out where there were too few days for them."""
        low, high = (None if np.isnan(bound) else bound for bound in (found.low, found.high))
        return cls(task, model, metric, found.value, low, high, n)


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """Which its rows, and the file of its results, are called by."""
        ...


AnyTask = TypeVar("AnyTask", bound=Named)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a run of a benchmark was asked for."""

    name: str
    data: Path | None = None
    """Folder with the data sets that the repository does not carry."""
    quick: bool = False
    """Only to see that it runs: fewer seeds and epochs, and nothing that is committed is written."""
    seeds: int = 5
    output: Path = RESULTS

    @classmethod
    def parse(cls, name: str, arguments: Sequence[str] | None = None) -> Bench:
        """From the command line."""
        parser = argparse.ArgumentParser(name)
        parser.add_argument("--data", type=Path)
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--seeds", type=int)
        parser.add_argument("--output", type=Path)
        given = parser.parse_args(arguments)
        seeds = given.seeds or (1 if given.quick else cls("").seeds)
        output = given.output or (TRIALS / "results" if given.quick else RESULTS)
        return cls(name, given.data and given.data.resolve(), given.quick, seeds, output.resolve())

    def each(self, tasks: Iterable[AnyTask], make: Callable[[AnyTask, Bench], list[Row]]) -> list[Row]:
        """The rows of tasks one after the other, as `resumed` gives them."""
        return [row for task in tasks for row in self.resumed(task.name, partial(make, task, self))]

    def resumed(self, task: str, make: Callable[[], list[Row]]) -> list[Row]:
        """The rows of a task: those that an earlier call has kept, if the code that decides is the same, else made now.

        So a benchmark of hours need not run at one go. Tasks are kept under `results/tasks`, with commit and machine.
        """
        kept = self.output / "tasks" / f"{self.name}-{re.sub(r'[^a-z0-9]+', '-', task.lower()).strip('-')}.json"
        identity = digest([code_hash(), torch.__version__, programs(self.name), self.quick, self.seeds])
        if kept.exists() and (found := json.loads(kept.read_text(encoding="utf-8")))["identity"] == identity:
            say(f"{task}: there already, of commit {found['commit'][:7]}")
            return [Row(**row) for row in found["rows"]]
        rows = make()
        kept.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "identity": identity,
            "commit": commit(),
            "machine": machine(),
            "rows": [asdict(row) for row in rows],
        }
        # A figure that is not a number is refused where results are written; it must not cost the hours before.
        kept.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return rows

    @property
    def picture(self) -> Path:
        """Where the picture goes."""
        return self.output / f"{self.name}.png"


def programs(name: str) -> list[str]:
    """The text of a benchmark, and of all that it imports of this folder, by name."""
    found, waiting = dict[str, str](), [name]
    while waiting:
        file = HERE / f"{waiting.pop()}.py"
        if file.stem not in found and file.exists():
            found[file.stem] = file.read_text(encoding="utf-8")
            waiting += re.findall(r"^(?:from|import) (\w+)", found[file.stem], re.MULTILINE)
    return [found[one] for one in sorted(found)]


Run = Callable[[Bench], list[Row]]
Draw = Callable[[Sequence[Row], Path], None]


def measure(run: Run, draw: Draw | None = None) -> None:
    """Run the benchmark that this process was started for, show its table, keep its results and its picture."""
    bench = Bench.parse(Path(sys.argv[0]).stem)

    @deterministic(flush_denormal=True)
    def whole() -> None:
        bench.output.mkdir(parents=True, exist_ok=True)
        with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True) as bar:
            bar.add_task(f"benchmark {bench.name}", total=None)
            rows = run(bench)
        show_rows(bench.name, rows)
        file = write_results(bench.name, rows, bench.output)
        if draw:
            draw(rows, bench.picture)
        out.print(f"{file}" + (f"\n{bench.picture}" if draw else ""), highlight=False, soft_wrap=True)

    guarded(whole)


def say(text: str) -> None:
    """A line about how far a benchmark is, for the person who waits."""
    err.print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {text}", highlight=False, soft_wrap=True)


def show_rows(title: str, rows: Sequence[Row]) -> None:
    """The table of a benchmark on standard output."""
    grid = Table("task", "model", "metric", title=title, title_justify="left", header_style="bold")
    for name in ("value", "low", "high", "n"):
        grid.add_column(name, justify="right")
    for row in rows:
        grid.add_row(row.task, row.model, row.metric, *map(figure, (row.value, row.low, row.high)), f"{row.n:,}")
    out.print(grid)


def figure(value: float | None) -> str:
    """A figure as people read it: four digits that count."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def write_results(name: str, rows: Sequence[Row], folder: Path = RESULTS) -> Path:
    """Keep the rows as `folder/NAME.json`, with the commit and the machine that they are of."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"commit": commit(), "machine": machine(), "rows": [asdict(row) for row in rows]}
    file = folder / f"{name}.json"
    # A figure that is not a number would be no JSON; it is a mistake of the benchmark.
    file.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def read_results(name: str, folder: Path = RESULTS) -> list[Row]:
    """The rows that were kept."""
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return [Row(**row) for row in content["rows"]]


def commit() -> str:
    """The commit, with `-dirty` if the code that decides about results has been changed since."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=10, check=True)  # noqa: S607
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", *_DECIDES)
        return git("rev-parse", "HEAD") + ("-dirty" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def machine() -> str:
    """CPU, cores, GPU, Python and torch in one line."""
    cores = len(os.sched_getaffinity(0))
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{_cpu()}, {cores} core{'s' if cores > 1 else ''}{gpu}, {platform.system()}, {versions}"


def _cpu() -> str:
    try:
        about = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
