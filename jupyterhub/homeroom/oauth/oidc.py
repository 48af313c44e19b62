"""Any provider that speaks OpenID Connect, found by its issuer; and those of which a little more is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from homeroom.oauth import id_token
from homeroom.oauth.discovery import Discovery
from homeroom.oauth.part import Checked, Exchange, refused_by_provider
from homeroom.oauth.pending import Begun
from homeroom.oauth.way import OAuthWay
from homeroom.sign_in.way import Identity, Refused, Unreachable
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from traitlets import Bool, Set, Unicode, default

CLAIMS = "claims"
"""Where a token's answer holds the checked claims of its ID token."""
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
        token_info[GROUPS_SAID] = self.groups_claim.partition(".")[0] in said or self.groups_claim in said
        if said.get("sub") != claims.get("sub"):
            raise refused_by_provider("ID token and user information are of two people")
        return {**claims, **said}


class OIDCWay(OAuthWay):
    """A provider that is known by its issuer. People are known by `sub`, which no provider gives twice."""

    name = "oidc"
    label = "single sign-on"
    issuer = Unicode(config=True, help="What the provider calls itself, letter by letter.")
    groups_claim = Unicode("groups", config=True, help="The claim with a person's groups.")
    allowed_domains = Set(Unicode(), config=True, help="Let in whoever has a verified e-mail address of these domains.")
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

    def facts(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """The domain of the verified address."""
        return {"domain": self.email(person).rpartition("@")[2].lower()}

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """What the claim says. A claim that is one text is one group."""
        found = person.get(self.groups_claim)
        if found is None and "." in self.groups_claim:
            found = _nested(person, self.groups_claim)
        if isinstance(found, str):
            found = [found]
        return {str(each) for each in found if isinstance(each, str | int)} if isinstance(found, list) else set()

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

    # --- rules of its own ---

    def rules(self) -> bool:
        """Whether anybody could be let in."""
        return super().rules() or bool(self.allowed_domains)

    def allows(self, name: str, identity: Identity) -> bool:
        """Whether the rules let this person in."""
        domain = (identity.state.get("facts") or {}).get("domain")
        return super().allows(name, identity) or (bool(domain) and domain in self.allowed_domains)

    # --- the end ---

    def logout_url(self, identity: Identity) -> str:
        """The provider's own page to sign out, which leads back here; empty where it has none."""
        address = str(self.discovery.known.get("end_session_endpoint") or "")
        if not address:
            return ""
        asked = {"client_id": self.client_id, "post_logout_redirect_uri": f"{self.public_url.rstrip('/')}/hub/login"}
        hint = (identity.state.get("token") or {}).get("id_token")
        if hint:
            asked["id_token_hint"] = str(hint)
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


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


class GoogleWay(OIDCWay):
    """Google. A domain is one of Google Workspace: anybody may have an address of another that Google has verified."""

    name = "google"
    label = "Google"

    @default("issuer")
    def _default_issuer(self) -> str:
        return "https://accounts.google.com"

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "email"

    def found_name(self, person: Mapping[str, Any]) -> str:
        """The address, where Google has verified it."""
        return self.email(person)

    def asked_besides(self, begun: Begun) -> dict[str, str]:
        """A refresh token, in Google's own way; and a hint which account is meant."""
        asked = {**super().asked_besides(begun), "access_type": "offline", "prompt": "consent"}
        if len(self.allowed_domains) == 1:
            asked["hd"] = next(iter(self.allowed_domains))
        return asked

    def facts(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """The domain whose Workspace manages the account, which is not that of the address."""
        return {"domain": str(person.get("hd") or "").lower()}


class CILogonWay(OIDCWay):
    """CILogon, which hands on what universities and others say. Whoever runs one of them can claim any address, so the
    rules are about who says it."""

    name = "cilogon"
    label = "CILogon"
    allowed_idps = Set(Unicode(), config=True, help="Let in whoever signs in at these, by their entity IDs.")
    shown_idps = Set(Unicode(), config=True, help="Which are offered besides; none and no allowed ones: all.")
    own_scopes: ClassVar[tuple[str, ...]] = ("openid", "profile", "email", "org.cilogon.userinfo")

    @default("issuer")
    def _default_issuer(self) -> str:
        return "https://cilogon.org"

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "eppn"

    def email(self, person: Mapping[str, Any]) -> str:
        """The address as the institution says it, if that is one of the allowed: CILogon itself verifies none."""
        return str(person.get("email") or "") if person.get("idp") in self.allowed_idps else ""

    def asked_besides(self, begun: Begun) -> dict[str, str]:
        """Which institutions to offer."""
        offered = ",".join(sorted(self.allowed_idps) + sorted(self.shown_idps - self.allowed_idps))
        return {**super().asked_besides(begun), "selected_idp": offered}

    def facts(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """Which institution said it."""
        return {"idp": str(person.get("idp") or "")}

    def rules(self) -> bool:
        """Whether anybody could be let in."""
        return super().rules() or bool(self.allowed_idps)

    def allows(self, name: str, identity: Identity) -> bool:
        """Whether the rules let this person in."""
        idp = (identity.state.get("facts") or {}).get("idp")
        return super().allows(name, identity) or (bool(idp) and idp in self.allowed_idps)


class EntraWay(OIDCWay):
    """Microsoft Entra ID, one tenant. People are known by `oid` and the tenant: `sub` differs from application to
    application, and names and addresses can be given to others."""

    name = "entra"
    label = "Microsoft"
    tenant_id = Unicode(config=True, help="The directory (tenant) ID.")
    login_url = Unicode("https://login.microsoftonline.com", config=True, help="Where Microsoft's cloud signs in.")
    own_scopes: ClassVar[tuple[str, ...]] = ("openid", "profile", "email", "offline_access")
    asks_userinfo: ClassVar[bool] = False  # Graph's answer holds neither oid nor groups

    @default("issuer")
    def _default_issuer(self) -> str:
        return f"{self.login_url.rstrip('/')}/{self.tenant_id}/v2.0"

    def subject(self, person: Mapping[str, Any]) -> str:
        """`oid`, of this tenant alone."""
        if person["tid"] != self.tenant_id:
            raise refused_by_provider("the account is of another tenant")
        return str(person["oid"])

    def email(self, person: Mapping[str, Any]) -> str:
        """The address, where Microsoft says that its domain is the owner's."""
        return str(person.get("email") or "") if person.get("xms_edov") in (True, 1, "1", "true") else ""

    def must_renew(self, token: Mapping[str, Any]) -> bool:
        """Always: all that is known of a person stands in the ID token."""
        return True

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """Groups by their object IDs, and application roles.

        :raises Refused: the person is in so many groups that Microsoft leaves all of them out.
        """
        left_out = person.get("_claim_names")
        if "groups" not in person and isinstance(left_out, Mapping) and "groups" in left_out:
            raise Refused(
                "too-many-groups",
                "Your groups could not be read. Please ask the administrator.",
                detail="Microsoft leaves the groups claim out for who is in more than 200",
                remedy="In the app's token configuration choose 'Groups assigned to the application', or use app roles.",
            )
        return await super().memberships(part, model, person) | {str(each) for each in person.get("roles") or ()}
