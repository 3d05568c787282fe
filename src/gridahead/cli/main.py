"""`gridahead …`: the use cases from a shell.

Exit codes: 0 done, 2 wrong call or settings, 3 a source failed, 4 the quality gate refused, 5 no model fits, 6 the lake
or a publication cannot be written or is empty, 7 a forecast that should be out is not, or something is critical, 70 a
bug of ours. Of several series what can be done is done first.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.logging import RichHandler

from gridahead.cli import (
    annotate,
    backtest,
    backup,
    daily,
    explain,
    history,
    init,
    lake,
    live,
    models,
    quarantine,
    revisions,
    score,
    scripts,
    serve,
    settings,
    sink,
    sources,
    train,
    upgrade,
    value,
    watch,
)
from gridahead.cli.console import err
from gridahead.cli.panels import InPanels
from gridahead.core import errors
from gridahead.core.release import VERSION

BUG = 70
EXIT_CODES: dict[type[errors.GridaheadError], int] = {
    errors.SettingsError: 2,
    errors.SourceError: 3,
    errors.QualityError: 4,
    errors.ModelError: 5,
    errors.LakeError: 6,
    errors.PublicationError: 6,
    errors.ContractError: BUG,
}

app = typer.Typer(
    name="gridahead",
    cls=InPanels,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Day-ahead forecasts of electricity **load, wind and solar**, with honest uncertainty.",
    epilog="Exit codes: 0 done, 2 wrong call or settings, 3 a source failed, 4 the quality gate refused, "
    "5 no model fits, 6 lake or publication empty or not writable, 7 (status) a forecast that should be out is not or "
    "something is critical, 70 a bug of ours. Of several series, what can be done is done; the exit code is that "
    "of the first which could not.",
)
for commands in (
    init.app,
    scripts.app,
    daily.app,
    watch.app,
    serve.app,
    annotate.app,
    live.app,
    sources.app,
    score.app,
    value.app,
    quarantine.app,
    lake.app,
    sink.app,
    history.app,
    train.app,
    models.app,
    explain.app,
    revisions.app,
    backtest.app,
    settings.app,
    upgrade.app,
    backup.app,
):
    app.add_typer(commands, rich_help_panel=commands.rich_help_panel)


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more about what happens.")] = False,
) -> None:
    if version:
        typer.echo(f"gridahead {VERSION}")
        raise typer.Exit
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(message)s",
        handlers=[RichHandler(console=err, show_path=False, markup=False)],
    )
    if os.environ.get("GRIDAHEAD_LOG", "").lower() == "json":  # before the settings are read, which may say so too
        from gridahead.core.logs import json_to_stderr

        json_to_stderr()
    logging.getLogger("gridahead").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # every try of a service that failed, without saying why


def main() -> None:
    """Run the console script `gridahead`."""
    guarded(app)


def guarded(call: Callable[[], object]) -> None:
    """Run something for a person: an error of ours is a message and an exit code, not a traceback."""
    try:
        call()
    except errors.GridaheadError as error:
        if not _logged(error):
            err.print("error:", style="bold red", end=" ")
            err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        sys.exit(exit_code(error))
    except Exception as error:
        if not _logged(error, traceback=True):
            err.print_exception()
        sys.exit(BUG)


def _logged(error: Exception, *, traceback: bool = False) -> bool:
    """Whether programs read what is written here: then it is a line of the log as all others."""
    if (logs := sys.modules.get("gridahead.core.logs")) is None or not logs.is_json():
        return False
    logging.getLogger("gridahead").error("%s", error, exc_info=error if traceback else None)
    return True


def exit_code(error: errors.GridaheadError) -> int:
    """Whose fault it is; of several that failed, the first: the others are in the message."""
    if isinstance(error, errors.PartialError):
        return exit_code(next(iter(error.errors.values())))
    return next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind))


if __name__ == "__main__":
    main()
