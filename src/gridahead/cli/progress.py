"""Progress of long work for a person at a terminal: bars for fits, back-tests and many series; elsewhere a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from gridahead.backtest.progress import OnProgress, ProgressEvent, log_progress, time_left
from gridahead.training.epoch import Epoch, log_epoch
from gridahead.training.epoch import Progress as Report

WORTH_A_BAR = 5
"""Things to be done: fewer are done before anybody wonders."""


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
        TextColumn("{task.fields[line]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(epoch: Epoch) -> None:
            if epoch.model not in tasks:
                tasks[epoch.model] = bars.add_task(epoch.model, total=epoch.trainings, line="")
            done = epoch.training + (epoch.epoch + 1) / epoch.epochs
            bars.update(tasks[epoch.model], completed=done, line=epoch_line(epoch))

        yield show


@contextmanager
def each_progress(console: Console, what: str, count: int) -> Iterator[Callable[[object], None]]:
    """Something to call with each of so many that is done: one bar on a terminal, nothing elsewhere or for a few."""
    if not console.is_terminal or count < WORTH_A_BAR:
        yield lambda _done: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(what, total=count)
        yield lambda _done: bars.advance(task)


@contextmanager
def backtest_progress(console: Console) -> Iterator[OnProgress]:
    """Something to report the events of a back-test to: one bar with the time that is left, or log lines."""
    if not console.is_terminal:
        yield log_progress
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console) as bars:
        task = bars.add_task("reading the lake", total=1.0)

        def show(event: ProgressEvent) -> None:
            of_epoch = "" if event.epoch is None else f": {epoch_line(event.epoch)}"
            line = f"{time_left(event.left):<18} {event.message}{of_epoch}"
            bars.update(task, completed=event.share, description=line)

        yield show


def epoch_line(epoch: Epoch) -> str:
    """The text beside the progress bar: network, loss and speed."""
    validation = "" if epoch.validation_loss is None else f" ({epoch.validation_loss:.4f} validated)"
    return (
        f"network {epoch.training + 1}/{epoch.trainings}, loss {epoch.train_loss:.4f}{validation}, "
        f"{epoch.windows_per_second:,.0f} windows/s"
    )
