"""A platform that speaks LTI 1.1, with the manners of Moodle, Canvas and Open edX. It signs by RFC 5849 as it is
written there, without the library that the hub checks signatures by."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import secrets
import time
from urllib.parse import quote

KEY = "homeroom"
SECRET = "a.secret-that_this~hub-shares"
NAME = "oldschool"


def signature(method: str, address: str, fields: list[tuple[str, str]], secret: str, token_secret: str = "") -> str:
    """What proves who sent these fields to this address: RFC 5849, 3.4."""
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in fields)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(quote(part, safe="~") for part in (method, address, joined))
    key = f"{quote(secret, safe='~')}&{quote(token_secret, safe='~')}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()


def signed(
    address: str, fields: dict[str, str], secret: str = SECRET, *, query: dict[str, str] | None = None
) -> dict[str, str]:
    """The fields of a launch with their signature.

    :param query: of the launch's address, which is signed with them.
    """
    together = [*fields.items(), *(query or {}).items()]
    return {**fields, "oauth_signature": signature("POST", address, together, secret)}


def moodle(user_id: str = "2", **more: str | None) -> dict[str, str]:
    """What Moodle says in a launch; `more` is laid over it, and None takes a field away."""
    return _fields(
        {
            "user_id": user_id,
            "lis_person_sourcedid": "4711",
            "roles": "Learner",
            "context_id": "12",
            "context_label": "BIO1",
            "context_title": "Biology",
            "context_type": "CourseSection",
            "resource_link_title": "Exercises",
            "resource_link_description": "Two lines,\r\nand more",
            "resource_link_id": "7",
            "lis_person_name_given": "Ada",
            "lis_person_name_family": "Lovelace",
            "lis_person_name_full": "Ada Lovelace",
            "lis_person_contact_email_primary": f"u{user_id}@school.example",
            "ext_user_username": f"u{user_id}",
            "launch_presentation_locale": "de",
            "launch_presentation_document_target": "window",
            "launch_presentation_return_url": "https://moodle.example/mod/lti/return.php?course=2&launch_container=4",
            "ext_lms": "moodle-2",
            "tool_consumer_info_product_family_code": "moodle",
            "oauth_callback": "about:blank",
            "ext_submit": "Press to launch this activity",
        },
        more,
    )


def canvas(user_id: str = "535fa085f22b4655f48cd5a36a9215f64c062838", **more: str | None) -> dict[str, str]:
    """What Canvas says: long ids, roles of the school beside those in the course, custom parameters of its own."""
    return _fields(
        {
            "user_id": user_id,
            "roles": "Instructor,urn:lti:role:ims/lis/TeachingAssistant,urn:lti:instrole:ims/lis/Administrator",
            "ext_roles": "urn:lti:instrole:ims/lis/Administrator,urn:lti:sysrole:ims/lis/User",
            "context_id": "4dde05e8ca1973bcca9bffc13e1548820eee93a3",
            "context_title": "Biology",
            "resource_link_id": "4dde05e8ca1973bcca9bffc13e1548820eee93a3",
            "lis_person_name_full": "Grace Hopper",
            "lis_person_contact_email_primary": "grace@school.example",
            "custom_canvas_user_login_id": "hopper",
            "custom_canvas_user_id": "51",
            "launch_presentation_locale": "en-GB",
            "launch_presentation_document_target": "iframe",
            "tool_consumer_info_product_family_code": "canvas",
            "oauth_callback": "about:blank",
        },
        more,
    )


def edx(user_id: str = "a0b1c2d3e4", **more: str | None) -> dict[str, str]:
    """What Open edX says: a course's key as its id, `Student`, and no name of the person."""
    return _fields(
        {
            "user_id": user_id,
            "lis_person_sourcedid": "bela",
            "roles": "Student",
            "context_id": "course-v1:School+BIO1+2026",
            "context_title": "Biology - School",
            "context_label": "BIO1",
            "resource_link_id": "courses.example-i4x-2-3-lti-7f86a4b3",
            "lis_result_sourcedid": "course-v1%3ASchool%2BBIO1%2B2026:courses.example-i4x:a0b1c2d3e4",
            "custom_component_display_name": "LTI Consumer",
            "launch_presentation_return_url": "",
            "oauth_callback": "about:blank",
        },
        more,
    )


def _fields(said: dict[str, str], more: dict[str, str | None]) -> dict[str, str]:
    every = {
        "lti_message_type": "basic-lti-launch-request",
        "lti_version": "LTI-1p0",
        "oauth_consumer_key": KEY,
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_version": "1.0",
    }
    return {name: value for name, value in {**every, **said, **more}.items() if value is not None}


def launch_page(address: str, form: dict[str, str], target: str = "_self") -> str:
    """A course's page with a button that launches."""
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(v)}">' for name, v in form.items())
    return (
        f'<title>Course</title><h1>Biology</h1><form action="{html.escape(address)}" method="post" target="{target}">'
        f'{inputs}<button>Open the exercises</button></form><iframe name="frame"></iframe>'
    )
