"""What services there are, and what is wrong with those of the settings."""

import json
from dataclasses import replace

import pytest
from builders.commands import run
from builders.generators import energy_charts
from builders.http_faults import Reply
from builders.replay import Host, fixed
from builders.services import limits, workspace_at
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import SettingsError, SourceError
from gridahead.operate.sources import check, require, services
from gridahead.settings.source_catalogue import SOURCE_INFOS, Key
from gridahead.sources.catalogue import SERVICES


def test_every_service_has_what_a_user_must_know(monkeypatch):
    listed = services()
    assert [one.kind for one in listed] == sorted(SERVICES)
    for one in listed:
        assert one.title and one.licence and one.gives
    (charts,) = [one for one in listed if one.kind == "energy_charts"]
    assert {"load", "price", "solar_official"} <= set(charts.gives.split(", ")) and charts.key == ""
    key = Key(("CHARTS_KEY",), "https://charts.example/keys", "header", "x-key", required=False)
    monkeypatch.setitem(SOURCE_INFOS, "energy_charts", replace(SOURCE_INFOS["energy_charts"], key=key))
    keys = [one.key for one in services() if one.kind == "energy_charts"]
    assert keys == ["not needed; CHARTS_KEY: from https://charts.example/keys"]


def checked(folder, host, **more):
    with limits():
        (one,) = check(workspace_at(folder, host, "FR", quantities=["load"], **more))
    return one


def test_one_that_works_says_what_it_gave(tmp_path):
    with Host([energy_charts()]) as host:
        one = checked(tmp_path, host)
    assert one.works and one.says.startswith("1 value of public_power of FR at ")
    assert len(host.asked) == 1


EMPTY = b'{"unix_seconds": [], "production_types": []}'


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b'{"detail": "no such country"}', status=404), "status 404, no such country"),
        (Reply(EMPTY), "value"),
        (Reply(b"", status=503), "status 503"),
    ],
    ids=["refused", "no data", "down"],
)
def test_one_that_does_not_says_why_after_one_request(tmp_path, reply, said):
    with Host([fixed(reply)]) as host:
        one = checked(tmp_path, host)
    assert not one.works and said in one.says and len(host.asked) == 1
    with pytest.raises(SourceError, match="1 of 1 do not answer"):
        require([one])


def test_nobody_at_the_address_asks_for_network_and_proxy(tmp_path):
    with Host() as host:
        url = host.url
    assert "Is the network up, and a proxy set" in checked(tmp_path, url).says


def test_a_key_that_is_missing_or_refused_is_said_with_the_way_to_one(tmp_path, monkeypatch):
    key = Key(("CHARTS_KEY",), "https://charts.example/keys", "header", "x-api-key")
    monkeypatch.setitem(SOURCE_INFOS, "energy_charts", replace(SOURCE_INFOS["energy_charts"], key=key))
    monkeypatch.delenv("CHARTS_KEY", raising=False)
    with Host([energy_charts()], token="right") as host:
        assert "needs a key, and there is none. Get one at https://charts.example/keys" in checked(tmp_path, host).says
        monkeypatch.setenv("CHARTS_KEY", "wrong")
        assert "the key is refused" in checked(tmp_path, host).says
        monkeypatch.setenv("CHARTS_KEY", "right")
        assert checked(tmp_path, host).works


def test_a_service_that_the_settings_do_not_have(tmp_path):
    with Host() as host, pytest.raises(SettingsError, match="they have energy_charts"):
        check(workspace_at(tmp_path, host, "FR"), "smard_x")


def test_the_commands(tmp_path):
    listed = CliRunner().invoke(app, ["sources", "--json"])
    assert {row["kind"] for row in json.loads(listed.stdout)} == set(SERVICES)
    assert "Energy-Charts" in CliRunner().invoke(app, ["sources"]).stdout
    with limits(), Host([energy_charts()]) as host:
        file = tmp_path / "my.toml"
        written = 'data_folder = "data"\n[[sources]]\nkind = "energy_charts"\nzones = ["FR"]\nbase_url = "{}"\n'
        written += 'quantities = ["load"]\n'
        file.write_text(written.format(host.url))
        ended = run(file, "sources", "check")
        assert ended.code == 0 and "1 value of public_power of FR" in ended.said
        file.write_text(written.format(host.url + "/gone"))
        ended = run(file, "sources", "check", "energy_charts")
        assert ended.code == 3 and "status 404" in ended.error
