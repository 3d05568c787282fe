"""Where data come from: what sources have in common, and folders of files that portals export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from gridahead.core.grid import Series, official_by
from gridahead.core.time import Deadline
from gridahead.settings.section import DeadlineText, NameText, Section


def _by_law(series: str) -> Deadline:
    """By when the official forecast of a series in the EU has to be there."""
    published = official_by(Series.parse(series))
    assert published is not None
    return published


class SourceSection(Section):
    """What the settings of every source have in common, beside its `kind` and whom its licence asks to name."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """Codes of the zones that it has values of."""
        raise NotImplementedError

    def below(self, folder: Path) -> Self:
        """The same with every path absolute, read from the folder of the settings file."""
        return self


class SmardSource(SourceSection):
    """A folder with files as the SMARD portal exports them."""

    kind: Literal["smard"]
    """Files as the German market data portal SMARD exports them."""
    folder: Path
    """The folder with the exported files."""
    attribution: str = "Data: Bundesnetzagentur | SMARD.de, CC BY 4.0"
    """Whom the licence of the data asks to name; it stands on every page and with every file that shows them."""
    publication_lag_minutes: int = 60
    """After the end of its unit a value is taken to be known; actual values appear about an hour after it."""
    load_official_available: DeadlineText = _by_law("DE/load")
    """From when the official forecast of load may be used."""
    generation_official_available: DeadlineText = _by_law("DE/wind_solar")
    """From when the official forecasts of everything but load may be used."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """Germany alone."""
        return ("DE",)

    def below(self, folder: Path) -> Self:
        """The same with an absolute folder."""
        return self.model_copy(update={"folder": (folder / self.folder).resolve()})


class EntsoeFilesSource(SourceSection):
    """A folder with files as the portal or the File Library of ENTSO-E let people download them."""

    kind: Literal["entsoe_files"]
    """CSV files of ENTSO-E's Transparency Platform, for years of history without a token."""
    folder: Path
    """The folder with the files under the names that they had, in folders of their own or not, packed or not."""
    zones: Annotated[tuple[NameText, ...], Field(min_length=1)]
    """Of which zones; the File Library has all in one file."""
    quantities: tuple[str, ...] = ()
    """Which quantities are read, such as ["load", "price"]; all that the files have unless given."""
    late_updates: Literal["recorded", "assumed"] = "recorded"
    """What a row of the File Library says that was updated after it should have been there: that its value was known
    from then, so that no back-test reads too early; or nothing, as after the platform's migration of 2025, which
    stamped old rows anew: it is then assumed to have been there in time, though it may be a corrected one."""
    publication_lag_minutes: int = Field(60, ge=0)
    """After the end of its unit a measured value is taken to be known."""
    max_size_mb: float = Field(1024, gt=0)
    """A file that is larger than this, packed or unpacked, is refused."""
    attribution: str = "Data: ENTSO-E Transparency Platform, CC BY 4.0"
    """Whom the licence of the data asks to name; it stands on the report."""

    @property
    def zone_codes(self) -> tuple[str, ...]:
        """The zones that are read."""
        return self.zones

    def below(self, folder: Path) -> Self:
        """The same with an absolute folder."""
        return self.model_copy(update={"folder": (folder / self.folder).resolve()})
