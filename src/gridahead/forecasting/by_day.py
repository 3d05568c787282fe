"""Folders of published forecasts as they are since layout 4: by delivery day. Before, there was one an issue time."""

from __future__ import annotations

import json
import re

from gridahead.core.runs import DEGRADED, RUNGS
from gridahead.forecasting.publish import MANIFEST, read_manifest
from gridahead.lake.folder import Folder

_ISSUE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d{4}Z")


def to_days(place: Folder) -> int:
    """Move what older releases have published into the folders of its delivery days; gives how many forecasts.

    Killed anywhere and called again, it ends the same.

    Raises:
        LakeError: a file cannot be read or written.
    """
    moved = 0
    for series in place.folders():
        for name in filter(_ISSUE_TIME.fullmatch, (place / series).folders()):
            moved += _move(place / series, name)
    return moved


def _move(series: Folder, name: str) -> int:
    former = series / name
    manifest = read_manifest(former)
    if manifest is None:
        if not former.names():
            former.filesystem.delete_dir(former.path)
        return 0  # pictures of a forecast that was never published stay
    home = series / str(manifest["delivery_day"]) / name
    for file in former.names():
        if file != MANIFEST:
            home.write(file, former.read(file))
    if (rung := str(manifest["rung"])) not in RUNGS:
        manifest |= {"rung": DEGRADED, "missing": rung}
    home.write(MANIFEST, json.dumps({"missing": "", **manifest}, indent=2).encode() + b"\n")
    for file in sorted(former.names(), key=lambda file: file == MANIFEST):
        former.delete(file)  # the manifest last: until then it is moved again
    former.filesystem.delete_dir(former.path)
    return 1
