"""The scripts of the pages: few, our own or vendored, known by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gridahead.core.fingerprint import digest
from gridahead.reports import csp

SCRIPTS: Mapping[str, Callable[[], str]] = {
    "uplot.js": lambda: csp.text_of(csp.UPLOT),
    "page.js": lambda: csp.text_of("page.js"),
    "series.js": lambda: _own("series.js"),
    "renew.js": lambda: _own("renew.js"),
}
"""By the name in the address."""


def asset(request: Request) -> Response:
    """A script, or word that the browser has it already."""
    name = request.path_params["name"]
    if name not in SCRIPTS:
        return PlainTextResponse("there is no such script here\n", 404)
    content, tag = _content(name)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="text/javascript; charset=utf-8")


def _own(name: str) -> str:
    return (Path(__file__).parent / "scripts" / name).read_text("utf-8")


@cache
def _content(name: str) -> tuple[bytes, str]:
    content = SCRIPTS[name]().encode()
    return content, f'"{digest(content)}"'
