"""The scripts of our pages, and the rule that lets browsers run them and nothing else.

A script is allowed by the hash of its text, so that neither a name from the data nor a page that was tampered with can
bring one of its own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
UPLOT = "vendor/uPlot.iife.min.js"
"""uPlot 1.6.32 by Leon Sorokin, MIT: draws a year of hours in a tenth of the time of any other that was measured."""
UPLOT_STYLE = "vendor/uPlot.min.css"


@cache
def text_of(name: str) -> str:
    """A script or a style that comes with this package."""
    return (_HERE / name).read_text("utf-8")


def scripts() -> tuple[str, ...]:
    """The texts that a page has inline, in their order: the library of charts, and what the page does."""
    return text_of(UPLOT), text_of("page.js")


@cache
def policy(*, header: bool = False) -> str:
    """What a page of ours may do: run these scripts, draw, and ask nobody for anything.

    Args:
        header: as a server sends it, which can also say that nobody frames the page.
    """
    allowed = " ".join(f"'{name}'" for name in script_hashes())
    rule = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'"
    return f"{rule}; form-action 'none'; frame-ancestors 'none'" if header else rule


def script_hashes() -> tuple[str, ...]:
    """The scripts as a Content-Security-Policy names them: a server that sends one has to allow the same."""
    return tuple(hash_of(script) for script in scripts())


def hash_of(script: str) -> str:
    """A script by its text, such as `sha256-…`.

    Source: W3C, Content Security Policy Level 3, section 2.3.1 (hash-source).
    """
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
