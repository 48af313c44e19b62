"""Kernels for everyone: `site/kernels/<name>.txt`, built into a volume that every lab mounts read-only.

The building is done by `generator/topics/environments/kernel_builder.py` in a container of the lab image, with this
machine's certificates, proxies and package index.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import docker.errors

from generator.core import text_file
from generator.core.atomic import write_atomically
from generator.core.console import Step, note, step
from generator.core.errors import HomeroomError, raise_all
from generator.core.finding import Finding, warning
from generator.core.host_network import HostNetwork, read_host_network
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.core.paths import RENDERED, SITE
from generator.core.process import indented
from generator.engine.deployment import Deployment
from generator.engine.resources import KERNELS_TARGET, resource_names
from generator.images.base import image_id
from generator.topics.environments.site_images import full_name

FOLDER = "kernels"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
RESERVED = ("python3",)
DISPLAY_NAME = re.compile(r"#\s*display name:\s*(\S.{0,59})", re.IGNORECASE)
# Options that would reach for files of this machine, which are not there where kernels are built.
FOREIGN = re.compile(r"(-r|-c|-e|--requirement|--constraint|--editable)\b|file:|\.{0,2}/")
STAMP = RENDERED / "kernels.stamp"
LOG = RENDERED / "logs" / "kernels.log"


@dataclass(frozen=True)
class Kernel:
    """A kernel that the operator asks for.

    :param text: the requirements, as pip reads them.
    """

    name: str
    display_name: str
    text: str

    @property
    def location(self) -> str:
        """Its file, as people are told."""
        return f"site/{FOLDER}/{self.name}.txt"


@dataclass
class Outcome:
    """What the builder did."""

    built: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: dict[str, list[str]] = field(default_factory=dict)
    ended: bool = False


def volume_name(deployment: Deployment) -> str:
    """The volume that holds the kernels."""
    return resource_names(deployment.settings)["kernels_volume"]


def read(site: Path = SITE) -> list[Kernel]:
    """The kernels that `site/kernels/` asks for.

    :raises HomeroomError: all that can be told without trying: names, encoding, lines that point at other files.
    """
    found: list[Kernel] = []
    errors: list[HomeroomError] = []
    for path in sorted((site / FOLDER).glob("*.txt")):
        try:
            found.append(_read_one(path))
        except HomeroomError as error:
            errors.append(error)
    raise_all(errors)
    return found


def unread(site: Path = SITE) -> Iterator[Finding]:
    """A warning for each file in `site/kernels/` that makes no kernel, such as `env.yml`."""
    for path in sorted((site / FOLDER).glob("[!.]*")):
        if path.suffix != ".txt" and path.stem.upper() != "README":
            remedy = f"Kernels are made of site/{FOLDER}/<name>.txt, with packages as pip takes them, one a line."
            if path.suffix in (".yml", ".yaml"):
                remedy += " Write what conda would install so, or build an image with conda in site/images/."
            yield warning("site", "this file is not read", location=f"site/{FOLDER}/{path.name}", remedy=remedy)


def _read_one(path: Path) -> Kernel:
    location = f"site/{FOLDER}/{path.name}"
    if not NAME.fullmatch(path.stem) or path.stem in RESERVED:
        reason = "is the lab's own" if path.stem in RESERVED else "is no name of a kernel"
        remedy = "Name the file with lower-case letters, digits, `-` and `_`, 32 at most: `bio.txt`."
        raise HomeroomError(f"{path.stem} {reason}", location=location, remedy=remedy)
    text = text_file.read(path, location)
    display_name = path.stem.replace("-", " ").replace("_", " ").capitalize()
    for number, line in enumerate(text.splitlines(), 1):
        if match := DISPLAY_NAME.fullmatch(line.strip()):
            display_name = match[1]
        elif FOREIGN.match(line.strip()):
            raise HomeroomError(
                f"`{line.strip()}` points at a file, and kernels are built where no file of this machine is",
                location=f"{location} line {number}",
                remedy="Name packages, one a line, as in `pandas>=2`.",
            )
    return Kernel(path.stem, display_name, text)


def ensure_volume(deployment: Deployment) -> bool:
    """See that the volume is there; returns whether it was made."""
    name = volume_name(deployment)
    try:
        deployment.client.volumes.get(name)
    except docker.errors.NotFound:
        deployment.client.volumes.create(name, labels={DEPLOYMENT_LABEL: deployment.project})
        return True
    return False


def _image(deployment: Deployment) -> str:
    """The image whose Python the kernels are made for: the one that labs run where nothing else is said."""
    return full_name(deployment.settings.DOCKER_NOTEBOOK_IMAGE, deployment.settings)


def _image_id(deployment: Deployment) -> str:
    found = image_id(deployment.client, _image(deployment))
    if not found:
        raise HomeroomError(
            f"the image {_image(deployment)}, in which kernels are built, is not there yet",
            remedy="Run `make up` first.",
        )
    return found


def stamp(kernels: Sequence[Kernel], image_id: str) -> str:
    """A word for what the volume should hold; another image may bring another Python."""
    return hashlib.sha256(json.dumps([image_id, *map(repr, kernels)]).encode()).hexdigest()


def build(deployment: Deployment, *, always: bool = False) -> None:
    """Have the kernels that `site/kernels/` asks for, and no others.

    Each appears, changes or goes in one moment, also in running labs. One that fails leaves the others, and what was
    there of itself.

    :param always: look into the volume even if nothing seems to have changed since the last time.
    :raises HomeroomError: those that failed, with file, line and pip's reason.
    """
    kernels = read()
    fresh = ensure_volume(deployment)
    wanted = stamp(kernels, _image_id(deployment))
    if not always and not fresh and STAMP.is_file() and STAMP.read_text() == wanted:
        return
    if fresh and not kernels:
        write_atomically(STAMP, wanted)
        return
    with step("Building kernels for everyone") as shown:
        outcome = _run_builder(deployment, kernels, shown)
        done = {"built": outcome.built, "removed": outcome.removed, "failed": list(outcome.failed)}
        said = [f"{word} {', '.join(names)}" for word, names in done.items() if names]
        shown.say("; ".join(said) or "up to date")
        raise_all([_error(kernel, outcome.failed[kernel.name]) for kernel in kernels if kernel.name in outcome.failed])
    write_atomically(STAMP, wanted)


def _run_builder(deployment: Deployment, kernels: Sequence[Kernel], shown: Step) -> Outcome:
    """Run the builder to its end, with its progress in `shown`; all it says goes to the log."""
    network = read_host_network()
    started = [lab.attrs["State"]["StartedAt"] for lab in deployment.labs(running_only=True)]
    oldest = min((datetime.fromisoformat(when).timestamp() for when in started), default=None)
    container = deployment.client.containers.create(
        _image(deployment),
        ["/build/kernel_builder.py"],
        entrypoint=["python3"],
        user="0:0",
        working_dir="/",
        network_mode=_network(deployment, network),
        volumes={volume_name(deployment): {"bind": KERNELS_TARGET, "mode": "rw"}},
        environment={
            "HOME": "/tmp",  # noqa: S108 - inside the container
            "PIP_CONFIG_FILE": "/build/pip.conf",
            "PIP_CERT": "/build/ca",
            "PIP_ROOT_USER_ACTION": "ignore",
            **network.proxies,
        },
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        healthcheck={"test": ["NONE"]},
        labels={SERVICE_LABEL: "kernels", DEPLOYMENT_LABEL: deployment.project},
    )
    try:
        container.put_archive("/", _luggage(kernels, network, oldest))
        stream = container.attach(stream=True, logs=True)
        container.start()
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("w", encoding="utf-8") as log:
            outcome = follow(_lines(stream, log), shown)
    finally:
        container.remove(force=True)
    if not outcome.ended:
        raise HomeroomError(
            "the kernels' builder broke off", location=str(LOG), remedy="See that file; is the disk full (`df -h`)?"
        )
    return outcome


def _network(deployment: Deployment, network: HostNetwork) -> str:
    """The network that labs go out through; the machine's own where its proxy or mirror listens on loopback."""
    if network.needs_host_network and not deployment.engine.rootless:
        return "host"
    name = resource_names(deployment.settings)["lab_network"]
    return name if deployment.client.networks.list(names=[name]) else "bridge"


def _luggage(kernels: Sequence[Kernel], network: HostNetwork, oldest_lab: float | None) -> bytes:
    """What the builder finds in /build."""
    wanted = {
        "kernels": [{"name": kernel.name, "display_name": kernel.display_name} for kernel in kernels],
        "oldest_lab": oldest_lab,
    }
    files = {
        "kernel_builder.py": Path(__file__).with_name("kernel_builder.py").read_bytes(),
        "wanted.json": json.dumps(wanted).encode(),
        "pip.conf": network.secrets["pip.conf"],
        "ca": network.secrets["ca"],
        **{f"{kernel.name}.txt": kernel.text.encode() for kernel in kernels},
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"build/{name}")
            entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _lines(stream: Any, log: Any) -> Iterator[str]:
    """Whole lines of a container's output, kept in the log."""
    rest = b""
    for chunk in stream:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            text = line.decode(errors="replace")
            log.write(text + "\n")
            log.flush()
            yield text


def follow(lines: Iterator[str], shown: Step) -> Outcome:
    """Read what the builder prints."""
    outcome = Outcome()
    name = ""
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        match message["event"]:
            case "begin":
                name = message["name"]
                shown.say(name)
            case "line":
                shown.say(f"{name}: {message['text']}")
            case "built":
                outcome.built.append(message["name"])
            case "removed":
                outcome.removed.append(message["name"])
            case "failed":
                outcome.failed[message["name"]] = message["output"]
            case "end":
                outcome.ended = True
    return outcome


def _error(kernel: Kernel, output: Sequence[str]) -> HomeroomError:
    """A kernel that failed, as an error of its file."""
    number, reasons = locate(kernel.text, output)
    return HomeroomError(
        f"this kernel could not be built:{indented(reasons)}",
        location=kernel.location + (f" line {number}" if number else ""),
        remedy=f"Fix the line and run `make kernels`. Other kernels are not affected. The whole log: {LOG}.",
    )


def locate(text: str, output: Sequence[str]) -> tuple[int | None, list[str]]:
    """The line of the requirements that pip's output is about, if it can be told, and pip's reasons."""
    reasons = [line.removeprefix("ERROR: ") for line in output if line.startswith("ERROR: ")] or list(output[-3:])
    reasons = [line for line in reasons if not line.startswith("Ignored the following ")] or reasons
    reasons = [re.sub(r"\((from versions: )(?:[^,)]+, ){10,}", r"(\1..., ", line) for line in reasons]
    whole = "\n".join(output)
    if match := re.search(r"\(from line (\d+) of ", whole):
        return int(match[1]), reasons[:4]
    named = re.findall(
        r"(?:No matching distribution found for|satisfies the requirement|Cannot install) ([\w.-]+)", whole
    )
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*([A-Za-z0-9][\w.-]*)", line)
        if match and _plain(match[1]) in map(_plain, named):
            return number, reasons[:4]
    return None, reasons[:4]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def announce(site: Path = SITE) -> None:
    """Say which kernels there are now."""
    names = [f"{kernel.name} ({kernel.display_name})" for kernel in read(site)]
    note("Kernels for everyone: " + (", ".join(names) or f"none; put requirements into site/{FOLDER}/<name>.txt") + ".")
