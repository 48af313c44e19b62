"""Accounts, from the host: the administrator's on first run, a new password for anyone who lost theirs."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from typing import Any

from generator.console import step
from generator.deployment import Deployment
from generator.errors import HomeroomError
from generator.paths import ROOT
from generator.render import USERNAME_PATTERN

PASSWORD_WORDS = 4
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is misread: i, l, o, 0, 1


def new_password() -> str:
    """A password that can be read out: four groups of five, some 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(PASSWORD_WORDS))


def ask_hub(deployment: Deployment, *arguments: str, password: str = "") -> dict[str, Any]:
    """Run `homeroom.accounts` in the hub's container; a password goes by standard input.

    :raises HomeroomError: the hub does not run, or the command failed.
    """
    command, environment = deployment.hub_python("homeroom.accounts", "--", *arguments)
    done = subprocess.run(command, input=f"{password}\n", capture_output=True, text=True, env=environment, cwd=ROOT)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise HomeroomError(
            f"the hub could not be asked for its accounts: {said[-1] if said else 'no answer'}",
            remedy="`make up` brings the hub up; `make logs SERVICE=hub` shows what it said.",
        )
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def ensure_admin(deployment: Deployment) -> str | None:
    """Make the administrator's account where there is none; returns its new password, to be shown once."""
    settings = deployment.settings
    if settings.AUTH != "native" or ask_hub(deployment, "exists", settings.JUPYTERHUB_ADMIN)["done"]:
        return None
    with step(f"Making the administrator's account, {settings.JUPYTERHUB_ADMIN}"):
        password = new_password()
        ask_hub(deployment, "add", settings.JUPYTERHUB_ADMIN, password=password)
    return password


def require_native(deployment: Deployment) -> None:
    """See that accounts are the hub's own.

    :raises HomeroomError: sign-in is by other means.
    """
    if deployment.settings.AUTH != "native":
        raise HomeroomError(
            f"with AUTH={deployment.settings.AUTH} the hub keeps no passwords",
            place=".env: AUTH",
            remedy="Any name gets in there, without one; with AUTH=native the hub keeps accounts.",
        )


def add(deployment: Deployment, name: str) -> str:
    """Make an approved account and return its password; the way for a second administrator, whose name nobody may sign
    up for, and for a list of people.

    :raises HomeroomError: the name is taken, or is none that people can sign in with.
    """
    require_native(deployment)
    if not re.fullmatch(USERNAME_PATTERN, name):
        raise HomeroomError(
            f"{name!r} is no user name",
            place="NAME",
            remedy="Lower-case letters, digits and . _ @ + - ; the first a letter or digit; 64 at most.",
        )
    if ask_hub(deployment, "exists", name)["done"]:
        remedy = f"`make password NAME={name}` gives a new password."
        raise HomeroomError(f"{name} has an account already", place="NAME", remedy=remedy)
    password = new_password()
    ask_hub(deployment, "add", name, password=password)
    return password


def reset_password(deployment: Deployment, name: str) -> str:
    """Give a person a new password and return it.

    :raises HomeroomError: there is no such account, or sign-in is not the hub's own.
    """
    require_native(deployment)
    password = new_password()
    if not ask_hub(deployment, "password", name, password=password)["done"]:
        raise HomeroomError(
            f"{name} has no account", place="NAME", remedy="The page Accounts of the hub lists everyone who has one."
        )
    return password
