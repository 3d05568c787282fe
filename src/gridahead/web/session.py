"""Who asks with a browser: a token typed once, kept in a cookie that no script and no other site can use."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gridahead.core.errors import GridaheadError
from gridahead.web.guard import COOKIE
from gridahead.web.tokens import Scope, Token, TokenError, Tokens

LONGEST_FORM = 8_192
"""A reason and a token are far shorter: [bytes]"""
FORM = "application/x-www-form-urlencoded"


class FormError(GridaheadError):
    """A form was not sent from a page of ours, or is none."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


async def form_of(request: Request, public_url: str | None = None) -> dict[str, str]:
    """The fields of a form that one of our own pages has sent.

    A browser says from which site a form comes, and no page can make it lie: the cookie alone is never enough.

    Args:
        request: that brings it.
        public_url: under which browsers know the server, where a proxy is before it.

    Raises:
        FormError: it comes from elsewhere, is too long or no form.
    """
    if not is_our_own(request, public_url):
        raise FormError(403, "this form was not sent from a page of this server; open the page here and send it again")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise FormError(415, f"a form is sent as {FORM}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            raise FormError(413, f"a form of more than {LONGEST_FORM:,} bytes is none of ours")
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise FormError(400, f"the form cannot be read: {error}") from error
    return dict(fields)


def is_our_own(request: Request, public_url: str | None = None) -> bool:
    """Whether a browser says that the request was made by a page of this server."""
    origin = request.headers.get("origin")
    if origin and origin != "null":
        own = {request.headers.get("host", "").lower(), urlsplit(public_url or "").netloc.lower()} - {""}
        return urlsplit(origin).netloc.lower() in own
    return request.headers.get("sec-fetch-site") == "same-origin"


def token_of(request: Request, tokens: Tokens, scope: Scope = "read") -> Token | None:
    """The token that a browser has signed in with, or has shown with its request, if it may do this."""
    shown: Token | None = getattr(request.state, "token", None)
    if shown is not None and scope in shown.scopes:
        return shown
    try:
        return tokens.holder(request.cookies.get(COOKIE, ""), scope)
    except TokenError:
        return None


def remember(response: Response, said: str, request: Request, public_url: str | None) -> Response:
    """Let the browser keep a token until it is closed."""
    response.set_cookie(COOKIE, said, **_cookie(request, public_url))  # type: ignore[arg-type]
    return response


def forget(response: Response, request: Request, public_url: str | None) -> Response:
    """Let the browser forget it."""
    response.delete_cookie(COOKIE, **_cookie(request, public_url))  # type: ignore[arg-type]
    return response


def _cookie(request: Request, public_url: str | None) -> dict[str, object]:
    """The same to set and to delete it; over HTTPS it is sent over nothing else."""
    secure = request.url.scheme == "https" or (public_url or "").startswith("https:")
    return {"path": urlsplit(public_url or "").path or "/", "secure": secure, "httponly": True, "samesite": "strict"}
