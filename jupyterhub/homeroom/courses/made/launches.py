"""A course of a learning platform is made when its first teacher comes from there, where `site/lti.yaml` says so."""

from __future__ import annotations

from typing import Any

from homeroom.courses import watch
from homeroom.courses.made import edit, form, names, records, rules
from homeroom.courses.made.take_up import take_up
from homeroom.lti.arrivals import Arrival
from homeroom.records.events import note

TEACHER = "instructor"
MADE = "course-make"
LONGEST_CONTEXT = 255


def make_of_launch(handler: Any, user: Any, arrival: Arrival) -> None:
    """Make the course that somebody comes from, where they teach it there and it is none here yet. Its members are
    those of the platform, whoever teaches it included: who is none there any more is none here."""
    if not arrival.makes_courses or arrival.role != TEACHER:
        return
    if not 0 < len(arrival.context) <= LONGEST_CONTEXT or not arrival.context.isprintable():
        return
    config, db = handler.settings["config"], handler.db
    courses = take_up(config, db)
    courses.read()
    here = (arrival.platform, arrival.context)
    of_platform = ((lti["platform"], lti["context"]) for each in courses.raw if (lti := each.get("lti")))
    if not courses.is_known or here in of_platform:
        return
    name = names.for_context(config, db, *here, (arrival.label, arrival.title))
    if not name:
        handler.log.error("No course is made of %s of %s: no name for it is free", *reversed(here))
        return
    title = edit.one_line(arrival.title) or edit.one_line(arrival.label) or name
    lti = {"platform": arrival.platform, "context": arrival.context, "link": None, "roster": True}
    try:
        records.keep(db, name, {**form.new(), "title": title[: rules.LONGEST_TITLE], "lti": lti}, user.name, seen=0)
    except records.TooMany:
        db.rollback()
        handler.log.error("No course is made of %s of %s: there are too many", *reversed(here))
        return
    note(db, user.name, MADE, why=f"course {name}: launched from {arrival.context[:100]} of {arrival.platform}")
    db.commit()
    handler.log.info("%s made the course %s by coming from %s", user.name, name, arrival.platform)
    watch.look(handler.settings["app"])
