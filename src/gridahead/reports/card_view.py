"""What the card of a version shows, from its registration, its figures and its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from gridahead.core.grid import quantity_of
from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED, REFERENCE_WORDS, REFERENCES
from gridahead.core.tables import Promotions
from gridahead.core.units import Unit, power
from gridahead.core.weather_vintages import BOUNDS
from gridahead.evaluation.slices import RELIABILITY, WHOLE
from gridahead.models.base import Forecaster
from gridahead.promotion.measured import Measured, Saving
from gridahead.registry.versions import Registered
from gridahead.reports.model_card import CardView
from gridahead.reports.wording import ahead, p_words, taught_words
from gridahead.settings.model import Settings

if TYPE_CHECKING:
    from gridahead.models.bundle import TrainedModel
    from gridahead.models.network.network import Network

ENOUGH_UNITS = 24
"""A slice with fewer market time units than a day shows nothing."""


def card_view(
    version: Registered,
    measured: Measured | None,
    *,
    savings: Sequence[Saving],
    importance: Mapping[str, float] | None,
    gradients: bytes | None,
    promotions: Promotions,
    settings: Settings,
    bounds: Mapping[str, Mapping[str, float]] = {},
) -> CardView:
    """The card of a version.

    Args:
        version: with its model.
        measured: its figures, among those of other versions perhaps; None without a day to measure.
        savings: of it against the references.
        importance: by input, how much larger the loss is without it [1]; None if it has not been measured.
        gradients: PNG of the gradients of its fit.
        promotions: of its series.
        settings: for the unit and whom to name.
        bounds: by input, the share of what was learnt that stands for a forecast which is not kept, by how it was had.
    """
    own, series = str(version), version.series
    shown, unit = (own, *REFERENCES), settings.unit_of(series)
    shares = figures = pd.DataFrame(columns=["model", "by", "slice", "metric", "value", "unit", "n"])
    if measured is not None:
        shares, figures = (rows[rows["model"].isin(shown)] for rows in (measured.shares, measured.figures))
    return CardView(
        title=f"{quantity_of(series.quantity).title} {series.zone}: {own}",
        summary=_summary(version),
        facts=_facts(version),
        data=_data(version) | _bounded(bounds),
        measured_on=_measured_on(measured),
        figures=figures,
        comparisons=[_saving(saving, unit) for saving in savings],
        own=own,
        unit=unit,
        all_figures=shares[shares["by"] == WHOLE],
        slices=_slices(shares, own),
        reliability=_reliability(shares, own),
        importance=importance,
        how_to_measure=f"gridahead models card {version.version} --series {series}",
        gradients=gradients,
        history=_history(promotions, version),
        attribution=settings.attribution,
    )


def _summary(version: Registered) -> list[str]:
    tags, spec = version.about.tags, version.model.spec
    state = " and ".join(version.about.aliases) or "neither champion nor challenger"
    sentences = [
        f"Quantile forecasts of {spec.series} for one delivery day, {ahead(spec.lead_days)}, as of {spec.deadline}. It "
        f"is {state} now.",
        f"It was trained and judged for forecasts issued {spec.issued_words}, and serves no others.",
    ]
    if version.about.taught_by:
        words = taught_words(version.about.taught_by)
        sentences.append(f"{words[0].upper()}{words[1:]}. Only level and spread are its own.")
    if "outcome_reasons" in tags:
        sentences.append(f"Its trial: {tags['outcome_reasons']}.")
    return sentences


def _facts(version: Registered) -> dict[str, str]:
    model, spec = version.model, version.model.spec
    group = f" (of {version.about.of_group})" if version.about.of_group else ""
    return {
        "Model": _kind(model),
        "Anchor": ", ".join(dict.fromkeys(network.scaler.anchor for network in model.networks)),
        "Weights": _weights(model),
        "Inputs": ", ".join(map(str, spec.inputs)),
        "Context": f"{spec.context_days} days in steps of {spec.mtu}",
        "Issued": f"{spec.deadline}",
        "Quantiles": ", ".join(f"{100 * level:g} %" for level in model.quantiles),
        "Version": f"{version.version}{group}, made {version.about.created_at:%Y-%m-%d %H:%M} UTC",
        "Commit": version.about.tags["git_commit"],
        "Settings": version.about.tags["settings_hash"],
    }


def _data(version: Registered) -> dict[str, str]:
    tags = version.about.tags
    others = f", days of {version.about.taught_by} other series" if version.about.taught_by else ""
    return {
        "Trained on": tags["train_days"] + others,
        "Stopped on days from": tags["validation_days"].partition(" to ")[0],
        "Judged and calibrated on": tags["judged_days"],
        "Learnt until": tags["learnt_until"],
        "Known in training": ", ".join(f"{name} {share:.0%}" for name, share in version.model.known_share.items()),
        "Data hash": tags["data_fingerprint"],
    }


def _bounded(bounds: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """A line on the inputs whose availability is only bounded, if there are any."""
    lines = [
        f"{name}: {share:.0%} {BOUNDS[kind]}" for name, of_input in bounds.items() for kind, share in of_input.items()
    ]
    return {"Availability only bounded": "; ".join(lines)} if lines else {}


def _measured_on(measured: Measured | None) -> str:
    if measured is None:
        return "There is no day yet that it has forecast without having learnt it and that has an outturn."
    days = measured.evidence.days
    return (
        f"{len(days)} days from {days[0]} to {days[-1]}, which nothing had learnt that forecast them: validation days, "
        "as said by networks, weights and calibrations of all other days, and what it has forecast since."
    )


def _saving(saving: Saving, unit: Unit) -> str:
    value, low, high = (power(bound, unit) for bound in saving.crps)
    return (
        f"Against the {REFERENCE_WORDS[saving.reference]} forecast it saves {value} of CRPS ({low} to {high}), "
        f"Diebold–Mariano {p_words(saving.p)}."
    )


def _slices(shares: pd.DataFrame, own: str) -> pd.DataFrame:
    """by, slice, n, crps, mae, bias, coverage of this version, and the MAE of the official forecasts, both."""
    if shares.empty:
        return pd.DataFrame()
    shown = shares[shares["metric"].isin(("crps", "mae", "bias", "coverage_80"))]
    wide = shown.pivot_table(index=["model", "by", "slice"], columns="metric", values="value").reset_index()
    count = shares[(shares["metric"] == "mae") & (shares["model"] == own)][["by", "slice", "n"]]
    ours = wide[wide["model"] == own].drop(columns="model").merge(count, on=["by", "slice"])
    together = ours.rename(columns={"coverage_80": "coverage"})
    for name in (OFFICIAL, OFFICIAL_CORRECTED):
        theirs = wide.loc[wide["model"] == name, ["by", "slice", "mae"]].rename(columns={"mae": name})
        together = together.merge(theirs, on=["by", "slice"], how="left")
    return together[together["n"] >= ENOUGH_UNITS].reset_index(drop=True)


def _reliability(shares: pd.DataFrame, own: str) -> dict[float, float]:
    """Share of outturns below each quantile of this version, by level."""
    rows = shares[(shares["model"] == own) & (shares["by"] == WHOLE)]
    rows = rows[rows["metric"].astype(str).str.startswith(RELIABILITY)]
    return {
        float(metric.removeprefix(RELIABILITY)) / 100: float(value)
        for metric, value in zip(rows["metric"], rows["value"], strict=True)
    }


def _history(promotions: Promotions, version: Registered) -> list[dict[str, str]]:
    """Every time that it got an alias, and why."""
    return [
        {
            "when": f"{row['decided_at']:%Y-%m-%d %H:%M} UTC",
            "alias": row["alias"],
            "by": row["decided_by"],
            "reason": row["reason"],
        }
        for row in promotions[promotions["to_version"] == version.version].to_dict("records")
    ]


def _weights(model: Forecaster) -> str:
    """How many numbers it has learnt, and how many more for windows in which something is missing."""
    ordinary = _count(member for network in model.networks for member in network.members)
    degraded = _count(member for network in model.networks for member in network.degraded)
    return f"{ordinary:,}" + (f", and {degraded:,} that answer where inputs are missing" if degraded else "")


def _count(members: Iterable[Network]) -> int:
    return sum(weights.numel() for member in members for weights in member.parameters())


def _kind(model: Forecaster) -> str:
    """What networks it is made of, with the share of each in a weighted mean."""
    from gridahead.models.ensemble import Ensemble  # with torch, which has been imported where there is a model

    networks = [_network(network) for network in model.networks]
    if not isinstance(model, Ensemble):
        return networks[0]
    rest = 1 - model.official
    weighted = [f"{rest * weight:.2f} of {network}" for weight, network in zip(model.weights, networks, strict=True)]
    if model.official:
        weighted.append(f"{model.official:.2f} of the official forecast and its quantiles")
    return "weighted mean: " + "; ".join(weighted)


def _network(model: TrainedModel) -> str:
    config = model.config
    width = config.hidden if config.encoder_features else config.decoder_hidden
    without = "" if config.encoder_features else ", no encoder"
    return f"{len(model.members)} × {config.cell} of width {width}, {config.decoder} decoder{without}"
