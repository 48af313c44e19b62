"""Why somebody gets no lab, in a sentence that is shown to them as it is."""

from __future__ import annotations

import html

from jupyterhub.spawner import SpawnException


class NoLab(SpawnException):
    """A start that is refused or failed; the hub's pages and API show its message alone.

    :param reason: one word for the hub's metrics.
    """

    def __init__(self, message: str, *, reason: str, status_code: int = 400) -> None:
        super().__init__(message, reason=reason, status_code=status_code)
        self.jupyterhub_message = message
        self.jupyterhub_html_message = html.escape(message)  # the waiting page says "Spawn failed:" before the other

    def __str__(self) -> str:
        return str(self.message)
