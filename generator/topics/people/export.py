"""`make user-export`: everything of one person in one archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.core import archive
from generator.core.console import note, quoted, step
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import in_units
from generator.core.labels import USER_LABEL
from generator.core.paths import ROOT, SITE
from generator.engine import handed_out, hub_module
from generator.engine.deployment import Deployment
from generator.topics.courses import desk
from generator.topics.people import records
from generator.topics.storage import homes, storage

MODULE = "homeroom.people.export"
MOUNTED = "/export/home"
"""Its last part is the archive's folder."""
ACCOUNT = "account.json"


def export(deployment: Deployment, name: str, to: str) -> None:
    """Write the archive: files, and what the hub keeps. One that is there is never replaced.

    :param to: a file that is not there yet, or a folder.
    :raises HomeroomError: there is nobody of this name, their lab writes meanwhile, or it cannot be written.
    """
    target = target_of(to, name, datetime.now())
    with desk.open_for_a_verb(deployment):
        answer = hub_module.ask(deployment, MODULE, name, about=f"about {name}")
    if answer["found"] is None:
        raise HomeroomError(
            f"there is nobody called {quoted(name)}",
            location="NAME",
            remedy=did_you_mean(name, answer["known"], "`make people` lists everybody whom the hub knows."),
        )
    if any(lab.labels[USER_LABEL] == name for lab in deployment.labs(running_only=True)):
        raise HomeroomError(
            f"a lab of {quoted(name)} is running, and writes into the files meanwhile",
            location="NAME",
            remedy="Have it stopped first (the page Admin stops labs), then run this again.",
        )
    found = {**answer["found"], "shares": shares(deployment, name, answer["found"]["hub"]["groups"])}
    with step(f"Writing all that there is of {quoted(name)}") as shown:
        count = write(target, found, home(deployment, name))
        shown.say(f"{count} files and folders, {in_units(target.stat().st_size)}")
    records.note(deployment, "user-export", name)
    if not count:
        note(f"There is no home of {quoted(name)}.")
    note(f"{target}: what the hub keeps is in {ACCOUNT}, the files are in home/. Only you can read it.")


def target_of(to: str, name: str, now: datetime) -> Path:
    """The file to write. :raises HomeroomError: none is named, it is there already, or its folder is not."""
    usage = f"make user-export NAME={name} TO=/srv/{name}.tar.gz"
    return archive.target_of(to, f"{homes.home_name(name)}-{now:%Y-%m-%d}", usage)


def shares(deployment: Deployment, name: str, groups: list[str]) -> list[str]:
    """The names of the shares that somebody has."""
    found = []
    for one in storage.load(deployment.settings, SITE, ROOT).shared:
        of_groups, of_users = one.share.groups, one.share.users
        everybody = of_groups is None and of_users is None
        if everybody or name in (of_users or ()) or not set(of_groups or ()).isdisjoint(groups):
            found.append(one.share.name)
    return found


def home(deployment: Deployment, name: str) -> Iterator[bytes]:
    """Somebody's files as the engine hands them out, as a tar; nothing where they have none.

    :raises HomeroomError: the engine does not.
    """
    settings, project = deployment.settings, deployment.project
    if settings.HOMES:
        is_there = homes.has_directory(settings, project, name)
    else:
        is_there = name in homes.owners(deployment.client, settings)
    if not is_there:
        return
    mount = homes.mount(settings, project, name, MOUNTED, read_only=True)
    yield from handed_out.files(deployment, mount, MOUNTED, whose=f"of {quoted(name)}")


def write(target: Path, found: dict[str, Any], files: Iterator[bytes]) -> int:
    """Write the archive, whole or not at all; returns how many files and folders of the home are in it.

    :raises HomeroomError: it cannot be written.
    """
    return archive.write(target, {ACCOUNT: json.dumps(found, indent=2) + "\n"}, [files])
