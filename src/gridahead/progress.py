"""Progress of long work for a person at a terminal: a bar for every fit, one for a back-test; else lines in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from gridahead.pipeline.meter import Step, Tell, log_step, time_left
from gridahead.pipeline.train import log_epoch
from gridahead.training.epoch import Epoch
from gridahead.training.epoch import Progress as Report


@contextmanager
def training_progress(console: Console) -> Iterator[Report]:
    """Something to report epochs to: bars on a terminal, log lines elsewhere.

    One bar a fit, over all its trainings, so that the time that is left is that of the fit. A training that stops early
    lets its bar leap.
    """
    if not console.is_terminal:
        yield log_epoch
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(epoch: Epoch) -> None:
            if epoch.model not in tasks:
                tasks[epoch.model] = bars.add_task(epoch.model, total=epoch.trainings, said="")
            done = epoch.training + (epoch.epoch + 1) / epoch.epochs
            bars.update(tasks[epoch.model], completed=done, said=told(epoch))

        yield show


@contextmanager
def backtest_progress(console: Console) -> Iterator[Tell]:
    """Something to report steps of a back-test to: one bar with the time that is left, or log lines."""
    if not console.is_terminal:
        yield log_step
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("reading the lake", total=1.0)

        def show(step: Step) -> None:
            beside = "" if step.epoch is None else f": {told(step.epoch)}"
            bars.update(task, completed=step.share, description=f"{time_left(step.left):<18} {step.said}{beside}")

        yield show


def told(epoch: Epoch) -> str:
    """What stands beside the bar."""
    validation = "" if epoch.validation_loss is None else f" ({epoch.validation_loss:.4f} validated)"
    return (
        f"network {epoch.training + 1}/{epoch.trainings}, loss {epoch.train_loss:.4f}{validation}, "
        f"{epoch.windows_per_second:,.0f} windows/s"
    )
