"""Any provider that speaks OpenID Connect, found by its issuer; and those of which a little more is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from tornado.httputil import url_concat
from traitlets import Bool, Unicode, default

from homeroom.oauth import id_token
from homeroom.oauth.discovery import Discovery
from homeroom.oauth.part import Checked, Exchange, refused_by_provider
from homeroom.oauth.pending import Begun
from homeroom.oauth.way import OAuthWay
from homeroom.sign_in.way import Identity, Unreachable

CLAIMS = "claims"
"""Where a token's answer holds the checked claims of its ID token."""
DOMAIN = "domain:"
"""Before a domain, where it stands among groups that are asked for."""
GROUPS_SAID = "groups_said"
"""Whether the provider tells groups to whoever has the access token; else they stand in the ID token alone."""


class OIDCPart(Checked, GenericOAuthenticator):
    """oauthenticator's for any provider, which checks no ID token and sends no nonce: here both are. What the provider
    says at its address for user information must be of the same person, and is laid over the token's claims."""

    discovery: Discovery
    asks_userinfo = True
    groups_claim = ""

    async def get_token_info(self, handler: Exchange | None, params: dict[str, Any]) -> dict[str, Any]:
        """Tokens, and the checked claims among them. As tokens are refreshed an ID token may be missing."""
        found: dict[str, Any] = await super().get_token_info(handler, params)
        nonce = handler.nonce if handler is not None else None
        if handler is not None or found.get("id_token"):
            found[CLAIMS] = await id_token.checked(found.get("id_token"), self.discovery, self.client_id, nonce)
        else:
            found.pop(CLAIMS, None)
        return found

    async def token_to_user(self, token_info: dict[str, Any]) -> dict[str, Any]:
        """The person's claims.

        :raises Refused: the two answers are of two people.
        """
        claims: dict[str, Any] = token_info.get(CLAIMS) or {}
        if not self.asks_userinfo or not self.userdata_url:
            return claims
        said: dict[str, Any] = await super().token_to_user(token_info)
        roots = {self.groups_claim, self.groups_claim.partition(".")[0]}
        if token_info.get(GROUPS_SAID):  # what the token said as they signed in may be long over
            claims = {name: value for name, value in claims.items() if name not in roots}
        token_info[GROUPS_SAID] = bool(token_info.get(GROUPS_SAID)) or not roots.isdisjoint(said)
        if said.get("sub") != claims.get("sub"):
            raise refused_by_provider("ID token and user information are of two people")
        return {**claims, **said}


class OIDCWay(OAuthWay):
    """A provider that is known by its issuer. People are known by `sub`, which no provider gives twice."""

    name = "oidc"
    label = "single sign-on"
    issuer = Unicode(config=True, help="What the provider calls itself, letter by letter.")
    groups_claim = Unicode("groups", config=True, help="The claim with a person's groups.")
    offline = Bool(True, config=True, help="Ask for a refresh token, where the provider says how.")
    own_scopes: ClassVar[tuple[str, ...]] = ("openid", "profile", "email")
    asks_userinfo: ClassVar[bool] = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.discovery = Discovery(self.issuer, self.client)

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "preferred_username"

    @property
    def source(self) -> str:
        """The issuer."""
        return self.issuer

    def make_part(self) -> OAuthenticator:
        """The library's class; its addresses are the document's."""
        part = OIDCPart(**self.of_part(), authorize_url="", token_url="", userdata_url="", userdata_params={})
        part.discovery = self.discovery
        part.asks_userinfo = self.asks_userinfo
        part.groups_claim = self.groups_claim
        return part

    async def ready(self) -> OAuthenticator:
        """The part, with the addresses that the provider says now."""
        part = await super().ready()
        document = await self.discovery.document()
        part.authorize_url = document["authorization_endpoint"]
        part.token_url = document["token_endpoint"]
        part.userdata_url = document.get("userinfo_endpoint") or ""
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        part.basic_auth = "client_secret_post" not in methods
        wanted = [*(["offline_access"] if self.offline else []), *(["groups"] if self.groups else [])]
        supported = document.get("scopes_supported") or ()
        own = self.of_part()["scope"]
        part.scope = [*own, *(scope for scope in wanted if scope in supported and scope not in own)]
        return part

    def asked_besides(self, begun: Begun) -> dict[str, str]:
        """The nonce, which comes back within the ID token."""
        return {"nonce": begun.nonce}

    def subject(self, person: Mapping[str, Any]) -> str:
        """`sub`."""
        found = person["sub"]
        if not isinstance(found, str) or not 0 < len(found) <= 255:
            raise ValueError("sub is no text of 255 characters at most")
        return found

    def found_name(self, person: Mapping[str, Any]) -> str:
        """The claim that is set; else the verified address."""
        return super().found_name(person) or self.email(person)

    def domain(self, person: Mapping[str, Any]) -> str:
        """The domain that somebody is of: that of their verified address."""
        return self.email(person).rpartition("@")[2]

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """What the claim says, where one text is one group; and the domain."""
        found = person.get(self.groups_claim)
        if found is None and "." in self.groups_claim:
            found = _nested(person, self.groups_claim)
        if isinstance(found, str):
            found = [found]
        said = {str(each) for each in found if isinstance(each, str | int)} if isinstance(found, list) else set()
        domain = self.domain(person).lower()
        return {each for each in said if not each.startswith(DOMAIN)} | ({DOMAIN + domain} if domain else set())

    # --- later ---

    def must_renew(self, token: Mapping[str, Any]) -> bool:
        """Whether the access token is of no use: it is worn out, or groups stand in the ID token alone."""
        return super().must_renew(token) or (bool(self.groups) and not token.get(GROUPS_SAID))

    def renewed(self, token: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
        """What is known after tokens were refreshed.

        :raises Unreachable: groups stand in the ID token alone, and the provider sent none.
        """
        if self.groups and not token.get(GROUPS_SAID) and CLAIMS not in found:
            raise Unreachable(f"{self.name} sends no new ID token, and tells groups nowhere else")
        return super().renewed(token, found)

    # --- the end ---

    async def logout_url(self, handler: Any, identity: Identity) -> str | None:
        """The provider's own page to sign out, which leads back here; None where it has none, or does not answer."""
        try:
            document = await self.discovery.document()
        except Unreachable:
            return None
        address = str(document.get("end_session_endpoint") or "")
        if not address:
            return None
        asked = {"client_id": self.client_id, "post_logout_redirect_uri": f"{self.public_url.rstrip('/')}/hub/login"}
        hint = (identity.state.get("token") or {}).get("id_token")
        if hint:
            asked["id_token_hint"] = str(hint)
        return str(url_concat(address, asked))


def _nested(person: Mapping[str, Any], path: str) -> Any:
    """A claim within a claim, such as `realm_access.roles`."""
    found: Any = person
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


class OktaWay(OIDCWay):
    """Okta, by the address of an authorization server."""

    name = "okta"
    label = "Okta"


class Auth0Way(OIDCWay):
    """Auth0, by the domain of a tenant. Its names are no names: the nickname is proposed."""

    name = "auth0"
    label = "Auth0"

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "nickname"
