"""homeroom.lti.own_keys: the hub's own key set and its rotation."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import jwt
import pytest
from homeroom.lti import own_keys
from homeroom.lti.own_keys import DAY_SECONDS, KEPT_SECONDS, NEXT_AFTER_SECONDS, OwnKeys

NOW = 1_800_000_000


def test_keys_are_made_once_and_for_their_owner(tmp_path: Path) -> None:
    """The first look makes a key, in a file that its owner alone may read; the next finds it."""
    path = tmp_path / "keys.json"
    first = own_keys.current(path, NOW)
    assert own_keys.current(path, NOW + 60) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["keys.json"]


def test_the_public_set_holds_no_secret(tmp_path: Path) -> None:
    """What platforms fetch is the public part alone."""
    made = asyncio.run(OwnKeys(tmp_path / "keys.json").public_set())
    (key,) = made["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}


def test_keys_follow_each_other(tmp_path: Path) -> None:
    """A successor is published a day before anything is signed by it, and the old key stays for a month after."""
    path = tmp_path / "keys.json"
    (first,) = own_keys.current(path, NOW)
    later = NOW + NEXT_AFTER_SECONDS
    both = own_keys.current(path, later)
    assert len(both) == 2
    assert own_keys.signing(both, later) == first
    assert own_keys.signing(both, later + DAY_SECONDS) == both[1]
    assert own_keys.current(path, NOW + KEPT_SECONDS - 1) == both
    assert first not in own_keys.current(path, NOW + KEPT_SECONDS)


def test_keys_that_others_may_have_are_replaced_at_once(tmp_path: Path) -> None:
    """`make lti-new-key` leaves no old key in the set."""
    path = tmp_path / "keys.json"
    (old,) = own_keys.current(path, NOW)
    fresh = own_keys.replace(path, NOW + 5)
    assert own_keys.current(path, NOW + 6) == [fresh]
    assert fresh.kid != old.kid


def test_what_is_signed_is_checked_by_the_set(tmp_path: Path) -> None:
    """A platform finds the key of every signature in the set."""
    keys = OwnKeys(tmp_path / "keys.json")

    async def run() -> tuple[str, object]:
        return await keys.sign({"aud": "platform"}), await keys.public_set()

    signed, public = asyncio.run(run())
    found = jwt.PyJWKSet.from_dict(json.loads(json.dumps(public)))[jwt.get_unverified_header(signed)["kid"]]
    assert jwt.decode(signed, found.key, ["RS256"], audience="platform")


def test_a_damaged_file_is_not_written_over(tmp_path: Path) -> None:
    """Keys that cannot be read are no reason to make others: platforms would refuse what is signed by them."""
    path = tmp_path / "keys.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        own_keys.current(path, NOW)
    assert path.read_text() == "{"
