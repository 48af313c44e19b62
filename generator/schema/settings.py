"""The schema: every setting of `.env`, put together from one part a topic.

`.env.example`, `docs/settings.md`, validation and the rendered configuration all come from the class `Settings`.
To add a setting, add a field to its topic's `settings.py`, use it (Compose, a template or the generator), and run
`make reference`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from generator.schema.deployment import DeploymentSettings
from generator.schema.setting import About, Group, Part
from generator.schema.types import cause_of, parse_limit, parse_size, parse_total_size
from generator.topics.copies.settings import CopiesSettings
from generator.topics.courses.settings import CoursesSettings
from generator.topics.culling.settings import CullingSettings
from generator.topics.drill.settings import DrillSettings
from generator.topics.edge.settings import EdgeSettings
from generator.topics.environments.settings import EnvironmentsSettings
from generator.topics.handouts.settings import HandoutsSettings
from generator.topics.history.settings import HistorySettings
from generator.topics.labs.settings import LabsSettings
from generator.topics.ldap.settings import LdapSettings
from generator.topics.lti.settings import LtiSettings
from generator.topics.network.settings import NetworkSettings
from generator.topics.oauth.settings import OAuthSettings
from generator.topics.packages.settings import PackagesSettings
from generator.topics.people.settings import PeopleSettings
from generator.topics.prewarm.settings import PrewarmSettings
from generator.topics.queue.settings import QueueSettings
from generator.topics.showing.settings import ShowingSettings
from generator.topics.sign_in.settings import SignInSettings
from generator.topics.sso.settings import SsoSettings
from generator.topics.storage.settings import StorageSettings
from generator.topics.watching.settings import WatchingSettings


class Settings(
    CopiesSettings,
    CoursesSettings,
    CullingSettings,
    DrillSettings,
    EdgeSettings,
    EnvironmentsSettings,
    HandoutsSettings,
    HistorySettings,
    LabsSettings,
    LdapSettings,
    LtiSettings,
    NetworkSettings,
    OAuthSettings,
    PackagesSettings,
    PeopleSettings,
    PrewarmSettings,
    QueueSettings,
    ShowingSettings,
    SignInSettings,
    SsoSettings,
    StorageSettings,
    WatchingSettings,
    DeploymentSettings,
):
    """The settings of one deployment, checked."""

    def all_cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """What the parts' `cross_checks` say."""
        for part in type(self).__mro__:
            if issubclass(part, Part) and "cross_checks" in vars(part):
                yield from part.cross_checks(self)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One setting, as the generated files and checks see it."""

    name: str
    about: About
    description: str
    default: str | None
    type: str
    """The type in an operator's words."""


def _type_in_words(field: FieldInfo, schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    sizes = (parse_size, parse_total_size, parse_limit)
    if any(isinstance(item, BeforeValidator) and item.func in sizes for item in field.metadata):
        return "size"
    return {"integer": "whole number", "number": "number", "string": "text"}[schema["type"]]


@functools.cache
def specs() -> tuple[Spec, ...]:
    """Every setting, in the order of the schema."""
    schemas = Settings.model_json_schema()["properties"]
    found = []
    for name, field in Settings.model_fields.items():
        default = None if field.is_required() else str(field.default)
        about = next(item for item in field.metadata if isinstance(item, About))
        found.append(
            Spec(
                name=name,
                about=about,
                description=field.description or "",
                default=default,
                type=_type_in_words(field, schemas[name]),
            )
        )
    return tuple(sorted(found, key=lambda spec: (spec.about.group.order, spec.about.group.title)))


def groups() -> list[Group]:
    """The headings, in their order."""
    return list(dict.fromkeys(spec.about.group for spec in specs()))


def validation_faults(values: Mapping[str, str]) -> tuple[Settings | None, list[tuple[str, str]]]:
    """Check values against the schema: the settings, or each faulty setting's name with the cause in words."""
    try:
        return Settings.model_validate(dict(values)), []
    except ValidationError as error:
        return None, [(str(fault["loc"][0]), cause_of(fault)) for fault in error.errors() if fault["loc"]]
