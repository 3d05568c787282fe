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
from gridahead.web.tokens import Token
from gridahead.workspace import Workspace


class Cases:
    """The cases of a workspace, put together once for as long as no verdict and no ruling is added.

    Args:
        workspace: whose.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
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
                self._kept = files, cases(self._workspace, flags=True, closed=True)
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
            RequestError: there is no such case.
            LakeError: the lake cannot be written.
        """
        record_ruling(self._workspace, self.one(identity).id, asked.ruling, asked.reason, token.name)
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
