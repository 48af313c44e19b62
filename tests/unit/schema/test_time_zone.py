"""The time zone setting."""

from __future__ import annotations

import pytest

from generator.schema.time_zones import check


@pytest.mark.parametrize("name", ["UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires"])
def test_a_known_time_zone(name: str) -> None:
    """A zone by its name in the IANA database is taken."""
    assert check(name) == name


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Europe/Wienna", "Europe/Vienna"),
        ("berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        (" Europe/Vienna", "Europe/Vienna"),
        ("utc", "UTC"),
        ("cet", "CET"),
    ],
)
def test_the_nearest_is_named(given: str, meant: str) -> None:
    """An unknown zone is refused, and the refusal names the zone that was meant."""
    with pytest.raises(ValueError, match=f"did you mean {meant}"):
        check(given)


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("CEST", "Europe/Berlin"),
        ("cest", "Europe/Berlin"),
        ("MEZ", "Europe/Berlin"),
        ("PST", "America/Los_Angeles"),
        ("EDT", "America/New_York"),
        ("BST", "Europe/London"),
        ("IST", "Asia/Kolkata"),
        ("CST", "America/Chicago or Asia/Shanghai"),
        ("GMT+1", "Europe/Berlin"),
        ("utc-05:00", "America/New_York"),
        ("+0530", "Asia/Kolkata"),
    ],
)
def test_what_a_clock_says_is_no_zone(given: str, place: str) -> None:
    """CEST is half a year's name of a time, and GMT+1 an offset (whose namesake in the database is the opposite one):
    whoever writes it is told a place with that time."""
    with pytest.raises(ValueError, match=rf"name a place, such as {place}(?: or |$)"):
        check(given)


@pytest.mark.parametrize("given", ["UTC+99", "../etc/passwd", "", "Qqqq/Zzzz"])
def test_nothing_near(given: str) -> None:
    """What resembles no zone is refused all the same, with an example."""
    with pytest.raises(ValueError, match="is not a time zone"):
        check(given)
