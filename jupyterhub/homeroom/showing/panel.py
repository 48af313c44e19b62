"""Showing one's lab, on the home page: whom to, who may be in it now, and which labs one is shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from homeroom.courses import called
from homeroom.courses.courses_file import Courses
from homeroom.hub.home import Panel, Values
from homeroom.showing import records, tutors
from homeroom.showing.pages import spans
from homeroom.showing.show import Show


async def showing(handler: Any) -> Values | None:
    """Nothing where it is off, and for who has nobody to show their lab to and is shown none."""
    config, user, db = handler.settings["config"], handler.current_user, handler.db
    most = Show.instance(config=config).minutes
    if not most:
        return None
    courses = Courses.instance(config=config).read()
    own = records.of_owner(db, user.name)
    choices = tutors.of_student(db, user.orm_user, courses)
    shown = records.to_tutor(db, user.name)
    if not choices and not shown and own is None:
        return None
    own_tutor = {own.tutor} if own is not None else set()
    people = {*(name for _, name in choices), *(each.owner for each in shown), *own_tutor}
    said = called.as_signed_in(db, people)
    return {
        "own": {"tutor": said[own.tutor], "left": records.left_seconds(own)} if own is not None else None,
        "choices": [(course, courses[course].title, name, said[name]) for course, name in choices],
        "spans": spans(most),
        "most": most,
        "shown": [{"owner": said[each.owner], "address": address(handler, each.owner)} for each in shown],
        "runs": bool(user.spawner.ready),
        "xsrf": handler.xsrf_token.decode(),
    }


def address(handler: Any, owner: str) -> str:
    """Where somebody's lab is opened."""
    user = handler.users.get(owner)
    return str(user.url) if user is not None else f"{handler.base_url}user/{quote(owner, safe='@~')}/"


PANELS = (Panel(name="showing", order=32, ask=showing, refreshed=True, in_exam=False),)
