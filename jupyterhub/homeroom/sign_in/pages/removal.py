"""Where administrators remove a person."""

from __future__ import annotations

from typing import Any

from jupyterhub.scopes import needs_scope
from tornado import web

from homeroom.sign_in import names, removal
from homeroom.sign_in.known_names import was_here
from homeroom.sign_in.pages.administrator import AdministratorHandler
from homeroom.sign_in.pages.form import STALE
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import text


class RemoveHandler(AdministratorHandler):
    """`/hub/remove/NAME`: asks first (GET), then removes a person: account, sessions, tokens and labs, not the home."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self, name: str) -> None:
        """Ask."""
        self.account(name)
        self.finish(await self.render_template("remove.html", **self._about(name)))

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Remove, and go back to the list."""
        self.account(name)
        if self.find_user(name) is None:  # they never signed in
            self._refuse_administrators(name)
            removal.remove(self.app, name, self.current_user.name)
        else:
            await names.remove(self, name)
        self.back()

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The question, for whoever may answer it."""
        if not self.is_allowed:
            return None
        return "remove.html", {
            **self._about(self.path_args[0]),
            "alert": "alert-warning",
            "result_message": text(STALE),
        }

    def _about(self, name: str) -> dict[str, Any]:
        user = self.find_user(name)
        running = [] if user is None else [one.name for one in user.spawners.values() if one.active]
        return {
            "person": name,
            "labs": len(running),
            "tokens": 0 if user is None else sum(token.client_id == "jupyterhub" for token in user.api_tokens),
            "administrator": self.is_administrator(name),
            "was_here": was_here(self.db, name),
        }

    def _refuse_administrators(self, name: str) -> None:
        if self.is_administrator(name):
            raise Refusal(400, "accounts.remove.administrator_plain", name=name)
