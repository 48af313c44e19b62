"""Where a launch leads: to a page of this hub or of the person's own lab, and nowhere else."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from homeroom.hub.lab_pages import file_path, pull_path
from homeroom.lti.claims import CUSTOM, TARGET_LINK_URI, mapping, text

LONGEST = 2000


def own_path(address: str, public_url: str) -> str:
    """The path of an address that is this hub's; empty for any other.

    :param public_url: this hub's, with its base path and a slash at the end.
    """
    ours = urlsplit(public_url)
    address = address.strip(" ")
    if len(address) > LONGEST or re.search(r"[\x00-\x1f\\\x7f]", address):
        return ""
    address = quote(address, safe=string.punctuation)  # as teachers type it: with blanks and umlauts
    try:
        given = urlsplit(address)
    except ValueError:
        return ""
    if (given.scheme, given.netloc) not in (("", ""), (ours.scheme, ours.netloc)) or address.startswith("//"):
        return ""
    decoded = unquote(given.path)
    if not given.path.startswith(ours.path) or "//" in decoded or "\\" in decoded:
        return ""
    if any(part in (".", "..") for part in decoded.split("/")):
        return ""
    return given._replace(scheme="", netloc="").geturl()


def landing(claims: Mapping[str, Any], public_url: str) -> str:
    """Where a verified launch leads, by its custom parameters or its target; empty: where sign-in leads always.

    The parameters are `next` (a page of this hub), `notebook`, `folder`, or `git` with `branch` and `open`: platforms
    that know one address for all activities have no other way to say it.
    """
    custom = mapping(claims, CUSTOM)
    if page := text(custom, "next"):
        return own_path(page, public_url)
    if repository := text(custom, "git"):
        return pull_path(public_url, repository, text(custom, "branch"), text(custom, "open"))
    if file := text(custom, "notebook") or text(custom, "folder"):
        return file_path(public_url, file)
    return _of_target(text(claims, TARGET_LINK_URI), public_url)


def _of_target(target: str, public_url: str) -> str:
    """A target that is one of our own pages for launches says by `next` where to go, if at all."""
    path = own_path(target, public_url)
    hub = urlsplit(public_url).path + "hub"
    address = urlsplit(path)
    if address.path.startswith((f"{hub}/lti13/", f"{hub}/lti/")):
        return own_path((parse_qs(address.query).get("next") or [""])[0], public_url)
    return "" if address.path.rstrip("/") in (hub, hub.removesuffix("/hub")) else path
