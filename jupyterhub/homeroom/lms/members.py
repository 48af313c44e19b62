"""The members of a course at its platform (NRPS): all pages, or none."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from homeroom.lms.connection import Connection
from homeroom.lms.fault import LMSFault
from homeroom.lms.tokens import Tokens
from homeroom.lms.web import SHOWN, Web
from homeroom.lti.people import role_of

KIND = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 400
MOST_MEMBERS = 20_000
LONGEST_ID = 255
LONGEST_NAME = 200
HERE = ("active", "")
ROLES = {"instructor": "teachers", "assistant": "assistants", "student": "students"}

log = logging.getLogger("homeroom.lms")


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody in a course there.

    :param user_id: as launches say it (`sub`).
    :param role: as courses here call it.
    """

    user_id: str
    role: str
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""


async def read(web: Web, tokens: Tokens, connection: Connection) -> list[Member]:
    """Who is in a course, in the order of their ids; who is inactive, or nothing in it, is left out.

    :raises LMSFault: a page of it cannot be had, or says nothing that could be a list of members.
    """
    if not connection.members:
        raise LMSFault("missing", "no launch of this course has said where its members are: open it once from there")
    found: dict[str, Member] = {}
    address, seen = connection.members, set[str]()
    while address:
        if address in seen or len(seen) >= MOST_PAGES or len(found) > MOST_MEMBERS:
            raise LMSFault("nonsense", f"the list of members has no end: {len(seen)} pages")
        seen.add(address)
        answer = await tokens.ask(web, "GET", address, {"Accept": KIND})
        if answer.status != 200:
            why = f"{answer.status} {answer.text[:SHOWN]}"
            raise LMSFault("closed", f"{web.platform.name} does not show who is in the course: {why}")
        for each in _listed(answer.body, web.platform.name):
            found[each.user_id] = each
        address = answer.next_page
    if not found:
        raise LMSFault("nonsense", f"{web.platform.name} says that nobody is in the course")
    return [found[each] for each in sorted(found)]


def _listed(body: Any, platform: str) -> list[Member]:
    listed = body.get("members") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise LMSFault("nonsense", f"what {platform} answers is no list of members in UTF-8")
    return [member for each in listed if (member := _member(each)) is not None]


def _member(said: Any) -> Member | None:
    """One member; None: they are nothing in the course, or not any more.

    :raises LMSFault: it is no member.
    """
    user_id = said.get("user_id") if isinstance(said, dict) else None
    if not isinstance(user_id, str) or not 0 < len(user_id) <= LONGEST_ID:
        raise LMSFault("nonsense", f"a member without user_id: {str(said)[:SHOWN]}")
    status = said.get("status")
    role = role_of(said.get("roles"))
    if role is None or (status.lower() if isinstance(status, str) else "") not in HERE:
        return None
    given, family = _text(said, "given_name"), _text(said, "family_name")
    return Member(
        user_id=user_id,
        role=ROLES[role],
        name=_text(said, "name") or " ".join(filter(None, (given, family))),
        given_name=given,
        family_name=family,
        email=_text(said, "email"),
    )


def _text(said: dict[str, Any], name: str) -> str:
    found = said.get(name)
    plain = "".join(each for each in found if each.isprintable()) if isinstance(found, str) else ""
    return plain.strip()[:LONGEST_NAME]
