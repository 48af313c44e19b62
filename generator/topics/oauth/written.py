"""How values of site/oauth.yaml are written: addresses, domains, ids."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from generator.schema.addresses import check_https
from generator.schema.types import written_as
from generator.site.models import Text


def check_address(value: str) -> str:
    """Require an address that begins with https://; this machine's own may be without, for a trial."""
    example, risk = "https://login.example.edu", "secrets could be read on the way"
    return check_https(value, example=example, risk=risk)


Url = Annotated[Text, AfterValidator(check_address)]
Domain = Annotated[
    Text, AfterValidator(str.lower), written_as(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a domain such as uni.example")
]
GroupAddress = Annotated[
    Text,
    AfterValidator(str.lower),
    written_as(r"[a-z0-9._%+'-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", "the address of a group such as staff@uni.example"),
]
Uuid = Annotated[
    Text,
    AfterValidator(str.lower),
    written_as(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "an id of 32 hexadecimal digits with dashes"),
]
OrganizationOrTeam = Annotated[
    Text,
    written_as(
        r"[A-Za-z0-9][A-Za-z0-9-]{0,38}(:[A-Za-z0-9][A-Za-z0-9._-]{0,99})?",
        "an organization or a team as addresses name them: my-lab, or my-lab:staff",
    ),
]
FileName = Annotated[Text, written_as(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a file in site/")]
