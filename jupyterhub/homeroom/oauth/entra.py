"""Microsoft Entra ID."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from oauthenticator.oauth2 import OAuthenticator
from traitlets import Unicode, default

from homeroom.oauth.oidc import OIDCWay
from homeroom.oauth.part import refused_by_provider
from homeroom.sign_in.way import Refused
from homeroom.texts.said import say


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
                say("oauth.no_groups"),
                detail="Microsoft leaves the groups claim out for who is in more than 200",
                remedy="Choose 'Groups assigned to the application' in the app's token configuration, or app roles.",
            )
        return await super().memberships(part, model, person) | {str(each) for each in person.get("roles") or ()}
