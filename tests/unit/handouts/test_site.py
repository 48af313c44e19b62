"""`site/handouts.yaml`: who gets what and when, and what is told of a slip in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.contract.mounts import Mount
from homeroom.courses.course import GRADERS, ROLES, STUDENTS, group_name
from homeroom.guard.values import MountRule
from homeroom.storage.storage import Share
from homeroom_lab.handouts import deliver

from generator.core.errors import HomeroomError
from generator.lifecycle.render import HUB_CONFIG, rendered_files
from generator.topics.courses import made
from generator.topics.handouts import checks, given, handouts, places
from generator.topics.handouts.handouts import Known
from tests.sample_settings import settings


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A `site/` without a file."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def load(site: Path, fields: str, *groups: str, zone: str = "UTC") -> Known:
    """The handout that a file of one handout with these fields gives."""
    (site / "handouts.yaml").write_text(f"handouts:\n  - {{name: week1, {fields}}}\n")
    (found,) = handouts.load(settings(TIMEZONE=zone), site, groups)
    return found


def refusal(site: Path, fields: str, *groups: str, zone: str = "UTC") -> str:
    """What is said of such a file."""
    with pytest.raises(HomeroomError) as caught:
        load(site, fields, *groups, zone=zone)
    return str(caught.value)


def test_no_file_is_no_handouts(site: Path) -> None:
    """Without site/handouts.yaml there are none, and no error."""
    assert handouts.load(settings(), site) == []


@pytest.mark.parametrize(
    ("written", "zone", "meant"),
    [
        ("2026-10-05 08:00", "Europe/Vienna", datetime(2026, 10, 5, 6, tzinfo=UTC)),
        ("2026-12-05 08:00", "Europe/Vienna", datetime(2026, 12, 5, 7, tzinfo=UTC)),
        ("2026-10-05 08:00 America/New_York", "Europe/Vienna", datetime(2026, 10, 5, 12, tzinfo=UTC)),
        ("2026-10-05T08:00:00", "Asia/Tokyo", datetime(2026, 10, 4, 23, tzinfo=UTC)),
        ("2026-10-05T08:00:00+02:00", "Asia/Tokyo", datetime(2026, 10, 5, 6, tzinfo=UTC)),
        ("2026-10-05", "UTC", datetime(2026, 10, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_is_by_the_clock_of_its_zone(site: Path, written: str, zone: str, meant: datetime) -> None:
    """Without a zone TIMEZONE counts, with summer time as the zone has it; a date alone is its first minute."""
    found = load(site, f"from: week1, to: week1, visible_from: {written}", zone=zone)
    assert found.visible_at == meant
    assert found.is_due(meant)
    assert not found.is_due(meant.replace(year=meant.year - 1))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("from: week1, to: week1, visible_from: tomorrow", "is not a date and time such as"),
        ("from: week1, to: week1, visible_from: 0001-01-01", "is of the year 1:"),
        ("from: week1, to: week1, visible_from: 2026-13-05 08:00", "month must be in 1..12"),
        ("from: week1, to: week1, visible_from: 2026-10-05 08:00 CEST", "name a place"),
        ("from: week1, to: week1, visible_from: 2026-03-29 02:30 Europe/Vienna", "the clocks are put forward"),
        ("from: ../week1, to: week1", "without .. in it"),
        ("from: /etc, to: week1", "a path within the directory"),
        ("from: week1, to: .ssh", "begin with a dot"),
        ("from: week1, to: a/../../b", "without .. in it"),
        ('from: "we\\nek", to: week1', "plain path"),
        ("to: week1", "needs either from or repo"),
        ("from: week1, repo: {url: 'https://x.example/y.git'}, to: week1", "needs either from or repo"),
        ("repo: {url: 'file:///etc'}, to: week1", "the address of a repository"),
        ("repo: {url: 'ext::sh -c id'}, to: week1", "the address of a repository"),
        ("repo: {url: 'https://me:secret@x.example/y.git'}, to: week1", "no name or password"),
        ("repo: {url: 'https://x.example/y.git', branch: --upload-pack=id}, to: week1", "the name of a branch"),
        ("repo: {url: 'https://x.example/y.git', key: algo}, to: week1", "there is no key site/keys/algo"),
        ("from: week1, to: week1, groups: []", "must not be empty"),
        ("from: week1, to: week1, courses: []", "must not be empty"),
        ("from: week1, to: week1, courses: [Biology]", "small letters, digits and dashes"),
    ],
)
def test_a_slip_is_told_with_its_line(site: Path, fields: str, said: str) -> None:
    """What is wrong, and where it stands in the file."""
    told = refusal(site, fields)
    assert said in told
    assert "site/handouts.yaml line 2" in told


def test_a_name_twice_and_a_group_that_is_not_there_are_told(site: Path) -> None:
    """A group that site/groups.yaml lacks would keep everybody from it, unseen."""
    one = "  - {name: week1, from: a, to: b, groups: [biologie]}\n"
    (site / "handouts.yaml").write_text(f"handouts:\n{one}{one}")
    with pytest.raises(HomeroomError) as caught:
        handouts.load(settings(), site, ["biology"])
    assert "the handout week1 is there twice" in str(caught.value)
    assert "there is no group biologie" in str(caught.value)
    assert "Did you mean biology?" in str(caught.value)


def test_a_handout_is_for_groups_and_courses(site: Path) -> None:
    """Both add up; a course alone is not everybody, and needs no line in site/groups.yaml."""
    both = load(site, "from: a, to: b, groups: [physics], courses: [biology-1, chemistry]", "physics")
    assert {each.shown for each in both.audiences} == {"physics", "the course biology-1", "the course chemistry"}
    (course,) = load(site, "from: a, to: b, courses: [biology-1]", "physics").audiences
    assert course.shown == "the course biology-1"
    assert load(site, "from: a, to: b").audiences == [places.Audience()]


def test_a_course_that_is_not_there_is_told(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its line, once the hub has said which were made on its pages; where it cannot be asked, that is said."""
    load(site, "from: a, to: b, courses: [biology-1, made-1, biologie-1]")
    teachers = "teachers: {people: [ada]}"
    (site / "courses.yaml").write_text(f"courses:\n  - {{name: biology-1, {teachers}, students: {{people: [bela]}}}}\n")
    monkeypatch.setattr(checks, "SITE", site)
    here: Any = SimpleNamespace(settings=settings())
    monkeypatch.setattr(made, "ask_hub", lambda _: {"made-1": {}})
    (found,) = checks.of_counterpart(here)
    assert (found.level, found.remedy) == ("error", "Did you mean biology-1?")
    assert "there is no course biologie-1" in found.cause
    assert "site/handouts.yaml line 2" in found.location

    def away(_: Any) -> Any:
        raise HomeroomError("the hub could not be asked", remedy="")

    monkeypatch.setattr(made, "ask_hub", away)
    silent = list(checks.of_counterpart(here))
    assert [each.level for each in silent] == ["warn", "warn"]
    assert all("is not known" in each.cause and "line 2" in each.location for each in silent)
    load(site, "from: a, to: b, courses: [biology-1]")
    assert list(checks.of_counterpart(here)) == [], "nobody is asked where the file has all of them"


def test_a_key_that_others_can_read_is_refused(site: Path) -> None:
    """A private key is its owner's alone."""
    (site / "keys").mkdir()
    (site / "keys/algo").write_text("key")
    fields = "repo: {url: 'git@x.example:y.git', key: algo}, to: week1"
    (site / "keys/algo").chmod(0o640)
    assert "others can read the key site/keys/algo" in refusal(site, fields)
    (site / "keys/algo").chmod(0o600)
    assert load(site, fields).handout.repo is not None


def test_each_audience_is_mounted_where_its_labs_look_and_read_only() -> None:
    """The guard lets through exactly the mount that the hub asks for the members of a group, or for all who are
    something in a course, and nothing to write into."""
    (biology,) = places.audiences(["biology"])
    share, rule = Share.from_trait(biology.trait()), MountRule.from_json(biology.rule())
    assert rule.allows(share.mount)
    assert share.mount.read_only
    assert not rule.allows(Mount(source=share.source, target=share.mount_target, read_only=False))
    assert (share.is_for("ada", ["biology"]), share.is_for("ada", ["chemistry"])) == (True, False)
    (course,) = places.audiences(None, ["biology-1"])
    share = Share.from_trait(course.trait())
    rule = MountRule.from_json(course.rule())
    assert rule.allows(share.mount)
    (other,) = places.audiences(None, ["biology-2"])
    assert rule.allows(Share.from_trait(other.trait()).mount), "whichever course it is: nothing is restarted for one"
    for source, target in (
        (share.source, f"{places.SEEN_AT}/c-biology-2"),
        (share.source, places.SEEN_AT),
        (f"{share.source}/../x", f"{share.mount_target}/../x"),
        (str(places.FOLDER / "labs/everybody"), f"{places.SEEN_AT}/everybody"),
    ):
        assert not rule.allows(Mount(source=source, target=target, read_only=True)), (source, target)
    assert not rule.allows(Mount(source=share.source, target=share.mount_target, read_only=False))
    for role in ROLES:
        assert share.is_for("ada", [group_name("biology-1", role)])
    for group in (group_name("biology", STUDENTS), group_name("biology-1", GRADERS), "biology-1"):
        assert not share.is_for("ada", [group])
    (everybody,) = places.audiences(None)
    assert Share.from_trait(everybody.trait()).is_for("ada", [])
    assert str(deliver.PLACES) == places.SEEN_AT
    assert deliver.INDEX == places.INDEX


def test_a_directory_that_labs_could_not_mount_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard would refuse it with each start; nothing is said where there are no handouts."""
    monkeypatch.setattr(places, "FOLDER", tmp_path / "my class" / "handouts")
    site = tmp_path / "site"
    site.mkdir()
    assert "handouts = []" in rendered_files(settings(), site)[HUB_CONFIG]
    (site / "handouts.yaml").write_text("handouts:\n  - {name: a, from: a, to: a}\n")
    with pytest.raises(HomeroomError, match="the guard takes only letters"):
        rendered_files(settings(), site)
    monkeypatch.setattr(places, "FOLDER", tmp_path / "handouts")
    found = rendered_files(settings(), site)
    assert f"'source': '{tmp_path}/handouts/labs/everybody'" in found[HUB_CONFIG].replace('"', "'")
    assert f"{tmp_path}/handouts/labs/everybody" in found["guard.json"]


def test_the_first_handout_of_a_course_restarts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hub and guard read when they start is the same with it as without; the folders of courses that there are
    stand in the file at which the hub looks while it runs."""
    monkeypatch.setattr(places, "FOLDER", tmp_path / "handouts")
    site = tmp_path / "site"
    site.mkdir()
    before = rendered_files(settings(), site)
    (site / "courses.yaml").write_text("courses: [{name: biology, teachers: {people: [ada]}}]\n")
    (site / "handouts.yaml").write_text("handouts: [{name: a, from: a, to: a, courses: [biology]}]\n")
    places.make(places.audiences(None, ["biology"]), tmp_path / "handouts")
    after = rendered_files(settings(), site)
    assert after["guard.json"] == before["guard.json"]
    assert after[HUB_CONFIG] == before[HUB_CONFIG]
    (found,) = json.loads(after[given.FILE])["places"]
    assert Share.from_trait(found).is_for("ada", [group_name("biology", STUDENTS)])
    assert json.loads(before[given.FILE])["places"] == []


def test_a_site_without_the_file_has_no_handouts(tmp_path: Path) -> None:
    """As those that were made before there were handouts: nothing is looked for in it."""
    assert handouts.load(settings(), tmp_path) == []
    assert handouts.unknown_courses(tmp_path, [], {"biology"}) == []
