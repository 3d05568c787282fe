"""The one door to Great Expectations: rules go in, verdicts come out."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gridahead.errors import ContractError
from gridahead.quality.suites import Rule, Severity, Suite

_GX_SEVERITY: dict[Severity, str] = {"stop": "critical", "quarantine": "critical", "flag": "warning"}
_BULKY = ("unexpected_list", "unexpected_index_list", "unexpected_index_query")
"""Parts of a result with one entry a failing row; the verdict has the rows, and the pages show the partial lists."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule held, and the index labels of the rows that failed it."""

    rule: Rule
    success: bool
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """A suite, its verdicts, and the result as Great Expectations gave it, for the Data Docs."""

    suite: Suite
    verdicts: tuple[Verdict, ...]
    result: Any

    @property
    def success(self) -> bool:
        """Whether every rule held."""
        return all(verdict.success for verdict in self.verdicts)


def quiet_context(**options: Any) -> Any:
    """A context of Great Expectations that shows no progress bars and calls nobody."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # The import costs four seconds, which only those pay who inspect.
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # This one sets its own level, to tell of every temporary folder.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(**options)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def expectation_suite(suite: Suite) -> Any:
    """The suite in Great Expectations' own classes."""
    import great_expectations as gx

    expectations = [
        getattr(gx.expectations, rule.expectation)(
            **rule.arguments,
            severity=_GX_SEVERITY[rule.severity],
            description=f"{rule.words} (else {rule.severity}: {rule.name})",
            meta={"rule": rule.name},
        )
        for rule in suite.rules
    ]
    return gx.ExpectationSuite(name=suite.name, expectations=expectations)


class Validator:
    """Judges frames by suites, in memory."""

    def __init__(self) -> None:
        self._frames = quiet_context(mode="ephemeral").data_sources.add_pandas("gridahead")

    def validate(self, suite: Suite, frame: pd.DataFrame) -> Validation:
        """The verdict of every rule of the suite on the frame.

        Raises:
            ContractError: a rule of severity stop failed, or a rule could not be judged; all findings at once.
        """
        asset = self._frames.add_dataframe_asset(suite.name)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        result = batch.validate(expectation_suite(suite), result_format="COMPLETE")
        by_rule = {one.expectation_config.meta["rule"]: one for one in result.results}
        stopped = [rule.words for rule in suite.rules if rule.severity == "stop" and not by_rule[rule.name].success]
        if stopped:
            raise ContractError(suite.name, [f"expected that {words}" for words in stopped])
        return Validation(suite, tuple(_verdict(suite, rule, by_rule[rule.name]) for rule in suite.rules), result)


def _verdict(suite: Suite, rule: Rule, outcome: Any) -> Verdict:
    """What Great Expectations found for one rule; leaves the outcome without its bulky parts."""
    rows = outcome.result.get("unexpected_index_list", ())
    if not outcome.success and not rows:
        raise ContractError(suite.name, [f"rule {rule.name} could not be judged: {outcome.exception_info}"])
    for part in _BULKY:
        outcome.result.pop(part, None)
    return Verdict(rule, bool(outcome.success), tuple(int(row) for row in rows or ()))
