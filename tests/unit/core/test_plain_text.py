"""Plain text in the hub's log as it is rendered, and on the operator's terminal: what a lab writes is no escape."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from homeroom.contract.plain_text import LONGEST_LINE, MOST_LINES, PlainLines, plain
from jupyterhub._xsrf_utils import _set_xsrf_cookie, check_xsrf_cookie
from jupyterhub.app import JupyterHub

from generator.core.console import PlainConsole, quoted
from tests.hub_config import loaded

FORGED = "[I 2026-11-21 10:00:00.000 JupyterHub base:1033] User logged in: admin"
HOSTILE = f"ada\r{FORGED}\n{FORGED}\x1b[2J\x1b]0;title\x07\x85{FORGED}\u2028{FORGED}\u202e\x00\ud800"


@pytest.fixture
def log(tmp_path: Path) -> Any:
    """The hub's log as it is configured, and what was written to it."""
    app = JupyterHub(config=loaded(tmp_path))
    app._configure_logging()
    written = io.StringIO()
    (handler,) = app.log.handlers
    handler.setStream(written)
    app.init_logging()
    return app.log, written


def test_no_request_writes_a_line_of_the_hubs_log(log: Any) -> None:
    """Whatever name, address or note is logged: one record begins one line, and no terminal obeys it."""
    logger, written = log
    logger.warning("Failed sign-in of %s", HOSTILE)
    logging.getLogger("tornado.access").warning("403 GET /hub/%s", HOSTILE)
    lines = written.getvalue().split("\n")
    assert sum(line.startswith("[") for line in lines) == 2
    assert all(line.isprintable() for line in lines)
    assert "User logged in" in written.getvalue()  # it is told, as what it is


def test_a_forms_cookie_is_no_news(log: Any) -> None:
    """That a form's cookie was set, up to twice at a visit, is not written; what JupyterHub warns of there is."""
    _, written = log
    visit = SimpleNamespace(
        settings={},
        current_user=None,
        set_cookie=Mock(),
        request=SimpleNamespace(headers={}, path="/hub/", method="GET"),
    )
    _set_xsrf_cookie(visit, b"id", xsrf_token=b"token")
    assert written.getvalue() == ""
    check_xsrf_cookie(visit)
    assert "Skipping XSRF check" in written.getvalue()


def test_no_request_pushes_the_log_out(log: Any) -> None:
    """A record has a length, whatever it is about; a traceback keeps its end."""
    logger, written = log
    try:
        raise ValueError("x\n" * 100_000 + "y" * 900_000)
    except ValueError:
        logger.exception("z" * 900_000)
    length, keeps_the_end = len(written.getvalue()), "yyyy" in written.getvalue()
    assert length < (LONGEST_LINE + 40) * (MOST_LINES + 2)
    assert keeps_the_end


def test_records_stay_as_they_were(log: Any) -> None:
    """What people read every day is written as JupyterHub writes it, accents and tracebacks included."""
    logger, written = log
    logger.info("Élève %s took %.1f s", "ada", 1.5)
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("Failed")
    said = written.getvalue()
    assert "Élève ada took 1.5 s\n" in said
    assert "\n    Traceback (most recent call last):\n" in said
    assert "\n    ValueError: why" in said


def test_the_guards_log_too() -> None:
    """The guard logs paths and values that a hub which was taken over sent."""
    record = logging.LogRecord("guard", logging.INFO, "", 0, "refused %s", (HOSTILE,), None)
    said = PlainLines("%(levelname)s %(message)s").format(record)
    assert [line.startswith("    ") for line in said.split("\n")] == [False, True]
    assert all(map(str.isprintable, said.split("\n")))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada", "ada"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb", "a\\tb"),
        ("日本語 é", "日本語 é"),
        ("x" * 20, "xxxxxxxxxxxx... (20 characters)"),
    ],
)
def test_a_line_is_what_a_terminal_prints(text: str, shown: str) -> None:
    """Letters of any script stay; what a terminal would obey is written out; what is too long is cut."""
    assert plain(text, 12) == shown


def test_the_operators_terminal_obeys_nobody() -> None:
    """What labels, names and other programs' words hold is printed by `make status`, neither obeyed nor markup."""
    terminal = io.StringIO()
    console = PlainConsole(
        file=terminal, force_terminal=True, color_system=None, width=2000, highlight=False, emoji=False
    )
    console.print(f"home of {quoted('[bold red on white]' + HOSTILE)} :skull:", soft_wrap=True)
    said = terminal.getvalue()
    assert "\x1b" not in said
    assert "[bold red on white]" in said
    assert ":skull:" in said
    assert all(map(str.isprintable, said.rstrip("\n").split("\n")))
    assert len(quoted("x" * 900_000)) < 200
