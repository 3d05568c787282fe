"""Progress of long work for a person at a terminal: a bar for every fit, or lines in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gridahead.pipeline.train import log_epoch
from gridahead.training.loop import Epoch
from gridahead.training.loop import Progress as Report


@contextmanager
def training_progress(console: Console) -> Iterator[Report]:
    """Something to report epochs to: bars on a terminal, log lines elsewhere."""
    if not console.is_terminal:
        yield log_epoch
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[tuple[str, int], TaskID] = {}

        def show(epoch: Epoch) -> None:
            key = epoch.model, epoch.member
            if key not in tasks:
                tasks[key] = bars.add_task(f"{epoch.model} seed {epoch.member}", total=epoch.epochs, said="")
            said = f"validation {epoch.validation_loss:.4f}, {epoch.windows_per_second:,.0f} windows/s"
            bars.update(tasks[key], completed=epoch.epoch + 1, said=said)

        yield show
