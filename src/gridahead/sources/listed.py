"""Services that publish files and list them: the list is asked for first, and then every file of a window.

A window is one of publication. What is listed says when it was published, in its record or its name.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace

from gridahead.core.grid import BiddingZone
from gridahead.core.time import TimeRange
from gridahead.sources.base import Fetched, RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource, Job
from gridahead.sources.wanted import Item


class ListedSource(HttpSource):
    """A source whose files are found by a list; lists are not kept, files are."""

    @abstractmethod
    def listed(self, item: Item, answer: Answer, window: TimeRange) -> Iterator[Request]:
        """The files of a list that were published in a window, the oldest first."""

    @abstractmethod
    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The lists that may name files of a window."""

    def answers_to(self, job: Job) -> list[RawPayload]:
        """Every file of a window; the last names it as complete.

        Raises:
            SourceError: a list or a file could not be fetched.
        """
        lists = [self.transport.get(request, self.check) for request in self.ask(job.item, job.zones, job.window)]
        files = [request for answer in lists for request in self.listed(job.item, answer, job.window)]
        payloads = [
            self._payload(job, request, self.transport.get(request), str(number))
            for number, request in enumerate(files)
        ]
        if payloads:
            windows = tuple(Fetched(job.item.name, zone.code, job.window) for zone in job.zones)
            payloads[-1] = replace(payloads[-1], completes=windows)
        return payloads
