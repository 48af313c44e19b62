"""The page's scripts and styles as browsers like them best, compressed when the image was built.

A page is some 10 MB in 150 files, of which a class has its network send as many as there are people. `python -m
homeroom_lab.compressed` puts a compressed copy beside each file, which the server sends in its place.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterable
from mimetypes import guess_type
from pathlib import Path
from typing import Any

KINDS = frozenset({".css", ".js", ".svg"})
SUFFIX = ".gz"
LEAST_BYTES = 1024


def extension_paths() -> list[str]:
    """Where extensions of the page are looked for, the image's own first and the home's last."""
    from jupyter_core.paths import jupyter_path

    image = [path for path in jupyter_path("labextensions") if path.startswith(("/opt/", "/usr/"))]
    return [*image, *(path for path in jupyter_path("labextensions") if path not in image)]


def places() -> dict[str, list[str]]:
    """Where the files lie, by the path below a lab's own at which they are served."""
    return {
        "static/lab": [str(Path(sys.prefix) / "share/jupyter/lab/static")],
        "lab/extensions": extension_paths(),
    }


def compress(directories: Iterable[Path]) -> None:
    """Put a compressed copy beside every file that gets smaller by it."""
    for path in [found for directory in directories for found in directory.rglob("*")]:
        if path.suffix in KINDS and path.is_file() and path.stat().st_size >= LEAST_BYTES:
            whole = path.read_bytes()
            smaller = gzip.compress(whole, mtime=0)
            if len(smaller) < len(whole):
                path.with_name(path.name + SUFFIX).write_bytes(smaller)


def install(web_app: Any) -> None:
    """Have a server send the copies to clients that take them."""
    from jupyter_server.base.handlers import FileFindHandler

    class CompressedFileHandler(FileFindHandler):
        """Serves a file's compressed copy, where there is one and it is not a part of the file that is wanted."""

        def set_extra_headers(self, path: str) -> None:
            self.set_header("Vary", "Accept-Encoding")

        def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
            asked = self.request.headers
            takes = "gzip" in asked.get("Accept-Encoding", "") and "Range" not in asked
            if takes and absolute_path and Path(absolute_path + SUFFIX).is_file():
                self.set_header("Content-Encoding", "gzip")
                absolute_path += SUFFIX
            found: str | None = super().validate_absolute_path(root, absolute_path)
            return found

        def get_content_type(self) -> str:
            return guess_type(self.path)[0] or "application/octet-stream"

    base = web_app.settings["base_url"].rstrip("/")
    rules = [(f"{base}/{below}/(.*)", CompressedFileHandler, {"path": paths}) for below, paths in places().items()]
    web_app.add_handlers(".*$", rules)


if __name__ == "__main__":
    compress(Path(path) for paths in places().values() for path in paths)
