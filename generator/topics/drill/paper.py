"""What the recovery sheet says, read as who holds it would read it: a drill begins with nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generator.core.errors import HomeroomError
from generator.topics.copies import secrets

COMMANDS = re.compile(r"^ +COMPOSE_PROJECT_NAME=(\S+) BACKUP_TO=(\S+) make init$", re.MULTILINE)
PASSWORD = re.compile(rf"^ +then write into it: +{secrets.PASSWORD}=(\S+)$", re.MULTILINE)
RESTORE = re.compile(r"^ +make restore ALL=(\S+)$", re.MULTILINE)
COMMIT = re.compile(r"^Version of Homeroom +([0-9a-f]{40})$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What stands on a sheet.

    :param project: the deployment's name, by which its copies are found.
    :param address: where they are.
    :param commit: of which version the sheet is.
    """

    project: str
    address: str
    password: str
    commit: str


def read(text: str) -> Paper:
    """What somebody types who has nothing but the sheet.

    :raises HomeroomError: something is not on it.
    """
    commands, password, commit = COMMANDS.search(text), PASSWORD.search(text), COMMIT.search(text)
    restore = RESTORE.search(text)
    found = {
        "the commands that begin": commands is not None,
        "the password": password is not None,
        "the version": commit is not None,
        "the command that brings all back": commands is not None and restore is not None and restore[1] == commands[1],
    }
    if missing := [what for what, is_there in found.items() if not is_there]:
        raise HomeroomError(
            f"the recovery sheet lacks {', '.join(missing)}",
            location="make recovery-sheet",
            remedy="This directory must be a clone of Homeroom's repository; docs/copies.md has how a drill goes.",
        )
    assert commands
    assert password
    assert commit
    return Paper(project=commands[1], address=commands[2], password=password[1], commit=commit[1])
