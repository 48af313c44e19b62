"""The pages for accounts: sign-up that gives its reasons, and forms where NativeAuthenticator acts on a mere GET."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.login import LoginHandler
from jupyterhub.scopes import needs_scope
from nativeauthenticator import handlers as native
from nativeauthenticator.handlers import LocalBase
from nativeauthenticator.orm import UserInfo


class SignUpHandler(native.SignUpHandler):
    """`/hub/signup`: says in one sentence what came of it, and keeps the name that was typed."""

    def render_template(self, name: str, sync: bool = False, **values: Any) -> Any:
        """Render with the name that was typed, so that it need not be typed again."""
        return super().render_template(name, sync, username=self.get_body_argument("username", ""), **values)

    def get_result_message(
        self,
        user: Any,
        assume_user_is_human: bool,
        username_already_taken: bool,
        confirmation_matches: bool,
        user_is_admin: bool,
    ) -> tuple[str, str]:
        """The kind of message and its text; alert-danger is a refusal."""
        if user is not None and user.is_authorized:
            return "alert-success", "Your account is there; you can sign in now."
        if not assume_user_is_human or (user is not None and user.login_email_sent):
            found: tuple[str, str] = super().get_result_message(
                user, assume_user_is_human, username_already_taken, confirmation_matches, user_is_admin
            )
            return found
        if user is not None:
            return "alert-info", "Thank you. You can sign in once the administrator has approved your account."
        name = self.get_body_argument("username", "", strip=False)
        if username_already_taken or self.authenticator.normalize_username(name) in self.authenticator.admin_users:
            return "alert-danger", "This name is taken. Please choose another."
        if not self.authenticator.validate_username(self.authenticator.normalize_username(name)):
            return "alert-danger", "This name cannot be used. Please choose one as described below."
        if not confirmation_matches:
            return "alert-danger", "The two passwords are not the same."
        password = self.get_body_argument("signup_password", "", strip=False)
        return "alert-danger", self.authenticator.password_fault(password) or "This account cannot be made."


class AccountsHandler(LocalBase):
    """`/hub/authorize`: who has an account and who waits for one."""

    @needs_scope("admin:users")
    async def get(self) -> None:
        """Show the list."""
        html = await self.render_template(
            "authorization-area.html",
            ask_email=self.authenticator.ask_email_on_signup,
            users=UserInfo.all_users(self.db),
            administrators=self.authenticator.admin_users,
        )
        self.finish(html)


class ApproveHandler(LocalBase):
    """POST `/hub/authorize/NAME`: approves an account, or takes the approval back; never an administrator's."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Toggle the approval and go back to the list."""
        account = UserInfo.find(self.db, name)
        if account is not None and not (account.is_authorized and name in self.authenticator.admin_users):
            UserInfo.change_authorization(self.db, name)
            person = self.find_user(name)
            if person is not None:
                person._auth_refreshed = 0.0  # looked at with their next request
        self.redirect(f"{self.hub.base_url}authorize")


class DiscardHandler(LocalBase):
    """POST `/hub/discard/NAME`: throws a sign-up away. An approved account is left alone."""

    @needs_scope("admin:users")
    async def post(self, name: str) -> None:
        """Discard the sign-up and go back to the list."""
        account = UserInfo.find(self.db, name)
        if account is not None and not account.is_authorized:
            self.db.delete(account)
            self.db.commit()
        self.redirect(f"{self.hub.base_url}authorize")


handlers = [
    (r"/login", LoginHandler),
    (r"/signup", SignUpHandler),
    (r"/authorize", AccountsHandler),
    (r"/authorize/([^/]*)", ApproveHandler),
    (r"/discard/([^/]*)", DiscardHandler),
]
