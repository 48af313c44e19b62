"""What may stand in an address of the hub's, and in what a form says: no control characters, and no address that is
none."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from homeroom.texts.refusal import Refusal

_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f]")
_IN_A_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINES = frozenset({"next", "redirect_uri", "state", "url", "username"})
"""Fields of forms that go on into headers, redirects and the log."""
_ADDRESSES = frozenset({"next", "redirect_uri", "url"})
"""Of what is sent with an address or a form, what the hub takes apart as an address; it fails where that is none."""

BAD_REQUEST = 400

_decode = BaseHandler.decode_argument


def refuse_odd_addresses() -> None:
    """Have the hub, in this process, answer 400 where an address or a form holds control characters, or an
    address that cannot be read as one."""
    BaseHandler.decode_argument = _decode_plain


def _decode_plain(handler: BaseHandler, value: bytes | None, name: str | None = None) -> Any:
    """What tornado makes of a part of the path, or of an argument.

    The page on which a request's fault is told may ask for the same argument again: it then has none.

    :raises HTTPError: 400, it holds a control character (a text of a form may have several lines), or is no address
        where one is wanted, or no UTF-8.
    """
    try:
        return _decode_checked(handler, value, name)
    except web.HTTPError:
        if handler.get_status() < BAD_REQUEST:
            raise
        return ""


def _decode_checked(handler: BaseHandler, value: bytes | None, name: str | None) -> Any:
    decoded = _decode(handler, value, name)
    in_form = name in handler.request.body_arguments
    is_text = in_form and name not in _LINES
    if decoded and (_IN_A_TEXT if is_text else _IN_A_LINE).search(decoded):
        raise Refusal(BAD_REQUEST, "errors.wrong.control_field" if in_form else "errors.wrong.control_address")
    if decoded and name in _ADDRESSES and host_of(decoded) is None:
        raise Refusal(BAD_REQUEST, "errors.wrong.no_address", field=name)
    return decoded


def host_of(address: str) -> str | None:
    """The host that an address names, with its port; empty where it names none, None where it is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:  # such as `http://[`
        return None
