"""What a web server in front says of who asks, in the headers of a request."""

from __future__ import annotations

import hmac
import re
import unicodedata

from tornado.httputil import HTTPHeaders

from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

SECRET = "X-SSO-Secret"  # noqa: S105  # a header's name
NOTHING = frozenset({"", "(null)", "null", "-"})
"""How web servers write that they know nothing. Nobody is called so."""
LONGEST = 4096


def is_proven(headers: HTTPHeaders, secret: str) -> bool:
    """Whether the request shows the secret that the web server in front adds; compared in constant time."""
    shown = headers.get_list(SECRET)
    return bool(secret) and len(shown) == 1 and hmac.compare_digest(shown[0].encode(), secret.encode())


def value(headers: HTTPHeaders, name: str) -> str:
    """What a header says, as one line of text; empty where it says nothing.

    Web servers send names as UTF-8 or as Latin-1; either is the same name here.

    :raises Refused: it is there twice, or also in a spelling that some take for the same: one of them is not the web
        server's.
    """
    wanted = name.lower()
    found = [(key, text) for key, text in headers.get_all() if key.lower().replace("_", "-") == wanted]
    if len(found) > 1 or any("_" in key for key, _ in found):
        raise Refused(
            "two-headers",
            say("sso.two_headers"),
            detail=f"{', '.join(key for key, _ in found)} came with one request",
            remedy=f"Let the web server in front replace {name}, and drop it in every other spelling.",
        )
    raw = found[0][1].encode("latin-1", errors="replace")[:LONGEST] if found else b""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    return "" if text in NOTHING or not text.isprintable() else text


def values(headers: HTTPHeaders, name: str, separator: str) -> list[str]:
    """The entries of a header that holds several; a separator after a backslash is part of an entry."""
    parts = re.split(rf"(?<!\\){re.escape(separator)}", value(headers, name))
    found = [part.replace(f"\\{separator}", separator).strip() for part in parts]
    return [part for part in found if part not in NOTHING]
