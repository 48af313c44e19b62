"""Who may take which lab, and what it gives them."""

from __future__ import annotations

from typing import Any

import pytest
from homeroom.labs.plan import Person, allowed_profiles, groups_of, may_take, plan_for
from hypothesis import given
from hypothesis import strategies as st

ADA = Person(name="ada")


def profile(**changes: Any) -> dict[str, Any]:
    """A profile as the configuration gives it."""
    return {
        "name": "small",
        "image": "lab",
        "memory_bytes": 100,
        "cpus": 1.0,
        "gpus": 0,
        "shm_bytes": 10,
        "environment": {},
        "network": "open",
        "idle_seconds": 3600,
        "kernel_idle_seconds": 0,
        "max_age_seconds": 0,
        "ephemeral": False,
        "allow": None,
        **changes,
    }


def group(**changes: Any) -> dict[str, Any]:
    """A group as the configuration gives it."""
    return {
        "members": [],
        "hub_groups": [],
        "memory_bytes": None,
        "cpus": None,
        "gpus": None,
        "max_labs": None,
        "never_idle": False,
        "environment": {},
        **changes,
    }


def allow(**lists: Any) -> dict[str, Any]:
    """Who may take a profile."""
    return {"groups": [], "users": [], "admins": True, **lists}


@pytest.mark.parametrize(
    ("allowed", "person", "member_of", "may"),
    [
        (None, ADA, [], True),
        (allow(), ADA, [], False),
        (allow(), Person(name="root", admin=True), [], True),
        (allow(admins=False), Person(name="root", admin=True), [], False),
        (allow(users=["ada"]), ADA, [], True),
        (allow(users=["adam"]), ADA, [], False),
        (allow(users=["root"], admins=False), Person(name="root", admin=True), [], True),
        (allow(groups=["staff"]), ADA, ["staff"], True),
        (allow(groups=["staff"]), ADA, ["students"], False),
        (allow(groups=["ada"]), ADA, [], False),
        (allow(users=["staff"]), ADA, ["staff"], False),
    ],
)
def test_who_may_take_a_profile(
    allowed: dict[str, Any] | None, person: Person, member_of: list[str], may: bool
) -> None:
    """Everyone without `allow`; else whoever is in a list, and administrators unless they are shut out."""
    assert may_take(profile(allow=allowed), person, member_of) is may


def test_groups_come_from_the_file_and_from_the_hub() -> None:
    """A member by name, one through the hub's own group, one through an included group; unknown hub groups count."""
    groups = {
        "biology": group(members=["ada"], hub_groups=["biology"]),
        "science": group(hub_groups=["science", "physics"]),
    }
    assert groups_of(ADA, groups) == ["biology"]
    assert groups_of(Person(name="bo", hub_groups=frozenset({"physics"})), groups) == ["science", "physics"]
    assert groups_of(Person(name="bo", hub_groups=frozenset({"biology"})), groups) == ["biology"]
    assert groups_of(Person(name="bo", hub_groups=frozenset({"z", "a"})), {}) == ["a", "z"]
    assert groups_of(Person(name="bo"), groups) == []


def test_a_hub_group_opens_a_profile_without_a_site_file() -> None:
    """`allow: {groups: [staff]}` needs no entry in `groups.yaml`."""
    profiles = [profile(), profile(name="large", allow=allow(groups=["staff"]))]
    names = [each["name"] for each in allowed_profiles(profiles, {}, ADA)]
    of_staff = allowed_profiles(profiles, {}, Person(name="bo", hub_groups=frozenset({"staff"})))
    assert (names, len(of_staff)) == (["small"], 2)


@pytest.mark.parametrize(
    ("limits", "memory"),
    [
        ([], 100),
        ([None], 100),
        ([50], 50),
        ([200], 200),
        ([50, 200], 200),
        ([200, 50], 200),
        ([50, None], 50),
        ([50, 60], 60),
    ],
)
def test_how_the_limits_of_several_groups_combine(limits: list[int | None], memory: int) -> None:
    """One group's limit takes the profile's place, lower or higher; of several the largest holds."""
    groups = {f"g{index}": group(members=["ada"], memory_bytes=limit) for index, limit in enumerate(limits)}
    assert plan_for(profile(), groups, ADA).memory_bytes == memory


@given(st.lists(st.one_of(st.none(), st.integers(1, 1000)), max_size=6), st.randoms())
def test_limits_do_not_depend_on_the_order_of_groups(limits: list[int | None], chance: Any) -> None:
    """Shuffling the file changes no limit, and the limit is one that somebody wrote down."""
    groups = {f"g{index}": group(members=["ada"], memory_bytes=limit) for index, limit in enumerate(limits)}
    names = list(groups)
    chance.shuffle(names)
    found = plan_for(profile(), {name: groups[name] for name in names}, ADA).memory_bytes
    assert found == plan_for(profile(), groups, ADA).memory_bytes
    given_limits = [limit for limit in limits if limit is not None]
    assert found == (max(given_limits) if given_limits else 100)


def test_groups_of_others_change_nothing() -> None:
    """Groups that a user is not in change nothing for them."""
    groups = {"others": group(members=["bela"], memory_bytes=1, never_idle=True, environment={"A": "b"})}
    assert plan_for(profile(), groups, ADA) == plan_for(profile(), {}, ADA)


def test_every_limit_has_its_own_largest() -> None:
    """Memory may come from one group and CPUs from another."""
    groups = {"a": group(members=["ada"], memory_bytes=5, cpus=2.0), "b": group(members=["ada"], memory_bytes=7)}
    plan = plan_for(profile(), groups, ADA)
    assert (plan.memory_bytes, plan.cpus) == (7, 2.0)


def test_a_group_gives_gpus_only_to_labs_that_have_some() -> None:
    """A lab without a GPU stays without one; one with GPUs gets the group's number."""
    groups = {"a": group(members=["ada"], gpus=2)}
    assert plan_for(profile(), groups, ADA).gpus == 0
    assert plan_for(profile(gpus=1), groups, ADA).gpus == 2
    assert plan_for(profile(gpus=1), {}, ADA).gpus == 1


def test_environments_are_laid_over_the_profiles_in_the_order_of_groups() -> None:
    """The later group wins, and nobody's profile is changed for the next person."""
    mine = profile(environment={"A": "profile", "B": "profile"})
    groups = {
        "one": group(members=["ada"], environment={"B": "one", "C": "one"}),
        "two": group(members=["ada"], environment={"C": "two"}),
    }
    assert plan_for(mine, groups, ADA).environment == {"A": "profile", "B": "one", "C": "two"}
    assert mine["environment"] == {"A": "profile", "B": "profile"}


def test_an_exemption_from_idleness_in_one_group_is_enough() -> None:
    """One group that is never idle exempts its member from idleness, and not from the maximum age."""
    groups = {"a": group(members=["ada"], never_idle=True), "b": group(members=["ada"])}
    plan = plan_for(profile(max_age_seconds=60), groups, ADA)
    assert (plan.idle_seconds, plan.max_age_seconds) == (0, 60)
    assert plan_for(profile(), {"b": group(members=["ada"])}, ADA).idle_seconds == 3600


def test_the_rest_comes_from_the_profile() -> None:
    """Image, shared memory, network and the fate of files."""
    plan = plan_for(profile(network="none", ephemeral=True, image="other:1", shm_bytes=77), {}, ADA)
    assert (plan.profile, plan.network, plan.ephemeral, plan.image, plan.shm_bytes) == (
        "small",
        "none",
        True,
        "other:1",
        77,
    )
