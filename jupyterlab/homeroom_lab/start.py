"""Starting the lab's server without what a lab never uses; the same server as `jupyterhub-singleuser`.

JupyterHub's and JupyterLab's packages import what only a hub or a build needs: SQLAlchemy and alembic, aiohttp,
requests, httpx. Each lab would pay for it with most of its start's time and half of its memory. Here they are left out
while those packages are imported, and can be imported by everybody afterwards. Should a new version need more than is
expected here, the server starts as upstream's, says so in its log, and a test fails.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from homeroom_lab import hub_client, search_path
from homeroom_lab.deferred import later, left_out

PLAIN = "HOMEROOM_LAB_PLAIN"
"""Set in the environment: start as upstream does, without any of this."""


class NoSuchHandler:
    """Stands for a handler that no lab has, where its class is only compared with."""


class NoSuchError(Exception):
    """Stands for an error of the hub's database, which no lab has."""


def _names_later(module: str, *names: str) -> Mapping[str, Any]:
    """Functions and classes of a module that are only called."""
    return {name: later(module, name) for name in names}


LEFT_OUT: dict[str, Mapping[str, Any]] = {
    # jupyterhub.log, .scopes, .metrics and .utils: the hub's database and its pages.
    "jupyterhub.handlers": {},
    "jupyterhub.handlers.pages": {"HealthCheckHandler": NoSuchHandler},
    "jupyterhub.orm": {},
    "jupyterhub.roles": {},
    "sqlalchemy": {},
    "sqlalchemy.exc": {"SQLAlchemyError": NoSuchError},
    # jupyterhub.services.auth, .singleuser and .utils: calls to the hub.
    "aiohttp": {},
    "jupyterhub.httpclient": {"fetch": hub_client.fetch},
    # jupyterlab_server.listings_handler: lists of blocked extensions, fetched from a web server.
    "requests": {},
    # jupyterlab.extensions: the manager that installs extensions; labs have the one that only shows them.
    "jupyterlab.extensions.pypi": _names_later("jupyterlab.extensions.pypi", "PyPIExtensionManager"),
    # jupyterlab.commands: which versions of an extension fit.
    "jupyter_builder.jupyterlab_semver": _names_later(
        "jupyter_builder.jupyterlab_semver", "Range", "gt", "gte", "lt", "lte", "make_semver"
    ),
    # jupyterlab_server.translation_utils: names of languages.
    "babel": {},
    # jsonschema: formats that no schema of Jupyter's uses. The grammars of the second alone are 0.7 s and 40 MB.
    "isoduration": {"DurationParsingException": Exception},
    "rfc3987_syntax": _names_later("rfc3987_syntax", "is_valid_syntax"),
}
IMPORTED = ("jupyterhub.singleuser.extension", "jupyterlab.labapp")


def import_lean() -> None:
    """Import the server's packages without what is left out.

    :raises Exception: they need something of it after all.
    """
    with left_out(LEFT_OUT):
        for name in IMPORTED:
            import_module(name)


def main() -> None:
    """Run the server until it is stopped."""
    sys.argv[0] = "jupyterhub-singleuser"
    search_path.keep_to_image()
    if not os.environ.get(PLAIN):
        gc.disable()  # nothing of what is imported is garbage
        try:
            import_lean()
        except Exception as error:  # whatever it is, upstream's own way is still there
            print(
                f"[W homeroom_lab] starting as jupyterhub-singleuser does, which is slower: {error!r}",
                file=sys.stderr,
                flush=True,
            )
            arguments = [sys.executable, "-P", "-m", "homeroom_lab", *sys.argv[1:]]
            os.execve(sys.executable, arguments, {**os.environ, PLAIN: "1"})  # noqa: S606 - this very program
        gc.freeze()
        gc.enable()
    import_module("jupyterhub.singleuser").main()
