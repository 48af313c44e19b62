"""Google."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from traitlets import default

from homeroom.oauth.oidc import DOMAIN, OIDCWay
from homeroom.oauth.pending import Begun


class GoogleWay(OIDCWay):
    """Google. A domain is one of Google Workspace: anybody may have an address of another that Google has verified."""

    name = "google"
    label = "Google"
    usual_source = "https://accounts.google.com"

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
        domains = [one.removeprefix(DOMAIN) for one in self.groups if one.startswith(DOMAIN)]
        if len(domains) == 1:
            asked["hd"] = domains[0]
        return asked

    def domain(self, person: Mapping[str, Any]) -> str:
        """The domain whose Workspace manages the account, which is not that of the address."""
        return str(person.get("hd") or "")
