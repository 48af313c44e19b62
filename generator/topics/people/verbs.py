"""`make user-remove`, `make user-restore`, `make purge-removed`, `make user-export` and `make audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.errors import HomeroomError
from generator.core.flag import is_set

verbs = typer.Typer()


@verbs.command("user-remove")
def user_remove(
    name: Annotated[str, typer.Argument(help="Who leaves.")] = "",
    now: Annotated[str, typer.Option(help="The same name again: the files go at once, for good.")] = "",
    why: Annotated[str, typer.Option(help="Why, for the records.")] = "",
    group: Annotated[str, typer.Option(help="Everybody in this group, instead of one person.")] = "",
    inactive_days: Annotated[str, typer.Option(help="Only who was not here for so many days.")] = "",
    people: Annotated[str, typer.Option(help="How many people that is: they are removed; else only shown.")] = "",
) -> None:
    """Remove a person, or many: locked out at once, the files are kept RETENTION_DAYS."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.people import cohorts, removal

    name = known_as(name)
    if group or inactive_days or people:
        if name or now:
            raise HomeroomError(
                "NAME or NOW stands beside GROUP, INACTIVE_DAYS or PEOPLE",
                location="NAME",
                remedy="One person by NAME, or many by GROUP and INACTIVE_DAYS; their files are kept for a while.",
            )
        if not group and not inactive_days:
            raise HomeroomError("who leaves?", location="PEOPLE", remedy="Add GROUP=biology or INACTIVE_DAYS=400.")
        days = cohorts.days_of(inactive_days)
        cohorts.remove(deployment.open_deployment(), group, days, people, why)
        return
    removal.require_name(name, "user-remove")
    if now and known_as(now) != name:
        raise HomeroomError(
            f"NOW={now} is not the person who leaves ({name})",
            location="NOW",
            remedy="Give the same name again to have the files removed for good, or leave it out.",
        )
    removal.remove(deployment.open_deployment(), [name], why, now=bool(now))


@verbs.command("user-restore")
def user_restore(name: Annotated[str, typer.Argument(help="Who comes back.")] = "") -> None:
    """Bring back somebody who was removed, with files, groups and password."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.people import removal

    removal.require_name(known_as(name), "user-restore")
    removal.restore(deployment.open_deployment(), known_as(name))


@verbs.command("purge-removed")
def purge_removed(
    today: Annotated[str, typer.Option(help="The day that it is, such as 2026-11-27: the clock is right.")] = "",
) -> None:
    """Remove the files of those for good who were removed RETENTION_DAYS ago."""
    from generator.engine import deployment
    from generator.topics.people import removal

    removal.purge_due(deployment.open_deployment(), today.strip())


@verbs.command()
def audit(
    name: Annotated[str, typer.Argument(help="Only what was done to this person, or by them.")] = "",
    everything: Annotated[str, typer.Option(help="1: all lines, not only the last ones.")] = "",
) -> None:
    """Show who removed, restored, approved or made administrator whom, and check that nobody changed it."""
    from generator.engine import deployment
    from generator.topics.people import audit

    is_whole = is_set("ALL", everything)
    audit.audit(deployment.open_deployment(), name.strip().lower(), everything=is_whole)


@verbs.command("user-export")
def user_export(
    name: Annotated[str, typer.Argument(help="Whose data.")] = "",
    to: Annotated[str, typer.Option(help="The file to write, or a folder.")] = "",
) -> None:
    """Write everything of a person into one archive: files, account, groups, activity."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.people import export, removal

    removal.require_name(known_as(name), "user-export")
    export.export(deployment.open_deployment(), known_as(name), to)


@verbs.command("group-ends")
def group_ends(
    people: Annotated[str, typer.Option(help="How many people that is: they are removed; else only shown.")] = "",
    clock: Annotated[
        str, typer.Option(help="1: as by the clock: people are told, and removed after their notice.")
    ] = "",
) -> None:
    """Show who leaves when, since their group ends; remove those whose last day is over."""
    from datetime import date

    from generator.engine import deployment
    from generator.topics.people import leaving

    if is_set("CLOCK", clock):
        leaving.by_the_clock(deployment.open_deployment(), date.today())
    else:
        leaving.show_or_remove(deployment.open_deployment(), people, date.today())
