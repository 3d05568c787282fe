"""Who may rule on a case over HTTP: with a token that may write, from a page of ours, and with a reason."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from builders.readers import installation
from builders.web import ask

from gridahead.quarantine.rulings import cases
from gridahead.web.tokens import Tokens

OWN: dict[str, Any] = {"origin": "http://localhost", "content_type": "application/x-www-form-urlencoded"}


@pytest.fixture
def workspace(tmp_path):
    return installation(tmp_path, "DE/load", days=1, history=2)


@pytest.fixture
def tokens(workspace):
    kept = Tokens.of(workspace.settings, workspace.clock)
    return {"ana": kept.add("ana", ("write",)), "bo": kept.add("bo", ("read",))}


def send(workspace, fields, **headers):
    """The answer to a ruling on the only case."""
    path = f"/quality/cases/{cases(workspace, closed=True)[0].id}"
    return ask(workspace, path, "POST", body=urlencode(fields).encode(), **{**OWN, **headers})


def sign_in(workspace, **fields):
    return ask(workspace, "/sign-in", "POST", body=urlencode(fields).encode(), **OWN)


def ruled(workspace):
    rulings = workspace.lake.read_rulings()
    return {(row["ruling"], row["reason"], row["decided_by"]) for row in rulings.to_dict("records")}


@pytest.mark.parametrize("ruling", ["release", "reject"])
def test_whoever_has_a_token_that_may_write_rules_under_its_name(workspace, tokens, ruling):
    answer = send(workspace, {"ruling": ruling, "reason": " the meter  was right ", "token": tokens["ana"]})
    assert answer.status_code == 303
    assert ruled(workspace) == {(ruling, "the meter was right", "ana")}
    page = ask(workspace, f"/quality/cases/{cases(workspace, closed=True)[0].id}").text
    assert "by ana: the meter was right" in page
    assert "Nothing waits for a decision." in ask(workspace, "/quality").text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, 401, "a token is needed here"),
        ({"token": "gridahead_wrong"}, 401, "this token is not known here"),
        ({"token": "bo"}, 403, "may read, not write"),
        ({"token": "ana", "reason": " "}, 422, "a reason has 3 to 500 printable letters"),
        ({"token": "ana", "reason": "x" * 501}, 422, "a reason has 3 to 500 printable letters"),
        ({"token": "ana", "reason": "no\x00thing"}, 422, "a reason has 3 to 500 printable letters"),
        ({"token": "ana", "ruling": "drop table"}, 422, "say release or reject"),
    ],
)
def test_anything_else_is_refused_and_nothing_recorded(workspace, tokens, fields, status, said):
    named = {**fields, **({"token": tokens[fields["token"]]} if fields.get("token") in tokens else {})}
    answer = send(workspace, {"ruling": "release", "reason": "the meter was right", **named})
    assert (answer.status_code, ruled(workspace)) == (status, set())
    assert said in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example.org"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "", "sec_fetch_site": "cross-site"}, 403),
        ({"origin": "http://localhost:81"}, 403),
        ({"content_type": "application/json"}, 415),
        ({"origin": "", "sec_fetch_site": "same-origin"}, 303),
    ],
)
def test_a_form_of_another_site_is_refused_whatever_token_it_has(workspace, tokens, headers, status):
    fields = {"ruling": "release", "reason": "the meter was right", "token": tokens["ana"]}
    assert send(workspace, fields, **headers).status_code == status
    assert bool(ruled(workspace)) == (status == 303)


def test_what_was_typed_stands_there_again_and_is_no_markup(workspace, tokens):
    answer = send(workspace, {"ruling": "release", "reason": '"><b>x', "token": tokens["bo"]})
    assert "&#34;&gt;&lt;b&gt;x" in answer.text and "<b>x" not in answer.text


def test_a_browser_that_has_signed_in_types_no_token(workspace, tokens):
    answer = ask(
        workspace, "/sign-in", "POST", body=urlencode({"token": tokens["ana"], "to": "models"}).encode(), **OWN
    )
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "models")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    shown = cookie.partition(";")[0]
    assert "Sign out ana" in ask(workspace, "/models", cookie=shown).text
    assert send(workspace, {"ruling": "reject", "reason": "a spike"}, cookie=shown).status_code == 303
    assert ruled(workspace) == {("reject", "a spike", "ana")}
    gone = ask(workspace, "/sign-out", "POST", cookie=shown, **OWN).headers["set-cookie"]
    assert re.search(r'gridahead_token="?"?;.*(Max-Age=0|expires=)', gone)


def test_the_cookie_of_a_reader_does_not_rule(workspace, tokens):
    shown = f"gridahead_token={tokens['bo']}"
    answer = send(workspace, {"ruling": "reject", "reason": "a spike"}, cookie=shown)
    assert (answer.status_code, ruled(workspace)) == (403, set())


@pytest.mark.parametrize(
    "to", ["//evil.example.org", "https://evil.example.org", "../../x", "javascript:x", "a\\b", "/x"]
)
def test_nobody_is_sent_elsewhere_by_signing_in(workspace, tokens, to):
    answer = sign_in(workspace, token=tokens["ana"], to=to)
    assert answer.headers["location"] == "./"


def test_a_wrong_token_signs_nobody_in(workspace, tokens):
    answer = sign_in(workspace, token="gridahead_x")
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert "this token is not known here" in answer.text.lower()


def test_over_https_the_cookie_is_sent_over_nothing_else(tmp_path):
    serve = {"public_url": "https://forecasts.example.org/gridahead"}
    plain = installation(tmp_path, "DE/load", days=1, history=2)
    chosen = plain.settings.serve.model_copy(update=serve)
    object.__setattr__(plain, "settings", plain.settings.model_copy(update={"serve": chosen}))
    said = Tokens.of(plain.settings, plain.clock).add("ana", ("write",))
    headers: dict[str, Any] = {**OWN, "origin": "https://forecasts.example.org"}
    cookie = ask(plain, "/sign-in", "POST", body=urlencode({"token": said}).encode(), **headers).headers["set-cookie"]
    assert "Secure" in cookie and "Path=/gridahead" in cookie
