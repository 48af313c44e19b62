"""What rooms do with somebody who has just come from a course and was let in, before they are led on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.lti import people
from homeroom.lti.claims import CONTEXT, mapping, text
from homeroom.lti.people import Role
from homeroom.lti.platform import Platform


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Where somebody came from: texts are what the platform says, whatever that is.

    :param context: the course's id at the platform; empty: the launch is of none.
    :param role: what they are in it.
    :param makes_courses: whether launches of this platform may make courses here.
    """

    platform: str
    context: str
    label: str
    title: str
    role: Role | None
    makes_courses: bool


Arrive = Callable[[Any, Any, Arrival], None]
_known: list[Arrive] = []


def arrive_by(arrive: Arrive) -> None:
    """Have this be called with everybody who comes from a course by LTI 1.3 and was let in.

    :param arrive: takes the page's handler, the user, and where they come from.
    """
    if arrive not in _known:
        _known.append(arrive)


def of_claims(platform: Platform, claims: Mapping[str, Any], *, makes_courses: bool) -> Arrival:
    """The same of a verified launch's claims."""
    context = mapping(claims, CONTEXT)
    _, role = people.course_role(platform.name, claims)
    return Arrival(
        platform=platform.name,
        context=text(context, "id"),
        label=text(context, "label"),
        title=text(context, "title"),
        role=role,
        makes_courses=makes_courses,
    )


def tell(handler: Any, user: Any, arrival: Arrival) -> None:
    """Do what the rooms want. What fails is logged, and keeps nobody from where they are led."""
    for each in _known:
        try:
            each(handler, user, arrival)
        except Exception:
            handler.db.rollback()
            handler.log.exception("%s cannot arrive by %s", user.name, each.__module__)
