"""The card of a version: gathered from the registry and the lake, kept as a page and as an artifact of its run.

Every training ends with the cards of its candidates, on figures that are gathered once for all of them. What inputs
matter takes many forecasts, and is measured when somebody asks for a card.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.features.windows import Windows, build_windows
from gridahead.grid import Series, quantity_of
from gridahead.models.bundle import TrainedModel
from gridahead.models.ensemble import Model
from gridahead.models.importance import permutation_importance
from gridahead.pipeline.compare import scores_of
from gridahead.pipeline.evidence import Evidence, gather
from gridahead.pipeline.workspace import Workspace, reading_window
from gridahead.scoring.bootstrap import bootstrap_difference
from gridahead.scoring.breakdown import breakdown
from gridahead.scoring.evaluate import OFFICIAL, OFFICIAL_CORRECTED, REFERENCE_WORDS, REFERENCES
from gridahead.scoring.significance import diebold_mariano, p_words
from gridahead.serving.card import CardView, render_card
from gridahead.timeline import days_between
from gridahead.training.isolated import one_thread
from gridahead.training.tracking import GRADIENTS
from gridahead.training.versions import Registered, Version
from gridahead.units import PowerUnit, power
from gridahead.whole_files import write_whole

log = logging.getLogger(__name__)

ARTIFACT = "card.html"
ENOUGH_UNITS = 24
"""A slice with fewer market time units than a day tells nothing."""
IMPORTANCE_DAYS = 90
_DRAWING = threading.Lock()
"""Series are trained side by side in threads, and matplotlib's style is one for all of them."""


@dataclass(frozen=True, eq=False)
class _Measured:
    """Evidence of one version or several, and what is calculated from it."""

    evidence: Evidence
    figures: pd.DataFrame
    """A row a model, as `compare.scores_of` gives them."""
    shares: pd.DataFrame
    """A row a model, slice and metric, as `breakdown` gives them."""


def card(workspace: Workspace, series: Series, number: str) -> Path:
    """Write the whole card of a version, by its number or alias; gives the page.

    Raises:
        ModelError: there is no such version.
        LakeError: the lake does not have the series.
    """
    one_thread()
    found = workspace.registry.load(workspace.registry.version(series, number))
    importance = permutation_importance(found.model, _judging_windows(workspace, found))
    return _keep(workspace, found, _measure(workspace, series, [found.about]), importance)


def cards(workspace: Workspace, fitted: Sequence[Registered]) -> dict[str, Path]:
    """Write the cards of new versions of one series, without the importance of inputs; gives the pages by version.

    What goes wrong here is said and costs a card: the models are registered and stay so.
    """
    pages: dict[str, Path] = {}
    if not fitted:
        return pages
    series = fitted[0].series
    try:
        with _DRAWING:
            measured = _measure(workspace, series, [one.about for one in fitted])
            for one in fitted:
                judged = replace(one, about=workspace.registry.version(series, one.version))  # with the gate's verdict
                pages[one.version] = _keep(workspace, judged, measured, None)
    except Exception as error:
        missing = ", ".join(str(one) for one in fitted if one.version not in pages)
        log.warning(
            "%s: no card of %s could be written, the models themselves are kept (%s: %s). "
            "`gridahead models card VERSION --series %s` tries again",
            series, missing, type(error).__name__, error, series,
        )  # fmt: skip
    return pages


def _measure(workspace: Workspace, series: Series, versions: Sequence[Version]) -> _Measured | None:
    """What can be said of versions on the days that all of them have; None without such a day."""
    evidence = gather(workspace, series, versions)
    if evidence is None:
        return None
    zone = workspace.settings.zone(series.zone)
    shares = breakdown(evidence.forecasts, evidence.outturn, zone, temperature=evidence.temperature)
    return _Measured(evidence, scores_of(evidence), shares)


def _keep(
    workspace: Workspace, found: Registered, measured: _Measured | None, importance: Mapping[str, float] | None
) -> Path:
    """Write the page, and keep it with the run of the fit."""
    page = workspace.settings.published_folder / "cards" / f"{found.series.slug}-v{found.version}.html"
    content = render_card(_view(workspace, found, measured, importance))
    write_whole(page, content.encode())
    workspace.tracking.keep_text(found.run_id, ARTIFACT, content)
    return page


def _view(
    workspace: Workspace, found: Registered, measured: _Measured | None, importance: Mapping[str, float] | None
) -> CardView:
    own, series = str(found), found.series
    shown, unit = (own, *REFERENCES), workspace.settings.unit_of(series)
    shares = figures = pd.DataFrame(columns=["model", "by", "slice", "metric", "value", "unit", "n"])
    if measured is not None:
        shares, figures = (rows[rows["model"].isin(shown)] for rows in (measured.shares, measured.figures))
    gradients = workspace.tracking.file(found.run_id, GRADIENTS)
    return CardView(
        title=f"{quantity_of(series.quantity).title} {series.zone}: {own}",
        summary=_summary(found),
        facts=_facts(found),
        data=_data(found),
        measured_on=_measured_on(measured),
        figures=figures,
        comparisons=[] if measured is None else _against_references(measured.evidence, own, unit),
        own=own,
        unit=unit,
        all_figures=shares[shares["by"] == "all"],
        slices=_slices(shares, own),
        reliability=_reliability(shares, own),
        importance=importance,
        how_to_measure=f"gridahead models card {found.version} --series {series}",
        gradients=None if gradients is None else gradients.read_bytes(),
        history=_history(workspace, found),
        attribution=workspace.settings.attribution,
    )


def _summary(found: Registered) -> list[str]:
    tags, spec = found.about.tags, found.model.spec
    state = " and ".join(found.about.aliases) or "neither champion nor challenger"
    told = [
        f"Quantile forecasts of {spec.series} for the next delivery day, as of {spec.deadline}. It is {state} now.",
    ]
    if "verdict_reasons" in tags:
        told.append(f"The gate: {tags['verdict_reasons']}.")
    return told


def _facts(found: Registered) -> dict[str, str]:
    model, spec = found.model, found.model.spec
    return {
        "Model": _kind(model),
        "Anchor": ", ".join(dict.fromkeys(one.scaler.anchor for one in _networks(model))),
        "Weights": f"{sum(p.numel() for one in _networks(model) for m in one.members for p in m.parameters()):,}",
        "Inputs": ", ".join(map(str, spec.inputs)),
        "Context": f"{spec.context_days} days in steps of {spec.mtu}",
        "Issued": f"{spec.deadline}",
        "Quantiles": ", ".join(f"{100 * level:g} %" for level in model.quantiles),
        "Version": f"{found.version}, made {found.about.created_at:%Y-%m-%d %H:%M} UTC",
        "Commit": found.about.tags["git_commit"],
        "Settings": found.about.tags["settings_hash"],
    }


def _data(found: Registered) -> dict[str, str]:
    tags, known = found.about.tags, found.model.known
    return {
        "Trained on": tags["train_days"],
        "Stopped on days from": tags["validation_days"].partition(" to ")[0],
        "Judged and calibrated on": tags["judged_days"],
        "Learnt until": tags["learnt_until"],
        "Known in training": ", ".join(f"{name} {share:.0%}" for name, share in known.items()),
        "Data hash": tags["data_fingerprint"],
    }


def _measured_on(measured: _Measured | None) -> str:
    if measured is None:
        return "There is no day yet that it has forecast without having learnt it and that has an outturn."
    days = measured.evidence.days
    return (
        f"{len(days)} days from {days[0]} to {days[-1]}, which nothing had learnt that forecast them: validation days, "
        "as said by networks, weights and calibrations of all other days, and what it has forecast since."
    )


def _against_references(evidence: Evidence, own: str, unit: PowerUnit) -> list[str]:
    losses = evidence.losses.pivot_table(index="day", columns="model", values="crps")
    told = []
    for reference in REFERENCES:
        if reference in losses:
            # A reference lacks days on which its publisher was silent.
            both = losses[[reference, own]].dropna()
            saved = bootstrap_difference(both[reference], both[own])
            told.append(
                f"Against the {REFERENCE_WORDS[reference]} forecast it saves {power(saved.value, unit)} of CRPS "
                f"({power(saved.low, unit)} to {power(saved.high, unit)}), Diebold–Mariano "
                f"{p_words(diebold_mariano(both[own], both[reference]).p)}."
            )
    return told


def _slices(shares: pd.DataFrame, own: str) -> pd.DataFrame:
    """by, slice, n, crps, mae, bias, coverage of this version, and the MAE of the official forecasts, both."""
    if shares.empty:
        return pd.DataFrame()
    wanted = shares[shares["metric"].isin(("crps", "mae", "bias", "coverage_80"))]
    wide = wanted.pivot_table(index=["model", "by", "slice"], columns="metric", values="value").reset_index()
    count = shares[(shares["metric"] == "mae") & (shares["model"] == own)][["by", "slice", "n"]]
    ours = wide[wide["model"] == own].drop(columns="model").merge(count, on=["by", "slice"])
    together = ours.rename(columns={"coverage_80": "coverage"})
    for name in (OFFICIAL, OFFICIAL_CORRECTED):
        theirs = wide.loc[wide["model"] == name, ["by", "slice", "mae"]].rename(columns={"mae": name})
        together = together.merge(theirs, on=["by", "slice"], how="left")
    return together[together["n"] >= ENOUGH_UNITS].reset_index(drop=True)


def _reliability(shares: pd.DataFrame, own: str) -> dict[float, float]:
    """Share of outturns below each quantile of this version, by level."""
    rows = shares[(shares["model"] == own) & (shares["by"] == "all")]
    rows = rows[rows["metric"].astype(str).str.startswith("reliability_")]
    return {
        float(metric.removeprefix("reliability_")) / 100: float(value)
        for metric, value in zip(rows["metric"], rows["value"], strict=True)
    }


def _judging_windows(workspace: Workspace, found: Registered) -> Windows:
    """The newest days on which it was judged."""
    spec, last = found.model.spec, found.about.last_day_seen
    first = last - dt.timedelta(days=IMPORTANCE_DAYS - 1)
    observations = workspace.lake.read_vintages(*spec.inputs, window=reading_window(spec, first, last))
    windows = build_windows(observations, spec, days_between(first, last))
    return windows.where(np.any(windows.delivery & ~np.isnan(windows.target), axis=1))


def _history(workspace: Workspace, found: Registered) -> list[dict[str, str]]:
    rows = workspace.lake.read_promotions(found.series)
    return [
        {
            "when": f"{row['decided_at']:%Y-%m-%d %H:%M} UTC",
            "alias": row["alias"],
            "by": row["decided_by"],
            "reason": row["reason"],
        }
        for row in rows[rows["to_version"] == found.version].to_dict("records")
    ]


def _networks(model: Model) -> tuple[TrainedModel, ...]:
    return (model,) if isinstance(model, TrainedModel) else model.models


def _kind(model: Model) -> str:
    parts = [_network(one) for one in _networks(model)]
    if isinstance(model, TrainedModel):
        return parts[0]
    rest = 1 - model.official
    weighted = [f"{rest * weight:.2f} of {part}" for weight, part in zip(model.weights, parts, strict=True)]
    if model.official:
        weighted.append(f"{model.official:.2f} of the official forecast and its quantiles")
    return "weighted mean: " + "; ".join(weighted)


def _network(model: TrainedModel) -> str:
    config = model.config
    width = config.hidden if config.encoder_features else config.decoder_hidden
    without = "" if config.encoder_features else ", no encoder"
    return f"{len(model.members)} × {config.cell} of width {width}, {config.decoder} decoder{without}"
