"""Signing in with an account elsewhere: what all providers have in common."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from oauthenticator.oauth2 import OAuthenticator
from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.httputil import url_concat
from traitlets import Dict, Instance, List, Unicode, default

from homeroom.oauth import names, pages
from homeroom.oauth.client import check_endpoint, new_client
from homeroom.oauth.part import Exchange, GrantRefused, refused_by_provider, sentence
from homeroom.oauth.pending import Begun, Pending
from homeroom.sign_in.way import Identity, Refused, Unreachable, Way
from homeroom.texts.said import text

MAX_SUBJECT = 255
REFRESH_SECONDS = 300
"""How often a provider is asked about somebody: many count the questions."""
EARLY_SECONDS = 60
"""An access token counts as worn out so long before it is."""


class OAuthWay(Way):
    """A provider of accounts that is asked by OAuth. What one provider has of its own is its subclass's."""

    client_id = Unicode(config=True, help="What this hub is called at the provider.")
    secret_variable = Unicode(config=True, help="The variable of the environment with the secret that goes with it.")
    public_url = Unicode(config=True, help="The hub's address as people type it, with the base URL.")
    ca_file = Unicode(config=True, help="Certificates that the provider's must come from; empty: the system's.")
    scopes = List(Unicode(), config=True, help="What is asked for besides what the way itself needs.")
    username_claim = Unicode(config=True, help="Where the provider keeps the name that is proposed for a person.")
    strip_domain = Unicode(config=True, help="The domain that is left off a name that is an address.")
    groups = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        config=True,
        help="Groups, organisations and teams that are asked for, as the provider writes them, with their names here.",
    )
    client = Instance(AsyncHTTPClient, help="Asks the provider, for this way alone.")
    own_scopes: ClassVar[tuple[str, ...]] = ()
    label: ClassVar[str] = ""
    """The provider's name, for people."""
    usual_source: ClassVar[str] = ""
    """The provider's address, where all have the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pending = Pending(self.name)
        self._part: OAuthenticator | None = None
        self._refreshes: dict[str, asyncio.Task[Identity | None]] = {}

    def usual_title(self) -> str:
        """The way's name on the sign-in page, with the provider's, where the configuration gives it none."""
        return text("oauth.with", provider=self.label)

    @default("refresh_seconds")
    def _default_refresh_seconds(self) -> int:
        return REFRESH_SECONDS

    @default("client")
    def _default_client(self) -> AsyncHTTPClient:
        return new_client(self.ca_file)

    # --- pages ---

    def handlers(self, app: Any) -> list[tuple[str, type]]:
        """Where a sign-in goes out and comes back."""
        return pages.handlers_of(self)

    def button(self, handler: Any) -> tuple[str, str] | None:
        """What its button says, and where a sign-in goes out."""
        address = f"{handler.hub.base_url}{self.path}/login"
        next_url = handler.get_argument("next", "")
        return self.called(), f"{address}?{urlencode({'next': next_url})}" if next_url else address

    @property
    def path(self) -> str:
        """Its pages' place below `/hub/`."""
        return f"oauth/{self.name}"

    @property
    def callback_url(self) -> str:
        """The address to register at the provider. It follows the setting, never what a request says of itself."""
        return f"{self.public_url.rstrip('/')}/hub/{self.path}/callback"

    # --- the provider ---

    @property
    def source(self) -> str:
        """The provider's address: a subject of another one is another person."""
        raise NotImplementedError

    def make_part(self) -> OAuthenticator:
        """The library's class for this provider."""
        raise NotImplementedError

    async def ready(self) -> OAuthenticator:
        """The part, with all addresses known.

        :raises Unreachable: the provider would have to say them, and does not.
        """
        if self._part is None:
            self._part = self.make_part()
        return self._part

    def of_part(self) -> dict[str, Any]:
        """What every part is told. Nothing of it follows from the environment or from a request."""
        return {
            "client_id": self.client_id,
            "client_secret": os.environ.get(self.secret_variable, ""),
            "oauth_callback_url": self.callback_url,
            "http_client": self.client,
            "validate_server_cert": True,
            "enable_pkce": True,
            "basic_auth": False,
            "scope": [*self.own_scopes, *(scope for scope in self.scopes if scope not in self.own_scopes)],
            "extra_authorize_params": {},
        }

    async def authorize_url(self, begun: Begun) -> str:
        """Where a browser is sent to sign in.

        :raises Unreachable: as `ready`.
        """
        part = await self.ready()
        check_endpoint(part.authorize_url)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback_url,
            "scope": " ".join(part.scope),
            "state": begun.state,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
            **self.asked_besides(begun),
            **part.extra_authorize_params,
        }
        return str(url_concat(part.authorize_url, {name: value for name, value in asked.items() if value}))

    def asked_besides(self, begun: Begun) -> dict[str, str]:
        """What is asked of the provider besides."""
        return {}

    async def exchange(self, code: str, verifier: str, nonce: str) -> Identity:
        """Who came back with this code.

        :raises Refused: the provider does not vouch for them.
        :raises Unreachable: it does not answer.
        """
        part = await self.ready()
        try:
            found = await self.identify(part, await part.authenticate(Exchange(code, verifier, nonce)))
            self._refreshes.pop(found.subject, None)  # what was asked before is older than this
            return found
        except GrantRefused as error:
            raise _refused_grant(error, self) from None
        except HTTPClientError as error:
            raise refused_by_provider(str(error)) from None
        except web.HTTPError as error:
            raise refused_by_provider(sentence(error)) from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise refused_by_provider(f"its answer is of an odd shape: {error!r}") from None

    # --- the person ---

    def subject(self, person: Mapping[str, Any]) -> str:
        """What never changes of a person at the provider.

        :raises KeyError: the provider does not say it.
        """
        raise NotImplementedError

    def found_name(self, person: Mapping[str, Any]) -> str:
        """A person's name at the provider, as it is written there."""
        return str(person.get(self.username_claim) or "")

    def email(self, person: Mapping[str, Any]) -> str:
        """The person's address, where the provider has verified it; else empty."""
        return str(person.get("email") or "") if person.get("email_verified") is True else ""

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """Of which of `groups` the person is a member.

        :raises Unreachable: nobody can say.
        """
        return set()

    def whole_subject(self, subject: str) -> str:
        """A subject with the provider's address, unless that is the one that all know: another provider under the same
        word in `AUTH` names other people."""
        found = subject if self.source == self.usual_source else f"{self.source}|{subject}"
        return found if len(found) <= MAX_SUBJECT else f"sha256:{hashlib.sha256(found.encode()).hexdigest()}"

    async def identify(self, part: OAuthenticator, model: dict[str, Any]) -> Identity:
        """The person of an answer, as the library holds it."""
        kept = model["auth_state"]
        person = kept[part.user_auth_state_key]
        subject = self.whole_subject(self.subject(person))
        member_of = await self.memberships(part, model, person) if self.groups else set()
        return Identity(
            way=self.name,
            subject=subject,
            name=names.user_name(self.found_name(person), subject, self.strip_domain),
            display_name=str(person.get("name") or "")[:128],
            email=self.email(person)[:254],
            groups=frozenset(self.groups[each] for each in member_of if each in self.groups) if self.groups else None,
            locale=str(person.get("locale") or "")[:16],
            state={"token": _kept_of(kept["token_response"])},
        )

    # --- later ---

    async def refresh(self, identity: Identity) -> Identity | None:
        """The person as the provider knows them now; None where it vouches for them no more. Many requests of one
        person ask once: some providers take a refresh token that is shown twice for stolen.

        :raises Unreachable: the provider does not answer, or cannot be asked without the person.
        """
        running = self._refreshes.get(identity.subject)
        if running is None or (running.done() and (running.cancelled() or running.exception() is not None)):
            running = self._refreshes[identity.subject] = asyncio.ensure_future(self._refresh(identity))
        found = await asyncio.shield(running)  # who gave up waiting leaves what came of it to the next who asks
        self._refreshes.pop(identity.subject, None)
        return found

    async def _refresh(self, identity: Identity) -> Identity | None:
        part = await self.ready()
        token = dict(identity.state.get("token") or {})
        if not token:
            return None
        try:
            found = await self._ask_again(part, token)
        except (HTTPClientError, web.HTTPError, Refused) as error:
            self.log.info("%s does not vouch for %s any more: %s", self.name, identity.name, error)
            return None
        except GrantRefused as error:
            if error.error != "invalid_grant":  # the hub itself is refused: its secret ran out
                raise Unreachable(str(error)) from None
            self.log.info("%s does not vouch for %s any more: %s", self.name, identity.name, error)
            return None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreachable(f"{self.name} answers in an odd shape: {error!r}") from None
        if found.subject != identity.subject:
            self.log.warning("%s answers for %s with somebody else", self.name, identity.name)
            return None
        return found

    async def _ask_again(self, part: OAuthenticator, token: dict[str, Any]) -> Identity:
        """Ask with the access token, and with a new one where it is worn out."""
        if not self.must_renew(token):
            try:
                return await self.identify(part, await part._token_to_auth_model(token))
            except HTTPClientError:
                if not token.get("refresh_token"):
                    raise
        if not token.get("refresh_token"):
            raise Unreachable(f"{self.name} gave no refresh token, so nobody can ask without the person")
        found = await part.get_token_info(None, part.build_refresh_token_request_params(token["refresh_token"]))
        return await self.identify(part, await part._token_to_auth_model(self.renewed(token, found)))

    def renewed(self, token: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
        """What is known after tokens were refreshed: a refresh token that does not change is not always sent."""
        return {**{name: value for name, value in token.items() if name != "expires_at"}, **found}

    def must_renew(self, token: Mapping[str, Any]) -> bool:
        """Whether the access token is of no use any more."""
        ends_at = token.get("expires_at")
        return isinstance(ends_at, int | float) and time.time() > ends_at - EARLY_SECONDS


def _kept_of(token: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an answer with tokens."""
    kept = {name: token[name] for name in KEPT if token.get(name)}
    lasts_seconds = token.get("expires_in")
    if isinstance(lasts_seconds, int | float) and "expires_at" not in token:
        kept["expires_at"] = time.time() + lasts_seconds
    return kept


BESIDES = ("claims", "groups_said", "other_tokens")
"""What some ways keep of a token's answer besides."""
KEPT = ("access_token", "refresh_token", "token_type", "scope", "id_token", "expires_at", *BESIDES)


def _refused_grant(error: GrantRefused, way: OAuthWay) -> Refused:
    """What to do about a token that a sign-in was not given."""
    if error.error == "invalid_client" or error.error == "incorrect_client_credentials":
        remedy = f"Compare client_id in site/oauth.yaml and {way.secret_variable} in .env with the provider."
    elif error.error in ("redirect_uri_mismatch", "invalid_request"):
        remedy = f"Register {way.callback_url} at the provider, letter by letter."
    else:
        remedy = "The code had been used, or was too old. Signing in again is enough."
    return refused_by_provider(str(error), remedy)
