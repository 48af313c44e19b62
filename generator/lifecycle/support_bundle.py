"""The file for somebody who helps from afar: what was found, versions, settings and logs, without secrets."""

from __future__ import annotations

import functools
import io
import os
import platform
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from docker.models.containers import Container
from rich.text import Text

from generator.core.errors import HomeroomError
from generator.core.machine import read_meminfo
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine import services
from generator.engine.deployment import Deployment, open_deployment
from generator.engine.health import health_of
from generator.schema import env_file
from generator.schema.secret_words import SHORTEST_SECRET, secret_settings, secrets_in, values_in, without_secrets
from generator.schema.settings import specs
from generator.topics.copies.secrets import FILE as COPIES

LOG_LINES = 1000


def require_free(path: Path) -> None:
    """:raises HomeroomError: there is a file of this name, or no folder for it."""
    if path.exists():
        raise HomeroomError("is there already", location=str(path), remedy="Name another file: nothing is replaced.")
    if not path.absolute().parent.is_dir():
        raise HomeroomError("there is no such folder", location=str(path), remedy="Name a file in one that there is.")


def write(path: Path, verdict: list[str]) -> None:
    """Write the file, for its owner alone.

    :param verdict: what was found, in rich's markup.
    :raises HomeroomError: it cannot be written.
    """
    secrets = secrets_in(ENV_FILE) | {value: name for name, value in values_in(COPIES) if len(value) >= SHORTEST_SECRET}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as bundle:
            for name, text in _parts(verdict):
                _add(bundle, f"homeroom-support/{name}", without_secrets(text, secrets))
    except OSError as failure:
        cause = f"cannot be written: {failure.strerror}"
        raise HomeroomError(cause, location=str(path), remedy="Name a file where you may write.") from None


def _parts(verdict: list[str]) -> Iterator[tuple[str, str]]:
    """The texts of the bundle by their names; one that cannot be had says why."""
    yield "verdict.txt", "\n".join(Text.from_markup(line).plain for line in verdict) + "\n"
    yield "versions.txt", _told(_versions)
    yield "settings.txt", _told(_settings)
    yield "site.txt", _told(_site)
    yield "machine.txt", _told(_machine)
    try:
        here = open_deployment()
    except HomeroomError as error:
        yield "services.txt", f"{error}\n"
        return
    yield "services.txt", _told(lambda: _services(here))
    for name in services.names(here.settings):
        container = here.service(name)
        if container is not None:
            yield f"logs/{name}.log", _told(functools.partial(_log, container))


def _told(tell: Callable[[], str]) -> str:
    try:
        return tell()
    except Exception as failure:  # the rest is worth having all the same
        return f"{type(failure).__name__}: {failure}\n"


def _versions() -> str:
    commit = _output("git", "-C", str(ROOT), "log", "-1", "--format=%H %cs", "--")
    changed = _output("git", "-C", str(ROOT), "status", "--short", "--untracked-files=no")
    return f"homeroom {commit}changed here:\n{changed or 'nothing'}\nPython {platform.python_version()}\n"


def _settings() -> str:
    """`.env` without comments; secrets and whatever is no setting are left out."""
    secret = secret_settings()
    known = {spec.name for spec in specs()}
    lines = env_file.parse(env_file.read_text(ENV_FILE))
    shown = {line.key: "[set]" if line.key in secret else line.value for line in lines if line.key in known}
    return "".join(f"{name}={value}\n" for name, value in shown.items())


def _site() -> str:
    """Names and sizes: what these files say is about people."""
    paths = sorted(path for path in SITE.rglob("*") if path.is_file())
    return "".join(f"{path.stat().st_size:>9}  {path.relative_to(SITE)}\n" for path in paths)


def _machine() -> str:
    release = Path("/etc/os-release")
    system = release.read_text(errors="replace") if release.exists() else ""
    facts = read_meminfo()
    memory = f"memory: {facts['MemAvailable']} of {facts['MemTotal']} bytes are available\n"
    return f"{platform.platform()}\n{system}{memory}{_output('df', '-h')}{_output('df', '-i')}{_output('uptime')}"


def _services(deployment: Deployment) -> str:
    lines = [deployment.engine.title]
    for name in services.names(deployment.settings):
        container = deployment.service(name)
        if container is None:
            lines.append(f"{name}: not there")
            continue
        state = container.attrs["State"]
        lines.append(
            f"{name}: {state['Status']}, health {health_of(container)}, exit {state['ExitCode']},"
            f" out of memory {state['OOMKilled']}, restarts {container.attrs['RestartCount']},"
            f" since {state['StartedAt']}, image {container.attrs['Image']}"
        )
    lines.append(f"labs: {len(deployment.labs(running_only=True))} running, {len(deployment.labs())} in all")
    return "\n".join(lines) + "\n"


def _log(container: Container) -> str:
    """The end of what a service said."""
    said: bytes = container.logs(tail=LOG_LINES, timestamps=True)
    return said.decode(errors="replace")


def _output(*command: str) -> str:
    """What a command prints; why not, where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        return f"{command[0]}: {failure}\n"
    return done.stdout + done.stderr


def _add(bundle: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode(errors="replace")
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
    bundle.addfile(entry, io.BytesIO(data))
