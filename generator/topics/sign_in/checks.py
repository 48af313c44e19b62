"""Whether the lists of people can be right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.core.console import quoted
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, warning
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.schema.types import NOT_OF_SERVICE
from generator.topics.sign_in.accounts import ask_hub
from generator.topics.sign_in.lists import load_people


def of_site(settings: Settings) -> Iterator[Finding]:
    """Find nothing to warn of: what is wrong is an error.

    :raises HomeroomError: everything that is wrong with site/people.yaml.
    """
    load_people(settings, SITE)
    return iter(())


def of_counterpart(deployment: Deployment) -> Iterator[Finding]:
    """People who have a name from before that is now kept for labs that several enter: they cannot sign in."""
    try:
        people = ask_hub(deployment, "people", module="homeroom.sign_in.registry")["people"]
    except HomeroomError:  # the hub does not run: nobody can be asked
        return
    for name in sorted({one["name"] for one in people if not re.match(NOT_OF_SERVICE, one["name"])}):
        yield warning(
            f"user {quoted(name)}",
            "cannot sign in: names that begin with grader- or room- are kept for labs that several people enter",
            location="NAME",
            remedy="Give the person an account of another name, and copy what they need from the old home: "
            f"`make user-export NAME={name}`.",
        )
