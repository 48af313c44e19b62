"""Server extensions that are loaded by the first request for what they serve, instead of by every start.

They are off in `jupyter_server_config.d/zz_homeroom_lab.json`, which is read last, so that they can be loaded here.
"""

from __future__ import annotations

import asyncio
import os
import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

STUDENTS_PAGES = ("assignments", "courses", "nbgrader_version")
ON_DEMAND = {
    "jupyter_lsp": ("lsp", "lab", "doc"),  # the page's own configuration holds what it adds
    "jupyterlab_git": ("git",),
    "nbdime": ("nbdime",),
    "nbgitpuller": ("git-pull", "git-sync", "interact"),
    "jupyter_archive": ("directories", "extract-archive"),
    "homeroom_lab.apps": ("proxy", "homeroom/apps"),
    "nbgrader.server_extensions.assignment_list": STUDENTS_PAGES,
    "nbgrader.server_extensions.formgrader": ("formgrader",),
    "nbgrader.server_extensions.validate_assignment": STUDENTS_PAGES,
}
"""Each with the first part of the paths, below the lab's own, that need it."""
NBGRADER = {name: "nbgrader" for name in ON_DEMAND if name.startswith("nbgrader.")}
NEEDS = {"homeroom_lab.apps": "jupyter_server_proxy", **NBGRADER}
"""What has to be installed, where it is not the extension itself."""
ROLES = {
    "nbgrader.server_extensions.assignment_list": "student",
    "nbgrader.server_extensions.formgrader": "grader",
    "nbgrader.server_extensions.validate_assignment": "student",
}
"""For which role alone an extension is there. The hub says at a lab's start which it has."""

AMENDED = {
    "jupyter_archive": "homeroom_lab.archives",
    "jupyterlab_git": "homeroom_lab.git_panel",
    "nbdime": "homeroom_lab.notebook_diffs",
    "nbgitpuller": "homeroom_lab.pull",
    **dict.fromkeys(NBGRADER, "homeroom_lab.nbgrader_pages"),
}
"""What of ours stands in for a part of theirs, before it is loaded: a module with `install()`."""


class FirstRequest(Matcher):
    """Matches no request; but the first below one of its paths loads the extension, whose own rules come after."""

    def __init__(self, app: Any, name: str, parts: tuple[str, ...]) -> None:
        self._app = app
        self._name = name
        self._ours = re.compile(rf"{re.escape(app.base_url)}(?:{'|'.join(parts)})(?![\w-])")
        self._loaded = False
        self._starting: asyncio.Future[Any] | None = None

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """None, always."""
        if not self._loaded and self._ours.match(request.path):
            self._loaded = True
            self._load()
        return None

    def _load(self) -> None:
        router, manager = self._app.web_app.default_router, self._app.extension_manager
        before = list(router.rules)
        if self._name in AMENDED:
            import_module(AMENDED[self._name]).install()
        if manager.add_extension(self._name, enabled=True):
            manager.link_extension(self._name)
            manager.load_extension(self._name)
            self._starting = asyncio.ensure_future(manager.start_extension(self._name))
        for rule in router.rules:
            for own in rule.target.rules if rule not in before else ():
                if not self._ours.match(own.matcher.regex.pattern):
                    self._app.log.warning(
                        "%s serves %s too, before it is loaded: list it in homeroom_lab/lazy_extensions.py",
                        self._name,
                        own.matcher.regex.pattern,
                    )


def install(app: Any) -> None:
    """Have a server load its extensions on demand, those that are installed."""
    from jupyter_server.base.handlers import Template404

    role = os.environ.get("HOMEROOM_LAB_ROLE", "")
    for name, parts in ON_DEMAND.items():
        if ROLES.get(name, role) == role and find_spec(NEEDS.get(name, name)):
            app.web_app.add_handlers(".*$", [Rule(FirstRequest(app, name, parts), Template404)])
