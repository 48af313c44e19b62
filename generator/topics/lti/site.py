"""The form of site/lti.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from generator.schema.addresses import check_https
from generator.schema.types import written_as
from generator.site.models import Form, Name, Person, Strict, Text

LTI_FILE = "lti.yaml"


def check_address(value: str) -> str:
    """Require an address that begins with https://; this machine's own may be without, for a trial."""
    example, risk = "https://moodle.example.edu", "launches could be forged on the way"
    return check_https(value, example=example, risk=risk, query=True)


Url = Annotated[Text, AfterValidator(check_address)]
Identifier = Annotated[Text, Field(min_length=1, max_length=255)]
PlatformName = Annotated[Name, Field(max_length=20)]
ConsumerKey = Annotated[Text, written_as(r"[A-Za-z0-9._~-]{1,128}", "letters, digits and . _ ~ -, 128 at most")]
FileName = Annotated[Text, written_as(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a file in site/")]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
PresetName = Literal["moodle", "canvas", "blackboard", "brightspace", "openedx", "sakai"]


class PlatformEntry(Strict):
    """One registration at a learning platform.

    :param courses: whether a course is made here when its first teacher comes from there.
    """

    name: PlatformName
    preset: PresetName | None = None
    url: Url | None = None
    client_id: Identifier
    deployment_ids: Annotated[list[Identifier], Field(min_length=1)]
    issuer: Url | None = None
    authorize_url: Url | None = None
    jwks_url: Url | None = None
    token_url: Url | None = None
    algorithms: Annotated[list[Algorithm], Field(min_length=1)] = ["RS256"]
    ca_file: FileName | None = None
    courses: Literal["made", "none"] = "none"


class ConsumerEntry(Strict):
    """A platform that speaks LTI 1.1; its secret stands in `.env`."""

    name: PlatformName
    key: ConsumerKey
    url: Url | None = None


class LTIFile(Strict):
    """`site/lti.yaml`."""

    title: Text = ""
    names: Literal["readable", "pseudonyms"] = "readable"
    allow_all: bool = False
    allowed_users: list[Person] = []
    allowed_groups: list[Text] = []
    admin_groups: list[Text] = []
    platforms: list[PlatformEntry] = []
    registered_courses: Literal["made", "none"] = "none"
    consumers: list[ConsumerEntry] = []


FORMS = (
    Form(
        name=LTI_FILE,
        model=LTIFile,
        what="Learning platforms from whose courses people come, and whom they may let in.",
        page="sign-in/lti",
        order=61,
    ),
)
