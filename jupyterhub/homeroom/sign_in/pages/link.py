"""Where people see by which ways they sign in, link another one to their user, and take one away."""

from __future__ import annotations

from typing import Any

from tornado import web
from tornado.httputil import url_concat

from homeroom.sign_in import linking, sessions
from homeroom.sign_in.pages.form import LONGEST_NAME, STALE, FormHandler
from homeroom.sign_in.way import Identity
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import text


class LinkHandler(FormHandler):
    """`/hub/link`: the ways by which somebody signs in, and those that can be linked."""

    def prepare(self) -> Any:
        """:raises HTTPError: 404, there is one way and nothing to link."""
        if not self.authenticator.can_link:
            raise Refusal(404, "link.one_way")
        return super().prepare()

    @web.authenticated
    async def get(self) -> None:
        """Show them."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Begin to link: go to the button's page, or look at the name and password of the form."""
        wish = linking.begin(self)
        word = self.field("way")
        way = self.authenticator.opened.get(word)
        if way is None:
            raise Refusal(400, "link.no_such_way")
        if not way.has_form:
            button = way.button(self)
            if button is None:
                raise Refusal(400, "link.begins_elsewhere")
            self.redirect(url_concat(button[1], {"next": f"{self.hub.base_url}link"}))
            return
        data = {"way": word, "username": self.field("username").strip(), "password": self.field("password")}
        try:
            identity = await self.authenticator.identify(self, data)
        except web.HTTPError as error:
            self.set_status(error.status_code)
            await self._show(alert="alert-danger", result_message=self.authenticator.text_of(error))
            return
        if identity is None:
            self.set_status(403)
            await self._show(alert="alert-danger", result_message=text("sign_in.wrong"))
            return
        await self.authenticator.offer(self, wish, identity)

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The page."""
        if self.current_user is None:
            return None
        return "link.html", {**self._values(), "alert": "alert-warning", "result_message": text(STALE)}

    async def _show(self, **result: Any) -> None:
        self.finish(await self.render_template("link.html", **{**self._values(), **result}))

    def _values(self) -> dict[str, Any]:
        name = self.current_user.name
        known = self.authenticator.admission.open_of(name)
        own = self.authenticator.staying.own_account(name)
        ways = self.authenticator.opened
        return {
            "sources": [
                {
                    "way": each.way,
                    "subject": each.subject,
                    "title": self.authenticator.title_of(str(each.way)),
                    "name": each.display_name or each.source_name,
                }
                for each in known
            ],
            "own_account": own is not None,
            "removable": len(known) + (own is not None) > 1,
            "forms": {word: self.authenticator.title_of(word) for word, way in ways.items() if way.has_form},
            "buttons": {word: found[0] for word, way in ways.items() if (found := way.button(self))},
            "username": self.field("username")[:LONGEST_NAME],
        }


class ConfirmHandler(FormHandler):
    """`/hub/link/confirm`: both sign-ins are the same person's, says the person."""

    @web.authenticated
    async def get(self) -> None:
        """Ask."""
        wish, identity = self._wish()
        self.finish(await self.render_template("link-confirm.html", **self._values(wish.name, identity)))

    @web.authenticated
    async def post(self) -> None:
        """Link them, and go on as the user that is kept."""
        wish, identity = self._wish()
        linking.end(self)
        if not self.field("link"):
            self.redirect(f"{self.hub.base_url}link")
            return
        other = self._other(wish.name, identity)
        kept = other if other is not None and self.field("keep") == other else wish.name
        gone = wish.name if kept == other else other
        await self.authenticator.link(identity, kept=kept, gone=gone)
        self.log.info("%s linked %s of %s to %s", wish.name, identity.subject, identity.way, kept)
        if kept == wish.name:
            self.redirect(f"{self.hub.base_url}link")
            return
        sessions.end(self)
        self.clear_login_cookie()
        self.redirect(self.settings["login_url"])

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The question, for whoever may answer it."""
        wish = linking.of(self)
        if wish is None or wish.identity is None:
            return None
        values = self._values(wish.name, wish.identity)
        return "link-confirm.html", {**values, "alert": "alert-warning", "result_message": text(STALE)}

    def _wish(self) -> tuple[linking.Wish, Identity]:
        wish = linking.of(self)
        if wish is None or wish.identity is None:
            raise Refusal(400, "link.too_late")
        return wish, wish.identity

    def _other(self, name: str, identity: Identity) -> str | None:
        """The other user that the person is here; None where they have none, or it is the same."""
        other = self.authenticator.user_of(identity)
        return other if other != name and other is not None and self.find_user(other) is not None else None

    def _values(self, name: str, identity: Identity) -> dict[str, Any]:
        other = self._other(name, identity)
        administrators = self.authenticator.admin_users
        return {
            "user_name": name,
            "title": self.authenticator.title_of(identity.way),
            "named": identity.display_name or identity.name,
            "email": identity.email,
            "other": other,
            "keeps": [each for each in (name, other) if each and not {name, other} - {each} & administrators],
            "is_linked": self.authenticator.user_of(identity) == name,
        }


class UnlinkHandler(FormHandler):
    """POST `/hub/link/remove`: takes a sign-in away from one's user; never the last one."""

    @web.authenticated
    async def post(self) -> None:
        """Take it away. Every other browser signs in once more."""
        user = self.current_user
        known = self.authenticator.admission.open_of(user.name)
        if len(known) + (self.authenticator.staying.own_account(user.name) is not None) < 2:
            raise Refusal(400, "link.only_one")
        if not linking.unlink(self.db, user.name, self.field("from"), self.field("subject")):
            raise Refusal(404, "link.not_yours")
        self.authenticator.staying.bring_up_to_date(user.name)
        self.authenticator.staying.end_sessions(user.name)
        self.set_login_cookie(user)
        self.log.info("%s unlinked %s of %s", user.name, self.field("subject"), self.field("from"))
        self.redirect(f"{self.hub.base_url}link")
