"""Bitbucket Cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.bitbucket import BitbucketOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from traitlets import Unicode

from homeroom.oauth.addressed import AddressedWay
from homeroom.oauth.part import Checked

API = "https://api.bitbucket.org"
MAX_PAGES = 50


class BitbucketPart(Checked, BitbucketOAuthenticator):
    """oauthenticator's, checked; and workspaces are known by what stands in their address. The library goes by their
    titles, which anybody may give a workspace of their own."""

    api = API

    async def _fetch_user_teams(self, access_token: str, token_type: str) -> set[str]:
        headers = self.build_userdata_request_headers(access_token, token_type)
        page = f"{self.api}/2.0/workspaces?role=member&pagelen=100"
        found: set[str] = set()
        for _ in range(MAX_PAGES):
            answer = await self.httpfetch(page, headers=headers)
            found |= {str(each["slug"]) for each in answer["values"]}
            page = answer.get("next") or ""
            if not page.startswith(f"{self.api}/"):  # the token goes nowhere else
                break
        return found


class BitbucketWay(AddressedWay):
    """Bitbucket. People are known by their UUID; names there can be changed."""

    name = "bitbucket"
    label = "Bitbucket"
    usual_source = "https://bitbucket.org"
    url = Unicode("https://bitbucket.org", config=True, help="The address of Bitbucket.")
    api_url = Unicode(API, config=True, help="The address of its API.")
    own_scopes: ClassVar[tuple[str, ...]] = ("account",)

    def make_part(self) -> OAuthenticator:
        """The library's class for Bitbucket."""
        part = BitbucketPart(
            **self.of_part(),
            authorize_url=f"{self.source}/site/oauth2/authorize",
            token_url=f"{self.source}/site/oauth2/access_token",
            userdata_url=f"{self.api_url}/2.0/user",
            allowed_teams=set(self.groups),
        )
        part.api = self.api_url
        return part

    def subject(self, person: Mapping[str, Any]) -> str:
        """Their UUID."""
        return str(person["uuid"])

    def found_name(self, person: Mapping[str, Any]) -> str:
        """Their user name, or what they are called where there is none any more."""
        return super().found_name(person) or str(person.get("nickname") or "")

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """Workspaces, which the library has asked for."""
        return set(model["auth_state"].get("user_teams", ())) & set(self.groups)
