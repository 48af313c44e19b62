"""The way `dummy`: any name and no password, for a trial on one's own machine."""

from __future__ import annotations

from typing import Any, ClassVar

from traitlets import Bool

from homeroom.sign_in.way import Identity, Way


class TrialWay(Way):
    """Lets in anybody under any name. Whoever is removed may come back by the same name."""

    name = "dummy"
    has_form = True
    gives_names: ClassVar[bool] = True
    allow_all = Bool(True, config=True, help="A trial lets in everybody.")

    async def check(self, handler: Any, username: str, password: str) -> Identity | None:
        """The person of the name that was typed; no password is asked for."""
        return Identity(way=self.name, subject=username, name=username)
