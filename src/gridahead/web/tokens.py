"""Tokens: who may read over HTTP and who may write. Only their hashes are kept; a token is said once, when it is made.

A token is 256 random bits, so that SHA-256 is enough: there is nothing to guess from a list of likely passwords.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from gridahead.core.errors import GridaheadError, LakeError, SettingsError, did_you_mean
from gridahead.core.files import ASIDE, alone, sync, way_out
from gridahead.core.grid import Series, checked_name
from gridahead.core.time import Clock, now
from gridahead.settings.model import Settings

Scope = Literal["read", "write"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
FILE = "tokens.json"
PREFIX = "gridahead_"
"""By it a token is recognised where it should not be: in a repository, in a log."""
RANDOM_BYTES = 32
LONGEST = 200
"""What is longer is no token of ours, and is not hashed."""
OWNER_ONLY = 0o600
_LISTS = ("scopes", "series", "groups")
"""Fields that JSON has as lists; of a file of before, the last two are missing."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    name: str
    """Whose it is, or what for; it stands beside what is written with it."""
    scopes: tuple[Scope, ...]
    sha256: str
    made_at: str
    expires_at: str | None = None
    """ISO 8601, None for never."""
    series: tuple[str, ...] = ()
    """Of which it may know, by name or pattern, such as */load; of all where there is none."""
    groups: tuple[str, ...] = ()
    """Groups of zones of whose series it may know; of all where there is none."""

    def is_over(self, at: pd.Timestamp) -> bool:
        """Whether it has expired."""
        return self.expires_at is not None and pd.Timestamp(self.expires_at) <= at

    @property
    def is_restricted(self) -> bool:
        """Whether it may know of some series only."""
        return bool(self.series or self.groups)

    def sees(self, series: Series, group: str | None) -> bool:
        """Whether it may know of a series.

        Args:
            series: which.
            group: of its zone.
        """
        named = not self.series or any(fnmatchcase(str(series), one) for one in self.series)
        return named and (not self.groups or group in self.groups)


class TokenError(GridaheadError):
    """A request has no token, none that is known, or one that may not do this."""

    def __init__(self, status: int, reason: str, hint: str) -> None:
        super().__init__(f"{reason}. {hint}")
        self.status = status
        """401 where another token helps, 403 where this one is known and may not."""
        self.reason = reason
        self.hint = hint


class Tokens:
    """The tokens of an installation, in a file that only its owner reads.

    Args:
        path: of the file; it is read again when it has changed, so that a revoked token ends at once.
        clock: tells the present.
    """

    def __init__(self, path: Path, clock: Clock = now) -> None:
        self.path = path
        self._clock = clock
        self._kept: tuple[tuple[int, int, int], tuple[Token, ...]] | None = None

    @classmethod
    def of(cls, settings: Settings, clock: Clock = now) -> Tokens:
        """The tokens of the installation that these settings are of."""
        return cls(settings.data_folder / FILE, clock)

    def all(self) -> tuple[Token, ...]:
        """Every token that is kept, expired ones as well, by name.

        Raises:
            LakeError: the file cannot be read.
        """
        try:
            about = self.path.stat()
        except FileNotFoundError:
            return ()
        stamp = (about.st_ino, about.st_mtime_ns, about.st_size)
        kept = self._kept
        if kept is None or kept[0] != stamp:
            kept = self._kept = stamp, self._read()
        return kept[1]

    def _read(self) -> tuple[Token, ...]:
        try:
            lines = json.loads(self.path.read_bytes())
            found = [Token(**{**line, **{name: tuple(line.get(name, ())) for name in _LISTS}}) for line in lines]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise LakeError(
                f"{self.path} cannot be read: {error}. Make it readable for this user; if it is damaged, delete it and "
                "make the tokens anew with `gridahead serve token add`"
            ) from error
        return tuple(sorted(found, key=lambda token: token.name))

    def add(
        self,
        name: str,
        scopes: Sequence[Scope] = ("read",),
        expires_at: pd.Timestamp | None = None,
        series: Sequence[str] = (),
        groups: Sequence[str] = (),
    ) -> str:
        """Make a token; returns it, for the only time.

        Args:
            name: whose it is, or what for.
            scopes: what it may do; who may write may read as well.
            expires_at: from when it is refused; never unless given.
            series: that it may know of, by name or pattern; all unless given.
            groups: of zones of whose series it may know; all unless given.

        Raises:
            SettingsError: the name is taken or cannot be one, or the token would have expired already.
            LakeError: the file cannot be written.
        """
        try:
            name = checked_name(name)
        except ValueError as error:
            raise SettingsError(str(error)) from error
        at = self._clock()
        if expires_at is not None and expires_at <= at:
            raise SettingsError(f"a token that ends at {expires_at:%Y-%m-%d %H:%M} UTC has ended; say a later time")
        said = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
        allowed = tuple(scope for scope in SCOPES if scope in scopes or (scope == "read" and "write" in scopes))
        ends = None if expires_at is None else expires_at.isoformat()
        with self._changing():
            if name in {token.name for token in self.all()}:
                raise SettingsError(
                    f"there is a token {name} already; `gridahead serve token revoke {name!r}` ends it, or choose "
                    "another name"
                )
            made = Token(name, allowed, _hash(said), at.isoformat(), ends, tuple(series), tuple(groups))
            self._write((*self.all(), made))
        return said

    def revoke(self, name: str) -> Token:
        """End a token; it is refused from the next request on.

        Raises:
            SettingsError: there is none of that name.
            LakeError: the file cannot be written.
        """
        with self._changing():
            found = {token.name: token for token in self.all()}
            if name not in found:
                known = ", ".join(found) or "none"
                raise SettingsError(f"there is no token {name!r}; {did_you_mean(name, found)}there are: {known}")
            self._write([token for token in found.values() if token.name != name])
        return found[name]

    def holder(self, said: str, scope: Scope) -> Token:
        """The token that somebody has shown, if it may do this.

        Args:
            said: what was shown; empty where nothing was.
            scope: what is to be done.

        Raises:
            TokenError: it may not; says why, and the way out.
            LakeError: the file cannot be read.
        """
        make = f"`gridahead serve token add NAME --scope {scope}` makes one"
        if not said:
            raise TokenError(401, "a token is needed here", f"Send `Authorization: Bearer TOKEN`; {make}")
        shown = _hash(said[: LONGEST + 1])
        # Each is compared, and each to its end: how long it takes says nothing about any of them.
        known = [token for token in self.all() if hmac.compare_digest(token.sha256, shown)]
        if not known or len(said) > LONGEST:
            raise TokenError(401, "this token is not known here", f"It may have been revoked; {make}")
        (token,) = known
        if token.is_over(self._clock()):
            raise TokenError(401, f"this token expired at {token.expires_at}", f"Ask for another: {make}")
        if scope not in token.scopes:
            raise TokenError(403, f"the token {token.name} may {' and '.join(token.scopes)}, not {scope}", make)
        return token

    def _changing(self) -> AbstractContextManager[None]:
        return alone(self.path.with_suffix(".lock"))

    def _write(self, tokens: Sequence[Token]) -> None:
        """Write all of them whole, in a file that nobody else could ever open."""
        lines = json.dumps([asdict(token) for token in tokens], indent=1)
        aside = self.path.with_name(f"{ASIDE}{uuid.uuid4().hex}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
                file.write(f"{lines}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path)
        except OSError as error:
            raise LakeError(f"cannot write {self.path}: {error.strerror or error}. {way_out(error)}") from error
        sync(self.path.parent)


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()
