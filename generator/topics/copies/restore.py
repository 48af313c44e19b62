"""`make restore`: a person's home, or one file of it, from a copy; beside what is there, unless that is named."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from secrets import token_hex
from typing import Any

from generator.core.console import note, out, step, table, warn
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import in_units
from generator.core.labels import USER_LABEL
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.topics.copies import copier, secrets, stones, suspicion, target
from generator.topics.copies.backup import BUSY
from generator.topics.copies.copier import Copier
from generator.topics.copies.reach import FIRST_ANSWER_SECONDS, sign_in
from generator.topics.copies.refusals import refusal
from generator.topics.copies.sources import Source
from generator.topics.copies.target import LOCATION
from generator.topics.copies.upkeep import TAG
from generator.topics.people import records
from generator.topics.storage import homes

PLACE = "/restore/homes"
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID")
"""What it takes to give files back to whom they belonged."""
NOTHING_FOUND = 90
SHOWN_COPIES = 30
HOME_IN_LAB = "/home/jovyan/"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One copy of everything."""

    name: str
    made_at: datetime
    files: int
    size_bytes: int

    @property
    def words(self) -> str:
        """When it was made, in this machine's time."""
        return f"{self.made_at.astimezone():%Y-%m-%d %H:%M}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to come back.

    :param person: whose.
    :param file: one file or folder of the home; empty: all of it.
    :param copy: the name of a copy, or a day, whose newest it is; empty: the newest of all.
    :param over: whose files may be replaced: the same name again; empty: nobody's.
    :param removed: the same name again: files of somebody who was removed, too.
    """

    person: str
    file: str = ""
    copy: str = ""
    over: str = ""
    removed: str = ""


def restore(deployment: Deployment, wanted: Wanted) -> None:
    """Bring files back and check that they are as they were.

    :raises HomeroomError: nothing was changed, or what came back is not as it was.
    """
    place = target.of(deployment.settings, ROOT)
    require_password()
    check_words(wanted)
    stone = records.tombstones(deployment).get(wanted.person) if wanted.person else None
    stones.require_own(stone, wanted.person, datetime.now(UTC), wanted.removed)
    source = home_of(deployment, wanted.person) if wanted.person else None
    if wanted.over and running(deployment, wanted.person):
        raise HomeroomError(
            f"a lab of {wanted.person} is running, and would write into the files meanwhile",
            location="OVER",
            remedy="Have it stopped first; or leave OVER out: then the files come into a folder of their own.",
        )
    copier.ensure_image(deployment)
    mounts = [source] if source else []
    with (
        exclusive(secrets.FOLDER, busy=BUSY),
        copier.opened(deployment, place, mounts, capabilities=CAPABILITIES, reads_only=True) as here,
    ):
        with step(f"Reaching {place.address}"):
            sign_in(here)
            copies = known_copies(here, deployment.project)
        if not wanted.person:
            show(copies)
            return
        copy = chosen(copies, wanted.copy)
        stones.require_own(stone, wanted.person, copy.made_at, wanted.removed)
        _bring_back(here, copy, wanted)
    records.note(deployment, "files-restore", wanted.person, why=f"{wanted.file or 'the home'}, copy {copy.name}"[:300])


def require_password() -> None:
    """See that the password of the copies is here: one that is made now reads none that are there.

    :raises HomeroomError: it is not.
    """
    if not secrets.FILE.exists():
        raise HomeroomError(
            "there is no password of the copies here",
            location=f"backup/{secrets.FILE.name}",
            remedy="Write the line RESTIC_PASSWORD=<the password> there, and close it: `chmod 0600`.",
        )
    secrets.ensure()


def check_words(wanted: Wanted) -> None:
    """See that what was typed makes sense.

    :raises HomeroomError: it does not.
    """
    if wanted.file and not wanted.person:
        raise HomeroomError("NAME is missing", location="NAME", remedy="Run `make restore NAME=ada FILE=x.ipynb`.")
    if wanted.over and wanted.over != wanted.person:
        raise HomeroomError(
            f"OVER={wanted.over} is not the person whose files come back ({wanted.person or 'nobody'})",
            location="OVER",
            remedy="Give the same name again to replace that person's files, or leave it out.",
        )
    if wanted.removed and wanted.removed != wanted.person:
        raise HomeroomError(
            f"REMOVED={wanted.removed} is not the person whose files come back ({wanted.person or 'nobody'})",
            location="REMOVED",
            remedy="Give the same name again to have files of somebody who was removed, or leave it out.",
        )
    inside = PurePosixPath(inside_home(wanted.file))
    if inside.is_absolute() or ".." in inside.parts:
        raise HomeroomError(
            f"{wanted.file} is not in a home",
            location="FILE",
            remedy="Name it as the lab shows it, from the home on: FILE=notes/x.ipynb.",
        )


def inside_home(file: str) -> str:
    """A file's path within the home, however it was typed."""
    return file.removeprefix(HOME_IN_LAB).removeprefix("./").rstrip("/")


def home_of(deployment: Deployment, person: str) -> Source:
    """The home that files come back into.

    :raises HomeroomError: there is none.
    """
    if person not in (known := homes.owners(deployment.client, deployment.settings)):
        raise HomeroomError(
            f"{person} has no home here",
            location="NAME",
            remedy=did_you_mean(person, known, "A home is made by its owner's first lab: have them start one."),
        )
    host = homes.source(deployment.settings, deployment.project, person)
    return Source(host=host, inside=f"{PLACE}/{homes.home_name(person)}", read_only=False)


def running(deployment: Deployment, person: str) -> bool:
    """Whether a lab of this person runs."""
    return any(lab.labels[USER_LABEL] == person for lab in deployment.labs(running_only=True))


def known_copies(here: Copier, deployment: str) -> list[Copy]:
    """The copies of a deployment, the newest first.

    :raises HomeroomError: they cannot be read, or there are none.
    """
    words = ("snapshots", "--json", f"--host={deployment}", f"--tag={TAG}")
    done = here.restic(*words, seconds=FIRST_ANSWER_SECONDS)
    if done.returncode:
        raise refusal(done, here.target, doing="reading the copies")
    copies = [parse(found) for found in json.loads(done.stdout)]
    if not copies:
        raise HomeroomError(
            f"there is no copy of {deployment} at {here.target.address}",
            location=LOCATION,
            remedy="`make backup` makes one; copies are found by COMPOSE_PROJECT_NAME.",
        )
    return sorted(copies, key=lambda one: one.made_at, reverse=True)


def parse(found: dict[str, Any]) -> Copy:
    """A copy, of what restic says of it."""
    whole, _, rest = str(found["time"]).partition(".")
    zone = re.search(r"(Z|[+-]\d\d:\d\d)$", rest or whole)
    moment = datetime.fromisoformat(whole.removesuffix(zone[1]) if zone else whole)
    moment = moment.replace(tzinfo=datetime.fromisoformat(f"2026-01-01T00:00:00{zone[1]}").tzinfo if zone else UTC)
    summary = found.get("summary", {})
    return Copy(
        name=found["short_id"],
        made_at=moment,
        files=int(summary.get("total_files_processed", 0)),
        size_bytes=int(summary.get("total_bytes_processed", 0)),
    )


def chosen(copies: Sequence[Copy], wanted: str) -> Copy:
    """The copy of that name, or the newest of that day; the newest of all where neither is named.

    :raises HomeroomError: there is none.
    """
    fitting = [one for one in copies if one.name == wanted or f"{one.made_at.astimezone():%Y-%m-%d}" == wanted]
    if wanted and not fitting:
        raise HomeroomError(
            f"there is no copy {wanted}",
            location="COPY",
            remedy="`make restore` without a name lists them; COPY is a name of its list, or a day such as 2026-10-05.",
        )
    newest = (fitting or list(copies))[0]
    if not wanted and (ahead := suspicion.future([newest.made_at], datetime.now(UTC))):
        warn(f"Of {newest.words}, the newest there is: {ahead}.\n  See to the clock, or name another one by COPY=.")
    return newest


def show(copies: Sequence[Copy]) -> None:
    """List the copies, and how files come back."""
    rows = table("copy", "made at", "files", "size")
    for one in copies[:SHOWN_COPIES]:
        rows.add_row(one.name, one.words, str(one.files), in_units(one.size_bytes))
    out.print(rows)
    if len(copies) > SHOWN_COPIES:
        note(f"and {len(copies) - SHOWN_COPIES} older ones")
    note("`make restore NAME=ada` brings a home back, into a folder of its own in it; FILE=x.ipynb one file.")


def _bring_back(here: Copier, copy: Copy, wanted: Wanted) -> None:
    name, file = homes.home_name(wanted.person), inside_home(wanted.file)
    fresh = f"restored-{copy.made_at.astimezone():%Y-%m-%d-%H%M}-{token_hex(2)}"
    folder = "" if wanted.over else fresh
    with step(f"Bringing back what {wanted.person} had at {copy.words}") as shown:
        done = here.bring(copy.name, name, file, folder)
        if done.returncode == NOTHING_FOUND:
            what = wanted.file or "the home"
            raise HomeroomError(
                f"{what} of {wanted.person} is not in the copy of {copy.words}",
                location="FILE" if wanted.file else "NAME",
                remedy="`make restore` without a name lists the copies; COPY=2026-10-05 takes that day's.",
            )
        if done.returncode:
            raise refusal(done, here.target, doing="bringing files back", into=f"{wanted.person}'s home")
        result = json.loads(done.stdout.strip().rpartition("\n")[2])
        shown.say(f"{result['same']} files and folders")
    if result["wrong"]:
        raise HomeroomError(
            f"{result['wrong']} files or folders are not as they were: {'; '.join(result['first'])}",
            location=f"{wanted.person}'s home",
            remedy="Run it again, or take another copy; if the home is full, make room first.",
        )
    where = "in their places" if wanted.over else f"in the folder {folder} of the home"
    note(f"{result['same']} files and folders of {wanted.person} lie {where}, as they were at {copy.words}.")
