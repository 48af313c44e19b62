"""Rendering: from checked settings to the files in `rendered/`. Python decides here; templates print."""

from __future__ import annotations

import json
from pathlib import Path

import jinja2

from generator.atomic import write_atomically
from generator.paths import TEMPLATES
from generator.settings import Settings

USERNAME_PATTERN = r"^[a-z0-9][a-z0-9._@+-]{0,63}\Z"
LAB_NETWORK = "labs"
HUB_SOCKET_VOLUME = "hub-socket"
LAB_SOCKETS_VOLUME = "lab-sockets"
HUB_CONFIG = "jupyterhub_config.py"
GUARD_POLICY = "guard.json"


def names(settings: Settings) -> dict[str, str]:
    """What the deployment's network and volumes are called on the engine; Compose puts the project's name before."""
    project = settings.COMPOSE_PROJECT_NAME
    return {
        "lab_network": f"{project}_{LAB_NETWORK}",
        "hub_socket_volume": f"{project}_{HUB_SOCKET_VOLUME}",
        "lab_sockets_volume": f"{project}_{LAB_SOCKETS_VOLUME}",
    }


def hub_config(settings: Settings) -> str:
    """The text of `jupyterhub_config.py`."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes Python, and every value passes the filter `py`
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["py"] = _literal
    return environment.get_template("jupyterhub_config.py.j2").render(
        admin=settings.JUPYTERHUB_ADMIN,
        auth=settings.AUTH,
        base_url=settings.BASE_URL,
        cull_every_seconds=min(300, max(10, settings.CULL_IDLE_SECONDS // 10)),
        cull_idle_seconds=settings.CULL_IDLE_SECONDS,
        deployment=settings.COMPOSE_PROJECT_NAME,
        hub_api_url=f"http://proxy:8000{settings.BASE_URL}hub/api",
        lab_cpus=settings.LAB_CPUS,
        lab_image=settings.lab_image,
        lab_memory_bytes=settings.LAB_MEMORY,
        lab_pids=settings.LAB_PIDS,
        lab_start_timeout_seconds=settings.LAB_START_TIMEOUT_SECONDS,
        log_level=settings.LOG_LEVEL,
        login_attempts=settings.LOGIN_ATTEMPTS,
        login_lockout_seconds=settings.LOGIN_LOCKOUT_SECONDS,
        password_min_length=settings.PASSWORD_MIN_LENGTH,
        template_vars={"accounts": settings.AUTH == "native", "password_min_length": settings.PASSWORD_MIN_LENGTH},
        username_pattern=USERNAME_PATTERN,
        **names(settings),
    )


def _literal(value: object) -> str:
    """A Python literal, with the double quotes that a formatter would give it."""
    if isinstance(value, list):
        return "{" + ", ".join(_literal(item) for item in value) + "}" if value else "set()"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return ("r" if "\\" in value else "") + '"' + value.replace('"', '\\"') + '"'
    return repr(value)


def guard_policy(settings: Settings) -> str:
    """The text of `guard.json`: what the hub may ask of the engine."""
    project = settings.COMPOSE_PROJECT_NAME
    known = names(settings)
    policy = {
        "deployment": project,
        "images": [settings.lab_image],
        "container_prefix": f"{project}-jupyter-",
        "volume_prefix": f"{project}-user-",
        "lab_sockets_volume": known["lab_sockets_volume"],
        "hub_socket_volume": known["hub_socket_volume"],
        "networks": [known["lab_network"]],
        "max_pids": settings.LAB_PIDS,
    }
    return json.dumps(policy, indent=2) + "\n"


def render(settings: Settings, directory: Path) -> list[str]:
    """Write the generated files; what did not change is left alone.

    :returns: the names of the files that changed.
    """
    texts = {HUB_CONFIG: hub_config(settings), GUARD_POLICY: guard_policy(settings)}
    return [name for name, text in texts.items() if write_atomically(directory / name, text)]
