"""site/rooms.yaml: what is wrong is told with its line, and what the hub is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError, SeveralErrors
from generator.lifecycle import render
from generator.topics.rooms.render import with_collaboration
from tests.sample_settings import settings

COURSES = """\
courses:
  - name: biology-1
    teachers: {people: [ada]}
    students: {people: [chen]}
"""
GROUPS = "groups: {bio: {members: [bela]}}\n"


def rendered(tmp_path: Path, rooms: str, **values: str) -> list[dict[str, Any]]:
    """The rooms as the hub is told."""
    for name, text in {"rooms.yaml": rooms, "courses.yaml": COURSES, "groups.yaml": GROUPS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = render.rendered_files(settings(**values), tmp_path)
    found: list[dict[str, Any]] = json.loads(files["rooms.json"])["rooms"]
    return found


def test_a_room_is_told_to_the_hub(tmp_path: Path) -> None:
    """Members of site groups by name, of courses by the groups that the hub keeps of them."""
    text = "rooms: [{name: study, public: true}, {name: lab, title: Lab 1, groups: [bio], courses: [biology-1]}]\n"
    study, lab = rendered(tmp_path, text)
    assert (study["title"], study["is_public"], study["people"]) == ("study", True, [])
    assert (lab["title"], lab["people"], lab["courses"]) == ("Lab 1", ["bela"], ["biology-1"])
    assert {"bio", "course-biology-1-students", "course-biology-1-teachers"} <= set(lab["hub_groups"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{name: lab}", "nobody may enter the room lab"),
        ("{name: lab, groups: [boi]}", "there is no group boi"),
        ("{name: lab, courses: [biology-2]}", "there is no course biology-2"),
        ("{name: lab, public: true, profile: large}", "there is no profile large"),
        ("{name: Lab, public: true}", "small letters"),
        ("{name: lab, public: true}, {name: lab, public: true}", "is there twice"),
        ("{name: lab, open: true}", "open"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    """Nothing is rendered then."""
    with pytest.raises((HomeroomError, SeveralErrors)) as told:
        rendered(tmp_path, f"rooms:\n  [{line}]\n")
    assert said in str(told.value)
    assert "rooms.yaml line 2" in str(told.value)


def test_collaboration_in_a_persons_own_lab_is_chosen_by_profile(tmp_path: Path) -> None:
    """It reads what rooms have; what the profile says of that path stays."""
    text = "profiles: [{name: own}, {name: pair, collaboration: true, environment: {JUPYTER_CONFIG_PATH: /srv/x}}]\n"
    (tmp_path / "profiles.yaml").write_text(text, encoding="utf-8")
    rendered_text = render.rendered_files(settings(), tmp_path)["jupyterhub_config.py"]
    assert "/opt/jupyter/etc/jupyter-roles/room:/srv/x" in rendered_text
    assert rendered_text.count("jupyter-roles/room") == 1


@pytest.mark.parametrize(("given", "can_be"), [("apps, collaboration", True), ("collaboration", True), ("apps", False)])
def test_labs_can_be_worked_in_together_where_the_image_has_it(given: str, can_be: bool) -> None:
    """However LAB_FEATURES is typed: blanks do not count, as for the image."""
    assert with_collaboration(settings(LAB_FEATURES=given)) is can_be
