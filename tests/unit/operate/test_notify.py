"""Messages arrive: at a mail server, at a web hook; what cannot be delivered says why, and gives away no secret."""

import json
import socket

import pytest
from builders.listeners import mail_server, port_of, web_server
from builders.watching import DAY, World, utc
from pydantic import ValidationError

from gridahead.core.errors import PublicationError
from gridahead.operate.alert_test import alert_test
from gridahead.operate.notify import filled, send, show_alive
from gridahead.operate.watch import watch
from gridahead.settings.alerts import AlertSettings, ChannelSettings

SECRET = "p@ss/w:rd%"


def channel(url, **more):
    return ChannelSettings.model_validate({"url": url, **more})


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def mail_to(server):
    return (
        f"mailto://desk:${{SMTP_PASSWORD}}@127.0.0.1:{port_of(server)}?from=gridahead@example.org&to=desk@example.org"
    )


def test_a_mail_arrives_with_its_title_and_text_and_the_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", SECRET)
    with mail_server(SECRET) as server:
        send(channel(mail_to(server)), "gridahead: no forecast of DE/load", "WARNING: no forecast\n  Do: run it")
    (message,) = server.got
    assert server.logins == [("desk", SECRET)]
    assert message["Subject"] == "gridahead: no forecast of DE/load"
    assert "desk@example.org" in message["To"]
    text = message.get_body(("plain",)).get_content()
    assert text.splitlines()[:2] == ["WARNING: no forecast", "  Do: run it"]


def test_a_web_hook_gets_title_and_text_as_json():
    with web_server() as server:
        send(channel(f"json://127.0.0.1:{port_of(server)}/alerts"), "a title", "a text")
    ((method, path, body),) = server.got
    assert (method, path) == ("POST", "/alerts")
    told = json.loads(body)
    assert (told["title"], told["message"]) == ("a title", "a text")


def test_what_is_not_delivered_says_why_and_not_the_secret(monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", SECRET)
    with mail_server("another") as server, pytest.raises(PublicationError) as refused:
        send(channel(mail_to(server), name="desk"), "a title", "a text")
    assert str(refused.value).startswith("desk: ") and SECRET not in str(refused.value)
    with pytest.raises(PublicationError, match=r"^json: .+"):
        send(channel(f"json://127.0.0.1:{free_port()}/"), "a title", "a text")
    with web_server(500) as hook, pytest.raises(PublicationError, match="500"):
        send(channel(f"json://127.0.0.1:{port_of(hook)}/"), "a title", "a text")


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("SMTP_PASSWORD", raising=False)
    with pytest.raises(PublicationError, match=r"needs \$SMTP_PASSWORD, which is not set"):
        send(channel("mailto://desk:${SMTP_PASSWORD}@example.org"), "a title", "a text")


def test_a_secret_in_a_path_keeps_its_parts_apart_and_one_in_a_password_does_not(monkeypatch):
    monkeypatch.setenv("TOKENS", "a/b/c d")
    assert filled("slack://${TOKENS}/#desk", "slack") == "slack://a/b/c%20d/#desk"
    assert filled("mailto://me:${TOKENS}@example.org/", "mail") == "mailto://me:a%2Fb%2Fc%20d@example.org/"
    assert filled("${TOKENS}", "all") == "a/b/c d"


@pytest.mark.parametrize(
    "url",
    [
        "mailto://desk:secret@example.org",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#desk",
        "json://example.org/?token=secret",
        "desk@example.org",
    ],
)
def test_a_secret_that_is_written_out_is_refused(url):
    with pytest.raises(ValidationError, match=r"secret written out|is no address"):
        channel(url)


@pytest.mark.parametrize(
    "url", ["mailto://localhost?to=a@example.org", "slack://${SLACK_TOKENS}/#desk", "${CHANNEL}", "json://u:${P}@host/"]
)
def test_what_holds_no_secret_is_taken(url):
    assert channel(url).title in ("mailto", "slack", "CHANNEL", "json")


def test_channels_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="2 channels are called 'json'; give each a name of its own"):
        AlertSettings.model_validate({"channels": [{"url": "json://a"}, {"url": "json://b"}]})


@pytest.mark.parametrize(("healthy", "path"), [(True, "/ping/1?a=b"), (False, "/ping/1/fail?a=b")])
def test_the_outside_watcher_sees_success_and_failure(healthy, path):
    with web_server() as server:
        show_alive(f"http://127.0.0.1:{port_of(server)}/ping/1?a=b", healthy=healthy)
    assert [asked[:2] for asked in server.got] == [("GET", path)]


def test_an_outside_watcher_that_does_not_answer_breaks_nothing(tmp_path):
    world = World(tmp_path, channels=(), alerts={"heartbeat_url": f"http://127.0.0.1:{free_port()}/1"})
    world.publish("12-29T10:00", day=DAY)
    watched = watch(world.workspace)
    assert "was not taken" in watched.failures["heartbeat"]


def test_a_whole_watch_reaches_mail_and_hook(tmp_path, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", SECRET)
    with mail_server(SECRET) as mail, web_server() as hook:
        channels = (
            {"url": mail_to(mail), "name": "desk"},
            {"url": f"json://127.0.0.1:{port_of(hook)}/", "name": "hook"},
        )
        world = World(tmp_path, channels=channels, alerts={"heartbeat_url": f"http://127.0.0.1:{port_of(hook)}/beat"})
        world.now = utc("12-30T10:10")
        first = watch(world.workspace)
        second = watch(world.workspace)
    assert (dict(first.told), dict(second.told)) == ({"desk": 1, "hook": 1}, {"desk": 0, "hook": 0})
    assert [message["Subject"] for message in mail.got] == ["gridahead: no forecast of DE/load"]
    assert [path for method, path, _ in hook.got] == ["/", "/beat/fail", "/beat/fail"]


def test_a_test_goes_through_every_channel_and_tells_of_each(tmp_path):
    with web_server() as hook:
        channels = (
            {"url": f"json://127.0.0.1:{port_of(hook)}/", "name": "hook"},
            {"url": f"json://127.0.0.1:{free_port()}/", "name": "gone"},
        )
        world = World(tmp_path, channels=channels, alerts={"heartbeat_url": f"http://127.0.0.1:{port_of(hook)}/beat"})
        outcomes = alert_test(world.workspace)
    assert (outcomes["hook"], outcomes["heartbeat"]) == ("", "") and outcomes["gone"]
    assert "a test, nothing is wrong" in json.loads(hook.got[0][2])["title"]
