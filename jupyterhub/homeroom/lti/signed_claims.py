"""What a launch of LTI 1.1 says, in the words of LTI 1.3: from there on both are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from homeroom.lti.claims import CONTEXT, CUSTOM, EXTRA, PRESENTATION, ROLES, TARGET_LINK_URI
from homeroom.lti.signed_launch import SignedLaunch

ROLE = re.compile(r"(?:urn:lti:role:ims/lis/)?(\w+)(?:/(\w+))?")
"""A role in a course, with a finer one behind it; those in the institution or the system are written otherwise."""
USER_NAMES = ("ext_user_username", "custom_canvas_user_login_id", "custom_username", "lis_person_sourcedid")
"""Where platforms have the name that people sign in by there: Moodle, Canvas, whoever adds it, Open edX. Moodle's last
one is a number of the school's."""


def claims_of(launch: SignedLaunch, address: str) -> dict[str, Any]:
    """The claims of a launch that was verified.

    :param address: of the page for launches.
    """
    fields = launch.fields
    custom = {name.removeprefix("custom_"): value for name, value in fields.items() if name.startswith("custom_")}
    target = f"{address}?next={launch.query['next']}" if "next" in launch.query else address
    return {
        "sub": fields["user_id"],
        "name": fields.get("lis_person_name_full", ""),
        "given_name": fields.get("lis_person_name_given", ""),
        "family_name": fields.get("lis_person_name_family", ""),
        "email": fields.get("lis_person_contact_email_primary", ""),
        ROLES: list(_roles(fields.get("roles", ""))),
        CONTEXT: {"id": fields.get("context_id", "")},
        CUSTOM: custom,
        EXTRA: {"user_username": next((found for name in USER_NAMES if (found := fields.get(name, ""))), "")},
        PRESENTATION: {"locale": fields.get("launch_presentation_locale", "")},
        TARGET_LINK_URI: target,
    }


def _roles(listed: str) -> Iterator[str]:
    for each in listed.split(","):
        if matched := ROLE.fullmatch(each.strip()):
            yield from filter(None, matched.groups())
