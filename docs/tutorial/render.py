"""Run the notebook of the tutorial, keep its outputs, and write it as a page: `python docs/tutorial/render.py`.

The site is built without running anything, so what it shows is what the last run has given.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE / "from_file_to_model.ipynb"
PAGE = NOTEBOOK.with_suffix(".md")
SECONDS = 600
"""Longer than any cell takes on a busy machine."""
_OF_TERMINALS = re.compile(r"\x1b\[[0-9;]*m|\r")


def run(notebook: Path = NOTEBOOK) -> Any:
    """The notebook with the outputs of a run in a kernel of this interpreter; an error of a cell is raised."""
    content = nbformat.read(notebook, as_version=4)
    NotebookClient(content, timeout=SECONDS, kernel_name="python3").execute()
    for cell in content.cells:
        cell.metadata.pop("execution", None)  # when it ran, which is no part of the tutorial
    return content


def page(content: Any) -> tuple[str, dict[str, bytes]]:
    """The page, as MyST Markdown, and its pictures by the names of their files."""
    parts, pictures = [], dict[str, bytes]()
    for cell in content.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```{{code-block}} ipython\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{NOTEBOOK.stem}-{len(pictures)}.png"
                pictures[name] = base64.b64decode(data["image/png"])
                parts.append(f"![What the cell above draws]({name})")
            else:
                text = _OF_TERMINALS.sub("", output.get("text") or data["text/plain"])
                parts.append(f"```{{code-block}} text\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n", pictures


if __name__ == "__main__":
    content = run()
    nbformat.write(content, NOTEBOOK)
    text, pictures = page(content)
    PAGE.write_text(text, encoding="utf-8")
    for name, picture in pictures.items():
        (HERE / name).write_bytes(picture)
