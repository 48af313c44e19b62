"""site/people.yaml, read and checked."""

from __future__ import annotations

from pathlib import Path

from generator.core.errors import HomeroomError, raise_all
from generator.schema.settings import Settings
from generator.site.reader import SiteFile, load
from generator.topics.sign_in.site import PEOPLE, People


def load_people(settings: Settings, site: Path) -> People:
    """What it says; of no file, nothing.

    :raises HomeroomError: everything that is wrong with it.
    """
    people = load(site / PEOPLE, People) or People()
    if not people.assistants:
        return people
    file, errors = SiteFile(site / PEOPLE), list[HomeroomError]()
    for index, entry in enumerate(people.assistants):
        location = ("assistants", index)
        if not entry.people and not entry.groups:
            remedy = "Name them below people or groups."
            errors.append(file.error(location, "these assistants are nobody", remedy=remedy))
        if entry.open_labs and settings.ADMIN_ACCESS == "off":
            cause = "ADMIN_ACCESS=off keeps everybody out of other people's labs, assistants too"
            remedy = "Take open_labs out, or set ADMIN_ACCESS=on in .env."
            errors.append(file.error((*location, "open_labs"), cause, remedy=remedy))
    raise_all(errors)
    return people
