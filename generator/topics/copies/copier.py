"""The container in which restic runs: everything that a copy is made of is mounted there, and it ends with us."""

from __future__ import annotations

import hashlib
import platform
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors
from docker.models.containers import Container
from docker.types import Mount

from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.core.paths import ROOT
from generator.core.process import Completed
from generator.engine.deployment import Deployment
from generator.images.build import ensure_images
from generator.images.spec import BuildSpec
from generator.topics.copies.refusals import LOCKED
from generator.topics.copies.secrets import FOLDER
from generator.topics.copies.sources import SCRATCH, Source
from generator.topics.copies.target import LOCATION, MOUNTED, SECRETS_MOUNTED, Target

SERVICE = "copies"
CONTEXT = ROOT / "copies"
READS_ALL = "DAC_READ_SEARCH"
CPU_SHARES = 512
"""Half of what a lab has where CPUs are short: people come first."""
GONE_SECONDS, LOOK_SECONDS = 60.0, 0.1
"""So long a busy engine may take to let go of a container that has ended; how often it is asked."""
LOCK_STAYS = "Remove(<lock/"
"""What restic says where a lock cannot be removed."""
MACHINE_ID = Path("/etc/machine-id")
HOST_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""The host's own, so that a server of the university's authority is known."""


def image(deployment: Deployment) -> str:
    """The name of its image."""
    return f"{deployment.project}-copies:local"


def spec(deployment: Deployment) -> BuildSpec:
    """How its image is built."""
    return BuildSpec("copies", image(deployment), CONTEXT, CONTEXT / "Dockerfile")


def ensure_image(deployment: Deployment) -> None:
    """See that its image is there and up to date."""
    ensure_images(deployment.engine, [spec(deployment)])


def labels(deployment: Deployment) -> dict[str, str]:
    """The labels of its containers."""
    return {DEPLOYMENT_LABEL: deployment.project, SERVICE_LABEL: SERVICE}


def host_name(deployment: Deployment) -> str:
    """By what its locks are known among the copies: this deployment of this machine has it alone."""
    machine = MACHINE_ID.read_text(encoding="ascii").strip() if MACHINE_ID.exists() else platform.node()
    digest = hashlib.sha256(f"{machine} {ROOT} {deployment.project}".encode()).hexdigest()
    return f"homeroom-copies-{digest[:12]}"


@dataclass(frozen=True, kw_only=True)
class Copier:
    """A running container, and the target that its restic is told."""

    client: Any
    container: Container
    target: Target
    reads_only: bool = False

    @property
    def options(self) -> list[str]:
        """What restic is told of the place, each time."""
        authorities = ["--cacert", str(HOST_AUTHORITIES)] if HOST_AUTHORITIES.exists() else []
        reading = ["--no-lock", "--no-cache"] if self.reads_only else []
        return ["--repo", self.target.repository, *self.target.options, *authorities, *reading]

    def restic(
        self, *arguments: str, on_line: Callable[[str], None] | None = None, seconds: float | None = None
    ) -> Completed:
        """Run restic to its end.

        :param on_line: is given each line of its output, which is not kept then.
        :param seconds: after which it is ended; the exit code then is 124.
        """
        limit = ["timeout", "--kill-after=5", str(seconds)] if seconds else []
        command = [*limit, "python3", "-m", "homeroom_copies.restic", *self.options, *arguments]
        done = self.run(*command, on_line=on_line)
        if done.returncode == LOCKED and not self.reads_only:
            self._clear_locks()
            done = self.run(*command, on_line=on_line)
        return done

    def _clear_locks(self) -> None:
        """Remove locks that a command of this deployment left when it was killed.

        One command of a deployment writes at a time, and its containers were removed before, so a lock of its host
        name is a dead one's. restic's `unlock` leaves those whose process number lives here, which may be another
        process's by now: so it is asked by two, one after the other. Of other machines it removes what was not renewed
        for half an hour; a living restic renews its own each five minutes.

        :raises HomeroomError: the place lets none be removed.
        """
        for _ in range(2):
            done = self.run("python3", "-m", "homeroom_copies.restic", *self.options, "unlock", "--quiet")
            if LOCK_STAYS in done.stderr:
                raise HomeroomError(
                    f"{self.target.address} lets this deployment remove none of its own locks",
                    location=LOCATION,
                    remedy="Allow its key to delete below locks/, and nothing else (docs/copies.md).",
                )

    def bring(self, copy: str, home: str, file: str, folder: str) -> Completed:
        """Bring a home, or a file of it, back; see `homeroom_copies.bring`."""
        return self.run("python3", "-m", "homeroom_copies.bring", copy, home, file, folder, "--", *self.options)

    def run(self, *command: str, user: str = "0:0", on_line: Callable[[str], None] | None = None) -> Completed:
        """Run a command there to its end."""
        api = self.client.api
        started = api.exec_create(self.container.id, list(command), user=user)
        out, err = Lines(on_line), Lines()
        for one, other in api.exec_start(started["Id"], stream=True, demux=True):
            out.take(one or b"")
            err.take(other or b"")
        code = api.exec_inspect(started["Id"])["ExitCode"]
        return Completed(tuple(command), -1 if code is None else code, out.end(), err.end())


class Lines:
    """Lines of a stream that comes in pieces: handed on one by one, or kept."""

    def __init__(self, on_line: Callable[[str], None] | None = None) -> None:
        self.on_line = on_line
        self.rest = b""
        self.kept: list[str] = []

    def take(self, data: bytes) -> None:
        """Take the next piece in."""
        *whole, self.rest = (self.rest + data).split(b"\n")
        for line in whole:
            self._hand_on(line)

    def end(self) -> str:
        """What was kept, once the stream has ended."""
        if self.rest:
            self._hand_on(self.rest)
        return "".join(f"{line}\n" for line in self.kept)

    def _hand_on(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        if self.on_line:
            self.on_line(text)
        else:
            self.kept.append(text)


@contextmanager
def opened(
    deployment: Deployment,
    target: Target,
    sources: Sequence[Source],
    *,
    capabilities: Sequence[str] = (READS_ALL,),
    reads_only: bool = False,
    lays_out: bool = False,
) -> Iterator[Copier]:
    """The container while the body runs. However this process ends, it ends with it: it lives by its standard input.

    :param reads_only: copies are read alone: their place is mounted so, and nothing is kept of what was read.
    :param lays_out: restic brings back what is mounted from the root on, and sets modes of the folders above it too.
    :raises HomeroomError: the engine cannot make it.
    """
    mounts = [_mount(one) for one in sources]
    if not reads_only:
        mounts.append(
            Mount(target=SCRATCH, source=f"{deployment.project}_copies", type="volume", labels=labels(deployment))
        )
    mounts.append(Mount(target=SECRETS_MOUNTED, source=str(FOLDER), type="bind", read_only=True))
    if target.kind == "directory":
        mounts.append(Mount(target=MOUNTED, source=target.address, type="bind", read_only=reads_only))
    if HOST_AUTHORITIES.exists():
        mounts.append(Mount(target=str(HOST_AUTHORITIES), source=str(HOST_AUTHORITIES), type="bind", read_only=True))
    with held(
        deployment,
        ["cat"],
        mounts=mounts,
        cap_add=list(capabilities),
        network_mode="none" if target.kind == "directory" else "host",
        cpu_shares=CPU_SHARES,
        read_only=not lays_out,
        tmpfs={"/tmp": ""},  # noqa: S108  # the container's own
    ) as container:
        yield Copier(client=deployment.client, container=container, target=target, reads_only=reads_only)


@contextmanager
def held(deployment: Deployment, command: list[str], **options: Any) -> Iterator[Container]:
    """A container of the copies' image whose standard input we hold; at the end it is gone, and holds no volume."""
    client = deployment.client
    try:
        container = client.containers.create(
            image(deployment),
            command,
            name=f"{deployment.project}-copies-{secrets.token_hex(4)}",
            hostname=host_name(deployment),
            user="0:0",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            stdin_open=True,
            auto_remove=True,
            labels=labels(deployment),
            **{"read_only": True, **options},
        )
    except docker.errors.APIError as error:
        raise HomeroomError(
            f"the engine made no container for copies: {error.explanation}",
            remedy="`make check` looks the machine over; `make up` makes volumes that are not there yet.",
        ) from None
    stream = client.api.attach_socket(container.id, params={"stdin": 1, "stream": 1})
    try:
        container.start()
        yield container
    finally:
        with suppress(ValueError):  # Python 3.13 would tell of it whenever it comes to clear this away
            stream._response.close()  # the SDK keeps it there
        stream.close()
        _remove(container)


def _remove(container: Container) -> None:
    """See that a container is gone: where it ended by itself, the engine may be at it, and volumes are in use until
    then."""
    ends = time.monotonic() + GONE_SECONDS
    while True:
        try:
            container.remove(force=True)
            return
        except docker.errors.NotFound:
            return
        except docker.errors.APIError:
            if time.monotonic() > ends:
                return
            time.sleep(LOOK_SECONDS)


def _mount(source: Source) -> Mount:
    return Mount(
        target=source.inside,
        source=source.host,
        type="bind" if source.is_path else "volume",
        read_only=source.read_only,
    )


def remove_leftovers(deployment: Deployment) -> int:
    """Remove what a command that was killed has left behind; returns how many containers that were."""
    named = [f"{name}={value}" for name, value in labels(deployment).items()]
    found = deployment.client.containers.list(all=True, filters={"label": named})
    for one in found:
        _remove(one)
    return len(found)
