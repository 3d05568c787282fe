"""Back-tests that kill themselves with SIGKILL at a chosen write, each in a process of its own.

Run as a script, with a JSON list of the arguments of `run`: it imports everything once and forks a child for each.
"""

import sys
from pathlib import Path

import torch
from builders import backtests as made_backtests
from builders.backtests import run_backtest, workspace_of

from children import exit_codes
from children.dying import dying
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


if __name__ == "__main__":
    torch.optim.AdamW(torch.nn.Linear(1, 1).parameters())  # the first one imports for seconds, the children need not
    sys.stdout.write(exit_codes(run, sys.argv[1]))
