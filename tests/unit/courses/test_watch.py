"""What the hub tells the hand-in desk of labs."""

from __future__ import annotations

from types import SimpleNamespace

from homeroom.contract.sockets import directory_name
from homeroom.courses.watch import running_labs

ROLES = {"biology": {"b+ob": "students", "ada": "teachers", "grader-biology": "students"}}


def test_a_graders_lab_is_told_apart() -> None:
    """Of those that run, a lab is its person's, and that of a course's service user is the course's, whatever lists
    say; labs of people without a course are told nobody."""

    def user(name: str, **labs: bool) -> SimpleNamespace:
        return SimpleNamespace(
            name=name,
            spawners={lab: SimpleNamespace(name=lab.strip("_"), active=runs) for lab, runs in labs.items()},
        )

    users = [
        user("b+ob", _=True, second=True, third=False),
        user("olga", _=True),
        user("grader-biology", _=True),
        user("grader-physics", _=True),
    ]
    labs, graders = running_labs(users, ROLES)
    assert labs == {directory_name("b+ob", ""): "b+ob", directory_name("b+ob", "second"): "b+ob"}
    assert graders == {directory_name("grader-biology", ""): "biology"}
