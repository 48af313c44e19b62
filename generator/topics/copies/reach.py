"""Whether the place of the copies can be written and read: asked before anything is read for a copy."""

from __future__ import annotations

from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.topics.copies.copier import Copier
from generator.topics.copies.refusals import NO_REPOSITORY, refusal
from generator.topics.copies.target import LOCATION, MOUNTED

FIRST_ANSWER_SECONDS = 30
LEAST_ROOM_BYTES = 64 << 20
WHOLE = 0


def require_room(here: Copier) -> None:
    """See that a directory has some room: restic may wait without end on a disk that is all but full.

    :raises HomeroomError: it has not.
    """
    done = here.run("stat", "--file-system", "--format=%a %S", MOUNTED)
    blocks, block_bytes = (int(word) for word in done.stdout.split())
    if blocks * block_bytes < LEAST_ROOM_BYTES:
        raise HomeroomError(
            f"there is no room left at {here.target.address}",
            location=LOCATION,
            remedy=f"Make room there, {in_units(LEAST_ROOM_BYTES)} at least. Copies that are there are still good.",
        )


def sign_in(here: Copier) -> None:
    """See that an SFTP server is known and lets us in; other places are asked by restic itself.

    :raises HomeroomError: it does not.
    """
    if here.target.kind == "sftp":  # what ssh says of its failure does not always come through restic
        done = here.run("timeout", str(FIRST_ANSWER_SECONDS), *here.target.ssh_probe)
        if done.returncode != WHOLE:
            raise refusal(done, here.target, doing="signing in by SFTP")


def reach(here: Copier, *, has_copies: bool) -> None:
    """See that the copies can be written and read, with this password; the first time they are begun.

    :param has_copies: there must be some: where they are gone, no others are begun.
    :raises HomeroomError: they cannot be.
    """
    if here.target.kind == "directory":  # restic would try for a quarter of an hour to write into one that is read-only
        done = here.run("sh", "-c", f"f={MOUNTED}/.homeroom-$$ && : > $f && rm -f $f")
        if done.returncode != WHOLE:
            raise refusal(done, here.target, doing="writing there")
        require_room(here)
    sign_in(here)
    done = here.restic("cat", "config", "--no-lock", "--quiet", seconds=FIRST_ANSWER_SECONDS)
    if done.returncode == NO_REPOSITORY and has_copies:
        raise HomeroomError(
            f"the copies that were made at {here.target.address} are not there now",
            location=LOCATION,
            remedy="Mount its disk, or see what became of them. To begin anew there: `make backup CONFIRM=1`.",
        )
    if done.returncode == NO_REPOSITORY:
        done = here.restic("init", "--quiet", seconds=FIRST_ANSWER_SECONDS)
    if done.returncode != WHOLE:
        raise refusal(done, here.target, doing="reaching the copies")
