"""The pages by their addresses: what is asked, what it is answered from, and what stands there if it cannot be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from contextlib import suppress
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from gridahead.core.errors import GridaheadError, did_you_mean
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.runs import HOLDOUT, LIVE
from gridahead.quarantine.cases import Case
from gridahead.reading.card import Card, card
from gridahead.reading.errors import Errors, errors_of
from gridahead.reading.models import ModelsOf, models_of
from gridahead.reports.article import article_of
from gridahead.reports.page_data import MANY
from gridahead.reports.views import SeriesView
from gridahead.web import quality_pages, render
from gridahead.web.api.cases import Cases
from gridahead.web.files import PUBLISHED, folders
from gridahead.web.kept import Kept
from gridahead.web.models_pages import model_page, models_page
from gridahead.web.overview import overview
from gridahead.web.series_page import issue_part, series_page
from gridahead.web.session import token_of
from gridahead.web.share import Share
from gridahead.web.state import Watch
from gridahead.web.status_page import PAGES, render_status
from gridahead.web.tokens import Scope, Tokens
from gridahead.web.views import view_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Our own scripts and forms, and nothing from anywhere else."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-cache",
    # With less, a browser does not say from where a form comes.
    "Referrer-Policy": "same-origin",
}
RUNS = (LIVE, HOLDOUT)
MINUTES = 1
"""Pages say how old things are."""


class NotFoundError(GridaheadError):
    """There is nothing at an address."""


class Pages:
    """Answers with pages.

    Args:
        share: what is shown.
        watch: knows the state of operation.
        tokens: who may write.
    """

    def __init__(self, share: Share, watch: Watch, tokens: Tokens) -> None:
        self.share = share
        self.workspace = share.workspace
        self.watch = watch
        self.tokens = tokens
        self.kept = Kept(share.workspace)
        self._cases = Cases(share)

    def overview(self, request: Request) -> Response:
        """Every series on one page."""
        reader = self.reader(request)
        many = len(self.workspace.settings.series) > MANY
        return self._page(request, ("overview", reader), lambda: self._overview(reader), late=many)

    def prepare(self) -> None:
        """Put the first page together before anybody asks; a fault is told to whoever asks."""
        with suppress(GridaheadError, OSError):
            self._kept_page(("overview", ""), lambda: self._overview(""))

    def series(self, request: Request) -> Response:
        """One series; with `part=issue` only one of its days."""
        series = self._known(request)
        asked = request.query_params
        run = asked.get("run", LIVE) if asked.get("run") in RUNS else LIVE
        shown = self._card(series, brief=False)
        chosen = _day(asked.get("day", ""), asked.get("at", ""), shown)
        if asked.get("part") == "issue":
            return self._page(request, ("issue", series, chosen), lambda: issue_part(self.workspace, shown, chosen))
        reader = self.reader(request)
        return self._page(
            request,
            ("series", series, chosen, run, reader),
            lambda: self._series(shown, chosen, run, reader),
        )

    def models(self, request: Request) -> Response:
        """What serves each series."""
        reader = self.reader(request)

        def make() -> bytes:
            found = [models_of(self.workspace, entry.series, scored=False) for entry in self.workspace.settings.series]
            return models_page(self.workspace, found, reader)

        return self._page(request, ("models", reader), make)

    def model(self, request: Request) -> Response:
        """The models of one series."""
        series, reader = self._known(request), self.reader(request)
        return self._page(
            request, ("model", series, reader), lambda: model_page(self.share, self._models(series), reader)
        )

    def quality(self, request: Request) -> Response:
        """What waits in quarantine, and how fresh the data are."""
        reader, asked = self.reader(request), request.query_params
        shown = "all" if asked.get("show") == "all" else "open"
        number = asked.get("page", "1")
        page = int(number) if number.isascii() and number.isdigit() and 0 < int(number[:6]) <= 10_000 else 1
        return self._page(
            request,
            ("quality", shown, page, reader),
            lambda: quality_pages.quality_page(self.share, self.cases(), self.watch.state(), shown, page, reader),
        )

    def operations(self, request: Request) -> Response:
        """Whether all is in order: never kept, it is asked when something is wrong."""
        published = folders(self.workspace.settings)[PUBLISHED]
        pages = [name for name in PAGES if self.share.gives(PUBLISHED, name) and published.exists(name)]
        return answer(request, render_status(self.watch.state(), self.workspace.settings, pages, self.reader(request)))

    def cases(self) -> list[Case]:
        """Everything that the gate has ever flagged or withheld, the newest first."""
        return self._cases.all()

    def reader(self, request: Request, scope: Scope = "read") -> str:
        """The name of the token that a browser has signed in with, if it may do this; else empty."""
        token = token_of(request, self.tokens, scope)
        return token.name if token else ""

    def _page(self, request: Request, name: Hashable, make: Callable[[], bytes], *, late: bool = False) -> Response:
        return answer(request, self._kept_page(name, make, late=late))

    def _kept_page(self, name: Hashable, make: Callable[[], bytes], *, late: bool = False) -> bytes:
        return self.kept.get(("page", name), make, minutes=MINUTES, late=late)

    def _overview(self, reader: str) -> bytes:
        many = len(self.workspace.settings.series) > MANY
        cards = [self._card(entry.series, brief=many) for entry in self.workspace.settings.series]
        return overview(self.workspace, [self._view(one) for one in cards], self.workspace.clock(), reader)

    def _series(self, shown: Card, chosen: dt.date | None, run: str, reader: str) -> bytes:
        article = article_of(self._view(shown), shown.at)
        return series_page(
            self.workspace, article, shown, self._errors(shown.series, run), chosen=chosen, run=run, reader=reader
        )

    def _card(self, series: Series, *, brief: bool) -> Card:
        return self.kept.get(
            ("card", series, brief), lambda: card(self.workspace, series, brief=brief), minutes=10 * MINUTES
        )

    def _view(self, shown: Card) -> SeriesView:
        fresh, withheld = self.watch.data()
        return view_of(self.workspace, shown, fresh, withheld.get(str(shown.series), 0))

    def _errors(self, series: Series, run: str) -> Errors:
        return self.kept.get(("errors", series, run), lambda: errors_of(self.workspace, series, run))

    def _models(self, series: Series) -> ModelsOf:
        return self.kept.get(("models", series), lambda: models_of(self.workspace, series), minutes=MINUTES)

    def _known(self, request: Request) -> Series:
        """The series of an address.

        Raises:
            NotFoundError: it is not one of the settings.
        """
        asked = f"{request.path_params['zone']}/{request.path_params['quantity']}"
        known = {str(entry.series): entry.series for entry in self.workspace.settings.series}
        if asked not in known:
            there = ", ".join(known) or "none"
            meant = did_you_mean(asked[:80], known)
            raise NotFoundError(f"there is no series {asked[:80]!r} here; {meant}there are: {there}")
        return known[asked]


def answer(request: Request, content: bytes, status: int = 200) -> Response:
    """A page, or word that the browser has it already."""
    tag = f'"{digest(content)}"'
    headers = {**HEADERS, "ETag": tag}
    if status == HTTPStatus.OK and tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers, "text/html; charset=utf-8")


def told(request: Request, error: Exception, status: int) -> Response:
    """A page that says why there is none."""
    path = request.url.path.strip("/")
    page = render.page(
        "message.html.j2",
        depth=path.count("/"),
        room="",
        title=HTTPStatus(status).phrase,
        reason=str(error),
    )
    response = answer(request, page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _day(day: str, at: str, shown: Card) -> dt.date | None:
    """The delivery day that is asked for, by its date or by its place among those shown, the oldest first."""
    days = sorted(one.day for one in shown.shown)
    if at.isascii() and at.isdigit() and int(at[:4]) < len(days):
        return days[int(at[:4])]
    return next((one for one in days if str(one) == day), None)
