"""The container engine of this machine: which one it is, whether it will do, and how Compose is called on it.

Everything on the host side that speaks to the engine goes through here. Docker >= 24.0 and Podman >= 4.3 are supported,
each over its local Unix socket, because labs are reached over Unix sockets on this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import socket as sockets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import docker
from docker.errors import DockerException

from generator.core.errors import HomeroomError
from generator.core.process import Completed, Runner, require, run

Version = tuple[int, ...]
MINIMUM_ENGINE: Mapping[str, Version] = {"docker": (24, 0), "podman": (4, 3)}
MINIMUM_DOCKER_API: Version = (1, 43)
MINIMUM_COMPOSE: Version = (2, 20)
START_INTERVAL_API: Version = (1, 44)
OLD_API_COMPOSE = Path(__file__).with_name("compose.old-api.yml")

ANSWER_TIMEOUT_SECONDS = 30  # an engine started by its socket takes some seconds for the first answer
CALL_TIMEOUT_SECONDS = 120

# Where Compose's plugin binary lies; it also runs on its own. Needed where there is no Docker client, as with Podman.
PLUGIN_DIRECTORIES = tuple(
    Path(path)
    for path in (
        "/usr/local/lib/docker/cli-plugins",
        "/usr/local/libexec/docker/cli-plugins",
        "/usr/lib/docker/cli-plugins",
        "/usr/libexec/docker/cli-plugins",
    )
)

# Variables that would send the client to another engine, or Compose to other files, than the deployment's own.
MISLEADING = (
    "CONTAINER_HOST",
    "CONTAINER_CONNECTION",
    "DOCKER_CONTEXT",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION",
)
MISLEADING_PREFIXES = ("COMPOSE_", "BUILDX_", "BUILDKIT_")


class EngineMissing(HomeroomError):
    """There is no engine's socket: `up` may install one."""


class EngineStopped(EngineMissing):
    """The socket is there and nothing answers: `up` may start the daemon."""


class EngineForbidden(HomeroomError):
    """The engine is there; this user may not speak to it."""


class EngineTooOld(HomeroomError):
    """The engine answers; its version is below what Homeroom needs."""


class ComposeMissing(HomeroomError):
    """No Compose v2 of a sufficient version answers."""


@dataclass(frozen=True)
class Engine:
    """An engine that answered and is new enough."""

    kind: Literal["docker", "podman"]
    socket: Path
    version: str
    api_version: str
    rootless: bool

    @property
    def url(self) -> str:
        """The address as clients want it, `unix:///...`."""
        return f"unix://{self.socket}"

    @property
    def title(self) -> str:
        """Kind and version as people write them: `Docker 26.1.5`."""
        return f"{self.kind.capitalize()} {self.version}" + (" (rootless)" if self.rootless else "")


def version_tuple(text: str) -> Version:
    """Read the leading numbers of a version: `26.1.5+dfsg1` is (26, 1, 5); nothing readable is ()."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()


def dotted(version: Version) -> str:
    return ".".join(str(part) for part in version)


def candidate_sockets(environ: Mapping[str, str]) -> list[Path]:
    """Where an engine may listen, in the order in which it is asked. A DOCKER_HOST elsewhere than here is no use."""
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    named = environ.get("DOCKER_HOST", "")
    found = [Path(named.removeprefix("unix://"))] if named.startswith("unix://") else []
    found += [Path("/var/run/docker.sock"), runtime / "docker.sock"]
    found += [Path("/run/podman/podman.sock"), runtime / "podman/podman.sock"]
    return list(dict.fromkeys(found))


def find_engine(socket: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine at `socket`; with None, the first that answers of the usual places. Changes nothing.

    :raises EngineMissing: no socket; `EngineStopped`, a kind of it, when there is one and nothing answers on it.
    :raises EngineForbidden: this user may not use the socket.
    :raises EngineTooOld: the first engine that answers is too old (a later one is not taken silently instead).
    """
    problems: list[HomeroomError] = []
    for path in [socket] if socket else candidate_sockets(environ):
        try:
            knock(path)
        except (EngineMissing, EngineForbidden) as problem:
            problems.append(problem)
        else:
            return check_version(ask(path))
    # The most telling one: an engine that is there but forbidden or stopped says more than a path that is not there.
    for kind in (EngineForbidden, EngineStopped):
        for found in problems:
            if isinstance(found, kind):
                raise found
    if socket:
        raise problems[0]
    raise EngineMissing(
        "no container engine was found on this machine",
        remedy="Run `make up` as root to have Docker installed, or install Docker >= 24.0 or Podman >= 4.3 yourself; "
        "with a socket at an unusual path, set ENGINE_SOCKET.",
    )


def knock(path: Path) -> None:
    """Check that there is a listener on the socket.

    :raises EngineMissing, EngineStopped, EngineForbidden: by what the connection says.
    """
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_TIMEOUT_SECONDS)
        try:
            connection.connect(str(path))
        except PermissionError:
            raise EngineForbidden(
                "this user may not use the container engine's socket",
                location=str(path),
                remedy=forbidden_remedy(path),
            ) from None
        except (ConnectionRefusedError, TimeoutError):
            raise EngineStopped(
                "the container engine's socket is there, but nothing answers on it",
                location=str(path),
                remedy="Start it (`systemctl start docker` or `service docker start`), or run `make up` as root.",
            ) from None
        except OSError as error:
            raise EngineMissing(
                f"no container engine listens there: {error.strerror or error}",
                location=str(path),
                remedy="`make up` as root starts Docker, or installs it where it is missing; "
                "for an engine with another socket set ENGINE_SOCKET.",
            ) from None


def forbidden_remedy(path: Path) -> str:
    try:
        group = path.group()
    except (OSError, KeyError):
        group = "docker"
    if group == "root":
        return "Run the command as root."
    return (
        f"Run the command as root, or join the group once with `sudo usermod -aG {group} $USER` and sign in again "
        "(a user who may use the engine has the rights of root on this machine)."
    )


def client_at(socket: Path, timeout_seconds: float) -> docker.DockerClient:
    return docker.DockerClient(base_url=f"unix://{socket}", version="auto", timeout=int(timeout_seconds))


def client(engine: Engine, *, timeout_seconds: float = CALL_TIMEOUT_SECONDS) -> docker.DockerClient:
    """The Docker SDK's client of this engine; Podman answers it too. The caller closes it."""
    return client_at(engine.socket, timeout_seconds)


def ask(path: Path) -> Engine:
    """Ask who listens there.

    :raises EngineStopped: a connection, but no answer of an engine.
    """
    try:
        speaking = client_at(path, ANSWER_TIMEOUT_SECONDS)
        try:
            return describe(path, speaking.version(), speaking.info())
        finally:
            speaking.close()
    except (DockerException, OSError, ValueError) as error:
        raise EngineStopped(
            f"something listens there, but does not answer as a container engine does: {error}",
            location=str(path),
            remedy="Restart the engine and see its log (`journalctl -u docker`), or set ENGINE_SOCKET to another.",
        ) from error


def describe(path: Path, version: Mapping[str, Any], info: Mapping[str, Any]) -> Engine:
    """What `/version` and `/info` say; Podman's compatible answers name themselves among the components."""
    components = {part.get("Name", ""): part.get("Version", "") for part in version.get("Components") or []}
    podman = components.get("Podman Engine")
    return Engine(
        kind="docker" if podman is None else "podman",
        socket=path,
        version=podman or str(version.get("Version", "")),
        api_version=str(version.get("ApiVersion", "")),
        rootless=any("rootless" in option for option in info.get("SecurityOptions") or []),
    )


def check_version(engine: Engine) -> Engine:
    """Hand the engine back when it is new enough.

    :raises EngineTooOld: otherwise.
    """
    enough = version_tuple(engine.version) >= MINIMUM_ENGINE[engine.kind]
    # Podman speaks an older API version for compatibility, whatever its own version.
    if engine.kind == "docker":
        enough = enough and version_tuple(engine.api_version) >= MINIMUM_DOCKER_API
    if enough:
        return engine
    raise EngineTooOld(
        f"{engine.title} (API {engine.api_version}) is too old: "
        f"{engine.kind.capitalize()} >= {dotted(MINIMUM_ENGINE[engine.kind])} is needed",
        location=str(engine.socket),
        remedy="Upgrade the engine (on Debian 12 its own docker.io is 20.10; Debian 13's works there), "
        "or set ENGINE_SOCKET to a newer one.",
    )


def engine_environment(
    engine: Engine, *, drop: Collection[str] = (), environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The environment for the engine's command-line tools: ours, aimed at this engine.

    :param drop: names of settings. Compose lets the shell's variables override `.env`, so they must not reach it.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name not in drop and name not in MISLEADING and not name.startswith(MISLEADING_PREFIXES)
    }
    kept["DOCKER_HOST"] = engine.url
    return kept


def compose_candidates() -> list[list[str]]:
    """How Compose v2 may be called here: the plugin, a standalone binary, the plugin's binary run by itself."""
    found = [["docker", "compose"]] if shutil.which("docker") else []
    if shutil.which("docker-compose"):
        found.append(["docker-compose"])
    homes = [Path.home() / ".docker/cli-plugins", *PLUGIN_DIRECTORIES]
    found += [[str(home / "docker-compose")] for home in homes if os.access(home / "docker-compose", os.X_OK)]
    return found


def find_compose(engine: Engine, *, runner: Runner = run) -> tuple[list[str], Version]:
    """The first Compose that answers with a sufficient version, and that version.

    It is tried rather than looked for: an old `docker` may stand before another in PATH and still find the plugin,
    or not know plugins at all.

    :raises ComposeMissing: none does.
    """
    too_old: list[str] = []
    for words in compose_candidates():
        done = runner([*words, "version", "--short"], env=engine_environment(engine))
        version = version_tuple(done.stdout) if done.returncode == 0 else ()
        if version >= MINIMUM_COMPOSE:
            return words, version
        if version:
            too_old.append(f"{' '.join(words)} is {dotted(version)}")
    raise ComposeMissing(
        f"no Docker Compose >= {dotted(MINIMUM_COMPOSE)} was found" + (f" ({', '.join(too_old)})" if too_old else ""),
        remedy="Run `make up` as root to have it installed, or install the package docker-compose (Debian 13), "
        "docker-compose-v2 (Ubuntu) or docker-compose-plugin (Docker's own packages).",
    )


def compose_command(engine: Engine, *, runner: Runner = run) -> list[str]:
    """The words that call Compose v2 here.

    :raises ComposeMissing: there is none that is new enough.
    """
    return find_compose(engine, runner=runner)[0]


def compose_version(engine: Engine, *, runner: Runner = run) -> Version:
    """Compose's version.

    :raises ComposeMissing: there is none that is new enough.
    """
    return find_compose(engine, runner=runner)[1]


def buildx_works(engine: Engine, *, runner: Runner = run) -> bool:
    """Whether images with build secrets can be built: Docker needs its buildx plugin, Podman its own client."""
    words = ["podman", "--version"] if engine.kind == "podman" else ["docker", "buildx", "version"]
    return runner(words, env=engine_environment(engine)).returncode == 0


def compose_files(engine: Engine, project_dir: Path) -> list[Path]:
    """The files to name to Compose: none where its own choice does, else those and what an older engine needs."""
    if version_tuple(engine.api_version) >= START_INTERVAL_API:
        return []
    own = [project_dir / name for name in ("docker-compose.yml", "docker-compose.override.yml")]
    return [*(path for path in own if path.exists()), OLD_API_COMPOSE]


def run_compose(
    engine: Engine,
    args: Sequence[str],
    *,
    project_dir: Path,
    drop: Collection[str] = (),
    on_line: Callable[[str], None] | None = None,
    check: bool = True,
    capture: bool = True,
    runner: Runner = run,
) -> Completed:
    """Run `docker compose ARGS` for the deployment in `project_dir`, whose `.env` alone decides the values.

    :param drop: the settings' names, which are kept out of its environment.
    :param capture: False leaves the terminal to it.
    :raises HomeroomError: it failed and `check` is set; the cause holds its last lines.
    """
    command = [*compose_command(engine, runner=runner), "--project-directory", str(project_dir)]
    for file in compose_files(engine, project_dir):
        command += ["--file", str(file)]
    command += args
    environment = engine_environment(engine, drop=drop)
    done = runner(command, cwd=project_dir, env=environment, on_line=on_line, capture=capture)
    if check:
        verb = next((word for word in args if not word.startswith("-")), "")
        require(
            done,
            what=f"`docker compose {verb}`",
            remedy="`make check` checks machine and settings; `make logs` shows what the services logged.",
        )
    return done
