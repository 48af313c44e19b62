"""Courses that were made on pages: how they are kept, and how they stand beside those of the file."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from homeroom.courses import person
from homeroom.courses.course import TEACHERS, Course
from homeroom.courses.courses_file import Courses, beside
from homeroom.courses.made import form, records, service
from homeroom.courses.made.take_up import take_up
from homeroom.records import events
from traitlets.config import Config

from tests.hub_database import new_database

GROUPS = {"staff": {"members": ["ada"], "hub_groups": ["uni-staff"]}}


def made(title: str = "", **roles: list[str]) -> dict[str, Any]:
    """A course as it is kept, with people by role."""
    values = form.new()
    for role, people in roles.items():
        values["roles"][role] = {"people": people, "groups": []}
    return {**values, "title": title}


def courses_at(path: Path, *of_file: dict[str, Any]) -> Courses:
    """The courses of a hub whose file has these."""
    path.write_text(json.dumps({"zone": "Europe/Vienna", "courses": list(of_file)}))
    return Courses(path=str(path))


def test_a_course_is_kept_whole(tmp_path: Path) -> None:
    """What was kept is there again, with who changed it; a change of what is not any more what was seen is refused, and
    nothing is changed then. A version never comes again, also not of a course that was removed and made anew."""
    db = new_database()
    first = records.keep(db, "bio", made("Biology"), "ada", seen=0)
    second = records.keep(db, "bio", made("Life"), "bela", seen=first)
    for seen in (0, first):
        with pytest.raises(records.Changed) as refused:
            records.keep(db, "bio", made("Mine"), "chen", seen=seen)
        assert refused.value.now is not None
        assert refused.value.now.by == "bela"
    found = records.kept(db, "bio")
    assert found is not None
    assert (found.values["title"], found.version, found.by) == ("Life", second, "bela")
    with pytest.raises(records.Changed):
        records.remove(db, "bio", seen=first)
    records.remove(db, "bio", seen=second)
    time.sleep(0.002)
    assert records.keep(db, "bio", made("Again"), "ada", seen=0) > second
    with pytest.raises(records.TooMany):
        records.keep(db, "long", made("x" * records.LARGEST_CHARACTERS), "ada", seen=0)


def test_groups_of_the_site_are_their_members() -> None:
    """A role's groups of site/groups.yaml count by their members and the hub's groups that make them; others by their
    name."""
    values = made()
    values["roles"][TEACHERS] = {"people": ["zoe"], "groups": ["staff", "lti-moodle-1-instructor"]}
    teachers = Course.from_json(form.as_told("bio", values, GROUPS)).roles[TEACHERS]
    assert teachers.people == {"zoe", "ada"}
    assert teachers.hub_groups == {"staff", "uni-staff", "lti-moodle-1-instructor"}


def test_the_file_wins() -> None:
    """A course that file and page both have is as the file says; and a course of a learning platform that the file
    names is no other's."""
    lti = {"platform": "moodle", "context": "12", "link": None, "roster": True}
    told = [form.as_told(name, {**made(title), "lti": lti}, {}) for name, title in (("bio", "page"), ("two", "page"))]
    file = [{**form.as_told("bio", made("file"), {}), "lti": lti}]
    found = {each["name"]: (each["title"], each["lti"]) for each in beside(file, told)}
    assert found == {"bio": ("file", lti), "two": ("page", None)}


def test_courses_are_known_once_both_were_read(tmp_path: Path) -> None:
    """Until the hub has read the made courses beside its file, nobody is put out of a course; afterwards it goes by
    each change, also by one of another process."""
    Courses.clear_instance()
    path = tmp_path / "courses.json"
    courses_at(path, form.as_told("chem", made("Chemistry"), {}))
    config = Config({"Courses": {"path": str(path)}})
    db = new_database(str(tmp_path / "hub.sqlite"))
    try:
        courses = Courses.instance(config=config)
        courses.read()
        assert (courses.is_read, courses.is_known) == (True, False)
        records.keep(db, "bio", made("Biology", teachers=["ada"]), "ada", seen=0)
        db.commit()
        take_up(config, db)
        assert courses.is_known
        assert {name: each.title for name, each in courses.read().items()} == {"chem": "Chemistry", "bio": "Biology"}
        assert courses.of_file == {"chem"}
        assert [each["name"] for each in courses.raw] == ["chem", "bio"]
        with sqlite3.connect(tmp_path / "hub.sqlite") as beside_it:
            found = service.answer(beside_it, {"verb": "list"}, time.time())["courses"]["bio"]
            assert found["course"]["title"] == "Biology"
            changed = {"verb": "keep", "name": "bio", "seen": found["version"], "course": made("Life")}
            assert service.answer(beside_it, changed, time.time()) == {"done": True}
            assert service.answer(beside_it, changed, time.time()) == {"done": False}, "it was seen before the change"
        take_up(config, db)
        assert courses.read()["bio"].title == "Life"
        with sqlite3.connect(tmp_path / "hub.sqlite") as beside_it:
            version = service.answer(beside_it, {"verb": "list"}, time.time())["courses"]["bio"]["version"]
            for done in (True, False):
                removed = {"verb": "remove", "name": "bio", "seen": version}
                assert service.answer(beside_it, removed, time.time()) == {"done": done}
        assert [json.loads(each.event)["what"] for each in events.waiting(db)] == ["course-change", "course-remove"]
        take_up(config, db)
        assert set(courses.read()) == {"chem"}
    finally:
        Courses.clear_instance()
        db.close()


def test_what_is_no_course_changes_nothing(tmp_path: Path) -> None:
    """A made course that is none leaves the courses as they were."""
    found = courses_at(tmp_path / "courses.json")
    found.give_made([form.as_told("bio", made("Biology"), {})], {"bio": 1})
    found.read()
    with pytest.raises(KeyError):
        found.give_made([{"name": "bio"}], {"bio": 2})
    assert found.read()["bio"].title == "Biology"
    assert found.made_versions == {"bio": 1}


def test_a_person_is_shown_and_forgotten(tmp_path: Path) -> None:
    """What a made course says of somebody is in their export; once they are forgotten it names them nowhere, and others
    stay."""
    db = new_database(str(tmp_path / "hub.sqlite"))
    values = made("Biology", teachers=["ada"], students=["b+ob", "chen"])
    extra = {"b+ob": 3600, "chen": 60}
    values["assignments"] = [{"name": "week-1", "title": "", "extra_seconds": extra}]
    version = records.keep(db, "bio", values, "b+ob", seen=0)
    db.commit()
    with sqlite3.connect(tmp_path / "hub.sqlite") as database:
        said = person.of_person(database, "b+ob")["named_in_courses"]
        assert said == {"bio": {"role": "students", "extra_seconds": {"week-1": 3600}}}
        person.forget(database, "b+ob")
        assert person.of_person(database, "b+ob")["named_in_courses"] == {}
        assert person.of_person(database, "ada")["named_in_courses"] == {"bio": {"role": "teachers"}}
    kept = records.kept(db, "bio")
    assert kept is not None
    assert kept.values["assignments"][0]["extra_seconds"] == {"chen": 60}
    assert kept.by == ""
    assert kept.version > version, "a page that was opened before does not bring them back"
    db.close()
