"""One deployment on this machine: its settings, and the engine it runs on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from generator.core.console import warn
from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL
from generator.core.paths import ENV_FILE, ROOT
from generator.core.process import Completed
from generator.engine import services
from generator.engine.find import Engine, client, compose_command, engine_environment, find_engine, run_compose
from generator.engine.install import provide_engine
from generator.engine.install_plan import terminal_question
from generator.schema import env_file
from generator.schema.settings import Settings, specs

MERELY_MADE = "created"
"""The state of a container that was never started."""


@dataclass(frozen=True)
class Deployment:
    """A deployment with checked settings and, once asked for, the engine it runs on."""

    settings: Settings
    engine: Engine

    @cached_property
    def client(self) -> Any:
        """The engine's API client."""
        return client(self.engine)

    @property
    def project(self) -> str:
        """The deployment's name."""
        return self.settings.COMPOSE_PROJECT_NAME

    def compose(self, *arguments: str, capture: bool = True, check: bool = True) -> str:
        """Run Compose for this deployment; returns what it printed."""
        return self._compose(*arguments, capture=capture, check=check).stdout

    def _compose(self, *arguments: str, capture: bool = True, check: bool = True) -> Completed:
        profiles = [f"--profile={row.name}" for row in services.known(self.settings) if row.is_optional]
        words = [*profiles, *arguments]
        drop = set(Settings.model_fields)
        return run_compose(self.engine, words, project_dir=ROOT, drop=drop, capture=capture, check=check)

    def outdated(self, names: Sequence[str]) -> list[str]:
        """Which of these services Compose would make anew by itself: `.env`, docker-compose.yml or the image is another
        than they were made with. Nothing is changed."""
        done = self._compose("--dry-run", "up", "--detach", *names)
        anew = set(re.findall(r"Container (\S+)\s+Recreate$", f"{done.stdout}\n{done.stderr}", re.MULTILINE))
        return [name for name in names if any(one.name in anew for one in self.containers(name))]

    def hub_python(self, module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """The command that runs a Python module in the hub's container, and the environment to run it in."""
        command = [*compose_command(self.engine), "--project-directory", str(ROOT), "exec", "-T", "hub"]
        environment = engine_environment(self.engine, drop=set(Settings.model_fields))
        return [*command, "python", "-m", module, *arguments], environment

    def service(self, name: str) -> Container | None:
        """The container of a service, running or not. Of two, as Compose leaves them where it was cut off, the one that
        is not merely made."""
        found = self.containers(name)
        return next((one for one in found if one.status != MERELY_MADE), found[0] if found else None)

    def containers(self, name: str) -> list[Container]:
        """All containers of a service, the newest first."""
        labels = [f"com.docker.compose.project={self.project}", f"com.docker.compose.service={name}"]
        found = self.client.containers.list(all=True, ignore_removed=True, filters={"label": labels})
        return [one for one in found if one.labels.get("com.docker.compose.oneoff") != "True"]

    def labs(self, *, running_only: bool = False) -> list[Container]:
        """The containers of this deployment's labs."""
        labels = [f"{DEPLOYMENT_LABEL}={self.project}", USER_LABEL]
        found: list[Container] = self.client.containers.list(all=not running_only, filters={"label": labels})
        return found


def load_settings() -> Settings:
    """The settings of `.env`, checked.

    :raises HomeroomError: everything that is wrong with them.
    """
    settings = env_file.load(ENV_FILE)
    for name, value in env_file.from_shell().items():
        if name != "INSTALL_ENGINE" and str(value) != _written(name):
            warn(f"{name} in your shell is another than in .env, and is ignored: .env decides.")
    return settings


def _written(name: str) -> str:
    lines = env_file.parse(env_file.read_text(ENV_FILE))
    spec = next(spec for spec in specs() if spec.name == name)
    return next((line.value for line in lines if line.key == name), spec.default or "")


def open_deployment() -> Deployment:
    """The deployment, on an engine that is there; installs and starts nothing."""
    settings = load_settings()
    return Deployment(settings, find_engine(Path(settings.ENGINE_SOCKET)))


def ensure_engine(settings: Settings) -> Deployment:
    """The deployment, with the engine installed and started where that is allowed and needed."""
    policy: Any = env_file.from_shell().get("INSTALL_ENGINE", settings.INSTALL_ENGINE)
    if policy not in ("ask", "always", "never"):
        raise HomeroomError(
            f"INSTALL_ENGINE={policy} must be 'ask', 'always' or 'never'",
            location="shell",
            remedy="Run `INSTALL_ENGINE=always make up`, or leave it out.",
        )
    return Deployment(settings, provide_engine(Path(settings.ENGINE_SOCKET), policy, ask=terminal_question()))
