"""homeroom.addresses: what may stand in an address or a form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.hub.addresses import _decode_plain
from tornado import web


def decode(value: str | bytes, name: str, *, status: int = 200) -> Any:
    """An argument of an address, decoded as the hub does it.

    :param status: what the request is answered with, as far as it is known.
    """
    handler: Any = SimpleNamespace(request=SimpleNamespace(body_arguments={}), get_status=lambda: status)
    return _decode_plain(handler, value if isinstance(value, bytes) else value.encode(), name)


@pytest.mark.parametrize("value", ["http://[", "//x]/", "http://a\u2100b/"])
@pytest.mark.parametrize("name", ["next", "redirect_uri", "url"])
def test_what_is_no_address_is_refused(name: str, value: str) -> None:
    """Where the hub takes an argument apart as an address, one that is none is a refusal, and no failure."""
    with pytest.raises(web.HTTPError, match="is not an address") as refused:
        decode(value, name)
    assert refused.value.status_code == 400
    assert decode(value, "find") == value


@pytest.mark.parametrize("value", ["", "/user/ada/lab?x=[1]", "//evil.example/", "https://hub.example/hub/", "a b"])
def test_other_addresses_are_read(value: str) -> None:
    """Whether an address is a good one is asked later."""
    assert decode(value, "next") == value


@pytest.mark.parametrize("value", [b"\x1b[2J", b"a\r\nb", b"\xff\xfe", b"\0"])
def test_a_page_that_tells_a_fault_does_not_stumble_over_it(value: bytes) -> None:
    """The sign-in page shows a refusal and the name that was typed. Where that name is what was refused, there is none:
    nobody is answered with an empty page."""
    with pytest.raises(web.HTTPError) as refused:
        decode(value, "username")
    assert refused.value.status_code == 400
    assert decode(value, "username", status=400) == ""
    assert decode("ada", "username", status=400) == "ada"
