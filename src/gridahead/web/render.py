"""The frame of every page: where its templates are, how values are written in them, and what leads to the others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from gridahead import reports
from gridahead.reports import forecast_page, wording
from gridahead.reports.palette import DARK, LIGHT

ROOMS = {
    "overview": ("", "Forecasts"),
    "models": ("models", "Models"),
    "quality": ("quality", "Data quality"),
    "operations": ("status", "Operation"),
    "api": ("docs/api", "API"),
}
"""What every page leads to: by name, the address below the first page, and what it is called."""


def page(name: str, *, depth: int, room: str, reader: str = "", **facts: object) -> bytes:
    """A page, as it is sent.

    Args:
        name: of the template.
        depth: how many folders its address lies below the first page: links are relative, so that the server works
            behind any prefix.
        room: under which of the rooms it stands.
        reader: the name of the token that this browser has signed in with.
        facts: what the template shows.
    """
    root = "../" * depth or "./"
    shown = {"root": root, "room": room, "rooms": ROOMS, "reader": reader, "light": LIGHT, "dark": DARK, **facts}
    return templates().get_template(name).render(shown).encode()


@cache
def templates() -> jinja2.Environment:
    """The templates of the server, and the styles of the pages of results."""
    folders = [Path(__file__).parent / "templates", Path(reports.__file__).parent]
    environment = forecast_page.templates().overlay(loader=jinja2.FileSystemLoader(folders))
    environment.filters |= {
        "percent": wording.percent,
        "coded": coded,
        "sentence": lambda text: text[:1].upper() + text[1:],
    }
    return environment


def coded(text: str) -> Markup:
    """A sentence in which what is between backquotes is set as code."""
    parts = (escape(part) for part in text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if n % 2 else part for n, part in enumerate(parts))
