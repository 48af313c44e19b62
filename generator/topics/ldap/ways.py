"""The way to sign in by a directory."""

from __future__ import annotations

WAY = "ldap"
WAYS = {WAY: "homeroom.ldap.way.LdapWay"}
"""By its word in `AUTH`, with the class that the hub loads."""
