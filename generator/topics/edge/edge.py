"""The edge: whether it can serve what it is given, having it take that up, and what it serves."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker.errors
from docker.models.containers import Container

from generator.core.console import step
from generator.core.errors import HomeroomError, raise_all
from generator.core.labels import SERVICE_LABEL
from generator.core.paths import RENDERED, ROOT
from generator.engine.deployment import Deployment
from generator.images.base import image_id
from generator.schema.settings import Settings
from generator.topics.edge.render import CADDYFILE

COMMAND = "homeroom-edge"
STAGING = ".next-edge"
CERTIFICATE_SECONDS = 90
LOG_LINES = 200
FAULT, SERVED, MISSING = "fault", "served", "missing"
"""How a line of what the edge says begins."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What is served for a name.

    :param until: when it ends; None where there is no certificate yet.
    :param issuer: who gave it, in its own words.
    """

    host: str
    until: datetime | None = None
    issuer: str = ""

    def days_left(self, now: datetime) -> int | None:
        """Whole days; None where there is no certificate."""
        return None if self.until is None else (self.until - now).days


@dataclass(frozen=True, kw_only=True)
class State:
    """What the edge serves, and what of the last change it refused."""

    certificates: tuple[Certificate, ...]
    faults: tuple[HomeroomError, ...]


def image(deployment: Deployment) -> str:
    """The name of its image."""
    return f"{deployment.project}-edge:local"


def tls_folder(settings: Settings) -> Path:
    """Where the operator's certificate and key lie."""
    return (ROOT / settings.TLS_FILES).resolve()


def check(deployment: Deployment, files: Mapping[str, str]) -> None:
    """See in the edge's image whether it can serve this; what runs is not touched. Does nothing where there is no edge,
    or no image of it yet.

    :param files: the rendered files.
    :raises HomeroomError: what is wrong with certificate, key or settings.
    """
    if CADDYFILE not in files or not image_id(deployment.client, image(deployment)):
        return
    staging = RENDERED / STAGING
    name = f"{deployment.project}-check-{secrets.token_hex(4)}"
    folder = tls_folder(deployment.settings)
    volumes = {str(staging): {"bind": "/srv/jupyterhub", "mode": "ro"}}
    if folder.is_dir():
        volumes[str(folder)] = {"bind": "/srv/tls", "mode": "ro"}
    try:
        for path, text in files.items():
            if path.startswith("edge/"):
                (staging / path).parent.mkdir(parents=True, exist_ok=True)
                (staging / path).write_text(text, encoding="utf-8")
        for each in (staging, staging / "edge"):
            each.chmod(0o755)
        deployment.client.containers.run(
            image(deployment),
            [COMMAND, "check"],
            volumes=volumes,
            network_mode="none",
            cap_drop=["ALL"],
            labels={SERVICE_LABEL: "check"},
            name=name,
        )
    except docker.errors.ContainerError as error:
        said = error.container.logs(stdout=True, stderr=False).decode(errors="replace")
        fall_back = HomeroomError(
            f"its check ended with {error.exit_status}", location="edge", remedy="`make logs SERVICE=edge` shows more."
        )
        raise_all(list(faults_in(said.splitlines(), deployment.settings)) or [fall_back])
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            deployment.client.containers.get(name).remove(force=True)
        shutil.rmtree(staging, ignore_errors=True)


def take_up(deployment: Deployment) -> None:
    """Have a running edge serve what is rendered and what the operator's files hold now; nobody's connection is cut.

    :raises HomeroomError: it refuses; what it served before, it goes on serving.
    """
    container = deployment.service("edge") if deployment.settings.has_edge else None
    if container is None:
        return
    with step("Having the edge take up names and certificates"):
        code, output = _ask(container, "take-up")
        if code:
            raise_all(list(faults_in(output.splitlines(), deployment.settings)))
        deadline = time.monotonic() + CERTIFICATE_SECONDS
        while missing := _without_certificate(deployment):
            if time.monotonic() > deadline:
                raise no_certificate(deployment, missing)
            time.sleep(1)


def _without_certificate(deployment: Deployment) -> list[str]:
    found = state(deployment)
    return [each.host for each in found.certificates if each.until is None] if found else []


def no_certificate(deployment: Deployment, hosts: list[str]) -> HomeroomError:
    """Why names have no certificate, as far as the edge was told."""
    container = deployment.service("edge")
    said = container.logs(tail=LOG_LINES).decode(errors="replace").splitlines() if container else []
    why = next((line for line in reversed(said) if "\tERROR\t" in line), "")
    return HomeroomError(
        f"{' and '.join(hosts)} {'has' if len(hosts) == 1 else 'have'} no certificate yet: {why or 'nothing was said'}",
        location=f".env: TLS={deployment.settings.TLS}",
        remedy="The authority must find this machine by that name, on port 80 or 443. It is asked again and again; "
        "`make logs SERVICE=edge` shows what it says, and `make status` when it is there.",
    )


def state(deployment: Deployment) -> State | None:
    """What a running edge serves; None where none runs."""
    container = deployment.service("edge") if deployment.settings.has_edge else None
    if container is None or container.status != "running":
        return None
    _, output = _ask(container, "state")
    lines = output.splitlines()
    return State(certificates=tuple(certificates_in(lines)), faults=tuple(faults_in(lines, deployment.settings)))


def authority(deployment: Deployment) -> str:
    """The certificate of our own authority, in PEM; empty where there is none."""
    container = deployment.service("edge") if deployment.settings.TLS == "internal" else None
    if container is None:
        return ""
    code, output = _ask(container, "ca")
    return "" if code else output


def _ask(container: Container, verb: str) -> tuple[int, str]:
    """Have a running edge do something; what it prints, and its exit status."""
    done: Any = container.exec_run([COMMAND, verb], stderr=False)
    return done.exit_code, done.output.decode(errors="replace")


def faults_in(lines: Iterable[str], settings: Settings) -> Iterable[HomeroomError]:
    """The faults that the edge tells, as an operator's errors."""
    for line in lines:
        kind, *rest = line.split("\t")
        if kind == FAULT and len(rest) == 3:
            name, cause, remedy = rest
            location = f"{settings.TLS_FILES}/{name}" if name.endswith(".pem") else f"rendered/edge/{name}"
            yield HomeroomError(cause, location=location.removeprefix("./"), remedy=remedy)


def certificates_in(lines: Iterable[str]) -> Iterable[Certificate]:
    """The certificates that the edge tells."""
    for line in lines:
        kind, *rest = line.split("\t")
        if kind == SERVED and len(rest) == 3:
            host, until, issuer = rest
            yield Certificate(
                host=host, until=datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC), issuer=issuer
            )
        elif kind == MISSING:
            yield Certificate(host=rest[0])
