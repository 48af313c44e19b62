"""The key by which copies go to a server by SFTP: made once, and used for nothing else."""

from __future__ import annotations

from pathlib import Path

from generator.core.atomic import write_atomically
from generator.core.console import note
from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.topics.copies.copier import image
from generator.topics.copies.secrets import FOLDER

MAKE = "ssh-keygen -q -t ed25519 -N '' -C \"$1\" -f /tmp/key && cat /tmp/key /tmp/key.pub"
END = "-----END OPENSSH PRIVATE KEY-----\n"


def ensure(deployment: Deployment, folder: Path = FOLDER) -> None:
    """See that there is a key; one that is made now is told, since the server must be told it too.

    :raises HomeroomError: it cannot be made.
    """
    private = folder / "ssh" / "id_ed25519"
    if private.exists():
        return
    name = f"copies-of-{deployment.project}"
    output: bytes = deployment.client.containers.run(
        image(deployment),
        ["sh", "-c", MAKE, "sh", name],
        user="65534:65534",
        network_mode="none",
        cap_drop=["ALL"],
        read_only=True,
        tmpfs={"/tmp": ""},  # noqa: S108  # the container's own
        remove=True,
        stdout=True,
    )
    key, end, public = output.decode().partition(END)
    if not end:
        raise HomeroomError("no key for SFTP could be made", remedy="`make build` makes the copies' image again.")
    (folder / "ssh").mkdir(mode=0o700, exist_ok=True)
    write_atomically(private.with_suffix(".pub"), public, mode=0o644)
    write_atomically(private, key + end, mode=0o600)
    note(f"Made a key for SFTP. The server's account needs this line in ~/.ssh/authorized_keys:\n  {public.strip()}")
