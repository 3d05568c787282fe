"""Models: which version serves a series, what else there is, on what evidence it was decided, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gridahead.core.units import Unit
from gridahead.evaluation.catalogue import FIGURES, POWERS
from gridahead.reading.models import ModelsOf
from gridahead.registry.versions import Version
from gridahead.reports import wording
from gridahead.reports.wording import NOTHING, Scale, percent
from gridahead.web import render
from gridahead.web.files import PUBLISHED, folders
from gridahead.web.quality_pages import title_of
from gridahead.web.share import Share
from gridahead.workspace import Workspace

ROLES = {
    "champion": "makes the forecasts that are published",
    "challenger": "forecasts along, and is compared",
    "previous": "served before; steps in where the champion cannot",
}
HOW = {
    "first": "nothing served before",
    "trial": "by its figures",
    "refresh": "the same, trained again",
    "person": "a person decided",
    "rollback": "back to the one before",
    "mlflow": "set in MLflow",
}

MOST_DECISIONS = 50
"""The newest: a model that is refreshed every week has a year of them."""


def models_page(workspace: Workspace, found: Sequence[ModelsOf], reader: str = "") -> bytes:
    """Every series with what serves it.

    Args:
        workspace: whose.
        found: of each series of the settings.
        reader: who has signed in.
    """
    return render.page(
        "models.html.j2", depth=0, room="models", reader=reader, rows=[_line(workspace, one) for one in found]
    )


def model_page(share: Share, models: ModelsOf, reader: str = "") -> bytes:
    """The models of one series.

    Args:
        share: what may be shown.
        models: of the series.
        reader: who has signed in.
    """
    workspace = share.workspace
    timezone = workspace.settings.zone(models.series.zone).timezone
    unit = workspace.settings.unit_wanted(models.series)
    roles = {number: role for role, number in models.roles.items()}
    return render.page(
        "model.html.j2",
        depth=2,
        room="models",
        reader=reader,
        series=models.series,
        title=title_of(models.series),
        holders=[_holder(share, models, role, words) for role, words in ROLES.items() if role in models.roles],
        versions=[_version(share, version, roles, timezone, unit) for version in models.versions],
        scores=_scores(models, roles, unit),
        decisions=[_decision(row, timezone) for row in models.decisions.head(MOST_DECISIONS).to_dict("records")],
    )


def _line(workspace: Workspace, models: ModelsOf) -> dict[str, Any]:
    """A series in the list of all."""
    timezone = workspace.settings.zone(models.series.zone).timezone
    by_number = {version.number: version for version in models.versions}
    champion = by_number.get(models.roles.get("champion", ""))
    challenger = by_number.get(models.roles.get("challenger", ""))
    last = models.decisions.head(1).to_dict("records")
    return {
        "series": str(models.series),
        "title": title_of(models.series),
        "champion": champion and str(champion),
        "learnt": champion and _tag(champion, "learnt_until"),
        "challenger": challenger and str(challenger),
        "versions": len(models.versions),
        "error": champion and _validated(champion, workspace.settings.unit_wanted(models.series)),
        "decision": _decision(last[0], timezone) if last else None,
    }


def _holder(share: Share, models: ModelsOf, role: str, words: str) -> dict[str, Any]:
    """Who has a role, with what speaks for it."""
    number = models.roles[role]
    version = next((one for one in models.versions if one.number == number), None)
    return {
        "role": role,
        "words": words,
        "name": str(version) if version else f"version {number}",
        "learnt": _tag(version, "learnt_until") if version else "",
        "card": _card(share, version) if version else None,
        "score": _shown_of(models, number, "mae", share.workspace.settings.unit_wanted(models.series)),
    }


def _version(
    share: Share, version: Version, roles: Mapping[str, str], timezone: str, unit: Unit | None
) -> dict[str, Any]:
    """A version in the table of all."""
    return {
        "number": version.number,
        "model": version.model,
        "role": roles.get(version.number, ""),
        "made": wording.moment(version.created_at.tz_convert(timezone)),
        "train": _tag(version, "train_days"),
        "learnt": _tag(version, "learnt_until"),
        "mae": _validated(version, unit),
        "card": _card(share, version),
    }


def _validated(version: Version, unit: Unit | None) -> str:
    """The error on its own validation days."""
    error = version.validation.get("validation_mae")
    return NOTHING if error is None else Scale.of(error, unit).text(error)


def _scores(models: ModelsOf, roles: Mapping[str, str], unit: Unit | None) -> dict[str, Any] | None:
    """Metrics as rows, versions as columns, each with its interval; None where nothing has been compared."""
    if models.scores.empty:
        return None
    order = [models.roles[role] for role in ROLES if role in models.roles]
    versions = [str(name) for name in models.scores["version"].unique()]
    versions.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    metrics = [str(name) for name in models.scores["metric"].unique()]
    return {
        "headings": [("", 1), *((_named(version, roles), 0) for version in versions)],
        "rows": [
            (title_of_metric(metric), [_shown_of(models, version, metric, unit) for version in versions])
            for metric in metrics
        ],
        "n": int(models.scores["n"].max()),
    }


def _shown_of(models: ModelsOf, version: str, metric: str, unit: Unit | None) -> dict[str, str] | None:
    """A score with its interval, in words; None where there is none."""
    rows = models.scores[(models.scores["version"] == version) & (models.scores["metric"] == metric)]
    if rows.empty:
        return None
    row = rows.iloc[0]
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if metric in POWERS:
        scale = Scale.of(abs(value), unit)
        text, bounds = scale.text(value), (scale.number(low), scale.number(high))
    elif metric in FIGURES and not FIGURES[metric].percent:
        text, bounds = wording.number(value, 2), (wording.number(low, 2), wording.number(high, 2))
    else:
        text, bounds = percent(value, 1), (percent(low, 1), percent(high, 1))
    return {"value": text, "interval": "" if pd.isna(low) or pd.isna(high) else f"{bounds[0]} to {bounds[1]}"}


def title_of_metric(name: str) -> str:
    """What a metric is called where people read."""
    return FIGURES[name].title if name in FIGURES else wording.words(name)


def _named(version: str, roles: Mapping[str, str]) -> str:
    number = f"v{version}" if version.isdigit() else wording.words(version)
    return f"{number}, {roles[version]}" if version in roles else number


def _decision(row: Mapping[Any, Any], timezone: str) -> dict[str, str]:
    """A decision in words."""
    before = f"v{row['from_version']}" if row["from_version"] else "nobody"
    return {
        "at": wording.moment(pd.Timestamp(row["decided_at"]).tz_convert(timezone)),
        "what": f"{row['alias']}: {before} → v{row['to_version']}" if row["to_version"] else f"{row['alias']}: nobody",
        "how": HOW.get(str(row["how"]), str(row["how"])),
        "why": str(row["reason"]),
        "by": str(row["decided_by"]),
    }


def _tag(version: Version, name: str) -> str:
    return str(version.tags.get(name, NOTHING))


def _card(share: Share, version: Version) -> str | None:
    """Where the card of a version is, below the first page; None where none was written, or it may not be read."""
    name = f"cards/{version.series.slug}-v{version.number}.html"
    is_there = share.gives(PUBLISHED, name) and folders(share.workspace.settings)[PUBLISHED].exists(name)
    return f"{PUBLISHED}/{name}" if is_there else None
