"""The two pages of a way: where a sign-in goes out to a provider, and where it comes back."""

from __future__ import annotations

from typing import Any, Protocol

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from homeroom.hub import navigation
from homeroom.oauth.part import refused_by_provider
from homeroom.oauth.pending import Begun, Pending, Returned, cookie_name
from homeroom.sign_in.one_use import LIFE_SECONDS
from homeroom.sign_in.way import Identity, Refused, Unreachable, finish, refuse
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

BAD_GATEWAY = 502
"""JupyterHub says of 503 that a lab is not running."""
UNREACHABLE = say("oauth.unreachable")
NOT_ALLOWED = say("oauth.not_agreed")
AGREED_TO_NOTHING = frozenset({"access_denied", "consent_required", "login_required", "interaction_required"})


class Elsewhere(Protocol):
    """What the pages ask of a way."""

    name: str
    public_url: str
    path: str
    source: str
    pending: Pending
    callback_url: str

    async def authorize_url(self, begun: Begun) -> str:
        """Where a browser is sent to sign in."""

    async def exchange(self, code: str, verifier: str, nonce: str) -> Identity:
        """Who came back with this code."""

    async def ready(self) -> Any:
        """See that all addresses are known."""


class OAuthPage(BaseHandler):
    """A page of a way. A fault at the provider is told in a sentence, and is none of the hub's."""

    way: Elsewhere

    def set_default_headers(self) -> None:
        """Addresses here hold what is only this browser's: no other site and no cache is told."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")

    def _request_summary(self) -> str:
        """What tornado's log says of a request that was refused: not the code and the state that it holds."""
        return f"{self.request.method} {self.request.path} ({self.request.remote_ip})"

    @property
    def is_secure(self) -> bool:
        """Whether the browser may keep cookies for encrypted connections only."""
        return self.way.public_url.startswith("https://")

    def unreachable(self, error: Exception) -> web.HTTPError:
        """What is told where the provider does not answer; raise what it returns."""
        remedy = f"See that {self.way.source} runs and that this machine reaches it; `make check` tries it."
        told = refuse(self, Refused("unreachable", UNREACHABLE, detail=str(error), remedy=remedy), way=self.way.name)
        told.status_code = BAD_GATEWAY
        return told


class LoginPage(OAuthPage):
    """`/hub/oauth/<way>/login`: sends a browser to the provider."""

    async def get(self) -> None:
        """Begin a sign-in.

        :raises HTTPError: 502, the provider does not say where to.
        """
        next_url = self.get_argument("next", "")
        try:
            await self.way.ready()  # before anything is kept
            begun = self.way.pending.begin(self.db, next_url, from_here=navigation.comes_from_here(self))
            address = await self.way.authorize_url(begun)
        except (Unreachable, ValueError) as error:
            raise self.unreachable(error) from None
        self._set_cookie(
            cookie_name(begun.state),
            begun.browser,
            encrypted=False,
            path=self.base_url,
            max_age=LIFE_SECONDS,
            samesite="Lax",  # it comes back by a link of another site
            secure=self.is_secure,
        )
        self.redirect(address)


class CallbackPage(OAuthPage):
    """`/hub/oauth/<way>/callback`: a browser comes back from the provider."""

    _from_here = False

    async def get(self) -> None:
        """End a sign-in.

        :raises HTTPError: 400, it was not begun in this browser; 403, it is refused; 502, nobody can say.
        """
        returned = self._take()
        try:
            code = self._code()
            identity = await self.way.exchange(code, returned.verifier, returned.nonce)
        except Refused as refused:
            raise refuse(self, refused, way=self.way.name) from None
        except Unreachable as error:
            raise self.unreachable(error) from None
        self._lead_to(returned.next_url)
        self._from_here = returned.from_here
        await finish(self, identity)

    def redirect(self, url: str, *arguments: Any, **options: Any) -> None:
        """Lead to a page. Browsers take a redirect that began at the provider for a visit from there, and the hub asks
        such visitors before it starts a lab: whoever began here goes on from a page of the hub's."""
        if not self._from_here:
            super().redirect(url, *arguments, **options)
            return
        self.finish(self.render_template("signed-in.html", sync=True, next_page=url))

    def _take(self) -> Returned:
        """What was kept as this sign-in began.

        :raises HTTPError: 400, nothing is kept for this browser.
        """
        state = self.get_query_argument("state", "")
        name = cookie_name(state)
        browser = self.get_cookie(name) or ""
        self.clear_cookie(name, path=self.base_url)
        returned = self.way.pending.take(self.db, state, browser) if state and browser else None
        if returned is None:
            self.log.warning("A sign-in came back by %s that was not begun in this browser, or long ago", self.way.name)
            raise Refusal(400, "oauth.stale")
        return returned

    def _code(self) -> str:
        """What the provider vouches with.

        :raises Refused: it does not, or somebody else answers.
        """
        issuer = self.get_query_argument("iss", "")
        if issuer and issuer != self.way.source:
            raise refused_by_provider(f"{issuer[:200]!r} answers in place of {self.way.source}")
        error = self.get_query_argument("error", "")
        if error in AGREED_TO_NOTHING:
            raise Refused("not-confirmed", NOT_ALLOWED, detail=error)
        code = str(self.get_query_argument("code", ""))
        if error or not code:
            said = self.get_query_argument("error_description", "")
            remedy = f"Compare {self.way.callback_url} and the scopes with what is registered at the provider."
            raise refused_by_provider(f"{error[:80]}: {said[:200]}", remedy)
        return code

    def _lead_to(self, next_url: str) -> None:
        """Have the hub take what was asked for at the beginning for the page to lead to, checked as it does, and not
        what this request holds: code and state go no further."""
        self.request.query = ""
        self.request.arguments = {"next": [next_url.encode()]} if next_url else {}


def handlers_of(way: Any) -> list[tuple[str, type]]:
    """The two pages of a way."""
    kinds: dict[str, Any] = {"login": LoginPage, "callback": CallbackPage}
    return [(rf"/{way.path}/{name}", type(kind.__name__, (kind,), {"way": way})) for name, kind in kinds.items()]
