"""The one door to Great Expectations: expectations go in, verdicts come out."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gridahead.errors import ContractError
from gridahead.quality.suites import Expectation, Severity, Suite

_GX_SEVERITY: dict[Severity, str] = {
    "stop": "critical",
    "block": "critical",
    "quarantine": "critical",
    "flag": "warning",
    "pass": "info",
}
_BULKY = ("unexpected_list", "unexpected_index_list", "unexpected_index_query")
"""Parts of a result with one entry a failing row; the verdict has the rows, and the pages show the partial lists."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an expectation held, and the index labels of the rows that failed it."""

    expectation: Expectation
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
        """Whether every expectation held."""
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
        getattr(gx.expectations, one.kind)(
            **one.arguments,
            severity=_GX_SEVERITY[one.severity],
            description=f"{one.words} (else {one.severity}: {one.name})",
            meta={"rule": one.name},
        )
        for one in suite.expectations
    ]
    return gx.ExpectationSuite(name=suite.name, expectations=expectations)


class Validator:
    """Judges frames by suites, in memory."""

    def __init__(self) -> None:
        began = time.perf_counter()
        self._frames = quiet_context(mode="ephemeral").data_sources.add_pandas("gridahead")
        self.seconds = time.perf_counter() - began
        """What Great Expectations has cost so far."""

    def validate(self, suite: Suite, frame: pd.DataFrame) -> Validation:
        """The verdict of every expectation of the suite on the frame.

        Raises:
            ContractError: one of severity stop failed, or one could not be judged; all findings at once.
        """
        began = time.perf_counter()
        asset = self._frames.add_dataframe_asset(suite.name)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        result = batch.validate(expectation_suite(suite), result_format="COMPLETE")
        self.seconds += time.perf_counter() - began
        outcomes = {one.expectation_config.meta["rule"]: one for one in result.results}
        stopped = [one.words for one in suite.expectations if one.severity == "stop" and not outcomes[one.name].success]
        if stopped:
            raise ContractError(suite.name, [f"expected that {words}" for words in stopped])
        return Validation(suite, tuple(_verdict(suite, one, outcomes[one.name]) for one in suite.expectations), result)


def _verdict(suite: Suite, expectation: Expectation, outcome: Any) -> Verdict:
    """What Great Expectations found for one expectation; leaves the outcome without its bulky parts."""
    rows = outcome.result.get("unexpected_index_list", ())
    if not outcome.success and not rows:
        raise ContractError(suite.name, [f"{expectation.name} could not be judged: {outcome.exception_info}"])
    for part in _BULKY:
        outcome.result.pop(part, None)
    return Verdict(expectation, bool(outcome.success), tuple(int(row) for row in rows or ()))
