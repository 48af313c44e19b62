"""`make move`: a deployment goes to another server by its copies, with no file lost; and `make move-back`."""

from __future__ import annotations

from datetime import UTC, datetime

from generator.core.console import counted, note, quoted, step
from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine import services
from generator.engine.deployment import Deployment
from generator.lifecycle import timers
from generator.lifecycle.down import stop_labs
from generator.lifecycle.services import require
from generator.lifecycle.up import up
from generator.topics.copies import backup, copier, last, moved, reach, restore, secrets, target
from generator.topics.copies.moved import Moved

NEXT = """\

Everything is in the copies, and nobody works here any more. People who come here are told to go to {to}.
On the new server, with the recovery sheet (`make recovery-sheet`), in a clone of this version:

  make restore ALL={project}      what it brings back must be {homes}, of the copy {copy}
                                  then look over .env: HUB_HOST, HUB_IP and ports may be others there
  make up

This deployment does not start again by itself or by `make up`. `make move-back` opens it, with what is here now.
Once all is well there: `make down` here closes the page, too."""


def move(deployment: Deployment, to: str) -> None:
    """Close this deployment for people, with everything of it in the copies. One that was cut off goes on where it was.

    :param to: the address that people will open.
    :raises HomeroomError: it is not closed, or no copy was made after it was.
    """
    place, known = target.of(deployment.settings, ROOT), moved.read()
    wanted = Moved(state=known.state or "closing", to=moved.address(to), copy=known.copy, at=known.at)
    if known.state == "moved":
        moved.write(wanted)
        _tell(deployment, wanted)
        return
    if not known.state:
        require(deployment, "hub", running=True)
        note("A first copy, while all work. What changes after it is copied once nobody works.")
        backup.backup(deployment)
    moved.write(wanted)
    timers.take_away(deployment.settings)
    with step("Closing sign-in and labs; people are told where to go") as shown:
        closed = [name for name in services.names(deployment.settings) if name not in moved.OPEN]
        deployment.compose("rm", "--stop", "--force", *closed)
        labs = stop_labs(deployment)
        shown.say(f"{counted(labs, 'lab')} stopped")
    began = datetime.now(UTC)
    backup.backup(deployment)
    made = last.read()
    if made.failed_at or datetime.fromisoformat(made.made_at) < began:
        raise HomeroomError(
            "no copy was made after labs were stopped",
            location=place.address,
            remedy=f"Run `make move TO={wanted.to}` again; {moved.BACK}",
        )
    wanted = Moved(state="moved", to=wanted.to, copy=made.snapshot, at=made.made_at)
    moved.write(wanted)
    _tell(deployment, wanted)


def _tell(deployment: Deployment, known: Moved) -> None:
    note(
        NEXT.format(
            to=quoted(known.to),
            project=deployment.project,
            homes=counted(last.read().homes, "home"),
            copy=known.copy[:8],
        )
    )


def move_back(deployment: Deployment, *, anyway: bool = False) -> None:
    """Open this deployment again, with what is here.

    :param anyway: also where the other server has made copies since: what people did there is not here.
    :raises HomeroomError: it has not moved, or has made copies elsewhere since.
    """
    known = moved.read()
    if not known.state:
        raise HomeroomError(
            "this deployment has not moved", location=moved.FILE.name, remedy="`make up` brings it up; `make status`."
        )
    if known.state == "moved" and not anyway:
        _require_last(deployment, known)
    moved.forget()
    up()


def _require_last(deployment: Deployment, known: Moved) -> None:
    """:raises HomeroomError: the last copy is another server's, or cannot be asked for."""
    place = target.of(deployment.settings, ROOT)
    copier.ensure_image(deployment)
    with (
        step(f"Looking whether another server has made copies at {place.address} since"),
        exclusive(secrets.FOLDER, busy=backup.BUSY),
        copier.opened(deployment, place, [], reads_only=True) as here,
    ):
        reach.sign_in(here)
        newest = restore.known_copies(here, deployment.project)[0]
    if not known.copy.startswith(newest.name):
        raise HomeroomError(
            f"{known.to} has made a copy since, at {newest.words}: people have worked there",
            location=place.address,
            remedy="What they did is not here. `make move-back ANYWAY=1` opens this one without it; to have it, run "
            "`make move` there, and bring all back on a machine that holds nothing.",
        )
