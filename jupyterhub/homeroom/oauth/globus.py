"""Globus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.globus import GlobusOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from tornado.httpclient import HTTPClientError
from traitlets import Unicode, default

from homeroom.oauth.oidc import DOMAIN, OIDCWay
from homeroom.oauth.part import Checked

GROUPS = "groups.api.globus.org"
GROUPS_SCOPE = "urn:globus:auth:scope:groups.api.globus.org:view_my_groups_and_memberships"


class GlobusGroups(Checked, GlobusOAuthenticator):
    """oauthenticator's, of which the groups are taken. It also asks for the right to move people's files, pickles
    tokens into labs' environments and takes a domain off every name: all that is left out."""


class GlobusWay(OIDCWay):
    """Globus. Groups are known by their UUIDs."""

    name = "globus"
    label = "Globus"
    usual_source = "https://auth.globus.org"
    own_scopes: ClassVar[tuple[str, ...]] = ("openid", "profile", "email")
    groups_url = Unicode("https://groups.api.globus.org/v2/groups/my_groups", config=True, help="Where groups are.")

    @default("issuer")
    def _default_issuer(self) -> str:
        return "https://auth.globus.org"

    def of_part(self) -> dict[str, Any]:
        """As every part, and the right to see groups where some are asked for."""
        told = super().of_part()
        if self.groups:
            told["scope"].append(GROUPS_SCOPE)
        return told

    def asked_besides(self, begun: Any) -> dict[str, str]:
        """A refresh token, in Globus' own way."""
        return {**super().asked_besides(begun), "access_type": "offline"}

    def domain(self, person: Mapping[str, Any]) -> str:
        """The domain of the institution that vouches, which an address does not show: people link any."""
        return str(person.get("preferred_username") or "").rpartition("@")[2]

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """The domain; and groups by their UUIDs, asked for with a token of their own, renewed where it is worn out."""
        domains = {each for each in await super().memberships(part, model, person) if each.startswith(DOMAIN)}
        library = GlobusGroups(**self.of_part(), token_url=part.token_url, globus_groups_url=self.groups_url)
        answer = model["auth_state"]["token_response"]
        token = next((each for each in answer.get("other_tokens") or () if each.get("resource_server") == GROUPS), None)
        if token is None:
            return domains
        try:
            found = await library._fetch_users_groups([token])
        except HTTPClientError:
            if not token.get("refresh_token"):
                raise
            asked = part.build_refresh_token_request_params(token["refresh_token"])
            token = {**token, **await library.get_token_info(None, asked)}
            found = await library._fetch_users_groups([token])
        answer["other_tokens"] = [token]
        return domains | {str(each) for each in found}
