"""The form of site/sso.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from generator.schema.types import written_as
from generator.site.models import Form, Rules, Strict, Text

SSO = "sso.yaml"
TAKEN = re.compile(
    r"host|cookie|authorization|origin|referer|user-agent|content-.*|accept.*|x-xsrftoken|x-forwarded-.*|x-real-ip"
    r"|x-scheme|x-sso-secret|x-jupyter.*|sec-.*|upgrade|connection|transfer-encoding",
    re.IGNORECASE,
)
"""Headers that browsers or Homeroom send for something else."""


def check_header(value: str) -> str:
    """Require a header's name that only the web server in front sends."""
    if "_" in value:
        raise ValueError("holds _, and headers with one are dropped on the way; write - there, also in the web server")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,63}", value):
        raise ValueError("must be the name of a header such as X-SSO-User")
    if TAKEN.fullmatch(value):
        raise ValueError("is a header that means something else; choose a name such as X-SSO-User")
    return value


Header = Annotated[Text, AfterValidator(check_header)]
Separator = Annotated[str, written_as(r"[;,|:]", "one of ; , | :")]
LINK_WORDS = "an address that begins with https:// or with one /, such as /Shibboleth.sso/Logout"
Link = Annotated[Text, written_as(r"(https://|/(?!/))[!-~]*", LINK_WORDS)]


class Headers(Strict):
    """Which header says what."""

    user: Header = "X-SSO-User"
    subject: Header | None = None
    email: Header | None = None
    display_name: Header | None = None
    groups: Header | None = None
    role: Header | None = None


class Sso(Rules):
    """`site/sso.yaml`."""

    title: Text | None = None
    headers: Headers = Headers()
    separator: Separator = ";"
    required_roles: list[Text] = []
    protects: Literal["sign-in", "everything"] = "sign-in"
    logout: Link | None = None


FORMS = (
    Form(
        name=SSO,
        model=Sso,
        what="What a web server in front says of the people whom it signs in, with AUTH=sso.",
        page="sign-in/sso",
        order=34,
    ),
)
