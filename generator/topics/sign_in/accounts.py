"""Accounts, from the host: the administrator's on first run, a new password for anyone who lost theirs."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from generator.core import operator
from generator.core.console import step
from generator.core.errors import HomeroomError
from generator.engine import hub_module
from generator.engine.address import address
from generator.engine.deployment import Deployment
from generator.schema.types import USERNAME_PATTERN
from generator.topics.sign_in.class_list import NAMES
from generator.topics.sign_in.ways import NATIVE
from generator.topics.storage import homes

PASSWORD_WORDS = 4
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is misread: i, l, o, 0, 1


def new_password() -> str:
    """A password that can be read out: four groups of five, some 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(PASSWORD_WORDS))


def ask_hub(
    deployment: Deployment, *arguments: str, given: str = "", module: str = "homeroom.sign_in.accounts"
) -> dict[str, Any]:
    """Run a module in the hub's container that answers in JSON; passwords go by standard input.

    :raises HomeroomError: the hub does not run, or the command failed.
    """
    return hub_module.ask(deployment, module, *arguments, about="for its accounts", given=given)


def ensure_admin(deployment: Deployment) -> str | None:
    """Make the administrator's account where there is none; returns its new password, to be shown once.

    Names with a home and without an account are kept from newcomers: the database may be younger than the homes.

    :raises HomeroomError: the name is somebody else's.
    """
    settings = deployment.settings
    if NATIVE not in settings.ways:
        return None
    owners = json.dumps(homes.owners(deployment.client, settings))
    if ask_hub(deployment, "keep-homes", settings.JUPYTERHUB_ADMIN, given=owners)["done"]:
        return None
    with step(f"Making the administrator's account, {settings.JUPYTERHUB_ADMIN}"):
        password = new_password()
        if not ask_hub(deployment, "add", settings.JUPYTERHUB_ADMIN, operator.name(), given=password)["done"]:
            raise taken(settings.JUPYTERHUB_ADMIN)
    return password


def require_native(deployment: Deployment) -> None:
    """See that accounts are the hub's own.

    :raises HomeroomError: sign-in is by other means.
    """
    if NATIVE not in deployment.settings.ways:
        raise HomeroomError(
            f"with AUTH={deployment.settings.AUTH} the hub keeps no passwords",
            location=".env: AUTH",
            remedy="With `native` among the ways the hub keeps accounts of its own.",
        )


def add(deployment: Deployment, names: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Make approved accounts: all of them, or none. The way for a second administrator, whose name nobody may sign up
    for, for a list of people, and for a name whose files were there before its account.

    A sign-up of that name that merely waits is taken over; an approved account is left as it is.

    :returns: the new passwords by name, and who has an account already.
    :raises HomeroomError: a name is none that people can sign in with, or was removed and its files are still there.
    """
    require_native(deployment)
    for name in names:
        if not re.fullmatch(USERNAME_PATTERN, name):
            raise HomeroomError(f"{name!r} is no user name", location="NAME", remedy=NAMES)
    passwords = {name: new_password() for name in names}
    answer = ask_hub(deployment, "add-all", "", operator.name(), given=json.dumps(passwords))
    if answer["leaving"]:
        raise HomeroomError(
            f"{', '.join(answer['leaving'])}: just being removed; no account was made",
            remedy="Wait until their labs are gone (`make status`), then run this again.",
        )
    if answer["removed"]:
        raise removed(answer["removed"])
    if answer["elsewhere"]:
        raise HomeroomError(
            f"{', '.join(answer['elsewhere'])}: the name of somebody who signs in elsewhere; nobody was made",
            location="NAME",
            remedy="Give another name. People link sign-ins of theirs by themselves, on the page Sign-ins.",
        )
    return {name: passwords[name] for name in answer["made"]}, answer["existing"]


def taken(administrator: str) -> HomeroomError:
    """The error of an administrator's name that is not free."""
    return HomeroomError(
        f"{administrator} is the name of somebody who was removed, or who signs in elsewhere; no account was made",
        location=".env: JUPYTERHUB_ADMIN",
        remedy=f"Whoever was removed comes back with `make user-restore NAME={administrator}`; else take another name, "
        "and run `make up`.",
    )


def removed(names: Sequence[str]) -> HomeroomError:
    """The error of giving names anew whose files are still there."""
    one = names[0]
    return HomeroomError(
        f"{', '.join(names)}: removed, and the files are still there; no account was made",
        location="NAME",
        remedy=f"The same person: `make user-restore NAME={one}`. Somebody else: take another name, or have the files "
        f"removed for good, `make user-remove NAME={one} NOW={one}`.",
    )


def reset_password(deployment: Deployment, name: str) -> str:
    """Give a person a new password and return it.

    :raises HomeroomError: there is no such account, or sign-in is not the hub's own.
    """
    require_native(deployment)
    password = new_password()
    if not ask_hub(deployment, "password", name, operator.name(), given=password)["done"]:
        raise HomeroomError(
            f"{name} has no account", location="NAME", remedy="The hub's page Accounts lists all accounts."
        )
    return password


def reset_link(deployment: Deployment, name: str) -> str:
    """A link by which a person gives their account a new password, once and within a day; an earlier one is worth
    nothing then.

    :raises HomeroomError: there is no such account, or sign-in is not the hub's own.
    """
    require_native(deployment)
    secret = ask_hub(deployment, "link", name)["secret"]
    if secret is None:
        raise HomeroomError(
            f"{name} has no account", location="NAME", remedy="The page Accounts of the hub lists everyone who has one."
        )
    return f"{address(deployment.settings)}hub/new-password?{urlencode({'name': name, 'secret': secret})}"
