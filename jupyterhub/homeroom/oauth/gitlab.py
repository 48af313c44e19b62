"""GitLab, gitlab.com or one of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from oauthenticator.gitlab import GitLabOAuthenticator
from oauthenticator.oauth2 import OAuthenticator
from traitlets import Unicode

from homeroom.oauth.addressed import AddressedWay
from homeroom.oauth.github import each_allowed
from homeroom.oauth.part import Checked

PROJECT = "project:"
"""Before the number of a project, whose developers are meant."""


class GitLabPart(Checked, GitLabOAuthenticator):
    """oauthenticator's, checked; and it finds subgroups, whose slash the library quotes twice, and asks nobody for
    GitLab's version: memberships that a group inherits are told since 12.4."""

    async def _set_gitlab_version(self, access_token: str) -> None:
        self.member_api_variant = "all/"

    async def _check_membership_allowed_groups(self, user_id: int, access_token: str) -> bool:
        for group in self.allowed_gitlab_groups:
            answer = await self.httpfetch(
                f"{self.gitlab_api}/groups/{quote(group, safe='')}/members/all/{int(user_id)}",
                parse_json=False,
                raise_error=False,
                headers=self.build_userdata_request_headers(access_token, "Bearer"),
            )
            if answer.code == 200:
                return True
        return False


class GitLabWay(AddressedWay):
    """GitLab. People are known by their number: a user name can be changed, and is free then."""

    name = "gitlab"
    label = "GitLab"
    usual_source = "https://gitlab.com"
    url = Unicode("https://gitlab.com", config=True, help="The address of GitLab.")
    own_scopes: ClassVar[tuple[str, ...]] = ("read_user",)

    def of_part(self) -> dict[str, Any]:
        """As every part, and the right to see memberships where some are asked for."""
        told = super().of_part()
        if self.groups and "read_api" not in told["scope"]:
            told["scope"].append("read_api")
        return {**told, "gitlab_url": self.source}

    def make_part(self) -> OAuthenticator:
        """The library's class for GitLab."""
        return GitLabPart(**self.of_part())

    def subject(self, person: Mapping[str, Any]) -> str:
        """Their number."""
        return str(int(person["id"]))

    def email(self, person: Mapping[str, Any]) -> str:
        """The main one, where GitLab has confirmed it."""
        return str(person.get("email") or "") if person.get("confirmed_at") else ""

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """Groups by their full paths, and projects by `project:` and their number."""
        return await each_allowed(self.groups, lambda one: self._is_member(one, model))

    async def _is_member(self, one: str, model: dict[str, Any]) -> bool:
        """Asked by the library's own rule, which is of this one group or project."""
        if one.startswith(PROJECT):
            rule = GitLabPart(**self.of_part(), allowed_project_ids={one.removeprefix(PROJECT)})
        else:
            rule = GitLabPart(**self.of_part(), allowed_gitlab_groups={one})
        return bool(await rule.check_allowed("somebody", model))
