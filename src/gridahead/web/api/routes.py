"""The addresses of the API, what each answers, and how it is described."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, FastAPI, Query, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridahead.core.errors import GridaheadError
from gridahead.core.grid import Series, quantity_of
from gridahead.core.release import VERSION
from gridahead.forecasting.publish import Issue, latest_manifest
from gridahead.reading.issues import all_issues, issues
from gridahead.web.api import models as said
from gridahead.web.api.answers import Answer
from gridahead.web.api.cases import case_said
from gridahead.web.api.examples import PREFIX, examples_page
from gridahead.web.api.forecasts import (
    explanation_answer,
    figures_answer,
    forecast_answer,
    issue_said,
    json_answer,
    manifest_said,
    paths_answer,
)
from gridahead.web.api.formats import ARROW, CSV, JSON, PARQUET, XLSX, chosen
from gridahead.web.api.known import Kind, known_answer
from gridahead.web.api.parameters import (
    CasePart,
    CasesQuery,
    FiguresQuery,
    ForecastQuery,
    IssuesQuery,
    KnownQuery,
    PathsQuery,
    QuantityPart,
    ScoresQuery,
    ZonePart,
    day_of,
    instant_of,
)
from gridahead.web.api.records import models_answer, scores_answer
from gridahead.web.api.service import Service
from gridahead.web.problems import EXPLAINED_AT, MEDIA_TYPE, RequestError
from gridahead.web.share import UNTOLD, Share
from gridahead.web.tokens import Tokens
from gridahead.workspace import Workspace

DESCRIPTION = (
    "Day-ahead forecasts of electricity load, generation and prices, with their uncertainty. `/docs/api` has examples."
)
"""What stands above the description of the API."""
BEARER = HTTPBearer(auto_error=False, description="`gridahead serve token add NAME` makes one.")
PROBLEM = {"model": said.Problem, "description": "Why not, and the way out", "content": {MEDIA_TYPE: {}}}
BINARY = {"schema": {"type": "string", "format": "binary"}}
TABLE: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV: {"schema": {"type": "string"}}, XLSX: BINARY, PARQUET: BINARY, ARROW: BINARY}}
}
PATHS: dict[int | str, dict[str, Any]] = {200: {"content": {PARQUET: BINARY, ARROW: BINARY}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    304: {"description": "What the asker has is still the same"},
    "4XX": PROBLEM,
    "5XX": PROBLEM,
}


def add_api(app: FastAPI, share: Share, tokens: Tokens) -> FastAPI:
    """Add the API, its description at /openapi.json, and its page of examples at /docs/api; returns the API.

    Args:
        app: the server.
        share: what is read.
        tokens: that may write.
    """
    service, workspace = Service(share, tokens), share.workspace
    public = workspace.settings.serve.public_url or ""
    api = FastAPI(
        title="gridahead",
        version=VERSION,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": f"{public}{PREFIX}"}],
    )
    api.state.service = service
    api.include_router(ROUTER)
    handlers: dict[Any, Callable[[Request, Any], Response]] = {
        RequestValidationError: _invalid,
        HTTPException: _unknown,
        GridaheadError: _failed,
        Exception: _bug,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)
    api.add_middleware(Heads)
    app.mount(PREFIX, api)
    description = Answer(json.dumps(api.openapi()).encode(), JSON)

    def examples(request: Request) -> Response:
        # The name has been checked to be one of ours; the port is what the asker says.
        server = public or f"{request.url.scheme}://{request.url.netloc}"
        content = examples_page(workspace.settings, api.openapi(), server)
        return Answer(content, "text/html; charset=utf-8").response(request.headers)

    app.add_route("/openapi.json", lambda request: description.response(request.headers), methods=["GET"])
    app.add_route(EXPLAINED_AT, examples, methods=["GET"])
    return api


def _service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


At = Annotated[Service, Depends(_service)]


def _series(service: At, zone: ZonePart, quantity: QuantityPart) -> Series:
    return service.series(zone, quantity)


AtSeries = Annotated[Series, Depends(_series)]
ROUTER = APIRouter(dependencies=[Security(BEARER)], responses=ANSWERS)
SERIES = "/series/{zone}/{quantity}"


@ROUTER.get("/series", response_model=said.SeriesList, summary="What is forecast")
async def _all_series(request: Request, service: At) -> Response:
    def make() -> Answer:
        every = [_series_said(service.workspace, entry.series) for entry in service.workspace.settings.series]
        return json_answer(said.SeriesList(series=every))

    return await service.answered(request, make)


@ROUTER.get(SERIES, response_model=said.SeriesSaid, summary="One series")
async def _one_series(request: Request, service: At, series: AtSeries) -> Response:
    return await service.answered(request, lambda: json_answer(_series_said(service.workspace, series)))


@ROUTER.get(f"{SERIES}/issues", response_model=said.IssuesSaid, summary="Published forecasts")
async def _issues_of(
    request: Request, service: At, series: AtSeries, query: Annotated[IssuesQuery, Query()]
) -> Response:
    return await service.answered(request, lambda: _issues(service.workspace, series, query, request))


@ROUTER.get(f"{SERIES}/forecast", response_model=said.ForecastSaid, responses=TABLE, summary="A forecast")
async def _forecast(
    request: Request, service: At, series: AtSeries, query: Annotated[ForecastQuery, Query()]
) -> Response:
    form = chosen(query.format, request.headers.get("accept", ""))

    def make(issue: Issue) -> Answer:
        return forecast_answer(service.workspace, series, issue, query, form)

    return await service.of_issue(request, series, query, f"forecast {form}", make)


@ROUTER.get(f"{SERIES}/peak", response_model=said.FiguresSaid, summary="Peak, lowest, mean and energy of a day")
async def _peak(request: Request, service: At, series: AtSeries, query: Annotated[FiguresQuery, Query()]) -> Response:
    def make(issue: Issue) -> Answer:
        return figures_answer(service.workspace, series, issue, query)

    return await service.of_issue(request, series, query, "peak", make)


@ROUTER.get(f"{SERIES}/paths", response_model=said.PathsSaid, responses=PATHS, summary="Courses of the whole day")
async def _paths(request: Request, service: At, series: AtSeries, query: Annotated[PathsQuery, Query()]) -> Response:
    form = chosen(query.format, request.headers.get("accept", ""), ("json", "parquet", "arrow"))

    def make(issue: Issue) -> Answer:
        return paths_answer(service.workspace, series, issue, query, form)

    return await service.of_issue(request, series, query, f"paths {form}", make)


@ROUTER.get(
    f"{SERIES}/explanation",
    response_model=said.ExplanationSaid,
    summary="What has changed since the forecast before, and why",
)
async def _explanation(
    request: Request, service: At, series: AtSeries, query: Annotated[FiguresQuery, Query()]
) -> Response:
    def make(issue: Issue) -> Answer:
        return explanation_answer(service.workspace, series, issue, query)

    return await service.of_issue(request, series, query, "explanation", make)


@ROUTER.get(f"{SERIES}/outturn", response_model=said.KnownSaid, responses=TABLE, summary="What was measured")
async def _outturn(request: Request, service: At, series: AtSeries, query: Annotated[KnownQuery, Query()]) -> Response:
    return await _known(request, service, series, "outturn", query)


@ROUTER.get(f"{SERIES}/official", response_model=said.KnownSaid, responses=TABLE, summary="The official forecast")
async def _official(request: Request, service: At, series: AtSeries, query: Annotated[KnownQuery, Query()]) -> Response:
    return await _known(request, service, series, "official", query)


async def _known(request: Request, service: Service, series: Series, kind: Kind, query: KnownQuery) -> Response:
    form = chosen(query.format, request.headers.get("accept", ""))
    return await service.answered(request, lambda: known_answer(service.workspace, series, kind, query, form))


@ROUTER.get(f"{SERIES}/scores", response_model=said.ScoresSaid, summary="How good it has been")
async def _scores(request: Request, service: At, series: AtSeries, query: Annotated[ScoresQuery, Query()]) -> Response:
    return await service.answered(request, lambda: scores_answer(service.workspace, series, query))


@ROUTER.get(f"{SERIES}/models", response_model=said.ModelsSaid, summary="Who serves, and how that was decided")
async def _models(request: Request, service: At, series: AtSeries) -> Response:
    return await service.answered(request, lambda: models_answer(service.workspace, series))


@ROUTER.get("/quality/cases", response_model=said.CasesSaid, summary="What the quality gate withholds")
async def _all_cases(request: Request, service: At, query: Annotated[CasesQuery, Query()]) -> Response:
    return await service.answered(request, lambda: _cases(service, query, request))


@ROUTER.get("/quality/cases/{case}", response_model=said.CaseSaid, summary="One case")
async def _one_case(request: Request, service: At, case: CasePart) -> Response:
    return await service.answered(request, lambda: json_answer(case_said(service.cases.one(case))))


@ROUTER.post(
    "/quality/cases/{case}/rulings",
    response_model=said.CaseSaid,
    status_code=201,
    summary="Rule on a case, with a token that may write",
)
async def _rule(request: Request, service: At, case: CasePart, ruling: said.RulingAsked) -> Response:
    def make() -> Response:
        token = service.writer(request)
        content = json_answer(case_said(service.cases.rule(case, ruling, token))).content
        return Response(content, 201, {"Cache-Control": "no-store"}, JSON)

    return await service.apart(make)


def _series_said(workspace: Workspace, series: Series) -> said.SeriesSaid:
    settings = workspace.settings
    manifest = latest_manifest(workspace.published, series)
    return said.SeriesSaid(
        series=str(series),
        zone=series.zone,
        quantity=series.quantity,
        title=quantity_of(series.quantity).title,
        timezone=settings.zone(series.zone).timezone,
        unit=settings.unit_of(series),
        deadline=str(settings.series_settings(series).deadline),
        latest=None if manifest is None else manifest_said(manifest),
        address=_address_of(series),
    )


def _address_of(series: Series) -> str:
    return f"{PREFIX}/series/{quote(series.zone, safe='')}/{quote(series.quantity, safe='')}"


def _issues(workspace: Workspace, series: Series, query: IssuesQuery, request: Request) -> Answer:
    timezone = workspace.settings.zone(series.zone).timezone
    as_of = None if query.as_of is None else instant_of("as_of", query.as_of, timezone)
    if query.delivery is not None:
        day = day_of("delivery", query.delivery, timezone, workspace.clock())
        found, cursor = all_issues(workspace, series, day, as_of), None
    else:
        before = None if query.cursor is None else day_of("cursor", query.cursor, timezone, workspace.clock())
        found = issues(workspace, series, query.limit + 1, before, as_of)
        found, rest = found[: query.limit], found[query.limit :]
        cursor = str(found[-1].manifest["delivery_day"]) if rest else None
    answer = json_answer(said.IssuesSaid(series=str(series), issues=list(map(issue_said, found))))
    return _page(answer, f"{_address_of(series)}/issues", request, cursor)


def _cases(service: Service, query: CasesQuery, request: Request) -> Answer:
    page, cursor = service.cases.page(query)
    answer = json_answer(said.CasesSaid(cases=list(map(case_said, page))))
    return _page(answer, f"{PREFIX}/quality/cases", request, cursor)


def _page(answer: Answer, address: str, request: Request, cursor: str | None) -> Answer:
    """The same with a link to the next page, if there is one (RFC 8288)."""
    if cursor is None:
        return answer
    parameters = {**request.query_params, "cursor": cursor}
    link = f'<{address}?{urlencode(parameters)}>; rel="next"'
    return Answer(answer.content, answer.media_type, {**answer.headers, "Link": link})


def _invalid(request: Request, error: RequestValidationError) -> Response:
    found = [f"{'.'.join(map(str, one['loc'][1:])) or one['loc'][0]}: {one['msg']}" for one in error.errors()]
    hint = "/docs/api has examples, /openapi.json the bounds of every parameter"
    return RequestError("invalid", "; ".join(found), hint).answer(_path(request))


def _unknown(request: Request, error: HTTPException) -> Response:
    hint = "/docs/api has the addresses, with examples"
    if error.status_code == 404:
        return RequestError("unknown-address", "nothing is at this address", hint).answer(_path(request))
    if error.status_code == 405:
        reason = f"{request.method[:20]} is no method of this address"
        return RequestError("wrong-method", reason, hint, error.headers).answer(_path(request))
    return RequestError("malformed", str(error.detail), hint, error.headers).answer(_path(request))


def _failed(request: Request, error: GridaheadError) -> Response:
    """A lake that cannot be read just now is no fault of the asker's, nor a secret."""
    if isinstance(error, RequestError):
        return error.answer(_path(request))
    hint = "Ask again in a minute; /healthz and the log of the server say more"
    reason = str(error) if _service(request).share.whole else UNTOLD
    return RequestError("unreadable", reason, hint, {"Retry-After": "60"}).answer(_path(request))


def _bug(request: Request, _: Exception) -> Response:
    return RequestError("failed", "this is a fault of ours", "The log of the server says more").answer(_path(request))


def _path(request: Request) -> str:
    return str(request.scope["path"])


class Heads:
    """Answers HEAD as GET without its content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_content(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_content)
