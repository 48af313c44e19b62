"""The formats that a notebook can be exported to: those of nbconvert for which the image has the programs.

Every notebook that is opened asks for them. To answer, the server would load nbconvert with all it has, just while the
notebook's kernel starts. `python -m homeroom_lab.export_formats` writes what it would say when the image is built.
nbconvert itself names all it knows, and an export to most of them ends in an error without further programs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

NEEDED_PROGRAMS = {
    "asciidoc": ("pandoc",),
    "latex": ("pandoc",),
    "pdf": ("pandoc", "xelatex"),
    "rst": ("pandoc",),
}
NEEDED_MODULES = {"qtpdf": "PyQt6", "qtpng": "PyQt6", "webpdf": "playwright"}
"""What a format needs beside nbconvert."""
PACKAGES = Path(__file__).resolve().parent.parent
KEPT = Path(sys.prefix) / "share/homeroom/export_formats.json"


def ask() -> dict[str, Any]:
    """What nbconvert says, as the server's API has it."""
    from nbconvert.exporters import base

    return {name: {"output_mimetype": base.get_exporter(name).output_mimetype} for name in base.get_export_names()}


def possible(formats: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the formats that can be made here."""
    return {name: about for name, about in formats.items() if _can(name)}


def _can(name: str) -> bool:
    programs: Iterable[str] = NEEDED_PROGRAMS.get(name, ())
    module = NEEDED_MODULES.get(name)
    return all(which(program) for program in programs) and (module is None or find_spec(module) is not None)


def installed_at() -> int:
    """When a package was last installed or removed, in seconds since the epoch."""
    return int(PACKAGES.stat().st_mtime)


def keep(path: Path = KEPT) -> None:
    """Write down the formats."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"installed_at": installed_at(), "formats": ask()}), encoding="utf-8")


def kept(path: Path = KEPT) -> dict[str, Any] | None:
    """The formats that were written down; None where packages were installed or removed since."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    formats: dict[str, Any] = found["formats"]
    return formats if found["installed_at"] == installed_at() else None


def install(web_app: Any) -> None:
    """Have a server answer from what was written down, and offer what it can make."""
    from jupyter_server.auth.decorator import authorized
    from jupyter_server.services.nbconvert.handlers import NbconvertRootHandler
    from tornado import web

    class KeptFormatsHandler(NbconvertRootHandler):
        @web.authenticated
        @authorized
        async def get(self) -> None:
            formats = kept()
            if formats is None:
                formats = await asyncio.to_thread(ask)
            self.finish(json.dumps(possible(formats)))

    web_app.add_handlers(".*$", [(f"{web_app.settings['base_url']}api/nbconvert", KeptFormatsHandler)])


if __name__ == "__main__":
    keep()
