"""The colours of pages and pictures, on a light and on a dark screen; no drawing library is needed to know them."""

from __future__ import annotations

LIGHT = {
    "ink": "#1b2733",
    "soft": "#5d6b78",
    "line": "#dfe5ea",
    "model": "#0b6fb8",
    "official": "#c4560a",
    "corrected": "#00796f",
    "naive": "#7a5ea8",
}
DARK = {
    "ink": "#eef2f5",
    "soft": "#a3b0bc",
    "line": "#33404c",
    "model": "#62b5f0",
    "official": "#f2a25c",
    "corrected": "#52c7ba",
    "naive": "#bba4e6",
}
"""Blue, orange, teal and violet are distinct with the common colour blindnesses, and lines differ in dash as well."""
