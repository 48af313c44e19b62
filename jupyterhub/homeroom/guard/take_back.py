"""A file comes back from a copy: in a container that lives for it, as the owner of the home and with no capability.

It sees that one home, and the socket of the service that reads copies. Which home that is follows from the person here,
and the container asks for files of no other, so nobody is given another's. A link in the home leads it nowhere: it can
do no more than the owner, and has less to see.
"""

from __future__ import annotations

import json
import re
from typing import Any

from homeroom.contract.home_names import GROUP, OWNER, directory_name
from homeroom.contract.take_back import LONGEST_SECONDS, READER_TARGET
from homeroom.guard import errand
from homeroom.guard.errands import Errands
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, only_keys

SERVICE = "take-back"
MEMORY_BYTES = 256 << 20
AT_ONCE = 2
LONGEST_NAME, LONGEST_PATH = 255, 4096
COPY = re.compile(r"[0-9a-f]{8,64}")
STAMP = re.compile(r"\d{4}-\d\d-\d\d-\d{4}")


def checked(given: Any) -> dict[str, str]:
    """What is asked for: user, copy, path in the home, and the date that its new name has.

    :raises Refused: it is none of these.
    """
    if not only_keys(given, "user", "copy", "path", "stamp") or not all(isinstance(one, str) for one in given.values()):
        raise Refused("what comes back has user, copy, path and stamp")
    found = {name: str(given.get(name, "")) for name in ("user", "copy", "path", "stamp")}
    if not 0 < len(found["user"]) <= LONGEST_NAME or len(found["path"]) > LONGEST_PATH or "\0" in found["path"]:
        raise Refused("there is no such file to come back")
    if not COPY.fullmatch(found["copy"]) or not STAMP.fullmatch(found["stamp"]):
        raise Refused("there is no such copy")
    return found


def container_body(policy: Policy, asked: dict[str, str]) -> dict[str, Any]:
    """The container: the one home, the reader's socket, no network and nothing else."""
    home = directory_name(asked["user"])
    told = {"home": home, "copy": asked["copy"], "path": asked["path"], "stamp": asked["stamp"]}
    mounts: list[dict[str, Any]] = [
        errand.home_mount(policy, home, read_only=False),
        {"Type": "volume", "Source": policy.reader_socket_volume, "Target": READER_TARGET, "ReadOnly": True},
    ]
    return errand.container_body(
        policy.take_back_image,
        ["python", "-m", "homeroom.copies.bring_back", json.dumps(told)],
        user=f"{OWNER}:{GROUP}",
        deployment=policy.deployment,
        service=SERVICE,
        mounts=mounts,
        memory_bytes=MEMORY_BYTES,
    )


class TakeBack:
    """Has files come back, a few at once and of one person one."""

    def __init__(self, policy: Policy, send: errand.Send) -> None:
        self.policy = policy
        self._errands = Errands(send, at_once=AT_ONCE, longest_seconds=LONGEST_SECONDS, fault="nothing can come back")

    async def run(self, asked: dict[str, str]) -> dict[str, Any]:
        """Have a file come back; what became of it, as `homeroom.copies.bring_back` says it."""
        return await self._errands.run(asked["user"], lambda: container_body(self.policy, asked))
