"""What a lab's server knows of its own disk, for the page: `GET homeroom/disk`."""

from __future__ import annotations

from typing import Any

from homeroom_lab.disk import DiskHandler


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "homeroom_lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    base = server.web_app.settings["base_url"].rstrip("/")
    server.web_app.add_handlers(".*$", [(f"{base}/homeroom/disk", DiskHandler)])
