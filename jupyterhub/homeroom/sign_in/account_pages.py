"""The pages for accounts: sign-in, sign-up, passwords, and the administrator's list of who has one.

Every form comes back filled in when it is sent too late, but for passwords, and works when it is sent again.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LoginHandler
from jupyterhub.scopes import needs_scope
from nativeauthenticator.orm import UserInfo
from sqlalchemy import func
from tornado import web

from homeroom.hub import navigation
from homeroom.sign_in import known_browsers, names, removal
from homeroom.sign_in.known_names import account_of, is_spoken_for, was_here
from jupyterhub import orm

SHOWN_AT_ONCE = 100
LONGEST_SEARCH = 64
LONGEST_NAME = 64
LONGEST_EMAIL = 128
STALE = "This page had been open for too long, so nothing was done. Please press the button once more."
STALE_PASSWORDS = "This page had been open for too long, so nothing was done. Please type the password again."


class StaleForm(web.HTTPError):
    """A form whose token is another one than the browser has by now: too old, or another website's."""


class FormHandler(BaseHandler):
    """A page with a form."""

    def check_xsrf_cookie(self) -> None:
        """:raises StaleForm: the form was not made for this browser, or long ago."""
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise StaleForm(error.status_code, error.log_message) from None

    def write_error(self, status_code: int, **details: Any) -> None:
        """An error's page; for a form that was sent too late the form itself, and nothing was done."""
        exception = (details.get("exc_info") or (None, None))[1]
        again = self.once_more() if isinstance(exception, StaleForm) and self._is_page() else None
        if again is None:
            super().write_error(status_code, **details)
            return
        template, values = again
        self.write(self.render_template(template, sync=True, **values))

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The form as it was filled in, for whoever may see it: the template and its values."""
        return None

    def field(self, name: str) -> str:
        """What was typed into a field, as it was typed; empty where nothing was."""
        return str(self.get_body_argument(name, "", strip=False))

    def _is_page(self) -> bool:
        navigates: bool = self.request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        return navigates and self.request.method == "POST"


class SignInHandler(LoginHandler):
    """`/hub/login`: JupyterHub's, but a form with fields missing is a refusal, and browsers in which somebody has
    signed in are known again."""

    def check_xsrf_cookie(self) -> None:
        """:raises HTTPError: 403, the form was open for too long; it is shown again, with the name."""
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise web.HTTPError(error.status_code, STALE_PASSWORDS) from None

    async def post(self) -> None:
        """Sign in."""
        data = {name: self.get_argument(name, strip=name == "username") for name in self.request.body_arguments}
        name = data.setdefault("username", "")
        user = await self.login_user({key: value for key, value in data.items() if key != "_xsrf"})
        if user:
            self._jupyterhub_user = user
            known_browsers.remember(self, user.name)
            navigation.remember_here(self)
            self.redirect(self.get_next_url(user))
            return
        self.set_status(403)
        self.finish(await self._render(login_error="Invalid username or password", username=name[:LONGEST_NAME]))


class SignUpHandler(FormHandler):
    """`/hub/signup`: says in one sentence what came of it, and keeps what was typed, but for passwords."""

    def prepare(self) -> Any:
        """:raises HTTPError: 404, nobody signs up here."""
        if not self.authenticator.enable_signup:
            raise web.HTTPError(404, "Nobody signs up here: the administrator makes accounts.")
        return super().prepare()

    async def get(self) -> None:
        """Show the form."""
        self.finish(await self.render_template("signup.html", **self._typed()))

    async def post(self) -> None:
        """Make an account that waits, or say why not."""
        alert, said = await self._sign_up()
        self.finish(await self.render_template("signup.html", alert=alert, result_message=said, **self._typed()))

    def once_more(self) -> tuple[str, dict[str, Any]]:
        """The form as it was filled in."""
        return "signup.html", {"alert": "alert-warning", "result_message": STALE_PASSWORDS, **self._typed()}

    @property
    def _email(self) -> str:
        return self.field("email") if self.authenticator.ask_email_on_signup else ""

    def _typed(self) -> dict[str, Any]:
        return {
            "username": self.field("username")[:LONGEST_NAME],
            "email": self._email[:LONGEST_EMAIL],
            "ask_email": self.authenticator.ask_email_on_signup,
        }

    async def _sign_up(self) -> tuple[str, str]:
        """Try it; the kind of message and its text. That a name is taken is no secret: somebody else must choose."""
        authenticator = self.authenticator
        name = authenticator.normalize_username(self.field("username"))
        password = self.field("signup_password")
        if not authenticator.validate_username(name):
            return "alert-danger", "This name cannot be used. Please choose one as described below."
        if not authenticator.may_sign_up(name):
            return "alert-danger", "This name is taken. Please choose another."
        if password != self.field("signup_password_confirmation"):
            return "alert-danger", "The two passwords are not the same."
        if fault := authenticator.password_fault(password):
            return "alert-danger", fault
        if len(self._email) > LONGEST_EMAIL:
            return "alert-danger", f"The e-mail address is too long: {LONGEST_EMAIL} characters at most."
        if authenticator.waiting_list_is_full:
            return "alert-danger", "Too many people wait for approval already. Please ask the administrator."
        account = await authenticator.sign_up(name, password, email=self._email, has_2fa=bool(self.field("2fa")))
        if account is None:
            return "alert-danger", "This account cannot be made."
        if account.is_authorized:
            return "alert-success", "Your account is there; you can sign in now."
        if account.login_email_sent:
            return "alert-info", "Thank you. A message was sent to you: follow the link in it, then sign in."
        return "alert-info", "Thank you. You can sign in once the administrator has approved your account."


class ChangePasswordHandler(FormHandler):
    """`/hub/change-password`: one's own."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Change it, for whoever knows the old one. Wrong ones count as at sign-in."""
        alert, said = "alert-danger", await self._fault()
        if said is None:
            alert, said = "alert-success", "Your password has been changed."
            known_browsers.remember(self, self.current_user.name)
        await self._show(alert=alert, result_message=said)

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The form; a person who is no longer signed in signs in first."""
        if self.current_user is None or not self._has_account():
            return None
        return "change-password.html", {
            "user_name": self.current_user.name,
            "alert": "alert-warning",
            "result_message": STALE_PASSWORDS,
        }

    def _has_account(self) -> bool:
        return self.authenticator.get_user(self.current_user.name) is not None

    async def _fault(self) -> str | None:
        name = self.current_user.name
        if not self._has_account():
            return "You have no password here."
        try:
            right = await self.authenticator.has_password(self, name, self.field("old_password"))
        except web.HTTPError as locked:
            self.set_status(403)
            return str(locked.log_message)
        if not right:
            self.set_status(403)
            return "This is not your current password. Please try again."
        if self.field("new_password") != self.field("new_password_confirmation"):
            return "The two new passwords are not the same."
        fault: str | None = await self.authenticator.change_own_password(name, self.field("new_password"))
        return fault

    async def _show(self, **result: Any) -> None:
        self.finish(await self.render_template("change-password.html", user_name=self.current_user.name, **result))


class AdministratorHandler(FormHandler):
    """A page for administrators."""

    @property
    def is_allowed(self) -> bool:
        """Whether whoever asks may see it; asked where a form is shown again, since a stale one is nobody's word."""
        return self.current_user is not None and bool(self.has_scope("admin:users"))

    def account(self, name: str) -> Any:
        """Somebody's account. :raises HTTPError: 404, there is none."""
        found = account_of(self.db, name)
        if found is None:
            raise web.HTTPError(404, f"{name[:LONGEST_NAME]} has no account.")
        return found

    def is_administrator(self, name: str) -> bool:
        """Whether a person is one, by the configuration or by the page *Admin*."""
        user = orm.User.find(self.db, name)
        return name in self.authenticator.admin_users or (user is not None and bool(user.admin))

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The list, for whoever may see it."""
        if not self.is_allowed:
            return None
        return "authorization-area.html", {**self.accounts(), "alert": "alert-warning", "result_message": STALE}

    def back(self) -> None:
        """Go back to the list, as it was searched."""
        kept = {name: value for name in ("find", "page") if (value := self.get_query_argument(name, ""))}
        self.redirect(f"{self.hub.base_url}authorize" + (f"?{urlencode(kept)}" if kept else ""))

    def accounts(self) -> dict[str, Any]:
        """The part of the list that is asked for: who waits first, then by name."""
        find = self.get_query_argument("find", "").strip().lower()[:LONGEST_SEARCH]
        found = self.db.query(UserInfo).populate_existing()
        if find:
            found = found.filter(UserInfo.username.contains(find, autoescape=True))
        total = found.count()
        pages = max(1, math.ceil(total / SHOWN_AT_ONCE))
        asked = self.get_query_argument("page", "1")
        page = min(pages, max(1, int(asked))) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 1
        order = (func.coalesce(UserInfo.is_authorized, False), UserInfo.username)
        shown = found.order_by(*order).offset((page - 1) * SHOWN_AT_ONCE).limit(SHOWN_AT_ONCE).all()
        admins = {name for (name,) in self.db.query(orm.User.name).filter(orm.User.admin)}
        return {
            "users": shown,
            "total": total,
            "waiting": self.db.query(UserInfo).filter(UserInfo.is_authorized.is_not(True)).count(),
            "administrators": admins | self.authenticator.admin_users,
            "ask_email": self.authenticator.ask_email_on_signup,
            "find": find,
            "page": page,
            "pages": pages,
            "first": (page - 1) * SHOWN_AT_ONCE + 1,
            "kept": "?" + urlencode({"find": find, "page": page}) if find or page > 1 else "",
        }


class AccountsHandler(AdministratorHandler):
    """`/hub/authorize`: who has an account and who waits for one."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self) -> None:
        """Show the list."""
        self.finish(await self.render_template("authorization-area.html", **self.accounts()))

    @needs_scope("admin:users")
    async def post(self) -> None:
        """Approve, or discard, everybody who waits among the names that the page showed; later sign-ups are not."""
        discard = bool(self.field("discard"))
        for name in self.get_body_arguments("name"):
            account = account_of(self.db, name)
            if account is None or account.is_authorized:
                continue
            if discard:
                discard_account(self, account)
            else:
                account.is_authorized = True
        self.db.commit()
        self.back()


class ApproveHandler(AdministratorHandler):
    """POST `/hub/authorize/NAME`: approves an account, or takes the approval back; never an administrator's."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Do what the button says and go back to the list."""
        account = self.account(name)
        if not account.is_authorized:
            account.is_authorized = True
            self.db.commit()
        elif not self.is_administrator(name):
            account.is_authorized = False
            self.db.commit()
            await self._shut_out(name)
        self.back()

    async def _shut_out(self, name: str) -> None:
        """Have a person's next request looked at, and end their labs: what is open there would stay open."""
        user = self.find_user(name)
        if user is None:
            return
        user._auth_refreshed = 0.0
        try:
            await removal.end_labs(self.app, user)
        except TimeoutError:
            raise web.HTTPError(504, f"{name} is shut out, but a lab of theirs does not stop.") from None


class DiscardHandler(AdministratorHandler):
    """POST `/hub/discard/NAME`: throws a sign-up away. An approved account is left alone."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Discard the sign-up and go back to the list."""
        account = self.account(name)
        if not account.is_authorized:
            discard_account(self, account)
            self.db.commit()
        self.back()


def discard_account(handler: Any, account: Any) -> None:
    """Throw away an account that waits; one of somebody who was here before is removed with all they have, or their
    tokens would be good again. The caller commits."""
    if is_spoken_for(handler.db, account.username):
        removal.remove(handler.app, account.username)
    else:
        handler.db.delete(account)


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
            removal.remove(self.app, name)
        else:
            await names.remove(self, name)
        self.back()

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The question, for whoever may answer it."""
        if not self.is_allowed:
            return None
        return "remove.html", {**self._about(self.path_args[0]), "alert": "alert-warning", "result_message": STALE}

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
            raise web.HTTPError(400, f"{name} is an administrator.")


class ChangePasswordAdminHandler(AdministratorHandler):
    """`/hub/change-password/NAME`: somebody else's."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self, name: str) -> None:
        """Show the form."""
        self.account(name)
        self.finish(await self.render_template("change-password-admin.html", user_name=name))

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Change it. Who was locked out for wrong passwords can sign in again."""
        self.account(name)
        if self.field("new_password") != self.field("new_password_confirmation"):
            fault: str | None = "The two passwords are not the same."
        else:
            fault = await self.authenticator.change_own_password(name, self.field("new_password"))
        alert, said = ("alert-danger", fault) if fault else ("alert-success", f"{name} has a new password.")
        html = await self.render_template(
            "change-password-admin.html", user_name=name, alert=alert, result_message=said
        )
        self.finish(html)

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The form, for whoever may use it."""
        if not self.is_allowed:
            return None
        values = {"user_name": self.path_args[0], "alert": "alert-warning", "result_message": STALE_PASSWORDS}
        return "change-password-admin.html", values


handlers = [
    (r"/login", SignInHandler),
    (r"/signup", SignUpHandler),
    (r"/authorize", AccountsHandler),
    (r"/authorize/([^/]*)", ApproveHandler),
    (r"/discard/([^/]*)", DiscardHandler),
    (r"/remove/([^/]*)", RemoveHandler),
    (r"/change-password", ChangePasswordHandler),
    (r"/change-password/([^/]+)", ChangePasswordAdminHandler),
]
