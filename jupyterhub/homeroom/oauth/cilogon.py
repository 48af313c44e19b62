"""CILogon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.oauth2 import OAuthenticator
from traitlets import default

from homeroom.oauth.oidc import OIDCWay
from homeroom.oauth.pending import Begun

IDP = "idp:"
"""Before an institution's entity ID, where it stands among groups that are asked for."""


class CILogonWay(OIDCWay):
    """CILogon, which hands on what universities and others say. Whoever runs one of them can claim any address, so the
    rules are about who says it."""

    name = "cilogon"
    label = "CILogon"
    usual_source = "https://cilogon.org"
    own_scopes: ClassVar[tuple[str, ...]] = ("openid", "profile", "email", "org.cilogon.userinfo")

    @default("issuer")
    def _default_issuer(self) -> str:
        return "https://cilogon.org"

    @default("username_claim")
    def _default_username_claim(self) -> str:
        return "eppn"

    def email(self, person: Mapping[str, Any]) -> str:
        """The address as the institution says it, if that is one of those asked for: CILogon itself verifies none."""
        return str(person.get("email") or "") if f"{IDP}{person.get('idp')}" in self.groups else ""

    def domain(self, person: Mapping[str, Any]) -> str:
        """None: any institution can say any address."""
        return ""

    def asked_besides(self, begun: Begun) -> dict[str, str]:
        """Which institutions to offer."""
        offered = ",".join(one.removeprefix(IDP) for one in self.groups if one.startswith(IDP))
        return {**super().asked_besides(begun), "selected_idp": offered}

    async def memberships(self, part: OAuthenticator, model: dict[str, Any], person: Mapping[str, Any]) -> set[str]:
        """Which institution vouches, and what it says of groups."""
        said = {each for each in await super().memberships(part, model, person) if not each.startswith(IDP)}
        return said | {f"{IDP}{person.get('idp')}"}
