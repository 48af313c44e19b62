"""The home of an exam is handed in: from a container that lives for it, whatever became of the lab.

It sees that one home, read-only, and one socket, behind which the hand-in desk waits for this very home. Both follow
from the person and the name of the lab. It runs no program of the home's, and has no network and no capability.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from homeroom.contract.exam_labs import SEAL_SECONDS, is_exam, seal_directory, volume_name
from homeroom.contract.home_names import GROUP, HOME_TARGET, OWNER
from homeroom.guard import errand
from homeroom.guard.errands import Errands
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, only_keys

SERVICE = "seal"
MEMORY_BYTES = 256 << 20
AT_ONCE = 4
LONGEST_NAME = 255
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def checked(given: Any) -> dict[str, str]:
    """What is asked for: the person, the name of the lab, and the folder of the home that comes first.

    :raises Refused: it is none of these.
    """
    if not only_keys(given, "user", "server", "folder") or not all(isinstance(one, str) for one in given.values()):
        raise Refused("what is handed in has user, server and folder")
    found = {name: str(given.get(name, "")) for name in ("user", "server", "folder")}
    if not 0 < len(found["user"]) <= LONGEST_NAME or len(found["server"]) > LONGEST_NAME:
        raise Refused("there is no such lab")
    if not is_exam(found["server"]) or not FOLDER.fullmatch(found["folder"]):
        raise Refused("only the home of an exam is handed in so")
    return found


def container_body(policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
    """The container: the one home, the one socket, no network and nothing else."""
    mounts: list[dict[str, Any]] = [
        {
            "Type": "volume",
            "Source": volume_name(policy.deployment, asked["user"], asked["server"]),
            "Target": HOME_TARGET,
            "ReadOnly": True,
        },
        errand.socket_mount(policy, seal_directory(asked["user"], asked["server"])),
    ]
    return errand.container_body(
        f"{policy.deployment}-hub:local",
        ["python", "-m", "homeroom.courses.exams.send_home", asked["folder"]],
        user=f"{OWNER}:{GROUP}",
        deployment=policy.deployment,
        service=SERVICE,
        mounts=mounts,
        memory_bytes=MEMORY_BYTES,
    )


class Seal:
    """Has homes handed in, a few at once and each by one.

    :param lab_sockets: where the guard sees the volume of the labs' sockets.
    """

    def __init__(self, send: errand.Send, lab_sockets: Path) -> None:
        self._errands = Errands(
            send,
            at_once=AT_ONCE,
            longest_seconds=SEAL_SECONDS,
            fault="nothing can be handed in",
            lab_sockets=lab_sockets,
        )

    async def run(self, policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
        """Have a home handed in; what became of it, as `homeroom.courses.exams.send_home` says it."""
        own = seal_directory(asked["user"], asked["server"])
        return await self._errands.run(own, lambda: container_body(policy, asked))
