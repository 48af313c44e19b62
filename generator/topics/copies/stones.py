"""Who was removed stays removed when an older copy comes back: the records of people never go back with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import docker.errors

from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.topics.copies.copier import Copier
from generator.topics.copies.refusals import refusal
from generator.topics.copies.sources import HOMES, STATE, Source
from generator.topics.people import records
from generator.topics.storage import homes

IN_COPY = f"{STATE}/volumes/{records.VOLUME}"
PLACE = "/restore/records"
FILE = "removed.json"
Stones = Mapping[str, Mapping[str, str]]


def place(deployment: Deployment) -> Source:
    """Where the records are laid out."""
    return Source(host=records.ensure_volume(deployment), inside=PLACE, read_only=False)


def keep(here: Copier, newest: str) -> Stones:
    """Have the records of the newest copy where there are none here; those that are here are newer than any copy's.

    :returns: who was removed, as the records say.
    :raises HomeroomError: they cannot be read.
    """
    if here.run("test", "-e", f"{PLACE}/{FILE}").returncode:
        listed = here.restic("ls", "--quiet", newest, IN_COPY)
        if not listed.returncode and f"{IN_COPY}/" in listed.stdout:
            done = here.restic("restore", "--quiet", "--verify", f"--target={PLACE}", f"{newest}:{IN_COPY}")
            if done.returncode:
                raise refusal(done, here.target, doing="bringing back who was removed", into="the engine's disk")
    here.run("chown", "0:100", PLACE)
    here.run("chmod", "0750", PLACE)
    found = here.run("cat", f"{PLACE}/{FILE}")
    try:
        stones: Stones = json.loads(found.stdout) if not found.returncode else {}
    except ValueError:
        raise HomeroomError(
            "who was removed cannot be read",
            location=f"{FILE} in the volume {records.VOLUME}",
            remedy="Take it from another copy: restic dumps one file, docs/copies.md.",
        ) from None
    return stones


def purged_since(stones: Stones, made_at: datetime) -> Iterator[str]:
    """Whose files were removed for good after a copy was made."""
    for name, stone in stones.items():
        if stone["purged_at"] and datetime.fromisoformat(stone["purged_at"]) > made_at:
            yield name


def removed_since(stones: Stones, made_at: datetime) -> list[str]:
    """Who was removed after a copy was made, and is not back."""
    return [name for name, one in stones.items() if not one["again_at"] and datetime.fromisoformat(one["at"]) > made_at]


def clear_homes(here: Copier, names: Sequence[str], exams: Sequence[str] = ()) -> None:
    """Remove what a copy brought back of those whose files were removed for good.

    :param exams: where the homes of their exams stand in the copy.
    """
    for home in (*(f"{HOMES}/{homes.home_name(name)}" for name in names), *exams):
        here.run("find", home, "-mindepth", "1", "-delete")
        here.run("rmdir", home)


def remove_volumes(deployment: Deployment, names: Sequence[str], exams: Sequence[str] = ()) -> None:
    """Remove their volumes, once no container has them. :raises HomeroomError: something has."""
    own = [homes.volume_prefix(deployment.project) + homes.home_name(name) for name in names]
    own += [homes.exam_prefix(deployment.project) + inside.rpartition("/")[2] for inside in exams]
    for volume in own:
        try:
            deployment.client.volumes.get(volume).remove()
        except docker.errors.NotFound:
            continue
        except docker.errors.APIError as error:
            raise HomeroomError(
                f"files of somebody who was removed came back, and stay: {error.explanation}",
                location=f"the volume {volume}",
                remedy=f"End what uses it (`docker ps -a --filter volume={volume}`), then type the same command again.",
            ) from None


def require_own(stone: Mapping[str, Any] | None, person: str, made_at: datetime, told: str) -> None:
    """See that files of a copy are those of the person who has the name now.

    :param stone: what the records have of the name; None where nobody of it was removed.
    :param told: the name once more, by which the operator says that it is meant.
    :raises HomeroomError: the person was removed, or the copy is of somebody who had the name before.
    """
    if stone is None or told == person:
        return
    if not stone["again_at"]:
        raise HomeroomError(
            f"{person} was removed on {_day(stone['at'])}",
            location="NAME",
            remedy=f"`make user-restore NAME={person}` brings the person back, if the files are still kept; "
            f"REMOVED={person} takes files out of the copy all the same, where there is a home.",
        )
    if made_at < datetime.fromisoformat(stone["again_at"]):
        raise HomeroomError(
            f"the copy is older than {_day(stone['again_at'])}, when the name {person} was given to somebody else",
            location="COPY",
            remedy=f"Take a newer copy; REMOVED={person} gives the files of who had the name before all the same.",
        )


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d}"
