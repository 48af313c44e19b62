"""`/hub/homeroom/new-course` and `/hub/homeroom/courses/NAME/settings`: courses made and changed on pages, without a
script and without a restart."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.orm import Group
from tornado import web

from homeroom.courses import desk_client, members, watch
from homeroom.courses.calendar import written
from homeroom.courses.course import ROLES, STUDENTS, TEACHERS, group_name, room_user
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import records as sat_records
from homeroom.courses.exams import watch as exam_watch
from homeroom.courses.given_out import GivenOut
from homeroom.courses.made import class_list, difference, edit, exams, form, forms, names, records, rooms
from homeroom.courses.made.edit import Editor
from homeroom.courses.made.exams import Sat, Sittings
from homeroom.courses.made.fault import Fault
from homeroom.courses.made.makers import may_make
from homeroom.courses.made.records import Kept
from homeroom.courses.made.take_up import site_groups, take_up
from homeroom.exam_labs import exam_lab
from homeroom.labs.plan import allowed_profiles, groups_of
from homeroom.records.events import note_of
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

MADE, CHANGED = "course-make", "course-change"
ACTIONS = (
    "course",
    "members",
    "list",
    "assignment",
    "new-assignment",
    "remove-assignment",
    "exam",
    "new-exam",
    "remove-exam",
    "room",
    "new-room",
    "open-room",
    "close-room",
)
NEED_COLLABORATION = ("new-room", "open-room")


class CoursePage(BaseHandler):
    """What both pages need."""

    @cached_property
    def courses(self) -> Courses:
        """As they are now: looked at once for a request, and they go with what it changes."""
        found = take_up(self.settings["config"], self.db)
        found.read()
        return found

    def editor(self) -> Editor:
        """Whoever asks, and what they may name. Who names a group sees who is in it: so they are in it themselves, or
        administer the hub."""
        user = self.current_user
        spawner = user.spawner
        own = set(groups_of(spawner.person, spawner.groups))
        known = {*site_groups(self.settings["config"]), *(name for (name,) in self.db.query(Group.name))}
        profiles = [profile["name"] for profile in allowed_profiles(spawner.profiles, spawner.groups, spawner.person)]
        return Editor(zone=self.courses.zone, profiles=profiles, groups=None if user.admin else own, known_groups=known)

    def keep(self, name: str, old: dict[str, Any], new: dict[str, Any], *, seen: int) -> None:
        """Keep a course with a record of who did what, and have it hold at once.

        :raises Changed: TooMany: it is not kept.
        """
        try:
            records.keep(self.db, name, new, self.current_user.name, seen=seen)
        except (records.Changed, records.TooMany):
            self.db.rollback()
            raise
        words = difference.in_words(old, new, self.courses.zone)
        note_of(self, CHANGED if seen else MADE, why=f"course {name}: {words}" if seen else f"course {name}")
        self.db.commit()
        self.log.info("%s %s the course %s: %s", self.current_user.name, "changed" if seen else "made", name, words)
        watch.look(self.settings["app"])
        if old["rooms"] != new["rooms"] and (hub := rooms.hub_rooms()) is not None:
            hub.look(self.settings["app"])

    def fields(self) -> dict[str, str]:
        """What was typed."""
        return {name: self.get_body_argument(name, "", strip=False) for name in self.request.body_arguments}

    async def show(self, template: str, status: int, **values: Any) -> None:
        """Answer with a page."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        desk = desk_client.is_there()
        self.finish(await self.render_template(template, xsrf=self.xsrf_token.decode(), desk=desk, **values))


class NewCourseHandler(CoursePage):
    """The page on which courses are made."""

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        await self._show({"name": "", "title": "", "teachers": self.current_user.name}, [])

    @web.authenticated
    async def post(self) -> None:
        """Make a course, and lead to its settings."""
        self._require_maker()
        given = self.fields()
        name = given.get("name", "").strip()
        title = edit.one_line(given.get("title", ""))
        typed = {"people_teachers": given.get("teachers", ""), "title": title}
        new, faults = edit.members(name, form.new(), typed, self.editor())
        if not names.is_name(name):
            faults.insert(0, Fault("name", say("course_settings.wrong.name")))
        elif names.is_taken(self.settings["config"], self.db, name):
            faults.insert(0, Fault("name", say("course_settings.wrong.taken")))
        with_title, wrong = edit.general(name, new, {"title": title}, self.editor())
        faults += [fault for fault in wrong if fault not in faults]
        if not self.current_user.admin and not faults:
            people = with_title["roles"][TEACHERS]["people"]
            with_title["roles"][TEACHERS]["people"] = list(dict.fromkeys([self.current_user.name, *people]))
        if faults:
            renamed = [replace(each, field="teachers") if each.field.startswith("people_") else each for each in faults]
            await self._show(given, renamed)
            return
        try:
            self.keep(name, form.new(), with_title, seen=0)
        except records.Changed:
            await self._show(given, [Fault("name", say("course_settings.wrong.taken"))])
            return
        except records.TooMany:
            await self._show(given, [Fault("", say("course_settings.wrong.many"))])
            return
        self.redirect(f"{self.hub.base_url}homeroom/courses/{name}/settings", status=303)

    def _require_maker(self) -> None:
        """:raises HTTPError: 403, this person makes none."""
        if not may_make(self):
            raise Refusal(403, "course_settings.wrong.no_maker")

    async def _show(self, given: Mapping[str, str], faults: Iterable[Fault]) -> None:
        self._require_maker()
        made = []
        if self.current_user.admin:
            of_file = self.courses.of_file
            made = [
                {"name": each.name, "title": each.values["title"] or each.name}
                for each in records.all_kept(self.db)
                if each.name not in of_file
            ]
        wrong = by_field(faults)
        typed = {field: given.get(field, "") for field in ("name", "title", "teachers")}
        await self.show("course-new.html", 400 if wrong else 200, given=typed, wrong=wrong, made=made)


class SettingsHandler(CoursePage):
    """A course's settings, for its teachers; and for administrators, who may be the only ones left to put somebody in
    charge."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Show them."""
        kept = self._kept(name)
        if kept is None:
            title = self.courses.read()[name].title
            await self.show("course-settings.html", 200, course_name=name, title=title, of_file=True)
            return
        said = "saved" if self.get_argument("said", "") == "saved" else ""
        await self._show(kept, said=said)

    @web.authenticated
    async def post(self, name: str) -> None:
        """Change one part of the course, as it was typed, or say what is wrong with it."""
        kept = self._kept(name)
        if kept is None:
            raise Refusal(409, "course_settings.wrong.of_file")
        given = self.fields()
        do, target = given.get("do", ""), given.get("target", "")
        if do not in ACTIONS:
            raise web.HTTPError(400)
        changed, faults = self._edited(kept, do, target, given)
        if str(kept.version) != given.get("version"):
            await self._show(kept, do=do, target=target, given=given, changed=True, status=409)
            return
        if faults:
            await self._show(kept, do=do, target=target, given=given, faults=faults, status=400)
            return
        try:
            if changed != form.whole(kept.values):
                self.keep(name, form.whole(kept.values), changed, seen=kept.version)
        except records.Changed:  # by another process, this very moment
            await self._show(kept, do=do, target=target, given=given, changed=True, status=409)
            return
        except records.TooMany:
            faults = [Fault("", say("course_settings.wrong.many"))]
            await self._show(kept, do=do, target=target, given=given, faults=faults, status=400)
            return
        self.redirect(f"{self.hub.base_url}homeroom/courses/{name}/settings?said=saved", status=303)

    def _kept(self, name: str) -> Kept | None:
        """The course; None where it is one of the file.

        :raises HTTPError: 404, there is none of this name, or they are not in it; 403, they do not teach it.
        """
        courses = self.courses
        known = courses.read()
        role = members.roles_of(self.current_user.orm_user, known).get(name)
        kept = records.kept(self.db, name) if name not in courses.of_file else None
        if role != TEACHERS and not (self.current_user.admin and kept is not None):
            if role is None:
                raise Refusal(404, "courses.wrong.unknown")
            raise Refusal(403, "course_settings.wrong.not_yours")
        if kept is None and name not in courses.of_file:
            raise Refusal(404, "course_settings.wrong.gone")
        return kept

    def _edited(self, kept: Kept, do: str, target: str, given: Mapping[str, str]) -> edit.Edited:
        name, course, editor = kept.name, form.whole(kept.values), self.editor()
        if do == "course":
            return edit.general(name, course, given, editor)
        if do == "members":
            changed, faults = edit.members(name, course, given, editor)
            return changed, exams.put_out(course, changed, self._sittings(name)) or faults
        if do == "list":
            sent = self.request.files.get("file", [])
            data = sent[0]["body"] if sent and sent[0]["body"] else given.get("list", "").encode()
            changed, faults = edit.listed(name, course, given, data, editor)
            return changed, exams.put_out(course, changed, self._sittings(name), field="list") or faults
        if do.endswith("room"):
            return self._edited_room(name, course, do, target, given, editor)
        if do == "remove-assignment":
            return edit.without_assignment(course, target), []
        if do == "remove-exam":
            return exams.without(course, target, self._sittings(name))
        if do in ("exam", "new-exam"):
            old = target if do == "exam" else ""
            return exams.exam(name, course, given, editor, self._sittings(name), old=old)
        return edit.assignment(name, course, given, editor, old=target if do == "assignment" else "")

    def _edited_room(
        self, name: str, course: edit.Course, do: str, target: str, given: Mapping[str, str], editor: Editor
    ) -> edit.Edited:
        hub, config = rooms.hub_rooms(), self.settings["config"]
        if hub is None or (do in NEED_COLLABORATION and not hub.can_be(config)):
            return course, [Fault("", say("course_settings.wrong.room.cannot"))]
        if do in ("open-room", "close-room"):
            return rooms.turned(course, target, is_open=do == "open-room"), []

        def is_taken(wanted: str) -> bool:
            return hub.is_taken(config, self.db, wanted)

        return rooms.room(name, course, given, editor, is_taken=is_taken, old=target if do == "room" else "")

    def _sittings(self, name: str) -> Sittings:
        """What is known of the exams of a course, and of those that its students sit in others, as these are now."""
        exam_watch.take_up(self.settings["config"], self.db)
        course = self.courses.read()[name]
        group = Group.find(self.db, group_name(name, STUDENTS))
        students = {*course.roles[STUDENTS].people, *(user.name for user in (group.users if group else ()))}
        elsewhere = [
            Sat(lab.person, lab.begins_at, lab.ends_at)
            for lab in exam_lab.of_other_courses(name)
            if lab.person in students
        ]
        ends = {each.name: each.ends_at_last for each in course.exams}
        return Sittings(now=time.time(), ends=ends, written=sat_records.written(self.db, name), elsewhere=elsewhere)

    async def _show(
        self,
        kept: Kept,
        *,
        do: str = "",
        target: str = "",
        given: Mapping[str, str] | None = None,
        faults: Iterable[Fault] = (),
        changed: bool = False,
        said: str = "",
        status: int = 200,
    ) -> None:
        """:param given: what was typed into the form of `do`, which is shown again; the others are as the course is."""
        course, zone, editor = form.whole(kept.values), self.courses.zone, self.editor()
        given = given or {}
        general, people, listed = forms.general(course, zone), forms.members(course), {"list_role": "", "replace": ""}
        work = [_row(forms.assignment(each, zone), each) for each in course["assignments"]]
        sittings = self._sittings(kept.name) if course["exams"] else Sittings(now=time.time())
        given_out = GivenOut.from_json(await desk_client.given_out(kept.name) if course["exams"] else None)
        sat = [
            _row(forms.exam(each, zone), each, is_on=sittings.is_on(each), released=given_out.of(each["name"]))
            for each in course["exams"]
        ]
        of_course = [
            _row(forms.room(each), each, is_open=each["is_open"], home=room_user(kept.name, each["name"]))
            for each in course["rooms"]
        ]
        hub = rooms.hub_rooms()
        empty, empty_exam, empty_room = forms.new_assignment(), forms.new_exam(), forms.new_room()
        new, new_exam, new_room = (_row(fields) for fields in (empty, empty_exam, empty_room))
        for what, row in (("new-assignment", new), ("new-exam", new_exam), ("new-room", new_room)):
            row["open"] = do == what and bool(given)
        typed = {
            "course": general,
            "members": people,
            "list": listed,
            "new-assignment": empty,
            "new-exam": empty_exam,
            "new-room": empty_room,
        }.get(do)
        listed_by = {"assignment": work, "exam": sat, "room": of_course}
        if do in listed_by:
            one = next((each for each in listed_by[do] if each["old"] == target), None)
            if one is not None:
                one["open"], typed = True, one["fields"]
        if typed is not None:
            typed.update({field: given.get(field, "") for field in (*typed, "list") if field in given})
        spawner = self.current_user.spawner
        choices = [(each["name"], each["display_name"]) for each in spawner.profiles if each["name"] in editor.profiles]
        used = dict.fromkeys([course["profile"], *(each["profile"] for each in (*course["exams"], *course["rooms"]))])
        choices += [(each, each) for each in used if each and each not in editor.profiles]
        await self.show(
            "course-settings.html",
            status,
            course_name=kept.name,
            title=course["title"] or kept.name,
            of_file=False,
            version=given.get("version", str(kept.version)) if changed else str(kept.version),
            by=kept.by,
            at=written(kept.at, zone, seconds=True),
            zone=zone.key,
            roles=ROLES,
            lti=course["lti"],
            general=general,
            people=people,
            listed=listed,
            work=work,
            new=new,
            sat=sat,
            new_exam=new_exam,
            networks=exams.NETWORKS,
            course_rooms=of_course,
            new_room=new_room,
            rooms_can_be=hub is not None and hub.can_be(self.settings["config"]),
            profiles=choices,
            every_group=editor.groups is None,
            do=do,
            target=target,
            wrong=by_field(faults),
            changed=changed,
            said=said,
            late=edit.LATE,
            grades=edit.GRADES,
            most_checks=edit.MOST_CHECKS,
            largest_list=class_list.LARGEST_BYTES,
        )


def by_field(faults: Iterable[Fault]) -> dict[str, list[str]]:
    """What is wrong in words, by the field of the form."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.field, []).append(str(fault.said))
    return found


def _row(fields: forms.Fields, one: edit.Course | None = None, **more: Any) -> dict[str, Any]:
    """One of the page's forms that unfold; without an assignment, exam or room it is that of a new one."""
    known = {"old": one["name"], "title": one["title"]} if one is not None else {"old": "", "title": ""}
    return {**known, "fields": fields, "open": False, **more}
