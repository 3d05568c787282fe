"""The page of examples: every address with what it takes, and how curl, pandas and a spreadsheet read it. No script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridahead.settings.model import Settings
from gridahead.web.api.formats import FORMATS
from gridahead.web.problems import KINDS
from gridahead.web.render import page

PREFIX = "/api/v1"
"""What every address of the API begins with."""
FALLBACK = "DE/load"
"""The series of the examples where the settings name none."""


def examples_page(settings: Settings, description: Mapping[str, Any], server: str) -> bytes:
    """The page.

    Args:
        settings: whose first series the examples have.
        description: of the API, as OpenAPI has it.
        server: under which address it is asked.
    """
    first = settings.series[0].series if settings.series else None
    return page(
        "examples.html.j2",
        depth=1,
        room="api",
        base=f"{server}{PREFIX}",
        series=first or FALLBACK,
        unit="MW" if first is None else settings.unit_of(first),
        formats=FORMATS,
        kinds=KINDS.values(),
        addresses=list(_addresses(description)),
    )


def _addresses(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of each address: method, path, what it is, and the parameters that it takes."""
    return [
        {
            "method": method.upper(),
            "path": PREFIX + path,
            "summary": operation["summary"],
            "parameters": [_parameter(one) for one in operation.get("parameters", []) if one["in"] == "query"],
        }
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    ]


def _parameter(said: Mapping[str, Any]) -> dict[str, str]:
    schema = said["schema"]
    return {
        "name": said["name"],
        "meaning": " ".join(said.get("description", "").split()),
        "default": "" if schema.get("default") is None else str(schema["default"]),
    }
