"""What Debian has newer than the images, by apt and this machine's mirror: it is asked, nothing is installed.

Of each image what dpkg wrote down is taken out, and one container with it all asks: the lists are fetched once.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker.errors

from generator.core.errors import HomeroomError
from generator.core.host_network import BASE_RELEASE, HostNetwork
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment
from generator.topics.packages.images import Image, container

ASKED = "/var/asked"
SCRIPT = f"""
set -e
export APT_CONFIG=/run/secrets/apt.conf LC_ALL=C.UTF-8
apt-get -qq -o APT::Update::Error-Mode=any update >&2
for status in {ASKED}/*; do
    echo "Image ${{status##*/}}"
    apt-get -qq --simulate -o Debug::NoLocking=1 -o "Dir::State::status=$status" upgrade --with-new-pkgs
done
"""
LINE = re.compile(r"Inst (\S+) \[(\S+)\] \((\S+) ([^\[]*)\[")
SECURITY = "Debian-Security"
SECRETS = ("apt.conf", "apt.list", "ca")
STATUS, RELEASE = "/var/lib/dpkg/status", "/usr/lib/os-release"
MAY = ("CHOWN", "DAC_OVERRIDE", "FOWNER")


@dataclass(frozen=True, order=True)
class Newer:
    """A package that is newer elsewhere than in an image."""

    name: str
    version: str
    newer: str
    is_security: bool = False


def ask(deployment: Deployment, images: Sequence[Image], network: HostNetwork) -> dict[str, list[Newer]]:
    """What Debian has newer, by the images' names. One of another distribution is its maker's to look after, and is
    left out.

    :param network: how this machine reaches Debian.
    :raises HomeroomError: Debian's mirror does not answer.
    """
    statuses = {image.name: status for image in images if (status := _status(deployment, image))}
    if not statuses:
        return {}
    asker = next(image for image in images if image.name in statuses)
    mode = "host" if network.needs_host_network and not deployment.engine.rootless else "bridge"
    made = container(deployment, asker, SCRIPT, network_mode=mode, cap_add=list(MAY), environment=dict(network.proxies))
    try:
        made.put_archive("/", _luggage(network, statuses))
        made.start()
        ended = made.wait()
        said = made.logs(stdout=True, stderr=False).decode(errors="replace")
        if ended["StatusCode"]:
            why = tail(made.logs(stdout=False).decode(errors="replace"), 4) or ["it said nothing"]
            raise HomeroomError(
                f"what Debian has newer than the images cannot be asked:{indented(why)}",
                location="apt",
                remedy="See to the network, its proxy (HTTPS_PROXY), and this machine's apt sources.",
            )
    finally:
        made.remove(force=True)
    return parse(said)


def parse(said: str) -> dict[str, list[Newer]]:
    """The packages that apt would bring, of what it says image by image."""
    found: dict[str, list[Newer]] = {}
    name = ""
    for line in said.splitlines():
        if line.startswith("Image "):
            name = line.removeprefix("Image ")
            found[name] = []
        elif name and (match := LINE.match(line)):
            package, version, newer, origins = match.groups()
            found[name].append(Newer(package, version, newer, SECURITY in origins))
    return {image: sorted(rows) for image, rows in found.items()}


def _status(deployment: Deployment, image: Image) -> bytes:
    """What dpkg wrote down in an image; empty where it is of another release than ours."""
    made = container(deployment, image, "")
    try:
        release = _file(made, RELEASE).decode(errors="replace")
        return _file(made, STATUS) if f"VERSION_CODENAME={BASE_RELEASE}" in release else b""
    finally:
        made.remove(force=True)


def _file(made: Any, path: str) -> bytes:
    """A file of a container; empty where there is none."""
    try:
        packed, _ = made.get_archive(path)
    except docker.errors.NotFound:
        return b""
    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
        member = archive.next()
        file = archive.extractfile(member) if member is not None else None
        return file.read() if file else b""


def _luggage(network: HostNetwork, statuses: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in _files(network, statuses):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _files(network: HostNetwork, statuses: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    yield from ((f"run/secrets/{name}", network.secrets[name]) for name in SECRETS)
    yield from ((f"{ASKED[1:]}/{name}", status) for name, status in statuses.items())
