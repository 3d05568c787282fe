"""The addresses of the server, and what is answered at each."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gridahead.core.errors import GridaheadError
from gridahead.lake.folder import Folder
from gridahead.reports import csp
from gridahead.web import metrics
from gridahead.web.api.routes import add_api
from gridahead.web.assets import asset
from gridahead.web.files import find, folders
from gridahead.web.forms import Forms
from gridahead.web.guard import SIGN_IN, Guard
from gridahead.web.health import health
from gridahead.web.pages import NotFoundError, Pages, told
from gridahead.web.session import FormError
from gridahead.web.share import UNTOLD, Share, share_of
from gridahead.web.state import Watch
from gridahead.web.tokens import Token, Tokens
from gridahead.workspace import Workspace

MOST_PARTS = 16
"""Servers of parts that are kept: each keeps its pages and answers, and is made in a tenth of a second."""
ANEW = "no-store"
"""Of what is true only now."""
ASK_AGAIN = "no-cache"
"""Of files: a browser keeps them, and asks every time whether they are still the same."""
Endpoint = Callable[[Request], Response]


def application(
    workspace: Workspace, watch: Watch | None = None, tokens: Tokens | None = None, *, closed: bool = False
) -> ASGIApp:
    """The server of a workspace.

    Args:
        workspace: what is shown.
        watch: puts the state together; one of the workspace unless given.
        tokens: who may read and write; those of the workspace unless given.
        closed: whether readers need one.
    """
    watch = watch or Watch(workspace)
    tokens = tokens or Tokens.of(workspace.settings, workspace.clock)
    chosen = workspace.settings.serve

    def of(share: Share) -> ASGIApp:
        return _server(share, watch if share.whole else watch.of(share), tokens, closed=closed)

    sign_in = urlsplit(chosen.public_url or "").path + SIGN_IN
    served = ByToken(workspace, of)
    return Guard(served, chosen.hosts, tokens if closed else None, chosen.requests_per_minute, sign_in)


def _server(share: Share, watch: Watch, tokens: Tokens, *, closed: bool) -> FastAPI:
    """The server of a part of a workspace, or of the whole."""
    pages = Pages(share, watch, tokens)
    forms = Forms(pages)
    # Its own description comes with the API.
    app = FastAPI(title="gridahead", openapi_url=None, lifespan=partial(_prepared, pages))
    addresses: dict[str, Endpoint] = {
        "/": pages.overview,
        "/series/{zone}/{quantity}": pages.series,
        "/models": pages.models,
        "/models/{zone}/{quantity}": pages.model,
        "/quality": pages.quality,
        "/status": pages.operations,
        "/assets/{name}": asset,
        "/livez": lambda _: PlainTextResponse("alive\n", headers={"Cache-Control": ANEW}),
        "/healthz": lambda request: _health(watch, told=not closed or request.state.token is not None),
        "/metrics": lambda _: _text(metrics.metrics(watch.state()), metrics.MEDIA_TYPE),
    }
    for address, endpoint in addresses.items():
        app.add_route(address, endpoint, methods=["GET"])  # and HEAD
    app.add_route("/quality/cases/{case}", forms.case, methods=["GET", "POST"])
    app.add_route("/sign-in", forms.sign_in, methods=["GET", "POST"])
    app.add_route("/sign-out", forms.sign_out, methods=["POST"])
    for name, folder in folders(share.workspace.settings).items():
        app.add_route(f"/{name}/{{file:path}}", _files(share, name, folder), methods=["GET"])
    app.add_exception_handler(NotFoundError, lambda request, error: told(request, error, 404))
    app.add_exception_handler(FormError, _refused)
    app.add_exception_handler(
        GridaheadError, lambda request, error: told(request, error if share.whole else GridaheadError(UNTOLD), 503)
    )
    add_api(app, share, tokens)
    return app


class ByToken:
    """Answers whoever may see a part only as a server of that part would, and all others as the server of everything.

    Args:
        workspace: the whole of it.
        server: makes the server of a part.
    """

    def __init__(self, workspace: Workspace, server: Callable[[Share], ASGIApp]) -> None:
        self._whole = server(Share(workspace))
        self._part = lru_cache(MOST_PARTS)(lambda token: server(share_of(workspace, token)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        token: Token | None = scope.get("state", {}).get("token")
        app = self._part(token) if token is not None and token.is_restricted else self._whole
        await app(scope, receive, send)


@asynccontextmanager
async def _prepared(pages: Pages, _: FastAPI) -> AsyncIterator[None]:
    """While it answers, the first page is put together beside: of many series it takes a while."""
    threading.Thread(target=pages.prepare, daemon=True).start()
    yield


def _health(watch: Watch, *, told: bool) -> Response:
    """Whether all is in order; who asks without a token where one is needed is told that, and no names."""
    found = health(watch.state())
    number = len(found.reasons)
    untold = [f"{number} of them, told to whoever asks with a token that may read"] if number else []
    said = {"healthy": found.healthy, "reasons": list(found.reasons) if told else untold}
    return Response(json.dumps(said) + "\n", found.code, {"Cache-Control": ANEW}, "application/json")


def _text(content: bytes, media_type: str) -> Response:
    return Response(content, headers={"Cache-Control": ANEW}, media_type=media_type)


def _files(share: Share, place: str, folder: Folder) -> Endpoint:
    def answer(request: Request) -> Response:
        name = request.path_params["file"]
        found = find(folder, name) if share.gives(place, name) else None
        if found is None:
            return PlainTextResponse(f"there is no {name[:200]!r} here\n", 404)
        headers = {"ETag": f'"{found.tag}"', "Cache-Control": ASK_AGAIN}
        if found.media_type.startswith("text/html"):
            headers["Content-Security-Policy"] = csp.policy(header=True)
        if _is_same(request.headers, found.tag):
            return Response(status_code=304, headers=headers)
        return Response(found.content, headers=headers, media_type=found.media_type)

    return answer


def _is_same(headers: Mapping[str, str], tag: str) -> bool:
    """Whether the asker has the content already."""
    held = [one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(",")]
    return "*" in held or f'"{tag}"' in held


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, FormError)
    return told(request, error, error.status)
