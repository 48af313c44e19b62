"""`make announce`, `make announcements` and `make announce-end`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core import console
from generator.core.errors import HomeroomError

verbs = typer.Typer()


@verbs.command()
def announce(
    text: Annotated[
        str,
        typer.Argument(envvar="HOMEROOM_TEXT", help="What is to be read, 500 characters at most."),
    ] = "",
    group: Annotated[str, typer.Option(help="For the members of a group alone.")] = "",
    course: Annotated[str, typer.Option(help="For the members of a course alone.")] = "",
    span: Annotated[str, typer.Option("--for", help="For how long: 30m, 2h, 3d.")] = "1d",
) -> None:
    """Tell everybody, a group or a course something, on home pages and in running labs."""
    from generator.engine import deployment
    from generator.topics.announcements import announcements

    wanted = announcements.read(text, group, course, span)
    number = announcements.add(deployment.open_deployment(), wanted)
    console.note(f"Announced. `make announce-end ID={number}` ends it before its time.")


@verbs.command("announcements")
def show() -> None:
    """Show what is announced now."""
    from generator.engine import deployment
    from generator.topics.announcements import announcements

    here = deployment.open_deployment()
    lines = announcements.lines(announcements.known(here), here.settings.TIMEZONE)
    for line in lines or ["Nothing is announced."]:
        console.out.print(line, markup=False, soft_wrap=True)


@verbs.command()
def announce_end(
    number: Annotated[str, typer.Argument(help="Which one, as `make announcements` numbers it.")] = "",
) -> None:
    """End an announcement before its time."""
    from generator.engine import deployment
    from generator.topics.announcements import announcements

    if not (number.isascii() and number.isdigit()):
        raise HomeroomError(
            "which announcement?", location="ID", remedy="`make announcements` shows them: `make announce-end ID=3`."
        )
    announcements.end(deployment.open_deployment(), int(number))
    console.note("Ended.")
