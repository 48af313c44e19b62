"""The consumers of site/lti.yaml: platforms that speak LTI 1.1, with a key each and a secret in `.env`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.core.errors import HomeroomError, did_you_mean
from generator.site.reader import SiteFile
from generator.topics.lti.settings import secrets_of
from generator.topics.lti.site import ConsumerEntry, LTIFile

SECRETS = ".env LTI_SECRETS"


def faults(here: SiteFile, file: LTIFile, secrets: str) -> Iterator[HomeroomError]:
    """What is wrong with the consumers, and with their secrets.

    :param secrets: what `LTI_SECRETS` is.
    """
    names = {entry.name for entry in file.platforms}
    keys: dict[str, str] = {}
    shared = secrets_of(secrets)
    for number, entry in enumerate(file.consumers):
        location = ("consumers", number)
        if entry.name in names:
            yield here.error((*location, "name"), f"{entry.name} is there twice", remedy="Give one another name.")
        names.add(entry.name)
        if entry.key in keys:
            cause = f"{entry.name} and {keys[entry.key]} have the same key"
            yield here.error((*location, "key"), cause, remedy="Give each a key of its own.")
        keys.setdefault(entry.key, entry.name)
        if entry.name not in shared:
            remedy = f"Add {entry.name}:<secret> to it; `openssl rand -hex 24` makes a secret."
            yield HomeroomError(f"has no secret of {entry.name}", location=SECRETS, remedy=remedy)
    known = [entry.name for entry in file.consumers]
    for name in shared:
        if name not in known:
            remedy = f"Take it away, or add it to consumers in site/lti.yaml. {did_you_mean(name, known)}"
            yield HomeroomError(f"has a secret of {name}, which is no consumer", location=SECRETS, remedy=remedy)


def complete(entry: ConsumerEntry) -> dict[str, Any]:
    """A consumer as the hub is told of it; the secret comes from its environment."""
    return {"name": entry.name, "key": entry.key, "url": entry.url or ""}
