"""How good what was published has been, and which models there are, as answers."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.units import Unit, per
from gridahead.reading.models import ModelsOf, models_of
from gridahead.reading.record import Adaptation, Record, live_record
from gridahead.web.api.answers import Answer
from gridahead.web.api.forecasts import json_answer, written
from gridahead.web.api.models import (
    AdaptationSaid,
    DaySaid,
    DecisionSaid,
    EvidenceSaid,
    ModelsSaid,
    ScoresSaid,
    SkillSaid,
    VersionSaid,
)
from gridahead.web.api.parameters import ScoresQuery, unit_for
from gridahead.workspace import Workspace


def scores_answer(workspace: Workspace, series: Series, query: ScoresQuery) -> Answer:
    """The record of the last days.

    Raises:
        LakeError: the lake cannot be read.
    """
    unit = unit_for(workspace.settings, series, query.unit)
    record = live_record(workspace, series, query.days)
    return json_answer(_nothing(series, unit) if record is None else _scores_said(series, record, unit))


def _nothing(series: Series, unit: Unit) -> ScoresSaid:
    return ScoresSaid(
        series=str(series),
        unit=unit,
        start=None,
        end=None,
        n=0,
        enough=False,
        mae=None,
        coverage=None,
        coverage_interval=None,
        adaptation=None,
        against=[],
        daily=[],
    )


def _scores_said(series: Series, record: Record, unit: Unit) -> ScoresSaid:
    against = [
        SkillSaid(
            reference=one.reference,
            mae=per(one.mae, unit),
            skill=number(one.skill),
            interval=_interval(one.interval),
            n=one.n,
        )
        for one in record.against
    ]
    return ScoresSaid(
        series=str(series),
        unit=unit,
        start=written(record.start),
        end=written(record.end),
        n=record.n,
        enough=record.enough,
        mae=per(record.mae, unit),
        coverage=number(record.coverage),
        coverage_interval=_interval(record.coverage_interval),
        adaptation=None if record.adaptation is None else _adaptation_said(record.adaptation, unit),
        against=against,
        daily=[_day_said(row, unit) for row in record.daily.to_dict("records")],
    )


def _adaptation_said(found: Adaptation, unit: Unit) -> AdaptationSaid:
    return AdaptationSaid(
        coverage=number(found.coverage),
        coverage_before=number(found.coverage_before),
        crps=per(found.crps, unit),
        crps_before=per(found.crps_before, unit),
    )


def _day_said(row: Mapping[Hashable, Any], unit: Unit) -> DaySaid:
    mae, official = (number(row.get(name), unit) for name in ("mae", "official_mae"))
    return DaySaid(day=row["day"], mae=mae, official_mae=official, coverage=number(row.get("coverage")))


def number(value: Any, unit: Unit = "MW") -> float | None:
    """A number of a table in a unit; None where it has none."""
    return None if value is None or not math.isfinite(value) else float(per(float(value), unit))


def _interval(ends: tuple[float, float]) -> tuple[float, float] | None:
    return ends if all(map(math.isfinite, ends)) else None


def models_answer(workspace: Workspace, series: Series) -> Answer:
    """Versions, their roles and scores, and how it was decided.

    Raises:
        LakeError, ModelError: exports or lake cannot be read.
    """
    found = models_of(workspace, series)
    versions = [
        VersionSaid(
            version=version.number,
            model=version.model,
            roles=[role for role, number in found.roles.items() if number == version.number],
            made_at=str(written(version.created_at)),
            learnt_until=version.last_day_learnt,
        )
        for version in found.versions
    ]
    return json_answer(
        ModelsSaid(series=str(series), versions=versions, scores=_evidence(found), decisions=_decisions(found))
    )


def _evidence(found: ModelsOf) -> list[EvidenceSaid]:
    return [
        EvidenceSaid(
            version=str(row["version"]),
            metric=str(row["metric"]),
            n=None if pd.isna(row["n"]) else int(row["n"]),
            **{name: number(row[name]) for name in ("value", "low", "high")},
        )
        for row in found.scores.to_dict("records")
    ]


def _decisions(found: ModelsOf) -> list[DecisionSaid]:
    return [
        DecisionSaid(
            decided_at=str(written(row["decided_at"])),
            role=row["alias"],
            **{name: str(row[name]) for name in ("how", "from_version", "to_version", "reason", "decided_by")},
        )
        for row in found.decisions.to_dict("records")
    ]
