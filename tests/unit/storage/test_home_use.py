"""What homes take, for `make status`: measured within bounds, kept for a while, and never passed off as fresher."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import requests
from homeroom.contract.home_names import directory_name
from hypothesis import given
from hypothesis import strategies as st

from generator.topics.storage import home_use, homes
from tests.sample_settings import settings

ROWS: list[dict[str, Any]] = [
    {"Labels": {"homeroom.deployment": "bio", "homeroom.user": "ada"}, "UsageData": {"Size": 5}},
    {"Labels": {"homeroom.deployment": "bio", "homeroom.user": "bela"}, "UsageData": {"Size": -1}},
    {"Labels": {"homeroom.deployment": "other", "homeroom.user": "ada"}, "UsageData": {"Size": 7}},
    {"Labels": {"homeroom.deployment": "bio", "homeroom.share": "x"}, "UsageData": {"Size": 9}},
    {
        "Name": "bio-exam-f00d",
        "Labels": {"homeroom.deployment": "bio", "homeroom.user": "ada", "homeroom.server": "exam-final-0123456789ab"},
        "UsageData": {"Size": 3 << 20},
    },
    {"Labels": None, "UsageData": None},
]


class FakeClient:
    """An engine that says what volumes take, or takes too long."""

    def __init__(self) -> None:
        self.asked = 0
        self.slow = False
        self.api = SimpleNamespace(base_url="http://engine", api_version="1.45", get=self.get)

    def get(self, url: str, **_: Any) -> Any:
        """Answer a call."""
        self.asked += 1
        if self.slow:
            raise requests.Timeout
        return SimpleNamespace(raise_for_status=lambda: None, json=lambda: {"Volumes": ROWS})


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_a_homes_name_tells_its_person(name: str) -> None:
    """A directory's name reads back as the person it is named after."""
    assert homes.person_of(directory_name(name)) == name


def test_only_this_deployments_homes_count() -> None:
    """Neither another deployment's volumes nor shares are homes; what the engine did not count is not zero."""
    assert home_use.sizes(ROWS, "bio") == {"ada": 5, "bela": None}


def test_homes_of_exams_are_told_apart(tmp_path: Path) -> None:
    """They are nobody's home, and take room all the same: also from what was measured a while ago."""
    client, bio = FakeClient(), settings(COMPOSE_PROJECT_NAME="bio")
    words = "; besides, 1 home of exams with 3 MiB"
    assert [home_use.read(client, bio, tmp_path, now=now).of_exams for now in (1000, 1300)] == [words, words]
    assert home_use.HomeUse(bytes_of={}).of_exams == ""


def test_it_is_measured_once_in_a_while(tmp_path: Path) -> None:
    """Two looks in ten minutes are one measurement; a later one measures anew."""
    client, bio = FakeClient(), settings(COMPOSE_PROJECT_NAME="bio")
    assert home_use.read(client, bio, tmp_path, now=1000).bytes_of == {"ada": 5, "bela": None}
    again = home_use.read(client, bio, tmp_path, now=1300)
    assert (again.bytes_of["ada"], again.age_seconds, client.asked) == (5, 300, 1)
    assert home_use.read(client, bio, tmp_path, now=1700).age_seconds == 0
    assert client.asked == 2


def test_a_full_disk_keeps_nobody_from_seeing_it(tmp_path: Path) -> None:
    """It is shown though it cannot be kept; what is kept is the deployment's owner's alone, since it names people."""
    client, bio = FakeClient(), settings(COMPOSE_PROJECT_NAME="bio")
    cache = tmp_path / home_use.CACHE
    (cache / "in the way").mkdir(parents=True)
    assert home_use.read(client, bio, tmp_path, now=1000).bytes_of == {"ada": 5, "bela": None}
    shutil.rmtree(cache)
    home_use.read(client, bio, tmp_path, now=1001)
    assert cache.stat().st_mode & 0o777 == 0o600


def test_too_slow_shows_the_last_with_its_age(tmp_path: Path) -> None:
    """A disk that takes too long to count keeps nobody waiting and no number younger than it is."""
    client, bio = FakeClient(), settings(COMPOSE_PROJECT_NAME="bio")
    home_use.read(client, bio, tmp_path, now=1000)
    client.slow = True
    late = home_use.read(client, bio, tmp_path, now=9000)
    assert (late.bytes_of["ada"], late.age_seconds) == (5, 8000)
    assert "not measured" in late.fault
