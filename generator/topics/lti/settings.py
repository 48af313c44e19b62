"""The secrets that this hub shares with platforms that speak LTI 1.1; what else they need stands in site/lti.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from generator.schema.setting import About, Group, Part, setting

LTI_GROUP = Group(
    title="Sign-in from a course",
    text="What platforms sign their launches by that speak LTI 1.1 alone. All else is site/lti.yaml.",
    page="sign-in/lti-1-1",
    order=32,
)
PAIR = re.compile(r"([a-z0-9][a-z0-9-]{0,19}):([A-Za-z0-9._~-]{20,128})")


def check_secrets(value: str) -> str:
    """Require pairs of a name and a secret, each name once."""
    names = []
    for each in value.split(",") if value else []:
        matched = PAIR.fullmatch(each)
        if matched is None:
            raise ValueError(
                "is not `name:secret`, or several with commas between them; a name is a consumer's of site/lti.yaml, "
                "and a secret has 20 to 128 letters, digits and . _ ~ -"
            )
        names.append(matched[1])
    if len(set(names)) != len(names):
        raise ValueError("has a name twice")
    return value


def secrets_of(value: str) -> Mapping[str, str]:
    """The secrets by the names of consumers."""
    pairs = (each.partition(":") for each in value.split(",") if each)
    return {name: secret for name, _, secret in pairs}


class LtiSettings(Part):
    """Secrets of platforms."""

    LTI_SECRETS: Annotated[str, AfterValidator(check_secrets)] = setting(
        "",
        About(
            group=LTI_GROUP,
            consumers=("compose", "generator"),
            secret=True,
            example="oldmoodle:an-example-of-a-shared-key",
        ),
        """The secrets shared with the consumers of `site/lti.yaml` (LTI 1.1), each behind the consumer's name:
        `oldmoodle:...,edx:...`. `openssl rand -hex 24` makes one.""",
    )
