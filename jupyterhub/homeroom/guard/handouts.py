"""A folder of a course's grader lab becomes a handout: by a container that lives for it.

It sees that one home, read-only, and one socket, behind which the hand-in desk waits for this very handout. Both follow
from the course and the handout's name. It runs no program of the home's, and has no network and no capability.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from homeroom.contract.handouts import GROUP, HOME_TARGET, LONGEST_SECONDS, OWNER, directory, grader_name
from homeroom.contract.home_names import directory_name
from homeroom.contract.mounts import LAB_SOCKETS_TARGET
from homeroom.guard import errand, seal, socket_directories
from homeroom.guard.policy import Policy
from homeroom.guard.take_back import home_volume
from homeroom.guard.values import Refused, only_keys

SERVICE = "handout"
MEMORY_BYTES = 256 << 20
AT_ONCE = 2
COURSE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
BYTES = re.compile(r"[1-9][0-9]{0,14}")
FORMS = {"course": COURSE, "name": NAME, "folder": FOLDER, "most_bytes": BYTES}


def checked(given: Any) -> dict[str, str]:
    """What is asked for: the course, the handout's name, the folder in the grader lab, and how large it may be.

    :raises Refused: it is none of these.
    """
    if not only_keys(given, *FORMS) or not all(isinstance(one, str) for one in given.values()):
        raise Refused("a handout has course, name, folder and most_bytes")
    found = {name: str(given.get(name, "")) for name in FORMS}
    if not all(form.fullmatch(found[name]) for name, form in FORMS.items()):
        raise Refused("there is no such handout")
    return found


def volume(policy: Policy, asked: dict[str, str]) -> str:
    """The volume that is the home of the grader lab; empty where homes are directories."""
    return "" if policy.homes_path else home_volume(policy, directory_name(grader_name(asked["course"])))


def container_body(policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
    """The container: the one home, the one socket, no network and nothing else."""
    home = directory_name(grader_name(asked["course"]))
    mounts: list[dict[str, Any]] = [
        {
            "Type": "bind" if policy.homes_path else "volume",
            "Source": f"{policy.homes_path}/{home}" if policy.homes_path else home_volume(policy, home),
            "Target": HOME_TARGET,
            "ReadOnly": True,
        },
        {
            "Type": "bind",
            "Source": f"{policy.lab_sockets_path}/{directory(asked['course'], asked['name'])}",
            "Target": LAB_SOCKETS_TARGET,
            "ReadOnly": True,
        },
    ]
    return errand.container_body(
        f"{policy.deployment}-hub:local",
        ["python", "-m", "homeroom.courses.handouts.pack", asked["folder"], asked["most_bytes"]],
        user=f"{OWNER}:{GROUP}",
        deployment=policy.deployment,
        service=SERVICE,
        mounts=mounts,
        memory_bytes=MEMORY_BYTES,
    )


class HandOut:
    """Has folders become handouts, a few at once and each by one.

    :param lab_sockets: where the guard sees the volume of the labs' sockets.
    """

    def __init__(self, send: errand.Send, lab_sockets: Path) -> None:
        self._send = send
        self._lab_sockets = lab_sockets
        self._busy: set[str] = set()

    async def run(self, policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
        """Have a folder be given to the desk; what became of it, as `homeroom.courses.handouts.pack` says it."""
        own = directory(asked["course"], asked["name"])
        if own in self._busy or len(self._busy) >= AT_ONCE:
            return {"fault": "busy"}
        self._busy.add(own)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                socket_directories.make(self._lab_sockets, own)
                body = container_body(policy, asked)
                _, said = await errand.run(self._send, body, streams="stdout=1", fault="nothing can be handed out")
                return seal.answer(said)
        except TimeoutError:
            return {"fault": "late"}
        finally:
            self._busy.discard(own)
            if left := socket_directories.set_aside(self._lab_sockets, own):
                await asyncio.shield(socket_directories.remove([left]))
