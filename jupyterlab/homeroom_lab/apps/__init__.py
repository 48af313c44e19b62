"""Web applications that run in a lab, seen in the browser under `proxy/<port>/` (feature `apps`).

jupyter-server-proxy does the work. What it leaves to the application is done here: who may ask, what the application
hears of the lab, what its answers may set, what counts as use, and that nothing is held in memory whole. It is loaded
by the first request for an application (lazy_extensions.py), and its own extension, which lacks all this, is not.
"""

from __future__ import annotations

from typing import Any

from homeroom_lab.lazy_imports import later, left_out


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "homeroom_lab.apps"}]


def _load_jupyter_server_extension(app: Any) -> None:
    # aiohttp is wanted to see whether a program that it started is ready; here people start their own.
    with left_out({"aiohttp": {}, "simpervisor": {"SupervisedProcess": later("simpervisor", "SupervisedProcess")}}):
        from homeroom_lab.apps import handlers

    handlers.install(app.web_app)
