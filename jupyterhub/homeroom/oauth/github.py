"""GitHub, also one of one's own (GitHub Enterprise Server)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.github import GitHubOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from traitlets import Unicode, default

from homeroom.oauth.addressed import AddressedWay
from homeroom.oauth.part import Checked

NO_EMAIL = "users.noreply.github.com"


class GitHubPart(Checked, GitHubOAuthenticator):
    """oauthenticator's, checked."""


class GitHubWay(AddressedWay):
    """GitHub. People are known by their number: a login can be given up, and is somebody else's then."""

    name = "github"
    label = "GitHub"
    usual_source = "https://github.com"
    url = Unicode("https://github.com", config=True, help="The address of GitHub.")
    own_scopes: ClassVar[tuple[str, ...]] = ("read:user",)

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "login"

    def of_part(self) -> dict[str, Any]:
        """As every part, and the right to see private memberships where some are asked for."""
        told = super().of_part()
        if self.groups and "read:org" not in told["scope"]:
            told["scope"].append("read:org")
        return {**told, "github_url": self.source}

    def make_part(self) -> OAuthenticator:
        """The library's class for GitHub."""
        return GitHubPart(**self.of_part())

    def subject(self, person: Mapping[str, Any]) -> str:
        """Their number."""
        return str(int(person["id"]))

    def email(self, person: Mapping[str, Any]) -> str:
        """The public one, which GitHub has verified."""
        found = str(person.get("email") or "")
        return "" if found.endswith(NO_EMAIL) else found

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """Organisations (`org`) and teams (`org:team`)."""
        login = str(person["login"])
        return await each_allowed(self.groups, lambda one: self._is_member(one, login, model))

    async def _is_member(self, one: str, login: str, model: dict[str, Any]) -> bool:
        """Asked by the library's own rule, which is of this one organisation or team."""
        rule = GitHubPart(**self.of_part(), allowed_organizations={one})
        return bool(await rule.check_allowed(login, model))


async def each_allowed(names: Any, is_member: Any) -> set[str]:
    """Those of the names that hold, asked for side by side."""
    listed = list(names)
    found = await asyncio.gather(*(is_member(one) for one in listed))
    return {one for one, holds in zip(listed, found, strict=True) if holds}
