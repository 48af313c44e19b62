"""Scripts of the formgrader's pages, with what is another here."""

from __future__ import annotations

import logging
import re
from pathlib import Path

log = logging.getLogger("homeroom_lab.grading.scripts")
CALLED = 'last_name + (first_name ? ", " + first_name : "")'
NAME = {
    'if (last_name === null) last_name = "None";': "",
    'if (first_name === null) first_name = "None";': "",
    'var name = last_name + ", " + first_name;': f'var name = last_name === null ? first_name || "None" : {CALLED};',
}
"""How somebody is shown in lists who has one name."""
AMENDMENTS = {
    "utils.js": {
        'notebook: "/notebooks/"': 'notebook: base_url + "/lab/tree/"',
        'file: "/edit/"': 'file: base_url + "/lab/tree/"',
        'directory: "/tree/"': 'directory: base_url + "/lab/tree/"',
        "var createLogModal = function (id, title, message, log, error) {": """\
var createLogModal = function (id, title, message, log, error) {
    if (id === "success-modal" && log && log.indexOf(" waits for a teacher") >= 0) {
        title = "It waits";
        message = "It is not out yet: a teacher releases it with a button on the course's page.";
    }""",
    },
    "manage_students.js": NAME,
    "manage_submissions.js": NAME,
    "gradebook_notebook_submissions.js": {
        "if (last_name !== null && first_name !== null) {": "if (last_name !== null) {",
        'name = last_name + ", " + first_name': f"name = {CALLED};",
    },
    "manage_assignments.js": {
        '} else if (status === "released") {': """\
} else if (status === "waiting") {
            this.$status.attr("data-order", "waiting");
            this.$status.append($("<span/>").addClass("label label-warning").text("waits for a teacher"));
        } else if (status === "released") {""",
    },
}
"""What is another in scripts of the formgrader's pages. Links lead to where what they mean is found in JupyterLab:
upstream's lack the lab's own address, and lead to pages that there are not
(https://github.com/jupyter/nbgrader/issues/1888). What was released and waits for a teacher is called so. And who has
one name is shown by it, without *None*."""
ADDED = {"manage_submissions.js": Path(__file__).with_name("manage_submissions.js")}
"""What comes after scripts."""


def amended(name: str, script: str) -> str:
    """A script with what is another here, and with what comes after it."""
    for old, new in AMENDMENTS[name].items():
        if old not in script:
            log.warning("The formgrader's %s is another one than expected, without: %s", name, old)
        script = script.replace(old, new)
    return f"{script};{ADDED[name].read_text(encoding='utf-8')}" if name in ADDED else script


def routes() -> list[tuple[str, type]]:
    """Where they are found, before upstream's own."""
    from nbgrader.server_extensions.formgrader import handlers

    folder = Path(handlers.static_path) / "js"
    return [
        (rf"/formgrader/static/js/{re.escape(name)}", _handler(amended(name, (folder / name).read_text("utf-8"))))
        for name in AMENDMENTS
    ]


def _handler(script: str) -> type:
    from nbgrader.server_extensions.formgrader.base import BaseHandler
    from tornado import web

    class ScriptHandler(BaseHandler):
        """One of them."""

        @web.authenticated
        def get(self) -> None:
            """Give it."""
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            self.finish(script)

    return ScriptHandler
