"""How the hub's log is written: as JupyterHub's, in plain lines, without what it says at every visit."""

from __future__ import annotations

import logging
from typing import Any

from jupyterhub.log import CoroutineLogFormatter

from homeroom.contract.plain_text import PlainLines


class HubLogLines(PlainLines, CoroutineLogFormatter):
    """JupyterHub's records without colours, which are what a terminal obeys."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "color": False})


class WithoutFormCookies(logging.Filter):
    """Leaves out that a form's cookie was set: up to twice at every visit, and nothing an operator can act on."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        return not (record.levelno <= logging.INFO and record.module == "_xsrf_utils")
