"""homeroom.addresses: what may stand in an address or a form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.addresses import _decode_plain
from tornado import web


def decode(value: str, name: str) -> Any:
    """An argument of an address, decoded as the hub does it."""
    handler: Any = SimpleNamespace(request=SimpleNamespace(body_arguments={}))
    return _decode_plain(handler, value.encode(), name)


@pytest.mark.parametrize("value", ["http://[", "//x]/", "http://a\u2100b/"])
@pytest.mark.parametrize("name", ["next", "redirect_uri", "url"])
def test_what_is_no_address_is_refused(name: str, value: str) -> None:
    """Where the hub takes an argument apart as an address, one that is none is a refusal, and no failure."""
    with pytest.raises(web.HTTPError, match="is no address") as refused:
        decode(value, name)
    assert refused.value.status_code == 400
    assert decode(value, "find") == value


@pytest.mark.parametrize("value", ["", "/user/ada/lab?x=[1]", "//evil.example/", "https://hub.example/hub/", "a b"])
def test_other_addresses_are_read(value: str) -> None:
    """Whether an address is a good one is asked later."""
    assert decode(value, "next") == value
