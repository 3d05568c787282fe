"""Log lines: text for people, or an object of JSON a line for programs, with what the work was about.

Whoever works on a series says so once, with `logged`; every line that is written meanwhile has it. Values of the
environment that are secrets by their names are struck out of every line, whoever wrote them into it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

if TYPE_CHECKING:  # a command that only explains itself does without
    import pandas as pd

Format = Literal["text", "json"]
VARIABLE = "GRIDAHEAD_LOG"
"""Of the environment: `json` or `text` counts before the settings."""
FLOW_RUN = "PREFECT__FLOW_RUN_ID"
"""How a worker of Prefect tells the process of a flow run which one it is."""
OURS = "gridahead"
FIELDS = ("run", "series", "issue_time")
STRUCK_OUT = "***"
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|AUTH|CREDENTIAL|API_KEY|ACCESS_KEY|_KEY$", re.IGNORECASE)
_SHORT = 6
"""Shorter values are parts of ordinary words."""
_IN_ADDRESS = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(@)")
_RUN = os.environ.get(FLOW_RUN) or uuid4().hex[:12]
_known: ContextVar[Mapping[str, str]] = ContextVar("known")


@contextmanager
def logged(*, series: object = None, issue_time: pd.Timestamp | None = None, run: object = None) -> Iterator[None]:
    """Give every line that is written meanwhile, in this thread, what it is about.

    Args:
        series: on which the work is.
        issue_time: of the forecast.
        run: identity of the run; of the flow run or of the process unless given.
    """
    said = {"series": series, "issue_time": None if issue_time is None else issue_time.isoformat(), "run": run}
    token = _known.set({**_known.get({}), **{name: str(value) for name, value in said.items() if value is not None}})
    try:
        yield
    finally:
        _known.reset(token)


class JsonLines(logging.Formatter):
    """Writes a line as an object: time (UTC), level, logger, message, run, series and issue time where known, error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "run": _RUN,
            **_known.get({}),
        }
        line |= {name: str(getattr(record, name)) for name in FIELDS if getattr(record, name, None) is not None}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, default=str, ensure_ascii=False))


class TextLines(logging.Formatter):
    """Writes a line for people, with its time, in a file."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return without_secrets(super().format(record))


def without_secrets(text: str) -> str:
    """The text without values of the environment that are secrets by their names, and passwords in addresses."""
    for name, value in os.environ.items():
        if len(value) >= _SHORT and _SECRET.search(name) and not Path(value).exists():
            text = text.replace(value, STRUCK_OUT)
    return _IN_ADDRESS.sub(rf"\1{STRUCK_OUT}\2", text)


def format_of(chosen: Format = "text") -> Format:
    """How lines are written: as the environment says, or else as chosen."""
    said = os.environ.get(VARIABLE, "").lower()
    return "json" if said == "json" else "text" if said == "text" else chosen


def write_logs(chosen: Format, level: str, file: Path | None = None, max_bytes: int = 0, keep: int = 0) -> None:
    """Let lines be written so from now on, by the loggers of this process and of whoever runs us.

    Args:
        chosen: how; $GRIDAHEAD_LOG counts before it.
        level: from which on; whoever asked for more with --verbose gets it.
        file: has them as well.
        max_bytes: at which size it is renamed.
        keep: how many of the renamed stay.
    """
    as_json = format_of(chosen) == "json"
    ours = logging.getLogger(OURS)
    if logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        ours.setLevel(level)
    if as_json:
        json_to_stderr()
    for handler in [one for one in ours.handlers if isinstance(one, RotatingFileHandler)]:
        ours.removeHandler(handler)
        handler.close()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=max_bytes, backupCount=keep, encoding="utf-8", delay=True)
        handler.setFormatter(JsonLines() if as_json else TextLines())
        ours.addHandler(handler)


def json_to_stderr() -> None:
    """Let everything that is written to a terminal or the output of a process be objects of JSON."""
    names = ["", *(name for name, it in logging.root.manager.loggerDict.items() if isinstance(it, logging.Logger))]
    for logger in map(logging.getLogger, names):
        terminals = [one for one in logger.handlers if _is_terminal(one)]
        for one in terminals:
            logger.removeHandler(one)
        if terminals or not logger.name:
            logger.addHandler(_json_handler())


def is_json() -> bool:
    """Whether lines are objects of JSON."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)


def _is_terminal(handler: logging.Handler) -> bool:
    """Whether a handler writes for people: a stream that is no file, or a console of Rich."""
    is_stream = isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler)
    return is_stream or hasattr(handler, "console")


def _json_handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    return handler
