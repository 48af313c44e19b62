"""The time zone setting."""

from __future__ import annotations

import pytest

from generator.settings import check_time_zone


@pytest.mark.parametrize("name", ["UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires"])
def test_a_known_time_zone(name: str) -> None:
    """A zone by its name in the IANA database is taken."""
    assert check_time_zone(name) == name


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Europe/Wienna", "Europe/Vienna"),
        ("berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
    ],
)
def test_the_nearest_is_named(given: str, meant: str) -> None:
    """An unknown zone is refused, and the refusal names the zone that was meant."""
    with pytest.raises(ValueError, match=f"did you mean {meant}"):
        check_time_zone(given)


@pytest.mark.parametrize("given", ["../etc/passwd", "", "Qqqq/Zzzz"])
def test_nothing_near(given: str) -> None:
    """What resembles no zone is refused all the same, with an example."""
    with pytest.raises(ValueError, match="is not a time zone"):
        check_time_zone(given)
