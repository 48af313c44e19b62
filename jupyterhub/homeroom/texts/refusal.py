"""A request that is refused, in words for whoever sent it."""

from __future__ import annotations

from typing import Any

from tornado import web

from homeroom.texts.said import Said


class Refusal(web.HTTPError):
    """An HTTP error whose words are the catalogue's; JupyterHub's pages and its API show `jupyterhub_message`.

    :param said: a key of the catalogue, or what is said whole.
    """

    def __init__(self, status_code: int, said: str | Said, **values: Any) -> None:
        self.said = said if isinstance(said, Said) else Said(said, values)
        super().__init__(status_code, "%s", self.said.english())

    @property
    def jupyterhub_message(self) -> str:
        """What is wrong, in the language of whoever is being answered."""
        return str(self.said)
