"""The layout of what is stored: a number for the data folder and one for the lake, in a file `schema.json` in each.

It rises whenever a file is named, divided or filled otherwise than before, so that no release reads what it would
misunderstand. `gridahead upgrade` leads from one number to the next.
"""

from __future__ import annotations

import json

from gridahead.core.errors import LakeError
from gridahead.lake.folder import Folder

LAYOUT = 4
"""What this release reads and writes. 1: until 0.1, without a `schema.json`. 2: rulings, scores by zone and quantity,
receipts as JSON lines, files named by 16 digits of their content. 3: the publisher's own forecast is `official`. 4: the
rung of a forecast is a name, and what was missing stands beside it."""
FILE = "schema.json"
UPGRADING = "upgrading"
"""What the file also records of a folder whose upgrade has begun."""


def layout_of(folder: Folder) -> int | None:
    """The layout of a lake or a data folder; None where there is nothing yet that has one.

    Raises:
        LakeError: its `schema.json` cannot be read.
    """
    about = about_layout(folder)
    if about is not None:
        return int(about["layout"])
    receipts = folder / "receipts"
    # What only layout 1 has: an ingest leaves the one, whoever decides on a case the other.
    return 1 if (folder / "decisions").exists() or receipts.names(".json") else None


def about_layout(folder: Folder) -> dict[str, int] | None:
    """The content of `schema.json`, None where there is none.

    Raises:
        LakeError: it cannot be read.
    """
    try:
        about = json.loads(folder.read(FILE))
        return {name: int(about[name]) for name in ("layout", UPGRADING) if name in about or name == "layout"}
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise LakeError(f'{folder / FILE} does not say which layout it is: put {{"layout": {LAYOUT}}} there') from error


def require_current(folder: Folder) -> None:
    """Check that a folder has the layout that this release reads and writes.

    Raises:
        LakeError: it is older or newer than this release reads.
    """
    layout = layout_of(folder)
    if layout is None or layout == LAYOUT:
        return
    if layout < LAYOUT:
        raise LakeError(
            f"{folder} has layout {layout} of an older gridahead, and this one reads layout {LAYOUT}. Stop what writes "
            "there, and run `gridahead upgrade`: it keeps a backup beside it"
        )
    raise LakeError(
        f"{folder} has layout {layout} of a newer gridahead, and this one reads layout {LAYOUT}: install the newer one"
    )


def mark(folder: Folder, layout: int = LAYOUT, *, upgrading: bool = False) -> None:
    """Write down which layout a folder has.

    Raises:
        LakeError: it cannot be written.
    """
    about = {"layout": layout} | ({UPGRADING: 1} if upgrading else {})
    folder.write(FILE, json.dumps(about).encode() + b"\n")


def mark_new(folder: Folder) -> None:
    """Record the layout of a folder that has none recorded; one that has is left as it is.

    Raises:
        LakeError: it cannot be written.
    """
    if about_layout(folder) is None:
        mark(folder)
