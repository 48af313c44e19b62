"""`make account`, `make password`, `make people` and `make why`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from generator.core import console
from generator.core.errors import HomeroomError
from generator.core.flag import is_set

verbs = typer.Typer()


@verbs.command()
def password(
    name: Annotated[str, typer.Argument(help="The user's name; the administrator's where none is named.")] = "",
    link: Annotated[str, typer.Option(help="1: a link by which they choose one, once and within a day.")] = "",
) -> None:
    """Give a person a new password and show it once, or a link by which they choose one."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.sign_in import accounts

    as_link, here = is_set("LINK", link), deployment.open_deployment()
    name = known_as(name) or here.settings.JUPYTERHUB_ADMIN
    if as_link:
        console.out.print(accounts.reset_link(here, name), markup=False, soft_wrap=True)
        return
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


@verbs.command()
def people() -> None:
    """Show who is known to the hub, and by which ways they sign in."""
    from generator.engine import deployment
    from generator.topics.sign_in import people as known

    console.out.print(known.table(deployment.open_deployment()), markup=False, soft_wrap=True)


@verbs.command()
def why(
    number: Annotated[str, typer.Option(help="The number that the person sees.")] = "",
    name: Annotated[str, typer.Option(help="The name that was typed, or that a source gave.")] = "",
) -> None:
    """Tell why a sign-in was refused, and what to do."""
    from generator.engine import deployment
    from generator.topics.sign_in import people as known

    console.out.print(known.why(deployment.open_deployment(), number, name), markup=False, soft_wrap=True)


@verbs.command()
def roster(
    file: Annotated[str, typer.Option(help="The list: a table with names, groups and e-mail addresses.")] = "",
    sheet: Annotated[str, typer.Option(help="Where to write the passwords, instead of showing them.")] = "",
    dry: Annotated[str, typer.Option(help="1: show the difference, and change nothing.")] = "",
    remove: Annotated[str, typer.Option(help="1: remove who was on an earlier list and is not on this one.")] = "",
) -> None:
    """Take a class list in: the difference is shown first."""
    import sys

    from generator.engine import deployment
    from generator.topics.sign_in import class_list, password_sheet
    from generator.topics.sign_in import roster as lists

    if not file:
        raise HomeroomError(
            "which list?", location="FILE", remedy="Run `make roster FILE=class.csv`; DRY=1 only shows."
        )
    only_shows, removes = is_set("DRY", dry), is_set("REMOVE", remove)
    people = class_list.read_people(Path(file))
    here = deployment.open_deployment()
    found = lists.compare(here, people)
    for line in found.lines(remove=removes):
        console.note(line)
    if only_shows or (sys.stdin.isatty() and not typer.confirm("Do this?")):
        console.note("Nothing was changed.")
        return
    with password_sheet.opened(Path(sheet)) if sheet else contextlib.nullcontext() as written:
        made, removed = lists.take_in(here, people, found.gone if removes else ())
        if written:
            password_sheet.fill(written, made)
    console.note(lists.told(made, removed))
    if made and not sheet:
        console.note(password_sheet.shown(made))
