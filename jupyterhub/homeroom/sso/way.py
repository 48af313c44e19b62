"""The way `sso`: people whom a web server in front has signed in, by Shibboleth, OpenID Connect, SAML or Kerberos."""

from __future__ import annotations

import os
from typing import Any

from traitlets import Bool, Set, Unicode, default

from homeroom.hub.request_limits import is_from_lab
from homeroom.sign_in.way import Identity, Refused, Way
from homeroom.sso import headers
from homeroom.sso.pages import SsoHandler
from homeroom.texts.said import say, text

PATH = "sso/login"


class SsoWay(Way):
    """Believes the web server in front, and nobody else: who does not show its secret is told so, and what comes from a
    lab is not looked at, which reaches the hub without passing that server."""

    name = "sso"
    user_header = Unicode("X-SSO-User", config=True, help="What somebody is called.")
    subject_header = Unicode("", config=True, help="What never changes of them; empty: what they are called.")
    email_header = Unicode("", config=True, help="Their e-mail address.")
    display_name_header = Unicode("", config=True, help="How they are shown to others.")
    groups_header = Unicode("", config=True, help="The groups that they are in.")
    role_header = Unicode("", config=True, help="The roles that they have.")
    separator = Unicode(";", config=True, help="What stands between groups, and between roles.")
    required_roles = Set(Unicode(), config=True, help="Roles of which somebody needs one, whatever else lets them in.")
    everywhere = Bool(False, config=True, help="Whether the web server in front says on every page who asks.")
    logout = Unicode("", config=True, help="Where to sign out at the source, too.")
    secret = Unicode(help="What the web server in front shows.")

    def usual_title(self) -> str:
        """The way's name on the sign-in page, where the configuration gives it none."""
        return text("sso.title")

    @default("secret")
    def _given_secret(self) -> str:
        return os.environ.get("SSO_SECRET", "")

    def handlers(self, app: Any) -> list[tuple[str, type]]:
        """The page that the web server in front protects."""
        return [(rf"/{PATH}", type("ThisSsoHandler", (SsoHandler,), {"way": self}))]

    def button(self, handler: Any) -> tuple[str, str]:
        """Leads to the page that the web server in front protects."""
        return self.called(), f"{handler.hub.base_url}{PATH}"

    async def logout_url(self, handler: Any, identity: Identity) -> str | None:
        """Where the source ends its session."""
        return self.logout or None

    def recognise(self, handler: Any) -> Identity:
        """Who asks, by the word of the web server in front.

        :raises Refused: it is nobody's word, or says of nobody, or of somebody without a role that is asked for.
        """
        if not self.is_believed(handler):
            raise Refused(
                "not-by-the-front",
                say("sso.not_by_front"),
                detail=f"the request came without the right {headers.SECRET}",
                remedy=f"Let the web server in front set {headers.SECRET} to SSO_SECRET of .env: docs/sign-in/sso.md.",
            )
        sent = handler.request.headers
        name = headers.value(sent, self.user_header)
        subject = headers.value(sent, self.subject_header) if self.subject_header else name
        if not name or not subject:
            raise Refused(
                "no-user",
                say("sso.no_user"),
                detail=f"{self.subject_header if name else self.user_header} is missing or says nothing",
                remedy="See which attributes the institution releases, and which the web server in front passes on.",
            )
        self._check_role(sent, name)
        return self._identity(sent, name, subject)

    def is_believed(self, handler: Any) -> bool:
        """Whether a request came by the web server in front."""
        stream = getattr(handler.request.connection, "stream", None)
        if stream is None or stream.closed() or is_from_lab(stream.socket):
            return False
        return headers.is_proven(handler.request.headers, self.secret)

    def contradicts(self, handler: Any, identity: Identity) -> bool:
        """Whether the web server in front says of this request that it is somebody else's, or nobody's; or that they
        have lost the role."""
        if not self.everywhere:
            return False
        try:
            return self.recognise(handler).subject != identity.subject
        except Refused as refused:
            self.log.warning("%s is asked to sign in again: %s", identity.name, refused.detail)
            return True

    def _check_role(self, sent: Any, name: str) -> None:
        roles = headers.values(sent, self.role_header, self.separator) if self.role_header else []
        if self.required_roles and self.required_roles.isdisjoint(roles):
            raise Refused(
                "no-role",
                say("sso.no_role"),
                detail=f"{name} has {', '.join(roles) or 'no role'}, none of {', '.join(sorted(self.required_roles))}",
                remedy="Give the role at the institution, or change required_roles in site/sso.yaml.",
            )

    def _identity(self, sent: Any, name: str, subject: str) -> Identity:
        groups = None
        if self.groups_header:
            named = headers.values(sent, self.groups_header, self.separator)
            groups = frozenset(f"{self.name}-{group}" for group in named)
        return Identity(
            way=self.name,
            subject=subject,
            name=name,
            display_name=headers.value(sent, self.display_name_header) if self.display_name_header else "",
            email=headers.value(sent, self.email_header) if self.email_header else "",
            groups=groups,
            admin=not self.admin_groups.isdisjoint(groups or ()) if self.admin_groups else None,
        )
