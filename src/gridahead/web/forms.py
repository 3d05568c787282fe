"""What a person may do here: sign in and out, and rule on a case in quarantine under the name of a token."""

from __future__ import annotations

import re
from typing import get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gridahead.operate.quarantine import rule_on_case
from gridahead.quarantine.cases import Case, find_case
from gridahead.quarantine.rulings import Ruling
from gridahead.web import quality_pages, render
from gridahead.web.guard import COOKIE
from gridahead.web.pages import NotFoundError, Pages, answer
from gridahead.web.session import forget, form_of, remember, token_of
from gridahead.web.share import share_of
from gridahead.web.tokens import TokenError

SEE_OTHER = 303
CASE = re.compile(r"[0-9a-f]{8,64}")
PAGE = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)*")
"""A page of ours to go on to: below the first, and nowhere else."""
SHORTEST, LONGEST = 3, 500
"""Of a reason, in letters; whoever looks at it a year later needs a sentence."""


class Forms:
    """Answers to forms.

    Args:
        pages: that they stand on.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self._public = pages.workspace.settings.serve.public_url

    async def case(self, request: Request) -> Response:
        """A case with its form, and the ruling that is sent with it."""
        identity = request.path_params["case"]
        if not CASE.fullmatch(identity):
            raise NotFoundError(f"there is no case {identity[:80]!r}; `gridahead quarantine list` says which there are")
        if request.method != "POST":
            return await run_in_threadpool(self._case, request, identity)
        fields = await form_of(request, self._public)
        return await run_in_threadpool(self._rule, request, identity, fields)

    async def sign_in(self, request: Request) -> Response:
        """The form for a token; with a good one the browser goes on to where it came from."""
        if request.method != "POST":
            return self._sign_in(request, request.query_params.get("to", ""))
        fields = await form_of(request, self._public)
        said, to = fields.get("token", "").strip(), fields.get("to", "")
        try:
            self.pages.tokens.holder(said, "read")
        except TokenError as error:
            return self._sign_in(request, to, str(error), error.status)
        return remember(RedirectResponse(_below(to) or "./", SEE_OTHER), said, request, self._public)

    async def sign_out(self, request: Request) -> Response:
        """Let the browser forget its token."""
        await form_of(request, self._public)
        return forget(RedirectResponse("./", SEE_OTHER), request, self._public)

    def _case(
        self, request: Request, identity: str, problem: str = "", reason: str = "", status: int = 200
    ) -> Response:
        page = quality_pages.case_page(
            self.pages.workspace,
            self._known(identity).id,
            reader=self.pages.reader(request, "write"),
            problem=problem,
            reason=reason,
            may_rule=any("write" in token.scopes for token in self.pages.tokens.all()),
        )
        return answer(request, page, status)

    def _known(self, identity: str) -> Case:
        """The case of an address, among those that are shown.

        Raises:
            NotFoundError: there is none.
        """
        case = find_case(self.pages.cases(), identity)
        if case is None:
            raise NotFoundError(f"there is no case {identity}; `gridahead quarantine list --all` says which there are")
        return case

    def _rule(self, request: Request, identity: str, fields: dict[str, str]) -> Response:
        ruling, reason = fields.get("ruling", ""), " ".join(fields.get("reason", "").split())
        try:
            said = fields.get("token", "").strip() or request.cookies.get(COOKIE, "")
            token = token_of(request, self.pages.tokens, "write") or self.pages.tokens.holder(said, "write")
        except TokenError as error:
            return self._case(request, identity, str(error), reason, error.status)
        case, share = self._known(identity), self.pages.share
        if not share_of(share.workspace, token).has(case.series):
            return self._case(request, identity, f"the token {token.name} is not of {case.series}", reason, 403)
        if problem := _problem(ruling, reason):
            return self._case(request, identity, problem, reason, 422)
        chosen: Ruling = "release" if ruling == "release" else "reject"
        rule_on_case(share.part_of or share.workspace, case.id, chosen, reason, token.name)
        self.pages.kept.forget()
        return RedirectResponse(identity, SEE_OTHER)

    def _sign_in(self, request: Request, to: str, problem: str = "", status: int = 200) -> Response:
        page = render.page(
            "sign_in.html.j2",
            depth=0,
            room="",
            reader=self.pages.reader(request),
            to=_below(to),
            problem=problem,
        )
        return answer(request, page, status)


def _problem(ruling: str, reason: str) -> str:
    """What a form lacks, in words; empty if nothing."""
    if ruling not in get_args(Ruling):
        return f"say {' or '.join(get_args(Ruling))}"
    if not SHORTEST <= len(reason) <= LONGEST or not reason.isprintable():
        return f"a reason has {SHORTEST} to {LONGEST} printable letters: whoever asks in a year must understand it"
    return ""


def _below(address: str) -> str:
    """The address of a page below the first one; empty for anything else."""
    return address if len(address) <= 200 and PAGE.fullmatch(address) and ".." not in address else ""
