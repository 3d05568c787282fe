"""What the shell offers when TAB is pressed: series, runs, ids, versions and models.

Only the settings file and the names of files are read, without pandas: a shell waits for each answer. Nothing is
offered where nothing can be read, as of a lake in an object store; a completion never is an error. What is offered is
a help, and what is typed is judged by the command.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import typer

from gridahead.core.runs import BACKFILLED, CHALLENGER, CHAMPION, LIVE, REFERENCES, SHADOW, VALIDATION
from gridahead.settings.place import find_settings

NETWORKS = (
    *("rnn", "lstm", "gru", "slstm", "mlstm", "mingru", "minlstm"),
    *("lstm_attention", "transformer", "lstm_each", "gru_each"),
    *("ensemble", "aggregate", "wide_ensemble", "wide_aggregate", "boosted_aggregate", "wide_boosted_aggregate"),
)
"""Known without being declared: `settings.networks` says it too, and takes half a second to import."""
REGRESSIONS = ("ridge", "lightgbm")
NEWEST_DAYS = 14
"""Delivery days whose forecasts are offered, as many as the page has."""

Offer = Callable[[typer.Context, str], list[str]]


def silent(offer: Callable[[typer.Context, str], Iterable[str]]) -> Offer:
    """Those that begin as what is typed, each once; nothing where an offer cannot be made."""

    @wraps(offer)
    def offered(context: typer.Context, incomplete: str) -> list[str]:
        try:
            return [one for one in dict.fromkeys(offer(context, incomplete)) if one.startswith(incomplete)]
        except Exception:  # whatever is broken, the command itself will tell
            return []

    return offered


@silent
def series(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Series of the settings and their covariates, then what the lake holds."""
    settings, home = _settings(context)
    entries = settings.get("series", ())
    named = [entry["series"] for entry in entries]
    for entry in entries:
        named += [*entry.get("past_covariates", ()), *entry.get("future_covariates", ())]
    yield from (name for name in named if not set(name) & set("*?[{"))  # a pattern is the name of none
    for source in settings.get("sources", ()):
        if "zone" in source and "quantity" in source:
            yield f"{source['zone']}/{source['quantity']}"
    for folder in _folders(_place(settings, home, "lake") / "observations"):
        if folder.name.startswith("series="):
            yield _series_of(folder.name.removeprefix("series="))


@silent
def runs(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Runs whose forecasts the lake holds, those of operation first."""
    settings, home = _settings(context)
    yield from (LIVE, BACKFILLED, SHADOW, VALIDATION)
    forecasts = _place(settings, home, "lake") / "forecasts"
    for folder in _folders(forecasts):
        if folder.name.startswith("run="):
            yield unquote(folder.name.removeprefix("run="))
    for file in sorted((forecasts / "recent").glob("*.parquet")):
        yield from _runs_in(file)


@silent
def forecast_ids(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Ids of what was published for the newest days, the newest first."""
    settings, home = _settings(context)
    days = (day for of_series in _folders(_place(settings, home, "published")) for day in _newest(of_series))
    for day in sorted(days, key=lambda folder: folder.name, reverse=True):
        for issue in reversed(_folders(day)):
            manifest = issue / "manifest.json"
            if manifest.is_file():
                yield json.loads(manifest.read_text(encoding="utf-8"))["forecast_id"]


@silent
def versions(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Aliases, and the numbers of the series that is named, or of all, the newest first."""
    settings, home = _settings(context)
    yield from (CHAMPION, CHALLENGER)
    named = context.params.get("series")
    wanted = named.replace("/", ".") if isinstance(named, str) else "*"
    numbers = {int(file.stem) for file in _place(settings, home, "exports").glob(f"{wanted}/[0-9]*.json")}
    yield from map(str, sorted(numbers, reverse=True))


@silent
def networks(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Networks and ensembles: those of the settings, then those that are known without being declared."""
    settings, _ = _settings(context)
    yield from settings.get("models", ())
    yield from settings.get("ensembles", ())
    yield from (shared["name"] for shared in settings.get("shared", ()))
    yield from NETWORKS


@silent
def models(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Whatever a back-test can take: networks, the champion, regressions, references."""
    yield from networks(context, "")
    yield from (CHAMPION, *REGRESSIONS, *REFERENCES)


def _settings(context: typer.Context) -> tuple[Mapping[str, Any], Path]:
    """What the settings file says, unchecked, and the folder that its paths are relative to."""
    file = find_settings(context.params.get("settings"))
    return tomllib.loads(file.read_text(encoding="utf-8")), file.parent


def _place(settings: Mapping[str, Any], home: Path, name: str) -> Path:
    """The folder of `lake`, `published` or `exports`; an address is one that is not there."""
    default = {"exports": "models"}.get(name, name)
    return home / (settings.get(name) or Path(settings["data_folder"]) / default)


def _folders(place: Path) -> list[Path]:
    return sorted(entry for entry in place.iterdir() if entry.is_dir()) if place.is_dir() else []


def _newest(of_series: Path) -> list[Path]:
    """The folders of its newest delivery days."""
    return [day for day in _folders(of_series) if day.name[:4].isdigit()][-NEWEST_DAYS:]


def _runs_in(file: Path) -> Iterator[str]:
    """The first and the last run of a batch by name, from its footer; nearly always they are one."""
    import pyarrow.parquet as pq

    about = pq.read_metadata(file)
    at = about.schema.names.index("run")
    for group in range(about.num_row_groups):
        if (known := about.row_group(group).column(at).statistics) is not None:
            yield from (str(known.min), str(known.max))


def _series_of(slug: str) -> str:
    """`DE/load` of the folder `DE.load`."""
    return "/".join(map(unquote, slug.split(".")))
