"""What every source that is asked over HTTP has in common: jobs from what is wanted, pages, payloads.

A source of its own says which items it has, what to ask for one of them in a window, and how an answer is parsed.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import AccessError, SettingsError, SourceError, did_you_mean
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import Clock, Deadline, TimeRange, now
from gridahead.settings.services import LiveSource
from gridahead.sources.base import Fetched, FetchError, RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.transport import Transport
from gridahead.sources.wanted import Item, Wanted, joined

MAX_PAGES = 1000
"""A paged answer that has no end is a fault of the host."""
GIVE_UP = 8
"""So many windows in a row that a host fails to give, each tried as often as the settings say: it is down."""


@dataclass(frozen=True, slots=True)
class Job:
    """One window of one item, of one zone or of several together."""

    item: Item
    zones: tuple[BiddingZone, ...]
    window: TimeRange

    @property
    def name(self) -> str:
        """For people and for the names of payloads."""
        zones = "+".join(zone.code for zone in self.zones)
        return f"{zones}-{self.item.name}-{self.window.start:%Y%m%dT%H%M}-{self.window.end:%Y%m%dT%H%M}"


class HttpSource(ABC):
    """A source that is asked over HTTP.

    Args:
        settings: of the source.
        zones: that it is asked for.
        transport: what asks; by the settings unless given.
        clock: what time it is.

    Raises:
        SettingsError: the source knows none of the zones by a name, or has none of the quantities.
    """

    items: ClassVar[tuple[Item, ...]]
    """Everything that it can be asked for."""
    zone_codes: ClassVar[Mapping[str, str]] = {}
    """What it calls the zones that it has, by our codes; the settings of a zone may say otherwise."""

    def __init__(
        self,
        settings: LiveSource,
        zones: Sequence[BiddingZone],
        transport: Transport | None = None,
        clock: Clock = now,
    ) -> None:
        self.settings = settings
        self.zones = tuple(zones)
        self.name: str = settings.kind
        self.transport = transport or Transport.of(settings, clock)
        self.clock = clock
        self.warnings: list[str] = []
        """What a person should look at although every answer could be read."""
        known = sorted({quantity for item in self.items for quantity in item.quantities})
        for quantity in settings.quantities:
            if quantity not in known:
                raise SettingsError(
                    f"{settings.info.title} has no quantity {quantity!r}; {did_you_mean(quantity, known)}it has "
                    f"{', '.join(known)}"
                )
        for zone in self.zones:
            self.code(zone)
            self._require_offered(zone)

    def _require_offered(self, zone: BiddingZone) -> None:
        """Let a zone pass only if it has every quantity that the settings ask for.

        Raises:
            SettingsError: it has not.
        """
        offered = {quantity for item in self.items if self.offers(item, zone) for quantity in item.quantities}
        missing = [quantity for quantity in self.settings.quantities if quantity not in offered]
        if missing:
            raise SettingsError(
                f"{self.settings.info.title} has no {', '.join(missing)} of {zone.code}, only "
                f"{', '.join(sorted(offered))}. Name those under quantities, or give the zone a source of its own"
            )

    def warn(self, text: str) -> None:
        """Say once what a person should look at."""
        if text not in self.warnings:
            self.warnings.append(text)

    def code(self, zone: BiddingZone) -> str:
        """What the source calls a zone.

        Raises:
            SettingsError: it has no name for it.
        """
        code = zone.codes.get(self.name) or self.zone_codes.get(zone.code)
        if code:
            return code
        raise SettingsError(
            f"{self.settings.info.title} does not have zone {zone.code!r}, or it is not known under which name; known: "
            f"{', '.join(self.zone_codes) or 'none'}. If it has it, say so: "
            f'[[zones]] code = "{zone.code}", codes = {{{self.name} = "…"}}'
        )

    def offers(self, item: Item, zone: BiddingZone) -> bool:
        """Whether it has an item of a zone; it has all of every zone unless it says otherwise."""
        del item, zone
        return True

    def wanted_items(self) -> tuple[Item, ...]:
        """The items that have a quantity which the settings ask for."""
        asked = set(self.settings.quantities)
        return tuple(item for item in self.items if not asked or asked & set(item.quantities))

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """From when each official forecast of the source may be used, by its series, where that is assumed."""
        return {}

    def request(self, name: str) -> Mapping[str, object]:
        """The settings by which any payload is parsed."""
        del name
        by = self.settings.official_available
        return {
            "kind": self.name,
            "quantities": list(self.settings.quantities),
            "publication_lag_minutes": int(self.settings.lag / pd.Timedelta(minutes=1)),
            **({} if by is None else {"official_available": str(by)}),
        }

    def jobs(self, wanted: Wanted) -> list[Job]:
        """What has to be asked, the oldest window of each item first."""
        zones = [zone for zone in self.zones if wanted.zones is None or zone.code in wanted.zones]
        jobs = []
        for item in self.wanted_items():
            offered = [zone for zone in zones if self.offers(item, zone)]
            by_zone = [(zone, self._windows(wanted, item, zone)) for zone in offered]
            if item.together:
                windows = joined([window for _, of_zone in by_zone for window in of_zone], item.longest)
                jobs += [Job(item, tuple(offered), window) for window in windows]
            else:
                jobs += [Job(item, (zone,), window) for zone, of_zone in by_zone for window in of_zone]
        return jobs

    def _windows(self, wanted: Wanted, item: Item, zone: BiddingZone) -> list[TimeRange]:
        """What is missing of an item in a zone; history from the local midnight that the settings name."""
        since = self.settings.since
        begins = None if since is None else pd.Timestamp(since, tz=zone.timezone)
        return wanted.windows(self.name, item, zone.code, begins)

    def fetch(self, wanted: Wanted) -> Iterator[RawPayload]:
        """Every payload that what is wanted needs, several requests at a time, the last of a job naming its windows.

        Raises:
            AccessError: the key is refused; at once.
            FetchError: jobs failed; after all others have come, or after many in a row.
        """
        jobs, failed, in_a_row = self.jobs(wanted), dict[str, SourceError](), 0
        for tried, (job, answers) in enumerate(self._at_the_same_time(jobs), start=1):
            try:
                payloads = answers.result()
            except AccessError:  # the next would be refused as well
                raise
            except SourceError as error:
                failed[job.name] = error
                in_a_row = in_a_row + 1 if error.retryable else 0
                if in_a_row == GIVE_UP and tried < len(jobs):
                    reason = f"{GIVE_UP} windows in a row failed, so {len(jobs) - tried} others were not tried"
                    failed["the rest"] = SourceError(self.name, reason, retryable=True)
                    break
                continue
            in_a_row = 0
            yield from payloads
        if failed:
            raise FetchError(self.name, failed, len(jobs))

    def _at_the_same_time(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Future[list[RawPayload]]]]:
        """The answers to jobs in their order; the first alone, which shows whether the host lets us in."""
        parallel, coming = max(self.settings.info.parallel, 1), iter(jobs)
        waiting: deque[tuple[Job, Future[list[RawPayload]]]] = deque()
        with ThreadPoolExecutor(parallel) as pool:
            try:
                for job in itertools.islice(coming, 1):
                    first = pool.submit(self.answers_to, job)
                    wait([first])
                    yield job, first
                for job in itertools.islice(coming, 2 * parallel):
                    waiting.append((job, pool.submit(self.answers_to, job)))
                while waiting:
                    yield waiting.popleft()
                    waiting += ((job, pool.submit(self.answers_to, job)) for job in itertools.islice(coming, 1))
            finally:
                for _, answers in waiting:
                    answers.cancel()

    def answers_to(self, job: Job) -> list[RawPayload]:
        """Every page of every answer that a job needs.

        Raises:
            SourceError: one of them could not be fetched.
        """
        payloads = []
        for number, first in enumerate(self.ask(job.item, job.zones, job.window)):
            request: Request | None = first
            for page in range(MAX_PAGES):
                assert request is not None
                answer = self.transport.get(request, self.check)
                payloads.append(self._payload(job, request, answer, f"{number}.{page}"))
                request = self.following(request, answer)
                if request is None:
                    break
            else:
                raise SourceError(self.name, f"{job.name}: more than {MAX_PAGES} pages")
        if payloads:
            windows = tuple(Fetched(job.item.name, zone.code, job.window) for zone in job.zones)
            payloads[-1] = replace(payloads[-1], completes=windows)
        return payloads

    def _payload(self, job: Job, request: Request, answer: Answer, page: str) -> RawPayload:
        asked = {
            "item": job.item.name,
            "zones": [zone.code for zone in job.zones],
            "start": job.window.start.isoformat(),
            "end": job.window.end.isoformat(),
            "status": answer.status,
            "content_type": answer.content_type,
            "filename": answer.filename,
            **request.asked,
        }
        return RawPayload(
            source=self.name,
            name=f"{self.name}-{job.name}-{page}.{_ending(answer.content, request)}",
            content=answer.content,
            request=self.request(""),
            retrieved_at=answer.retrieved_at,
            origin=f"{self.transport.base_url} {'+'.join(zone.code for zone in job.zones)} {job.item.name}",
            asked=asked,
        )

    @abstractmethod
    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The requests that together give a window of an item."""

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The request for the next page; None where an answer is whole."""
        del request, answer
        return None

    def check(self, answer: Answer) -> None:
        """Let an answer pass only if it is none of the errors that the source sends as if they were data.

        Raises:
            SourceError: what the source says; retryable if it may answer better when asked again.
        """
        del answer

    @abstractmethod
    def parse(self, payload: RawPayload) -> Observations:
        """The observations in a payload.

        Raises:
            SourceError: the payload is not what this source sends; names the payload and the remedy.
        """


def _ending(content: bytes, request: Request) -> str:
    """The ending of a file with that content."""
    if content[:2] == b"PK":
        return "zip"
    return next((kind for kind in request.expected if kind != "zip"), "bin")
