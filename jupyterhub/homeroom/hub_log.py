"""How the hub's log is written: as JupyterHub's, in plain lines."""

from __future__ import annotations

from typing import Any

from jupyterhub.log import CoroutineLogFormatter

from homeroom.plain_text import PlainLines


class HubLogLines(PlainLines, CoroutineLogFormatter):
    """JupyterHub's records without colours, which are what a terminal obeys."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "color": False})
