"""One build: how the engine's client is called for it, and what comes of it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from generator.core.errors import HomeroomError
from generator.core.host_network import BuildNetwork
from generator.core.paths import RENDERED
from generator.core.process import Runner, indented, run, tail
from generator.engine.find import Engine, engine_environment
from generator.images import packages as freshness
from generator.images.build_log import BuildStep, failure_lines, parse_step
from generator.images.spec import CONTEXT_LABEL, NAME_LABEL, BuildSpec

LOGS = RENDERED / "logs"


def build_command(
    engine: Engine, spec: BuildSpec, digest: str, network: BuildNetwork, *, packages: str, anew: bool = False
) -> list[str]:
    """The call that builds one image; it takes the tag only when all of it succeeded.

    :param packages: of which moment the distribution's packages are to be.
    :param anew: the packages were of another moment before: a Dockerfile of the operator's is not told it, so nothing
        of it is taken from the engine's cache.
    """
    if engine.kind == "podman":
        # Its own storage, not its service: `podman --url` writes the secrets into the context, where COPY finds them.
        words = ["podman", "build", "--format", "docker", "--pull=missing" if spec.origins else "--pull=never"]
    else:
        words = ["docker", "build", "--progress=plain"]
    for name, value in spec.build_args.items():
        words += ["--build-arg", f"{name}={value}"]
    if spec.origins:
        words += ["--no-cache"] if anew else []
    else:
        words += ["--build-arg", f"{freshness.ARGUMENT}={packages}"]
    labels = {CONTEXT_LABEL: digest, NAME_LABEL: spec.name, freshness.LABEL: packages}
    words += [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    words += ["--tag", spec.tag, "--file", str(spec.dockerfile)]
    return [*words, *network.arguments, str(spec.context)]


def require_podmans_owner(engine: Engine) -> None:
    """Podman's images are its user's own, so another one's would be built where nobody looks.

    :raises HomeroomError: the socket belongs to another user than the one who builds.
    """
    if engine.kind == "podman" and engine.socket.stat().st_uid != os.geteuid():
        raise HomeroomError(
            "images for Podman are built by the user it runs as, and this socket is another user's",
            location=str(engine.socket),
            remedy=f"Run the command as {engine.socket.owner()}, or set ENGINE_SOCKET to your own Podman's socket.",
        )


def build_environment(engine: Engine, network: BuildNetwork) -> dict[str, str]:
    """The environment of a build: the proxies' values, and the engine's own builder whatever the user has chosen."""
    return engine_environment(engine) | {
        "DOCKER_BUILDKIT": "1",
        # Another builder (buildx create --use) would not see the local base image.
        "BUILDX_BUILDER": "default",
        # An attestation would give the same build a new image id each time.
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        **network.environment,
    }


def build_image(
    engine: Engine,
    spec: BuildSpec,
    digest: str,
    network: BuildNetwork,
    *,
    packages: str,
    anew: bool = False,
    on_step: Callable[[BuildStep], None],
    logs: Path = LOGS,
    runner: Runner = run,
    stop: threading.Event | None = None,
) -> None:
    """Build one image; all that the build says goes to `logs/build-<name>.log`.

    :param packages: see `build_command`.
    :param stop: ends it, once set.
    :raises HomeroomError: it failed; the old image, if any, is as it was. The cause ends in the failing step's lines.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"build-{spec.name}.log"
    last: deque[str] = deque(maxlen=400)
    with log.open("w", encoding="utf-8") as words:

        def take(line: str) -> None:
            words.write(line + "\n")
            words.flush()
            last.append(line)
            if at := parse_step(line):
                on_step(at)

        done = runner(
            build_command(engine, spec, digest, network, packages=packages, anew=anew),
            env=build_environment(engine, network),
            on_line=take,
            stop=stop,
        )
    if done.returncode != 0:
        said = failure_lines(list(last)) or tail(done.stderr)
        raise HomeroomError(
            f"building the {spec.name} image failed:{indented(said)}",
            location=str(spec.dockerfile),
            remedy=f"The whole log: {log}. What ran until now goes on running, on the image it had.",
        )
