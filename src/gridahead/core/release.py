"""The version of the installed release, and its folder."""

from pathlib import Path

VERSION = "0.1.0"
PACKAGE = Path(__file__).parents[1]
"""The folder of the package."""
CHECKOUT = PACKAGE.parents[1]
"""The folder of the checkout, where the package is installed from one with pip install -e."""
