"""What is needed to read copies: the repository's password, made once, and the credentials of its target.

All of it lies in `backup/`, which no container of Homeroom's but that of the copies is given.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.core.paths import ROOT

FOLDER = ROOT / "backup"
FILE = FOLDER / "secrets.env"
PASSWORD = "RESTIC_PASSWORD"  # noqa: S105  # a variable's name
GROUPS, LETTERS = 8, "abcdefghjkmnpqrstuvwxyz23456789"
"""Eight groups of four letters that nobody takes for others: 158 bits, to be written down and typed."""
TEXT = """\
# What reads and writes this deployment's copies. Without the password nobody can read them, you neither: keep it also
# where this machine's fire does not reach.
{password}={value}
# The target's own credentials, where it asks for some:
#RESTIC_REST_USERNAME=
#RESTIC_REST_PASSWORD=
#AWS_ACCESS_KEY_ID=
#AWS_SECRET_ACCESS_KEY=
#AWS_DEFAULT_REGION=
"""


def ensure(folder: Path = FOLDER) -> bool:
    """See that there is a password, which nobody else on this machine can read; returns whether it was made now.

    :raises HomeroomError: the file is there without a password, or others can read it.
    """
    file = folder / FILE.name
    if not file.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        value = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))
        return write_atomically(file, TEXT.format(password=PASSWORD, value=value), mode=0o600, replace=False)
    location = f"{folder.name}/{file.name}"
    if file.stat().st_mode & 0o077:
        raise HomeroomError(
            "others on this machine can read it", location=location, remedy=f"Run `chmod 0600 {location}`."
        )
    if not password(folder):
        raise HomeroomError(
            f"has no line {PASSWORD}=...",
            location=location,
            remedy="Write the password of the copies there (the recovery sheet has it).",
        )
    return False


def password(folder: Path = FOLDER) -> str:
    """The repository's password; empty where there is none."""
    try:
        text = (folder / FILE.name).read_text(encoding="utf-8")
    except OSError as error:
        raise HomeroomError(
            f"cannot be read: {error.strerror}",
            location=f"{folder.name}/{FILE.name}",
            remedy="Run as the user who owns the deployment.",
        ) from None
    found = re.findall(rf"^{PASSWORD}=(\S+)\s*$", text, re.MULTILINE)
    return found[-1] if found else ""


def digest(folder: Path = FOLDER) -> str:
    """By what a password is known again that is not told."""
    return hashlib.sha256(password(folder).encode()).hexdigest()[:16]
