"""The form of site/branding.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from generator.schema.types import written_as
from generator.site.models import Form, Strict, Text

BRANDING = "branding.yaml"
Language = Literal["en", "de"]
"""Those that the hub's pages speak."""
Colour = Annotated[Text, written_as(r"#[0-9a-fA-F]{6}", "a colour such as '#b84a08', in quotes")]
Address = Annotated[
    Text, written_as(r"https?://[^\s\"'<>\\]{1,500}|mailto:[^\s\"'<>\\]{1,200}", "an address with https://")
]
Logo = Annotated[
    Text, written_as(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.(svg|png)", "a file's name that ends in .svg or .png")
]
Sentence = Annotated[Text, Field(min_length=1, max_length=500)]


def in_english(value: object) -> object:
    """An announcement without a language is the English one."""
    return {"en": value} if isinstance(value, str) else value


Announcement = Annotated[dict[Language, Sentence], BeforeValidator(in_english)]


class Branding(Strict):
    """`site/branding.yaml`."""

    name: Annotated[Text, Field(min_length=1, max_length=40)] = "JupyterHub"
    logo: Logo | None = None
    logo_dark: Logo | None = None
    colour: Colour = "#b84a08"
    colour_dark: Colour = "#b84a08"
    imprint: Address | None = None
    privacy: Address | None = None
    announcement: Announcement = {}


FORMS = (
    Form(
        name=BRANDING,
        model=Branding,
        what="What the hub's pages look like: name, logo, colours, imprint, announcement.",
        page="branding",
        order=60,
    ),
)
