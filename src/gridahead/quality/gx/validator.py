"""The one door to Great Expectations: a suite and a frame go in, the rows that failed come out."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pandas as pd

from gridahead.core.errors import ContractError
from gridahead.quality.gx.suites import Expectation, Suite


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """Whether an expectation held, and the index labels of the rows that failed it."""

    expectation: Expectation
    success: bool
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """A suite, and what came of each of its expectations on a frame."""

    suite: Suite
    results: tuple[ExpectationResult, ...]
    lines: int
    """How many lines the frame has."""

    @property
    def success(self) -> bool:
        """Whether every expectation held."""
        return all(result.success for result in self.results)


def merged(suite_results: Iterable[SuiteResult]) -> tuple[SuiteResult, ...]:
    """One result a suite of what it gave on several frames; the rows that failed are those of their own frames."""
    by_suite = defaultdict[str, list[SuiteResult]](list)
    for one in suite_results:
        by_suite[one.suite.name].append(one)
    return tuple(_as_one(name, of_suite) for name, of_suite in by_suite.items())


def _as_one(name: str, of_suite: list[SuiteResult]) -> SuiteResult:
    by_name = defaultdict[str, list[ExpectationResult]](list)
    for result in (result for one in of_suite for result in one.results):
        by_name[result.expectation.name].append(result)
    results = tuple(
        ExpectationResult(
            each[0].expectation, all(one.success for one in each), tuple(row for one in each for row in one.rows)
        )
        for each in by_name.values()
    )
    suite = Suite(name, tuple(result.expectation for result in results))
    return SuiteResult(suite, results, sum(one.lines for one in of_suite))


_TURNS = threading.RLock()
_LOG = "great_expectations.data_context.types.base"
"""This logger sets its own level, and would log every temporary folder."""


@contextmanager
def great_expectations(own: Any = None) -> Iterator[ModuleType]:
    """Great Expectations, quiet, whose context and log are those of before afterwards.

    It has one context for the whole process, so threads that inspect take turns.

    Args:
        own: the context that it has inside, if there is one already.
    """
    # The import costs four seconds, which only those pay who inspect.
    import great_expectations as gx
    from great_expectations.data_context.data_context.context_factory import project_manager
    from great_expectations.exceptions.exceptions import DataContextRequiredError

    log = logging.getLogger(_LOG)
    with _TURNS:
        try:
            before = project_manager.get_current_project()
        except DataContextRequiredError:
            before = None
        level = log.level
        log.setLevel(logging.WARNING)
        try:
            if own is not None:
                project_manager.set_project(own)
            yield gx
        finally:
            log.setLevel(level)
            project_manager.set_project(before)


def _own_context(gx: ModuleType) -> Any:
    """A context in memory that shows no progress bars and calls nobody."""
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.enable_analytics(False)
    return context


def _expectation_suite(gx: ModuleType, suite: Suite) -> Any:
    """The suite in Great Expectations' own classes."""
    expectations = [
        getattr(gx.expectations, expectation.kind)(**expectation.arguments, meta={"rule": expectation.name})
        for expectation in suite.expectations
    ]
    return gx.ExpectationSuite(name=suite.name, expectations=expectations)


class Validator:
    """Checks frames by suites, in memory."""

    def __init__(self) -> None:
        began = time.perf_counter()
        with great_expectations() as gx:
            self._context = _own_context(gx)
            self._frames = self._context.data_sources.add_pandas("gridahead")
        self.seconds = time.perf_counter() - began
        """What Great Expectations has cost so far."""

    def validate(self, suite: Suite, frame: pd.DataFrame) -> SuiteResult:
        """What came of every expectation of the suite on the frame.

        Raises:
            ContractError: an expectation that stops everything failed, or one could not be checked; all findings at
                once.
        """
        began = time.perf_counter()
        with great_expectations(self._context) as gx:
            asset = self._frames.add_dataframe_asset(suite.name)
            batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
            gx_result = batch.validate(_expectation_suite(gx, suite), result_format="COMPLETE")
        self.seconds += time.perf_counter() - began
        by_name = {outcome.expectation_config.meta["rule"]: outcome for outcome in gx_result.results}
        stopped = [
            expectation.words
            for expectation in suite.expectations
            if expectation.on_failure == "stop" and not by_name[expectation.name].success
        ]
        if stopped:
            raise ContractError(suite.name, [f"expected that {words}" for words in stopped])
        results = tuple(_result(suite, expectation, by_name[expectation.name]) for expectation in suite.expectations)
        return SuiteResult(suite, results, len(frame))

    def close(self) -> None:
        """Let go of everything that was looked at.

        Great Expectations' objects hold each other and the frames that they have seen. Python looks for such circles
        after it has made many objects, not after large ones: without looking here, the frames of several inspections
        stay.
        """
        del self._context, self._frames
        gc.collect()


def _result(suite: Suite, expectation: Expectation, outcome: Any) -> ExpectationResult:
    """The outcome of one expectation in our own terms."""
    rows = outcome.result.get("unexpected_index_list", ())
    if not outcome.success and not rows:
        raise ContractError(suite.name, [f"{expectation.name} could not be checked: {outcome.exception_info}"])
    return ExpectationResult(expectation, bool(outcome.success), tuple(int(row) for row in rows or ()))
