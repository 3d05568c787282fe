"""Ingest: sources → archived payload → observations with two clocks → lake → quality gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from gridahead.core.errors import LakeError, QualityError, SourceError
from gridahead.core.tables import OBSERVATIONS
from gridahead.core.time import Deadline
from gridahead.core.vintages import VALUE
from gridahead.lake.folder import Folder
from gridahead.lake.layout import mark_new
from gridahead.lake.receipts import Receipt
from gridahead.lake.run_log import INGEST
from gridahead.operate.fetched import FetchedWindows
from gridahead.operate.intake import Ingested, Intake, TakenIn, groups
from gridahead.operate.recorded import Recorder, recorded
from gridahead.operate.validate import publish_inspection
from gridahead.quality.report import QualityReport
from gridahead.quarantine.inspection import inspect_new
from gridahead.sources.base import FetchError, RawPayload
from gridahead.sources.catalogue import open_sources
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

OnPayload = Callable[[RawPayload], None]
"""Called with every payload that was taken in or could not be read."""


@dataclass(frozen=True)
class Ingestion:
    """The counts of all payloads, and the report of the quality gate on what is new."""

    payloads: list[Ingested]
    failed: list[SourceError]
    """Payloads and windows that could not be read; nothing of theirs is in the lake."""
    report: QualityReport | None
    """None if nothing was new."""
    official_available: Mapping[str, Deadline] = field(default_factory=dict)
    """From when each official forecast may be used, by its series; assumed, as the sources do not state it."""
    warnings: Sequence[str] = ()
    """What a person should look at although it is no error: payloads that have no value of a series."""
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What is new by series: rows, the first and the last valid time."""

    @property
    def new(self) -> int:
        """Rows appended to the lake."""
        return sum(payload.new for payload in self.payloads)

    def require(self, max_share: float) -> None:
        """Let it pass only if every payload could be read and the gate does not refuse.

        Raises:
            QualityError: the gate withholds more than this share of what is new of a series. The rows are in the lake,
                and so are the verdicts; what could not be read is named as well, for the gate says it only once.
            SourceError: one or more payloads could not be read.
        """
        reasons = "\n".join(str(error) for error in self.failed)
        try:
            if self.report is not None:
                self.report.require(max_share)
        except QualityError as error:
            raise QualityError(f"{error}\n{reasons}" if reasons else str(error)) from error
        if len(self.failed) > 1:
            worth_it, count = all(error.retryable for error in self.failed), len(self.failed)
            raise SourceError("ingest", f"{count} payloads could not be read:\n{reasons}", retryable=worth_it)
        if self.failed:
            raise self.failed[0]


def ingest(
    workspace: Workspace,
    wanted: Wanted | None = None,
    only: Collection[str] = (),
    on_payload: OnPayload = lambda payload: None,
) -> Ingestion:
    """Append what the sources have and inspect what is new. The same payload a second time changes nothing.

    A payload that cannot be read keeps nobody else waiting: the others are taken in. What failed is in the result, and
    `require` makes an error of it.

    Args:
        workspace: whose lake, and whose sources.
        wanted: which windows of services are fetched; what is new or may have been revised unless given.
        only: kinds of sources; all unless given.
        on_payload: told of each payload.
    """
    with recorded(workspace, INGEST) as run:
        return _ingest(workspace, wanted, only, on_payload, run)


def _ingest(
    workspace: Workspace, wanted: Wanted | None, only: Collection[str], on_payload: OnPayload, run: Recorder
) -> Ingestion:
    lake = workspace.lake
    lake.sweep()
    for folder in (Folder.at(workspace.settings.data_folder), lake.folder):
        mark_new(folder)
    taken, failed, began = list[TakenIn](), list[SourceError](), workspace.clock()
    warnings = list[str]()
    official: dict[str, Deadline] = {}
    wanted = replace(wanted or Wanted(began), fetched=lake.fetched.read())
    for source in open_sources(workspace.settings, workspace.clock):
        if only and source.name not in only:
            continue
        official |= source.official_available
        complete, intake = FetchedWindows(lake, source.name), Intake(source, lake, began)
        seen, lost = len(taken), len(failed)
        try:
            for group in groups(source.fetch(wanted)):
                for one in intake.take(group):
                    complete.note(one)
                    on_payload(one.payload)
                    taken.append(one)
        except FetchError as error:
            failed += error.each
        except SourceError as error:
            failed.append(error)
        finally:
            complete.write()
            warnings += getattr(source, "warnings", ())  # files have none but those of their receipts
        run.note(source.name, [*(one.error for one in taken[seen:] if one.error is not None), *failed[lost:]])
    report = inspect_new(workspace)
    if report is not None:
        warnings += _published(workspace, report)
    counts = [one.counts for one in taken if one.counts is not None]
    failed = [*(one.error for one in taken if one.error is not None), *failed]
    warnings += [line for one in taken if one.receipt is not None for line in _warned(one.receipt)]
    return Ingestion(counts, failed, report, official, warnings, _by_series(taken))


def _published(workspace: Workspace, report: QualityReport) -> Iterable[str]:
    """Write the pages of an inspection; a warning where they cannot be: the rows and the verdicts are safe by now."""
    try:
        publish_inspection(workspace, report)
    except (LakeError, OSError) as error:
        yield (
            f"the pages of the quality gate are those of before: {error}. The data are taken in and judged; "
            "`gridahead validate` writes the pages"
        )


def _by_series(taken: Iterable[TakenIn]) -> pd.DataFrame:
    """What is new by series: rows, the first and the last valid time."""
    rows = pd.concat([OBSERVATIONS.empty(), *(one.new for one in taken if one.new is not None)])[VALUE]
    by_series = rows.assign(series=rows["zone"] + "/" + rows["quantity"]).groupby("series")["valid_time"]
    return by_series.agg(rows="size", first="min", last="max").reset_index()


def _warned(receipt: Receipt) -> Iterable[str]:
    """Warnings of a payload that was read without a fault and has no value of a series."""
    if receipt.missing:
        yield (
            f"{receipt.name} has no value of {', '.join(receipt.missing)}: every cell of the column says that there is "
            "none. Look whether the column is the right one, and whether the file is complete"
        )
