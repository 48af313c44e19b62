"""Google."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthenticator.oauth2 import OAuthenticator
from tornado.httpclient import HTTPClientError
from tornado.httputil import url_concat
from traitlets import Unicode, default

from homeroom.oauth.oidc import DOMAIN, OIDCWay
from homeroom.oauth.part import refused_by_provider
from homeroom.oauth.pending import Begun

GROUPS_SCOPE = "https://www.googleapis.com/auth/cloud-identity.groups.readonly"
MOST_PAGES = 20
"""Of 200 groups each."""


class GoogleWay(OIDCWay):
    """Google. A domain is one of Google Workspace: anybody may have an address of another that Google has verified.

    Groups of a Workspace, by their addresses, are asked for with the person's own token. The library asks with the key
    of a service account that may act as an administrator of the whole Workspace, by three more packages that block the
    hub: here there is no such key.
    """

    name = "google"
    label = "Google"
    usual_source = "https://accounts.google.com"
    groups_url = Unicode(
        "https://cloudidentity.googleapis.com/v1/groups/-/memberships:searchDirectGroups",
        config=True,
        help="Where groups are.",
    )

    @default("issuer")
    def _default_issuer(self) -> str:
        return "https://accounts.google.com"

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "email"

    def of_part(self) -> dict[str, Any]:
        """As every part, and the right to see groups where some are asked for."""
        told = super().of_part()
        if self._asks_for_groups and GROUPS_SCOPE not in told["scope"]:
            told["scope"].append(GROUPS_SCOPE)
        return told

    @property
    def _asks_for_groups(self) -> bool:
        return any(not one.startswith(DOMAIN) for one in self.groups)

    def found_name(self, person: Mapping[str, Any]) -> str:
        """The address, where Google has verified it."""
        return self.email(person)

    def asked_besides(self, begun: Begun) -> dict[str, str]:
        """A refresh token, in Google's own way; and a hint which account is meant."""
        asked = {**super().asked_besides(begun), "access_type": "offline", "prompt": "consent"}
        domains = [one.removeprefix(DOMAIN) for one in self.groups if one.startswith(DOMAIN)]
        if len(domains) == 1:
            asked["hd"] = domains[0]
        return asked

    def domain(self, person: Mapping[str, Any]) -> str:
        """The domain whose Workspace manages the account, which is not that of the address."""
        return str(person.get("hd") or "")

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """The domain, and groups of the Workspace by their addresses.

        :raises Refused: Google does not tell the groups.
        """
        domains = {each for each in await super().memberships(part, model, person) if each.startswith(DOMAIN)}
        address = self.email(person)
        if not self._asks_for_groups or not address or not self.domain(person):
            return domains
        try:
            return domains | await self._groups_of(part, model, address)
        except HTTPClientError as error:
            raise refused_by_provider(
                f"Google does not tell the groups: {error}",
                "Enable the Cloud Identity API in the project of the client; at the sign-in, leave the box for groups "
                "ticked.",
            ) from None

    async def _groups_of(self, part: OAuthenticator, model: dict[str, Any], address: str) -> set[str]:
        """The groups that somebody is a member of, not by way of another group."""
        member = address.replace("\\", "\\\\").replace("'", "\\'")
        query = f"member_key_id == '{member}' && 'cloudidentity.googleapis.com/groups.discussion_forum' in labels"
        headers = part.build_userdata_request_headers(model["auth_state"]["token_response"]["access_token"], "Bearer")
        found: set[str] = set()
        page = ""
        for _ in range(MOST_PAGES):
            asked = {"query": query, "pageSize": "200", **({"pageToken": page} if page else {})}
            answer = await part.httpfetch(url_concat(self.groups_url, asked), label="fetching groups", headers=headers)
            found |= {str(each["groupKey"]["id"]).lower() for each in answer.get("memberships") or ()}
            page = answer.get("nextPageToken") or ""
            if not page:
                break
        return found
