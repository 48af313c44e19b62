"""`make recovery-sheet`: what it takes to have everything back when this machine is gone, on one page to print."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.core.process import run
from generator.schema.settings import Settings
from generator.topics.copies import drilled, last, secrets, target
from generator.topics.copies.secrets import FOLDER

CONFIRMED = "sheet-kept"
NAG = (
    "Nobody has said that the recovery sheet lies elsewhere: without the password on it the copies cannot be read. "
    "Print it (`make recovery-sheet`), then run `make recovery-sheet KEPT=1`."
)
TEXT = """\
RECOVERY SHEET of {project}                                     printed {today}

Copies of it are at    {address}
Their password         {password}
The last copy          {made_at}
The last drill         {drill}
Version of Homeroom    {commit}
restic                 0.18 or newer; any machine that has it can read the copies

On a new machine (Debian, git, make), in a clone of that version:

  COMPOSE_PROJECT_NAME={project} BACKUP_TO={address} make init
  install -d -m 0700 backup && install -m 0600 /dev/null backup/secrets.env
      then write into it:  {name}={password}
      and what the place of the copies asks for (RESTIC_REST_..., AWS_...; for SFTP the folder backup/ssh)
  make restore ALL={project}
  make up

Who reads this sheet and reaches the copies can read everything. Keep it away from this machine, and closed.
"""


def text(settings: Settings, now: datetime, folder: Path = FOLDER) -> str:
    """The sheet.

    :raises HomeroomError: there is no place for copies, or no password yet.
    """
    address = settings.BACKUP_TO or target.of(settings, ROOT).address  # a disk need not be mounted for it
    if not (folder / secrets.FILE.name).exists():
        raise HomeroomError(
            "there is no password of the copies yet",
            location=f"{folder.name}/{secrets.FILE.name}",
            remedy="`make backup` makes it with the first copy.",
        )
    commit = run(["git", "-C", str(ROOT), "rev-parse", "HEAD"])
    return TEXT.format(
        project=settings.COMPOSE_PROJECT_NAME,
        today=f"{now:%Y-%m-%d}",
        address=address,
        name=secrets.PASSWORD,
        password=secrets.password(folder),
        made_at=last.read(folder).made_at[:16] or "none yet",
        drill=drilled.read(folder).words,
        commit=commit.stdout.strip() if commit.returncode == 0 else "as noted with its files",
    )


def confirm(settings: Settings, folder: Path = FOLDER) -> None:
    """Keep that the sheet of this address and password lies elsewhere."""
    write_atomically(folder / CONFIRMED, f"{_kept(settings, folder)}\n", mode=0o600)


def is_kept(settings: Settings, folder: Path = FOLDER) -> bool:
    """Whether somebody has said so, of the address and the password that there are now."""
    try:
        return (folder / CONFIRMED).read_text(encoding="utf-8").strip() == _kept(settings, folder)
    except (OSError, HomeroomError):
        return False


def _kept(settings: Settings, folder: Path) -> str:
    return f"{settings.BACKUP_TO} {secrets.digest(folder)}"
