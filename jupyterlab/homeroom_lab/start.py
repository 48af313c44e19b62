"""Starting the lab's server without what a lab never uses; the same server as `jupyterhub-singleuser`.

JupyterHub's and JupyterLab's packages import what only a hub or a build needs: SQLAlchemy and alembic, aiohttp,
requests, httpx. Each lab would pay for it with most of its start's time and half of its memory. Here they are left out
while those packages are imported, and can be imported by all afterwards. Should a new version need more than is
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
from homeroom_lab.lazy_imports import LazyModule, later, left_out

PLAIN = "HOMEROOM_LAB_PLAIN"
"""Set in the environment: start as upstream does, without any of this."""


class NoSuchHandler:
    """Stands for a handler that no lab has, where its class is only compared with."""


class NoSuchError(Exception):
    """Stands for an error of the hub's database, which no lab has."""


def _names_later(module: str, *names: str) -> Mapping[str, Any]:
    """Functions and classes of a module that are only called."""
    return {name: later(module, name) for name in names}


LEFT_OUT: dict[str, dict[str, Mapping[str, Any]]] = {
    # Formats that no schema of Jupyter's asks for. The grammars of the third alone are 0.7 s and 40 MB.
    "jsonschema": {
        "fractions": _names_later("fractions", "Fraction"),
        "isoduration": {"DurationParsingException": Exception},
        "rfc3987_syntax": _names_later("rfc3987_syntax", "is_valid_syntax"),
    },
    "jupyterhub.singleuser.extension": {
        # The hub's database and its pages: .log, .scopes, .metrics, .utils.
        "jupyterhub.handlers": {},
        "jupyterhub.handlers.pages": {"HealthCheckHandler": NoSuchHandler},
        "jupyterhub.orm": {},
        "jupyterhub.roles": {},
        "sqlalchemy": {},
        "sqlalchemy.exc": {"SQLAlchemyError": NoSuchError},
        # Calls to the hub: .services.auth, .singleuser, .utils.
        "aiohttp": {},
        "jupyterhub.httpclient": {"fetch": hub_client.fetch},
        "unittest": {"mock": LazyModule("unittest.mock")},
        # Kernels that run elsewhere: jupyter_server.gateway.
        "websocket": {},
    },
    "jupyterlab.labapp": {
        # Lists of blocked extensions, fetched from a web server: jupyterlab_server.listings_handler.
        "requests": {},
        # The manager that installs extensions; labs have the one that only shows them.
        "jupyterlab.extensions.pypi": _names_later("jupyterlab.extensions.pypi", "PyPIExtensionManager"),
        # Which versions of an extension fit: .commands.
        "jupyter_builder.jupyterlab_semver": _names_later(
            "jupyter_builder.jupyterlab_semver", "Range", "gt", "gte", "lt", "lte", "make_semver"
        ),
        # Names of languages: jupyterlab_server.translation_utils.
        "babel": {},
    },
}
"""What is left out while a module is imported, with the names that may be imported from it all the same."""


def import_lean() -> None:
    """Import the server's packages without what is left out.

    :raises Exception: they need something of it after all.
    """
    for name, modules in LEFT_OUT.items():
        with left_out(modules):
            import_module(name)


def leave_out_migration() -> None:
    """Have the server not look for settings of IPython 3 (2015) in the home: it would run them, whoever laid them.

    `jupyter_core.application.JupyterApp.migrate_config` does that, in each app until there is `~/.jupyter/migrated`.
    """
    from jupyter_core.application import JupyterApp

    JupyterApp.migrate_config = lambda _: None


def main() -> None:
    """Run the server until it is stopped."""
    sys.argv[0] = "jupyterhub-singleuser"
    search_path.keep_to_image()
    leave_out_migration()
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
