"""The platforms of site/lti.yaml, complete, and the addresses that they are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from generator.core.errors import HomeroomError, raise_all
from generator.schema.addresses import is_loopback
from generator.schema.settings import Settings
from generator.site.reader import SiteFile, load
from generator.topics.lti import consumers, presets
from generator.topics.lti.site import LTI_FILE, LTIFile, PlatformEntry
from generator.topics.lti.ways import LTI

LOCATION = f"site/{LTI_FILE}"
RULE = "allow_all: true"


@dataclass(frozen=True, kw_only=True)
class Platforms:
    """What site/lti.yaml says, checked.

    :param platforms: as the hub is told of each.
    :param consumers: as the hub is told of each platform that speaks LTI 1.1.
    """

    file: LTIFile
    platforms: list[dict[str, Any]]
    consumers: list[dict[str, Any]]


def load_platforms(settings: Settings, site: Path) -> Platforms | None:
    """The platforms; None where `AUTH` does not name LTI.

    :raises HomeroomError: everything that is wrong with the file and the address of this hub, together.
    """
    if LTI not in settings.ways:
        return None
    faults = list(_address_faults(settings))
    path = site / LTI_FILE
    file = load(path, LTIFile)
    if file is None:
        faults.append(_missing("there are no platforms, and AUTH names lti", "Write the file: docs/sign-in/lti.md."))
        raise_all(faults)
        raise AssertionError("a missing file is a fault")
    here = SiteFile(path)
    if not (file.allow_all or file.allowed_users or file.allowed_groups):
        faults.append(
            here.error((), "there is no rule who may sign in", remedy=f"Add, for everybody of the courses: `{RULE}`.")
        )
    faults += _platform_faults(here, file.platforms)
    faults += consumers.faults(here, file, settings.LTI_SECRETS)
    raise_all(faults)
    return Platforms(
        file=file,
        platforms=[_complete(entry) for entry in file.platforms],
        consumers=[consumers.complete(entry) for entry in file.consumers],
    )


def _missing(cause: str, remedy: str) -> HomeroomError:
    return HomeroomError(cause, location=LOCATION, remedy=remedy)


def _address_faults(settings: Settings) -> Iterator[HomeroomError]:
    """What keeps launches from coming back: without HTTPS browsers do not send the cookie of a launch."""
    if not settings.public_url:
        yield HomeroomError(
            "is not set, so learning platforms could not be told where launches go",
            location=".env HUB_HOST",
            remedy="Set HUB_HOST to the name that people type, and TLS; for a trial HUB_HOST=localhost is enough.",
        )
        return
    address = urlsplit(settings.public_url)
    if address.scheme != "https" and not is_loopback(address.hostname or ""):
        yield HomeroomError(
            "is off, and browsers send a launch's cookie over HTTPS alone",
            location=".env TLS",
            remedy="Set TLS as docs/operations.md shows; for a trial on this machine HUB_HOST=localhost is enough.",
        )


def _platform_faults(here: SiteFile, entries: list[PlatformEntry]) -> Iterator[HomeroomError]:
    names: dict[str, int] = {}
    clients: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries):
        location = ("platforms", number)
        if entry.name in names:
            yield here.error((*location, "name"), f"{entry.name} is there twice", remedy="Give one another name.")
        names.setdefault(entry.name, number)
        yield from _entry_faults(here, number, entry)
        found = presets.addresses(entry)
        first = clients.setdefault((found.get("issuer", ""), entry.client_id), number)
        if first != number:
            yield from _twin_faults(here, number, entries[first], entry)


def _entry_faults(here: SiteFile, number: int, entry: PlatformEntry) -> Iterator[HomeroomError]:
    if presets.needs_url(entry):
        remedy = f"Add `url:` with the address of {entry.name}, such as https://{entry.preset}.example.edu."
        yield here.error(("platforms", number), f"the preset {entry.preset} needs url", remedy=remedy)
        return
    missing = [name for name in presets.ADDRESSES if name not in presets.addresses(entry)]
    if missing:
        remedy = "Copy it from what the platform shows, or name a preset: docs/sign-in/lti.md."
        yield here.error(("platforms", number), f"{entry.name} has no {', '.join(missing)}", remedy=remedy)
    if entry.ca_file and not (here.path.parent / entry.ca_file).is_file():
        cause = f"there is no file site/{entry.ca_file}"
        yield here.error(("platforms", number, "ca_file"), cause, remedy="Put the certificates there, as PEM.")


def _twin_faults(here: SiteFile, number: int, first: PlatformEntry, entry: PlatformEntry) -> Iterator[HomeroomError]:
    """Two entries of one registration may differ in their deployments alone: whoever signs for one signs for both."""
    if presets.addresses(first) != presets.addresses(entry):
        cause = f"{entry.name} and {first.name} have one issuer and client_id, and other addresses"
        yield here.error(("platforms", number), cause, remedy="Give both the same addresses, or another client_id.")
    both = sorted(set(first.deployment_ids) & set(entry.deployment_ids))
    if both:
        cause = f"{entry.name} and {first.name} have the same deployment {both[0]}"
        yield here.error(("platforms", number, "deployment_ids"), cause, remedy="Keep it at one of them.")


def _complete(entry: PlatformEntry) -> dict[str, Any]:
    """A platform as the hub is told of it."""
    return {
        "name": entry.name,
        **presets.addresses(entry),
        "client_id": entry.client_id,
        "deployment_ids": list(entry.deployment_ids),
        "algorithms": list(entry.algorithms),
        "courses": entry.courses,
        "certificate": f"/srv/site/{entry.ca_file}" if entry.ca_file else "",
    }
