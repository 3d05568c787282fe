"""From a file without a description to settings that read it, train on it and forecast."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gridahead.core.errors import SettingsError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.operate.init_links import Inputs, inputs_of, link, unread
from gridahead.operate.init_preview import SeriesFound, Training, advice, is_current, preview, training_for
from gridahead.settings.file import load_settings
from gridahead.settings.model import Settings
from gridahead.sources.sniff import written
from gridahead.sources.sniff.files import open_groups
from gridahead.sources.sniff.guess import guess
from gridahead.sources.sniff.parts import Guess, GuessOptions
from gridahead.sources.sniff.proof import mend


@dataclass(frozen=True)
class Initialised:
    """The settings that were written, and what they read."""

    file: Path
    text: str
    """What was written; of settings that were there, what was added."""
    added: bool
    found: list[SeriesFound]
    uncertain: list[str]
    not_read: list[str]
    advice: list[str]
    """What cannot be done yet, or is worth a thought."""
    has_series: bool
    """Whether there is anything to forecast."""


def init_file(
    paths: Sequence[Path], options: GuessOptions, target: Path, command: str, *, add: bool, force: bool
) -> Initialised:
    """Write settings that read some files, proven by reading them.

    Args:
        paths: files, folders or patterns.
        options: what is set by hand for the files.
        target: the settings file.
        command: how it was called, for the head of the file.
        add: to add to settings that are there.
        force: to replace settings that are there.

    Raises:
        SettingsError: there are settings already and neither was said, or none to add to.
        SourceError: a file cannot be read.
    """
    held = held_settings(target, add=add, force=force)
    combined, observations = _read(
        paths, dataclasses.replace(options, otherwise=_only_zone(held)), target.parent.resolve()
    )
    measured = {source.series: source.zone for source in combined.sources if source.series is not None}
    training = training_for(observations, measured)
    declared = () if held is None else tuple(entry.series for entry in held.series)
    zones = {series.zone for series in (*declared, *measured)}
    inputs = {series: inputs_of(series, combined.sources, held, zones) for series in (*declared, *measured)}
    current = is_current(observations, measured)
    text = _text(combined, measured, held, training, command, inputs, current=current)
    before, linked = "", list[str]()
    if held is not None:
        before, linked = link(target.read_text(encoding="utf-8"), held, combined.sources, zones)
    write_settings(target, text, before)
    advice_lines = [
        *linked,
        *unread(combined.sources, held, inputs.values()),
        *advice(observations, measured, training),
    ]
    return Initialised(
        target,
        text,
        held is not None,
        preview(observations),
        combined.uncertain,
        combined.not_read,
        advice_lines,
        bool(inputs),
    )


def _read(paths: Sequence[Path], options: GuessOptions, folder: Path) -> tuple[Guess, Observations]:
    """What is guessed about the files, and the values read by it; paths count from the folder of the settings."""
    combined, rows = Guess(), []
    for group in open_groups(paths):
        group.path = os.path.relpath(Path(group.path).resolve(), folder)
        group_guess = guess(group, options)
        for source in group_guess.sources:
            read, change = mend(source, folder)
            if change:
                group_guess.doubt(f"set so that the file can be read: {change}")
            rows.append(read[read["value"].notna()])
        combined.add(group_guess)
        options = dataclasses.replace(options, otherwise=combined.sources[0].zone)
    return combined, Observations(pd.concat(rows, ignore_index=True))


def held_settings(target: Path, *, add: bool, force: bool) -> Settings | None:
    """The settings that are added to.

    Raises:
        SettingsError: they are there and neither was asked for, or they are to be added to and not there.
    """
    if add:
        if not target.is_file():
            raise SettingsError(f"there is no {target} to add to; leave out --add")
        return load_settings(target)
    if target.exists() and not force:
        raise SettingsError(
            f"{target} is there already. Say --add to add to it, --output OTHER.toml to write another file, or --force "
            "to write it anew"
        )
    return None


def _only_zone(held: Settings | None) -> BiddingZone | None:
    """The zone of settings that have one."""
    if held is None:
        return None
    codes = {code for source in held.sources for code in source.zone_codes}
    return held.zone(codes.pop()) if len(codes) == 1 else None


def _text(
    combined: Guess,
    measured: dict[Series, BiddingZone],
    held: Settings | None,
    training: Training | None,
    command: str,
    inputs: Mapping[Series, Inputs],
    *,
    current: bool,
) -> str:
    """The settings file, or the blocks that are added to one."""
    blocks = [written.head(command, combined.uncertain, combined.not_read)]
    if held is None:
        mode = 'mode = "live" # a forecast is due every day; the file is to grow by then'
        if not current:
            mode = 'mode = "demo" # history, as the values end in the past; "live" once the file grows every day'
        blocks.append(f'data_folder = "data" # the lake, models and forecasts\n{mode}')
    declared = set() if held is None else {zone.code for zone in held.zones}
    zones = {source.zone.code: source.zone for source in combined.sources}
    blocks += [
        written.zone_block(zone)
        for code, zone in zones.items()
        if code not in declared and written.needs_declaring(zone)
    ]
    explained: set[object] = set()
    for source in combined.sources:
        blocks.append(written.source_block(source, reasons=source.keys["path"] not in explained))
        explained.add(source.keys["path"])
    known_series = set() if held is None else {entry.series for entry in held.series}
    blocks += [
        written.series_block(series, zone, inputs[series].lines)
        for series, zone in measured.items()
        if series not in known_series
    ]
    if training is not None and (held is None or "training" not in held.model_fields_set):
        blocks.append(written.training_block(training.keys, training.why))
    return "\n\n".join(blocks) + "\n"


def write_settings(target: Path, text: str, before: str) -> None:
    """Write the settings, once the reader of settings has accepted them, behind what was there before.

    Raises:
        SettingsError: it does not; the file stays as it was.
    """
    new_text = before.rstrip("\n") + "\n\n" + text if before else text
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=".toml")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(new_text)
        load_settings(draft)
        draft.chmod(0o644)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
