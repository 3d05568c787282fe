"""Pictures of the pages for the documentation, of a made-up installation: the same on every machine that has Chromium.

PYTHONPATH=src:flows:tests python tests/page_pictures.py docs/pictures
"""

import io
import sys
import tempfile
from pathlib import Path

from builders.browser import browser, opened
from builders.readers import installation, served_at
from PIL import Image

from gridahead.quarantine.rulings import cases
from gridahead.web.tokens import Tokens

LARGEST = 150_000
"""[bytes] Of a picture: the repository is read by people on trains."""
COLOURS = (256, 128, 64)
HIGHEST = 1_500
"""[px] What lies below is not in the picture."""
PAGES = {
    "overview": ("", 1280, False),
    "series": ("series/DE/load?day=2025-10-26", 1280, False),
    "series-dark": ("series/DE/load", 1280, True),
    "series-phone": ("series/DE/load", 390, False),
    "models": ("models", 1280, False),
    "model": ("models/DE/load", 1280, False),
    "quality": ("quality", 1280, False),
    "case": ("quality/cases/CASE", 1280, False),
    "operation": ("status", 1280, False),
    "operation-phone-dark": ("status", 390, True),
}
"""By name: address, width of the window, whether dark."""


def main(folder: Path) -> None:
    """Write every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, browser() as chromium:
        workspace = installation(Path(home))
        Tokens.of(workspace.settings, workspace.clock).add("ana", ("write",))
        with served_at(workspace) as here:
            for name, (path, width, dark) in PAGES.items():
                address = f"{here}/{path.replace('CASE', cases(workspace)[0].id)}"
                with opened(chromium, address, width, dark=dark) as (page, _):
                    page.wait_for_load_state("networkidle")
                    height = min(HIGHEST, page.evaluate("document.documentElement.scrollHeight"))
                    page.set_viewport_size({"width": width, "height": height})
                    page.wait_for_timeout(500)
                    picture = page.screenshot()
                (folder / f"{name}.png").write_bytes(compressed(picture))


def compressed(picture: bytes) -> bytes:
    """The picture in as many colours as fit.

    Raises:
        ValueError: in none of them.
    """
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        content = io.BytesIO()
        reduced = image.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        reduced.save(content, "PNG", optimize=True)
        if content.tell() <= LARGEST:
            return content.getvalue()
    raise ValueError(f"a picture has {content.tell():,} bytes in {COLOURS[-1]} colours, {LARGEST:,} are allowed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
