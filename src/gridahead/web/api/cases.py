"""What the quality gate withholds, as answers, and how a person rules on it."""

from __future__ import annotations

import threading
from collections.abc import Hashable

from gridahead.quarantine.cases import Case
from gridahead.quarantine.rulings import cases, record_ruling
from gridahead.web.api.forecasts import written
from gridahead.web.api.models import CaseSaid, RulingAsked
from gridahead.web.api.parameters import CasesQuery
from gridahead.web.problems import RequestError
from gridahead.web.share import Share, share_of
from gridahead.web.tokens import Token


class Cases:
    """The cases of a workspace, put together once for as long as no verdict and no ruling is added.

    Args:
        share: what of the workspace is shown.
    """

    def __init__(self, share: Share) -> None:
        self._workspace = share.workspace
        self._share = share
        self._one_at_a_time = threading.Lock()
        self._kept: tuple[Hashable, list[Case]] | None = None

    def all(self) -> list[Case]:
        """Every case, the newest first.

        Raises:
            LakeError: the lake cannot be read.
        """
        lake = self._workspace.lake
        with self._one_at_a_time:
            files = tuple(tuple(store.files()) for store in (lake.verdicts, lake.rulings))
            if self._kept is None or self._kept[0] != files:
                every = cases(self._workspace, flags=True, closed=True)
                self._kept = files, [case for case in every if self._share.has(case.series)]
            return self._kept[1]

    def page(self, query: CasesQuery) -> tuple[list[Case], str | None]:
        """The cases of a page, and the cursor of the next one, if there is one.

        Raises:
            RequestError: the cursor is of a case that is not among them any more.
        """
        wanted = [
            case
            for case in self.all()
            if (query.state == "all" or case.state == "open")
            and (query.severity == "all" or case.severity == query.severity)
            and query.series in (None, str(case.series))
        ]
        begin = 0
        if query.cursor is not None:
            ids = [case.id for case in wanted]
            if query.cursor not in ids:
                raise RequestError("invalid", f"cursor: case {query.cursor} is not here any more", "Leave cursor out")
            begin = ids.index(query.cursor) + 1
        page = wanted[begin : begin + query.limit]
        return page, page[-1].id if begin + query.limit < len(wanted) else None

    def one(self, identity: str) -> Case:
        """The case of that id.

        Raises:
            RequestError: there is none.
        """
        found = next((case for case in self.all() if case.id == identity), None)
        if found is None:
            hint = "The newest are listed at quality/cases?state=all&severity=all"
            raise RequestError("unknown-case", f"there is no case {identity}", hint)
        return found

    def rule(self, identity: str, asked: RulingAsked, token: Token) -> Case:
        """The case, with the ruling that is recorded on it in the name of the token.

        Raises:
            RequestError: there is no such case, or the token is not of its series.
            LakeError: the lake cannot be written.
        """
        case = self.one(identity)
        if not share_of(self._workspace, token).has(case.series):
            hint = "`gridahead serve token list` says of which series each is"
            raise RequestError("not-allowed", f"the token {token.name} is not of {case.series}", hint)
        record_ruling(self._workspace, case.id, asked.ruling, asked.reason, token.name)
        return self.one(identity)


def case_said(case: Case) -> CaseSaid:
    """A case as it is written."""
    return CaseSaid(
        id=case.id,
        series=str(case.series),
        severity=case.severity,
        state=case.state,
        start=str(written(case.start)),
        end=str(written(case.end)),
        rows=len(case.rows),
        rules=case.rules,
        reasons=case.reasons,
        found_at=str(written(case.decided_at)),
        why=case.why,
    )
