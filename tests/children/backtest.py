"""Back-tests that kill themselves with SIGKILL at a chosen write, each in a process of its own.

Run as a script, with a JSON list of the arguments of `run`: it imports everything once and forks a child for each.
"""

import os
import signal
import sys
from pathlib import Path

import torch
from builders import backtests as made_backtests
from builders.backtests import run_backtest, workspace_of

from children import exit_codes
from gridahead.backtest import run as module
from gridahead.backtest.store import BacktestStore
from gridahead.lake.store import Store

MODELS = ("tiny", "naive")


def run(folder: Path, dies_at_append: int, dies_at_record: int) -> None:
    """Back-test in a folder; dies before that append of forecasts, or before that record is written; 0 for never."""
    module.worker_pool = made_backtests.here  # type: ignore[attr-defined, assignment]
    dying(Store, "append", dies_at_append, lambda store, *_: store.table.name == "forecasts")
    dying(BacktestStore, "write", dies_at_record, lambda *_: True)
    run_backtest(workspace_of(folder, refit=False), *MODELS, warm=True)


def dying(owner: type, name: str, at: int, counts) -> None:
    """Make the method kill its process when it is called for that time."""
    honest, calls = getattr(owner, name), {"made": 0}

    def method(*given):
        if counts(*given):
            calls["made"] += 1
            if calls["made"] == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return honest(*given)

    setattr(owner, name, method)


if __name__ == "__main__":
    torch.optim.AdamW(torch.nn.Linear(1, 1).parameters())  # the first one imports for seconds, the children need not
    sys.stdout.write(exit_codes(run, sys.argv[1]))
