"""What does a scheduled forecast cost from the start of its flow to the published file, and whose seconds are they?

Processes of their own, as an operator or a worker starts them, one after the other on an idle machine: the commands, a
forecast without and with Prefect (against a server on this machine, as a worker runs it), and the bare imports that
explain most of it. Seconds of the processor, user and system together; the flow's wall as well, which is what counts
before gate closure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from common import CHECKOUT, Bench, Row, measure, say
from pictures import colour, picture, title

sys.path.append(str(CHECKOUT / "tests"))
from builders.servers import prefect_server

SETTINGS = """
data_folder = "data"

[[sources]]
kind = "smard"
folder = "{sample}"

[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
models = ["gru"]

[models.gru]
cell = "gru"
members = 1

[training]
holdout_start = 2025-01-01
epochs = 1
"""
REPETITIONS = 5
COMMANDS = {"--help": ("--help",), "status": ("status",), "forecast": ("forecast", "--series", "DE/load")}
IMPORTS = ("prefect", "torch", "pandas", "gridahead.operate.forecast")
FLOW = (
    "import sys; "
    "from gridahead_flows import forecast; "
    "forecast.write_report = lambda settings, return_state: None; "  # the page comes after the published file
    "forecast.forecast_flow(['DE/load'], settings=sys.argv[1])"
)
BARS = {"--help": 0.5, "status": 2.0, "flow": 8.0}


def run(bench: Bench) -> list[Row]:
    """Seconds of each."""
    repetitions = 1 if bench.quick else REPETITIONS
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = folder / "settings.toml"
        file.write_text(SETTINGS.format(sample=CHECKOUT / "data" / "sample"), encoding="utf-8")
        surroundings = {**os.environ, "GRIDAHEAD_SETTINGS": str(file), "OMP_NUM_THREADS": "1"}
        say("ingest and a small training, so that there is something to forecast with")
        for command in ("ingest", "train"):
            _seconds([sys.executable, "-m", "gridahead", command], surroundings)
        rows = [
            _row(name, [[sys.executable, "-m", "gridahead", *words]] * repetitions, surroundings)
            for name, words in COMMANDS.items()
        ]
        rows += [
            _row(f"import {name}", [[sys.executable, "-c", f"import {name}"]] * repetitions, surroundings)
            for name in IMPORTS
        ]
        home = folder / "prefect"
        home.mkdir()
        with prefect_server(home) as served:
            asked = {**surroundings, **served}
            flow = [sys.executable, "-c", FLOW, str(file)]
            _seconds(flow, asked)  # the first makes what the server keeps of a flow
            began = time.perf_counter()
            rows.append(_row("flow", [flow] * repetitions, asked))
            wall = (time.perf_counter() - began) / repetitions
        return [*rows, Row("flow", "gridahead", "seconds_on_the_wall", wall, n=repetitions)]


def _row(task: str, commands: Sequence[Sequence[str]], surroundings: Mapping[str, str]) -> Row:
    spent = [_seconds(command, surroundings) for command in commands]
    say(f"{task}: {np.median(spent):.2f} s")
    return Row.of(task, "gridahead", "seconds_of_the_processor", spent)


def _seconds(command: Sequence[str], surroundings: Mapping[str, str]) -> float:
    """Of the processor, user and system, of a process and its children."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, env=dict(surroundings), stdout=said, stderr=said, cwd=CHECKOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise RuntimeError(f"{command} ended with {child.returncode}:\n{said.read().decode()[-2000:]}")
    return used.ru_utime + used.ru_stime


def draw(rows: Sequence[Row], path: Path) -> None:
    """Bars of seconds, with what was asked for."""
    shown = [row for row in rows if row.metric == "seconds_of_the_processor"]
    with picture(path, 1, width=6.0) as (axes,):
        for height, row in enumerate(shown):
            axes.barh(height, row.value, color=colour(row.model))
            if row.task in BARS:
                axes.plot([BARS[row.task]] * 2, [height - 0.4, height + 0.4], color="black")
        axes.set_yticks(range(len(shown)), [row.task for row in shown])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        title(axes, "Seconds of the processor; a line is what was asked for")


if __name__ == "__main__":
    measure(run, draw)
