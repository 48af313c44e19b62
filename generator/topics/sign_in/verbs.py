"""`make account` and `make password`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from generator.core import console
from generator.core.errors import HomeroomError

verbs = typer.Typer()


@verbs.command()
def password(
    name: Annotated[str, typer.Argument(help="The user's name; the administrator's where none is named.")] = "",
) -> None:
    """Give a person a new password and show it once."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.sign_in import accounts

    here = deployment.open_deployment()
    name = known_as(name) or here.settings.JUPYTERHUB_ADMIN
    fresh = accounts.reset_password(here, name)
    console.note(f"New password of [bold]{name}[/bold]: [bold]{fresh}[/bold]")


@verbs.command()
def account(
    name: Annotated[str, typer.Argument(help="The user's name.")] = "",
    file: Annotated[str, typer.Option(help="A list of people: a name a line, or a table.")] = "",
    sheet: Annotated[str, typer.Option(help="Where to write the passwords, instead of showing them.")] = "",
) -> None:
    """Make approved accounts, with passwords that are shown once."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.sign_in import accounts, class_list, password_sheet

    if bool(name) == bool(file):
        raise HomeroomError(
            "NAME is missing",
            location="NAME",
            remedy="Run `make account NAME=ada`, or `make account FILE=class.csv`.",
        )
    names = class_list.read(Path(file)) if file else [known_as(name)]
    with password_sheet.opened(Path(sheet)) if sheet else contextlib.nullcontext() as written:
        made, existing = accounts.add(deployment.open_deployment(), names)
        if written:
            password_sheet.fill(written, made)
    if existing and not file:
        remedy = f"`make password NAME={names[0]}` gives a new password."
        raise HomeroomError(f"{names[0]} has an account already", location="NAME", remedy=remedy)
    if existing:
        console.note(f"{console.counted(len(existing), 'account')} there already, left alone: {', '.join(existing)}")
    if not file and not sheet:
        console.note(f"Account of [bold]{names[0]}[/bold], password: [bold]{made[names[0]]}[/bold]   (shown this once)")
    elif sheet:
        console.note(
            f"Made {console.counted(len(made), 'account')}; the passwords are in {sheet}, which only you can read."
        )
    elif made:
        console.note(password_sheet.shown(made))
