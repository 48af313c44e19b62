"""MediaWiki with the extension OAuth, Wikimedia's own among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from traitlets import Unicode

from homeroom.oauth.addressed import AddressedWay
from homeroom.oauth.part import Checked
from homeroom.sign_in.way import Identity, Refused
from homeroom.texts.said import say


class MediaWikiPart(Checked, GenericOAuthenticator):
    """oauthenticator's for any OAuth 2, checked. Its class for MediaWiki speaks OAuth 1, without a state: whoever is
    sent to its callback is signed in as somebody else."""


class MediaWikiWay(AddressedWay):
    """MediaWiki. People are known by their number in all wikis of a farm; a user name can be changed."""

    name = "mediawiki"
    label = "MediaWiki"
    url = Unicode("https://meta.wikimedia.org/w/rest.php", config=True, help="The address of the wiki's rest.php.")
    own_scopes: ClassVar[tuple[str, ...]] = ()

    def make_part(self) -> OAuthenticator:
        """The library's class, with MediaWiki's addresses."""
        return MediaWikiPart(
            **self.of_part(),
            authorize_url=f"{self.source}/oauth2/authorize",
            token_url=f"{self.source}/oauth2/access_token",
            userdata_url=f"{self.source}/oauth2/resource/profile",
        )

    def subject(self, person: Mapping[str, Any]) -> str:
        """Their number."""
        return str(int(person["sub"]))

    def email(self, person: Mapping[str, Any]) -> str:
        """Their address, where the wiki has confirmed it."""
        return str(person.get("email") or "") if person.get("confirmed_email") is True else ""

    async def identify(self, part: OAuthenticator, model: dict[str, Any]) -> Identity:
        """The person of an answer.

        :raises Refused: they are blocked in the wiki.
        """
        if model["auth_state"][part.user_auth_state_key].get("blocked"):
            raise Refused("blocked", say("oauth.blocked"), detail="blocked in the wiki")
        return await super().identify(part, model)

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """User groups of the wiki."""
        return {str(each) for each in person.get("groups") or ()} & set(self.groups)
