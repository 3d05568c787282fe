"""Names of runs, roles of model versions, and references: words that the lake, the registry and the scores share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

LIVE = "live"
"""Forecasts that were published."""
SHADOW = "shadow"
"""Forecasts of the challenger, made beside the published ones and not published."""
VALIDATION = "validation"
"""Forecasts that a fit made of its validation days, by networks that had not learnt them."""
UNLEARNT = (VALIDATION, LIVE, SHADOW)
"""Runs whose forecasts are of days that the version had not learnt."""

PUBLISHED = "published"
"""The model as which successive champions are scored: to its readers they are one service."""

UNCORRECTED = "uncorrected"
"""The same without what people have corrected by hand."""
UNADAPTED = "unadapted"
"""The same as the models answered, before it was adapted to the newest days; without corrections by hand as well."""

_BACKTEST = "backtest/"
HOLDOUT = "backtest/holdout"
"""The back-test of the champions on the days that none of them has learnt from."""

BACKFILLED = "backfilled"
"""Forecasts of delivery days on which none was published in time, made afterwards as of their issue time."""

Rung = Literal["full", "degraded", "previous", "ridge", "official_corrected", "naive", "by_hand"]
"""Which step of the fallback ladder a forecast comes from; what was missing stands beside it."""
FULL: Rung = "full"
"""The model that serves, with complete inputs."""
DEGRADED: Rung = "degraded"
"""The model that serves, without what was missing."""
PREVIOUS: Rung = "previous"
"""The model that served before it."""
RIDGE: Rung = "ridge"
"""The regression that was fitted beside the champion."""
CORRECTED: Rung = "official_corrected"
"""The official forecast without its own recent mean error."""
LAST_WEEK: Rung = "naive"
"""Last week's same hour."""
BY_HAND: Rung = "by_hand"
"""What a person has put in the place of the forecast."""
RUNGS: tuple[Rung, ...] = get_args(Rung)
"""From the top of the ladder to its foot, and what stands beside it."""
RUNG_WORDS: Mapping[str, str] = {
    FULL: "the model that serves, with all inputs",
    DEGRADED: "the model that serves, without all of its inputs",
    PREVIOUS: "the model that served before",
    RIDGE: "the regression beside the champion",
    CORRECTED: "the official forecast, corrected by its recent mean error",
    LAST_WEEK: "last week's same hour",
    BY_HAND: "what a person put in its place",
}
"""What a forecast of each rung is, or what made it: what readers, operators and alerts are told."""
OF_MODELS = frozenset({FULL, DEGRADED, PREVIOUS, RIDGE})
"""Rungs whose forecast a model has made."""

WEIGHTS_DAMAGED, RECORD_DAMAGED = "weights damaged or gone", "its record is damaged"
"""How a forecast of a lower rung says what was wrong with the model above: a repair makes either whole again."""

Role = Literal["champion", "challenger"]
"""What a version of a model does in operation; in the registry it is the version's alias."""
CHAMPION: Role = "champion"
"""The version that serves. Back-tests also take it for the name of a model: whichever version serves now."""
CHALLENGER: Role = "challenger"
"""The version that forecasts along, in the run `shadow`."""
ROLES: tuple[Role, ...] = get_args(Role)

Reference = Literal["official", "official_corrected", "naive"]
"""What scores are compared with, by the name that it has as a model."""
OFFICIAL: Reference = "official"
"""The forecast that the TSO or ISO publishes."""
OFFICIAL_CORRECTED: Reference = "official_corrected"
"""The same without its own recent mean error."""
NAIVE: Reference = "naive"
"""Last week's same hour."""
REFERENCES: tuple[Reference, ...] = get_args(Reference)
REFERENCE_WORDS: Mapping[str, str] = {OFFICIAL: "official", OFFICIAL_CORRECTED: "corrected official", NAIVE: "naive"}
"""What stands before "forecast" in a sentence."""

TAUGHT_BY = "taught_by"
"""What a version and a manifest say of a series that was too new to learn from: how many others have taught it all."""


def backtest_run(name: str) -> str:
    """The run under which the forecasts of a back-test lie in the lake: `backtest/NAME`."""
    return _BACKTEST + name


def is_backtest(run: str) -> bool:
    """Whether a run is a back-test."""
    return run.startswith(_BACKTEST)


def backtest_name(run: str) -> str:
    """The name of a back-test without the prefix of its run; a bare name stays as it is."""
    return run.removeprefix(_BACKTEST)


def maker(model: str, version: str) -> str:
    """Who made a forecast, in words: "gru v3", "ridge of 2026-11-29", "naive", "a person, from gru v3"."""
    if model == BY_HAND:
        return f"a person, from {maker(*(version.split(maxsplit=1) if ' ' in version else (version, '')))}"
    if version.isdigit():
        return f"{model} v{version}"
    is_date = len(version) == len("2026-11-29") and version[:4].isdigit()
    return f"{model} of {version}" if is_date else model if version in ("", "-") else f"{model} {version}"
