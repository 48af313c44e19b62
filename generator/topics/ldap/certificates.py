"""The certificates of those who may sign a directory server's, as site/ldap.yaml names them: looked at before they are
needed."""

from __future__ import annotations

import re
import ssl
import time
from pathlib import Path
from typing import Any

KEY_USAGE = bytes.fromhex("0603551d0f")
"""The name of the field `keyUsage` as a certificate holds it."""
LARGEST_BYTES = 4 << 20
NOT_PEM = "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"


def fault(path: Path) -> tuple[str, str] | None:
    """What is wrong with a file, and what to do; None where it can be used."""
    try:
        text = path.read_bytes()[:LARGEST_BYTES].decode("ascii", errors="ignore")
    except FileNotFoundError:
        return f"there is no file site/{path.name}", "Put the CA's certificate there, as PEM."
    except OSError as error:
        return f"site/{path.name} cannot be read: {error.strerror}", "Let everybody read it: it is no secret."
    if re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----", text):
        return (
            f"site/{path.name} holds a private key",
            "Leave the certificate there alone, and see who has read the key.",
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return f"site/{path.name} {NOT_PEM}", "Turn DER into it: `openssl x509 -inform der -in ca.crt -out ca.pem`."
    return _of_authorities(path, context)


def _of_authorities(path: Path, context: ssl.SSLContext) -> tuple[str, str] | None:
    for about, coded in zip(context.get_ca_certs(), context.get_ca_certs(binary_form=True), strict=True):
        parts: Any = about["subject"]
        name = ", ".join(value for part in parts for _, value in part)
        if ssl.cert_time_to_seconds(str(about["notAfter"])) < time.time():
            return f"the certificate {name} in site/{path.name} has expired", "Ask for the one that follows it."
        if KEY_USAGE not in coded:
            return (
                f"the CA {name} in site/{path.name} has no keyUsage, which Python takes no more from version 3.13 on",
                "Ask for its new certificate; until then put the server's own certificate there, instead of the CA's.",
            )
    return None
