"""Which notebooks among a course's material are none: half of one, or no JSON."""

from __future__ import annotations

import json
from pathlib import Path


def broken(folder: Path) -> list[str]:
    """Those in a folder and below, as seen from it."""
    return [str(each.relative_to(folder)) for each in sorted(folder.rglob("*.ipynb")) if not is_whole(each)]


def is_whole(path: Path) -> bool:
    """Whether a file can be read as a notebook."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    cells = found.get("cells", found.get("worksheets")) if isinstance(found, dict) else None
    return isinstance(cells, list) and all(isinstance(each, dict) for each in cells)
