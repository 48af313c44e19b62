"""What a directory's refusals mean, in sentences for the operator."""

from __future__ import annotations

import re

CONNECTION = (
    ("key usage extension", "the certificate of its CA has no keyUsage, which is not taken any more; ask for a "
     "new one, or put the server's own certificate into ca_file"),
    ("ostname mismatch", "its certificate is for another name; write the name that stands in it into servers"),
    ("IP address mismatch", "its certificate is for a name, not for this address; write the name into servers"),
    ("has expired", "its certificate has expired; renew it on the server"),
    ("not yet valid", "its certificate is not valid yet; compare the clocks of both machines"),
    ("self-signed certificate", "its certificate is signed by none of those whom this machine or ca_file trusts; put "
     "the certificate of the CA that signed it into ca_file"),
    ("local issuer certificate", "its certificate is signed by none of those whom this machine or ca_file trusts; put "
     "the certificate of the CA that signed it into ca_file"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not good"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS on this port; ldaps:// is for port 636, ldap:// with STARTTLS for "
     "port 389"),
    ("startTLS failed", "it does not know STARTTLS; write ldaps:// where it offers that"),
    ("timed out", "it does not answer; look whether it runs, and whether a firewall is in between"),
    ("Resource temporarily unavailable", "it takes the connection and does not answer"),
    ("refused", "nothing listens there; look at its name and port, and whether it runs"),
    ("No route to host", "there is no way to it; look at the network between"),
    ("Network is unreachable", "there is no way to it; look at the network between"),
    ("invalid server address", "its name leads to no address; look at the name, and at this machine's DNS"),
    ("onnection reset", "it hangs up; where it wants TLS, or refuses this machine, its log says so"),
)  # fmt: skip
"""By what the libraries say of it."""

SEARCH = {
    "noSuchObject": "there is no {base!r}, or it may not be seen; look at base, and at what bind_dn may read",
    "insufficientAccessRights": "{base!r} may not be searched; name a bind_dn that may, and LDAP_BIND_PASSWORD",
    "operationsError": "{base!r} is searched by nobody without a name; set bind_dn, and LDAP_BIND_PASSWORD in .env",
    "inappropriateAuthentication": "nothing is told without a name; set bind_dn, and LDAP_BIND_PASSWORD in .env",
    "confidentialityRequired": "nothing is told over a connection without TLS; write tls: starttls",
    "strongerAuthRequired": "nothing is told over a connection without TLS; write tls: starttls",
    "referral": "{base!r} is kept by another server; name that one in servers",
}
"""By the name of the result."""

AD_DATA = re.compile(r"data ([0-9a-f]{3}),")
ACTIVE_DIRECTORY = {
    "530": "may not sign in at this time of day",
    "531": "may not sign in from this machine",
    "532": "has a password that has expired",
    "533": "is disabled",
    "701": "has expired",
    "773": "must have its password changed first",
}
"""What Active Directory says to who has typed the right password. That an account is locked (775) it tells anybody."""


def of_connection(error: Exception) -> str:
    """Why there is no connection to a server, and what to do."""
    text = " ".join(str(error).split())
    return next((said for word, said in CONNECTION if word in text), text or type(error).__name__)


def of_search(result: str, message: str, base: str) -> str:
    """Why a server does not carry out a search, and what to do."""
    known = SEARCH.get(result)
    return known.format(base=base) if known else f"it answers {result} {' '.join(message.split())}".rstrip()


def of_account(message: str) -> str | None:
    """Why somebody with the right password is not let in, by the message of Active Directory; None where it says no
    such thing."""
    found = AD_DATA.search(message)
    return ACTIVE_DIRECTORY.get(found[1]) if found else None
