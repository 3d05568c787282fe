"""Ingest: sources → archived payload → observations with two clocks → lake → quality gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from gridahead.core.errors import LakeError, QualityError, SourceError
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline
from gridahead.core.vintages import series_names
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

STANDS_STILL = pd.Timedelta(days=7)
"""What stands still for a week of days and nights is no load, no sun and no wind."""
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


@dataclass
class _Brought:
    """What the sources have brought, without the rows and the payloads: those of a thousand series fill a memory."""

    counts: list[Ingested] = field(default_factory=list)
    unread: list[SourceError] = field(default_factory=list)
    """Payloads that could not be read."""
    missed: list[SourceError] = field(default_factory=list)
    """Windows that could not be fetched."""
    official: dict[str, Deadline] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    """Warnings of the sources."""
    empty: list[str] = field(default_factory=list)
    """Warnings of payloads without a value of a series."""
    by_series: list[pd.DataFrame] = field(default_factory=list)

    def note(self, one: TakenIn) -> None:
        """This became of a payload."""
        self.counts += [] if one.counts is None else [one.counts]
        self.unread += [] if one.error is None else [one.error]
        self.empty += [] if one.receipt is None else _warned(one.receipt)
        self.by_series += [] if one.new is None else [_by_series(one.new)]

    @property
    def failed(self) -> list[SourceError]:
        """Everything that could not be read."""
        return [*self.unread, *self.missed]

    @property
    def series(self) -> pd.DataFrame:
        """What is new by series: rows, the first and the last valid time, the lowest and the highest value."""
        parts = pd.concat([_by_series(Observations(OBSERVATIONS.empty())), *self.by_series], ignore_index=True)
        joined = {"rows": "sum", "first": "min", "last": "max", "lowest": "min", "highest": "max"}
        return parts.groupby("series").agg(joined).reset_index()


def _ingest(
    workspace: Workspace, wanted: Wanted | None, only: Collection[str], on_payload: OnPayload, run: Recorder
) -> Ingestion:
    workspace.lake.sweep()
    for folder in (Folder.at(workspace.settings.data_folder), workspace.lake.folder):
        mark_new(folder)
    brought = _take_in(workspace, wanted, only, on_payload, run)
    report = inspect_new(workspace)
    pages = [] if report is None else _published(workspace, report)
    series = brought.series
    warnings = [*brought.said, *pages, *brought.empty, *_never_changing(series)]
    by_series = series[["series", "rows", "first", "last"]]
    return Ingestion(brought.counts, brought.failed, report, brought.official, warnings, by_series)


def _take_in(
    workspace: Workspace, wanted: Wanted | None, only: Collection[str], on_payload: OnPayload, run: Recorder
) -> _Brought:
    """Append what the sources have."""
    lake, brought, began = workspace.lake, _Brought(), workspace.clock()
    wanted = replace(wanted or Wanted(began), fetched=lake.fetched.read())
    for source in open_sources(workspace.settings, workspace.clock):
        if only and source.name not in only:
            continue
        brought.official |= source.official_available
        complete, intake = FetchedWindows(lake, source.name), Intake(source, lake, began)
        unread, missed = len(brought.unread), len(brought.missed)
        try:
            for group in groups(source.fetch(wanted)):
                for one in intake.take(group):
                    complete.note(one)
                    on_payload(one.payload)
                    brought.note(one)
        except FetchError as error:
            brought.missed += error.each
        except SourceError as error:
            brought.missed.append(error)
        finally:
            complete.write()
            brought.said += getattr(source, "warnings", ())  # files have none but those of their receipts
        run.note(source.name, [*brought.unread[unread:], *brought.missed[missed:]])
    return brought


def _published(workspace: Workspace, report: QualityReport) -> Iterable[str]:
    """Write the pages of an inspection; a warning where they cannot be: the rows and the verdicts are safe by now."""
    try:
        publish_inspection(workspace, report)
    except (LakeError, OSError) as error:
        yield (
            f"the pages of the quality gate are those of before: {error}. The data are taken in and judged; "
            "`gridahead validate` writes the pages"
        )


def _by_series(rows: Observations) -> pd.DataFrame:
    """Of each series the number of rows, the first and the last valid time, the lowest and the highest value."""
    of_series = rows.groupby(series_names(rows).rename("series"))
    times, values = of_series["valid_time"], of_series["value"]
    figures = {"rows": times.size(), "first": times.min(), "last": times.max()}
    return pd.DataFrame({**figures, "lowest": values.min(), "highest": values.max()}).reset_index()


def _never_changing(series: pd.DataFrame) -> Iterable[str]:
    """Warnings of series whose new values are all the same: the gate learns from a history that nothing ever moves."""
    same = (series["lowest"] == series["highest"]) & (series["last"] - series["first"] >= STANDS_STILL)
    for line in series[same].to_dict("records"):
        yield (
            f"{line['series']} has the same value, {line['lowest']:g}, in all of its {line['rows']:,} new rows from "
            f"{line['first']:%Y-%m-%d} to {line['last']:%Y-%m-%d}. Look whether the column is the right one, and "
            "whether what it measures is in operation"
        )


def _warned(receipt: Receipt) -> Iterable[str]:
    """Warnings of a payload that was read without a fault and has no value of a series."""
    if receipt.missing:
        yield (
            f"{receipt.name} has no value of {', '.join(receipt.missing)}: every cell of the column says that there is "
            "none. Look whether the column is the right one, and whether the file is complete"
        )
