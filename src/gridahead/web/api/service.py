"""What the addresses of the API have in common: the workspace, the answers that are kept, and threads for the rest."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import pandas as pd
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from gridahead.core.errors import PublicationError
from gridahead.core.grid import Series
from gridahead.forecasting.publish import Issue, folder_of, home_of, manifest_text
from gridahead.reading.issues import POINTED, find_issue
from gridahead.web.api.answers import Answer, Answers
from gridahead.web.api.cases import Cases
from gridahead.web.api.parameters import IssueQuery, day_of, instant_of, series_of
from gridahead.web.guard import bearer_in, refused
from gridahead.web.memory import give_back
from gridahead.web.problems import RequestError
from gridahead.web.share import Share
from gridahead.web.tokens import Token, TokenError, Tokens
from gridahead.workspace import Workspace

T = TypeVar("T")
THREADS = 4
"""Reads of the lake at a time: each may hold a year of a series in memory."""


@dataclass(frozen=True)
class Service:
    """What answers are made of.

    Args:
        share: what is read.
        tokens: that may write.
    """

    share: Share
    tokens: Tokens
    answers: Answers = field(default_factory=Answers)

    @property
    def workspace(self) -> Workspace:
        """What is read, with the series of whoever asks."""
        return self.share.workspace

    @cached_property
    def cases(self) -> Cases:
        """What the quality gate withholds."""
        return Cases(self.share)

    @cached_property
    def _threads(self) -> CapacityLimiter:
        return CapacityLimiter(THREADS)

    def series(self, zone: str, quantity: str) -> Series:
        """The series at an address.

        Raises:
            RequestError: there is none.
        """
        return series_of(self.workspace.settings, zone, quantity)

    async def apart(self, work: Callable[[], T]) -> T:
        """The result of work that waits for a disk, done in a thread."""

        def done() -> T:
            try:
                return work()
            finally:
                give_back()

        return await to_thread.run_sync(done, limiter=self._threads)

    async def answered(self, request: Request, make: Callable[[], Answer]) -> Response:
        """The response of an answer that is made anew."""
        return (await self.apart(make)).response(request.headers)

    async def of_issue(
        self, request: Request, series: Series, query: IssueQuery, what: str, make: Callable[[Issue], Answer]
    ) -> Response:
        """The response of an answer that follows from an issue and the query: it is made once for each.

        A request for the latest forecast that has come before costs the reading of one small file.

        Args:
            request: that is answered.
            series: whose.
            query: which issue, and how it is written.
            what: is made of it, and in which format.
            make: makes the answer.

        Raises:
            RequestError: there is no such forecast.
            LakeError: it cannot be read.
        """
        about = (series, what, query.model_dump_json(exclude={"issue", "delivery", "as_of"}))
        pointer = await self._pointer(series, query)
        if pointer is not None:
            key = (*about, pointer)
            answer = self.answers.kept(key)
            if answer is None:
                answer = await self.apart(lambda: self.answers.made(key, lambda: make(self._pointed(series, pointer))))
            return answer.response(request.headers)

        def found() -> Answer:
            issue = self.issue(series, query)
            return self.answers.made((*about, manifest_text(issue.manifest)), lambda: make(issue))

        return (await self.apart(found)).response(request.headers)

    async def _pointer(self, series: Series, query: IssueQuery) -> bytes | None:
        """What the file says that points at the forecast; None where none does, and one has to be looked for."""
        if query.issue not in POINTED or query.delivery is not None or query.as_of is not None:
            return None
        folder = folder_of(self.workspace.published, series)

        def read() -> bytes | None:
            try:
                return folder.read(f"{query.issue}.json")
            except FileNotFoundError:
                return None

        # On a disk of this machine it is in memory, and a thread would cost more than the reading.
        return read() if folder.local else await self.apart(read)

    def _pointed(self, series: Series, pointer: bytes) -> Issue:
        manifest = json.loads(pointer)
        day, issued = dt.date.fromisoformat(manifest["delivery_day"]), pd.Timestamp(manifest["issue_time"])
        return Issue(home_of(self.workspace.published, series, day, issued, manifest["rung"]), manifest)

    def issue(self, series: Series, query: IssueQuery) -> Issue:
        """The forecast that a request asks for.

        Raises:
            RequestError: there is none, or the request cannot be meant.
            LakeError: it cannot be read.
        """
        timezone = self.workspace.settings.zone(series.zone).timezone
        day = None if query.delivery is None else day_of("delivery", query.delivery, timezone, self.workspace.clock())
        as_of = None if query.as_of is None else instant_of("as_of", query.as_of, timezone)
        try:
            return find_issue(self.workspace, series, query.issue, day=day, as_of=as_of)
        except PublicationError as error:
            hint = f"/api/v1/series/{series}/issues lists what is published"
            raise RequestError("not-published", error.reason, hint) from error

    def writer(self, request: Request) -> Token:
        """The token that a request to write has shown; a password that a browser remembers does not do.

        Raises:
            RequestError: it has none that may.
        """
        try:
            return self.tokens.holder(bearer_in(request.headers.get("authorization", "")), "write")
        except TokenError as error:
            raise refused(error) from error
