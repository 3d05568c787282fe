"""The rules of the quality gate with the functions that measure them, and what follows when one fails.

The rules themselves are declared in `settings.quality_rules`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import numpy as np

from gridahead.core.grid import CAPACITY_SUFFIX, PRICE, QUANTITIES
from gridahead.quality import measures, whole_series
from gridahead.quality.measures.base import MEASURES
from gridahead.quality.whole_series.fault import CHECKS
from gridahead.settings.gates import QualitySettings
from gridahead.settings.quality_rules import RULES, Rule, Severity

CERTAIN = 2.0
"""Times a learnt limit, from which on a value is withheld: the strangest hours of a year pass it by less, faults by
far. A false quarantine costs a model its peaks, a false flag a few hours of training."""

# A module of measures is known without another line: it registers its functions when it is imported.
for _package in (measures, whole_series):
    for _module in iter_modules(_package.__path__, f"{_package.__name__}."):
        import_module(_module.name)

MEASURED_RULES = tuple(rule for rule in RULES if rule.name in MEASURES)
"""Rules on the values or the days of one series."""
WHOLE_SERIES_RULES = tuple(rule for rule in RULES if rule.name in CHECKS)
"""Rules on faults that run through a whole series."""


def _default_for(rule: Rule, quantity: str) -> Severity:
    """What follows when a rule fails for a quantity, where the settings say nothing."""
    if quantity.endswith(CAPACITY_SUFFIX):
        return rule.installed
    if quantity == PRICE:
        return rule.prices or rule.covariates or rule.severity
    return rule.covariates if rule.covariates and quantity not in QUANTITIES else rule.severity


def severity_for(rule: Rule, quantity: str, settings: QualitySettings, ratio: float = np.inf) -> Severity:
    """What follows when a rule fails: as set for the quantity, else for the rule, else its default.

    Args:
        rule: the rule.
        quantity: the code of the quantity.
        settings: severities.
        ratio: how many times its limit the measured figure is. By default only what is certain is withheld.
    """
    default = _default_for(rule, quantity)
    if rule.learnt and default == "quarantine" and ratio < CERTAIN:
        default = "flag"
    return settings.quantities.get(quantity, {}).get(rule.name, settings.severity.get(rule.name, default))
