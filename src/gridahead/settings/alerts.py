"""Who is told what when something is not in order, and from when on it is not."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

import pydantic
from pydantic import AfterValidator, Field

from gridahead.settings.section import Section

AlertSeverity = Literal["info", "warning", "critical"]
"""`info`: worth knowing; `warning`: a person should look today; `critical`: readers have no forecast, or soon will."""
SEVERITIES: tuple[AlertSeverity, ...] = ("info", "warning", "critical")

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A secret is written as the name of a variable of the environment: ${SMTP_PASSWORD}."""
_OWN_HOST = frozenset(
    {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "syslog", "dbus", "gotify"}
)
"""Kinds of addresses that name a host of one's own: of these the password alone is a secret. Of all others, such as
slack://, the whole path is one."""
_SECRET_NAMES = frozenset({"pass", "password", "token", "apikey", "api_key", "key", "secret"})


def _checked_url(url: str) -> str:
    """The address, if it has no secret written out.

    Raises:
        ValueError: it has, or is no address.
    """
    kind, found, _ = url.partition("://")
    if url.startswith("${"):
        return url
    if not found or not kind:
        raise ValueError(
            "is no address of a channel; write one such as mailto://user:${SMTP_PASSWORD}@smtp.example.org?to=me@example"
            ".org, json://localhost:8080/alerts, or slack://${SLACK_TOKENS}/#channel"
        )
    parts = urlsplit(url)
    secrets = [parts.password or "", *(value for name, value in parse_qsl(parts.query) if name in _SECRET_NAMES)]
    if kind not in _OWN_HOST:
        secrets.append(f"{parts.netloc}{parts.path}")
    if any(secret and not VARIABLE.search(secret) for secret in secrets):
        raise ValueError(
            f"the {kind}:// address has its secret written out, and settings are read by many; put it into a variable "
            f"of the environment and write its name: {kind}://…${{GRIDAHEAD_ALERT_SECRET}}…"
        )
    return url


ChannelUrl = Annotated[str, AfterValidator(_checked_url)]


class ChannelSettings(Section):
    """A way by which people are told: mail, a web hook, a chat."""

    url: ChannelUrl
    """Where to, as an address of Apprise: mailto://, json://, slack://, msteams:// and so on. A secret in it is written
    as the name of a variable of the environment, such as ${SMTP_PASSWORD}."""
    name: str | None = None
    """What it is called in messages and in `gridahead status`; the kind of its address unless given."""
    least: AlertSeverity = "warning"
    """From which severity on it is told; `info` tells everything."""

    @property
    def title(self) -> str:
        """Its name, or the kind of its address, without anything secret."""
        return self.name or self.url.partition("://")[0].strip("${}")


class AlertSettings(Section):
    """Who is told what when something is not in order, and from when on it is not."""

    channels: tuple[ChannelSettings, ...] = ()
    """Who is told. `gridahead alerts test` tries them all."""
    heartbeat_url: str | None = None
    """Is asked for after every watch in which everything that is due is published, with /fail behind it otherwise, as
    healthchecks.io and its like have it: where it stays silent, the machine is dead, and somebody outside sees it. May
    hold ${VARIABLE}."""
    grace_minutes: float = Field(10.0, ge=0)
    """So long after its deadline a forecast may be on its way: a run takes seconds, a busy worker starts it after a
    minute or two, and a watch of Prefect's publishes what was not twice meanwhile."""
    failed_ingests: int = Field(3, ge=1)
    """A source that has failed so many times in a row is told of: hourly, one or two are a passing fault, and nothing
    of a forecast is lost by them."""
    settle_minutes: float = Field(15.0, ge=0)
    """What may come and go (a disk that fills, batches that wait, a lake out of reach) is told once it has lasted so
    long, and is over once it has been gone so long: three watches of five minutes."""
    silent_run_minutes: float = Field(5.0, gt=0)
    """A run that has not shown for so long that it is alive is dead: it does so every half minute."""
    coverage_days: int = Field(28, ge=14)
    """Newest days over which the 80 % band is judged: every weekday four times."""
    disk_free_gb: tuple[float, float] = (5.0, 1.0)
    """Where a disk has less free than the first, it is told of; less than the second is critical. A training with its
    checkpoints takes about 1 GB, and a merging of the lake as much as its largest table."""
    disk_days: float = Field(7.0, ge=0)
    """A disk that at its pace of the last days is full sooner than this is told of as well: a week-end and a working
    week to find it a larger one."""

    @pydantic.field_validator("heartbeat_url")
    @classmethod
    def _asked_over_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://", "${")):
            raise ValueError(f"{value!r} is not asked over HTTP; write https://hc-ping.com/${{HEARTBEAT}} or the like")
        return value

    @pydantic.field_validator("disk_free_gb")
    @classmethod
    def _falling(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[1] <= value[0]:
            raise ValueError("disk_free_gb is [told, critical], and the second is the smaller: [5.0, 1.0]")
        return value

    @pydantic.model_validator(mode="after")
    def _channels_apart(self) -> AlertSettings:
        titles = [channel.title for channel in self.channels]
        for title in dict.fromkeys(titles):
            if titles.count(title) > 1:
                raise ValueError(f"{titles.count(title)} channels are called {title!r}; give each a name of its own")
        return self
