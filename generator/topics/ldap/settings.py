"""The secret of a directory; what else it needs stands in site/ldap.yaml."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import written_as

LDAP = Group(
    title="Sign-in by a directory",
    text="What the hub shows an LDAP directory, where AUTH names ldap. The rest is site/ldap.yaml.",
    page="sign-in/ldap",
    order=32,
)
Password = Annotated[str, written_as(r"[^\x00-\x1f\x7f]{0,512}", "a password of 512 characters at most")]


class LdapSettings(Part):
    """The secret of a directory."""

    LDAP_BIND_PASSWORD: Password = setting(
        "",
        About(group=LDAP, consumers=("compose", "generator"), secret=True, example="the-hubs-own-password"),
        """The password of `bind_dn` in site/ldap.yaml: the account by which the hub looks people up. One with blanks or
        signs stands in single quotes.""",
    )
