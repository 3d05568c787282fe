"""Tokens: said once, kept as hashes, ended at once."""

import hashlib
import json
import stat

import pandas as pd
import pytest

from gridahead.core.errors import LakeError, SettingsError
from gridahead.web.tokens import Token, TokenError, Tokens

AT = pd.Timestamp("2025-03-18T10:30Z")


@pytest.fixture
def tokens(tmp_path) -> Tokens:
    return Tokens(tmp_path / "data" / "tokens.json", lambda: AT)


def test_a_token_is_said_once_and_only_its_hash_is_kept(tokens):
    said = tokens.add("excel")
    kept = tokens.path.read_text()
    assert said.startswith("gridahead_")
    assert len(said) == len("gridahead_") + 43  # 32 bytes in base 64
    assert said not in kept
    (line,) = json.loads(kept)
    assert line["sha256"] == hashlib.sha256(said.encode()).hexdigest()
    assert (line["name"], line["scopes"]) == ("excel", ["read"])


def test_only_the_owner_reads_the_file_whatever_the_umask(tokens, monkeypatch):
    import os

    before = os.umask(0)
    try:
        tokens.add("one")
        tokens.add("two")
    finally:
        os.umask(before)
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600


def test_who_may_write_may_read_and_who_may_read_may_not_write(tokens):
    reads, writes = tokens.add("reader"), tokens.add("desk", ["write"])
    assert tokens.holder(writes, "write").name == tokens.holder(writes, "read").name == "desk"
    assert tokens.holder(reads, "read").name == "reader"
    with pytest.raises(TokenError, match="the token reader may read, not write") as refused:
        tokens.holder(reads, "write")
    assert refused.value.status == 403


@pytest.mark.parametrize("said", ["", "gridahead_", "x" * 5_000, "gridahead_ä", "Bearer"])
def test_what_is_no_token_of_ours_is_refused_with_the_command_that_makes_one(tokens, said):
    tokens.add("reader")
    with pytest.raises(TokenError, match="gridahead serve token add NAME --scope read") as refused:
        tokens.holder(said, "read")
    assert refused.value.status == 401


def test_an_expired_token_is_refused_from_its_end_on(tmp_path):
    path = tmp_path / "tokens.json"
    said = Tokens(path, lambda: AT).add("guest", expires_at=AT + pd.Timedelta(hours=1))
    assert Tokens(path, lambda: AT + pd.Timedelta(minutes=59)).holder(said, "read").name == "guest"
    with pytest.raises(TokenError, match="this token expired at 2025-03-18T11:30:00"):
        Tokens(path, lambda: AT + pd.Timedelta(hours=1)).holder(said, "read")


def test_a_token_that_another_process_revokes_ends_at_once(tokens):
    said = tokens.add("excel")
    assert tokens.holder(said, "read")
    assert Tokens(tokens.path).revoke("excel").name == "excel"
    with pytest.raises(TokenError, match="not known here"):
        tokens.holder(said, "read")
    assert tokens.add("excel") != said  # the name is free again


def test_a_name_is_of_one_token_and_one_that_is_not_there_is_told(tokens):
    tokens.add("excel")
    with pytest.raises(SettingsError, match="serve token revoke 'excel'"):
        tokens.add("excel")
    with pytest.raises(SettingsError, match=r"no token 'exel'; did you mean 'excel'\?"):
        tokens.revoke("exel")
    with pytest.raises(SettingsError, match="cannot be a name"):
        tokens.add("<b>")
    with pytest.raises(SettingsError, match="say a later time"):
        tokens.add("late", expires_at=AT)


def test_a_damaged_file_admits_nobody_and_says_what_to_do(tokens):
    said = tokens.add("excel")
    tokens.path.write_text("[{")
    with pytest.raises(LakeError, match="make the tokens anew"):
        tokens.holder(said, "read")


def test_a_token_without_an_end_never_ends():
    assert not Token("one", ("read",), "", "2025-01-01T00:00:00+00:00").is_over(pd.Timestamp("2199-01-01T00:00Z"))
