"""`make course-export`, `course-import`, `course-copy`, `course-reset`, `course-delete` and `course-ends`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.flag import is_set

verbs = typer.Typer()
COURSE = "biology-1"
Course = Annotated[str, typer.Argument(help="Which course.")]
Named = Annotated[str, typer.Option(help="The course's name again: it is done; else it is only shown.")]
WithoutCopy = Annotated[str, typer.Option(help="1: no archive of it is kept.")]


@verbs.command("course-export")
def course_export(
    course: Course = "",
    to: Annotated[str, typer.Option(help="The file to write, or a folder.")] = "",
) -> None:
    """Write all that is kept of a course into one archive."""
    from generator.engine import deployment
    from generator.topics.terms import export, named

    name = named.require_name(course, "COURSE", f"make course-export COURSE={COURSE} TO=/srv/{COURSE}.tar.gz")
    export.export(deployment.open_deployment(), name, to.strip())


@verbs.command("course-import")
def course_import(
    course: Annotated[str, typer.Argument(help="Into which course.")] = "",
    source: Annotated[str, typer.Option("--from", help="An archive, a course's folder, or one assignment.")] = "",
    name: Annotated[str, typer.Option(help="What a single assignment is called.")] = "",
    whole: Annotated[str, typer.Option(help="1: all of a course that was exported, with what students did.")] = "",
    dry: Annotated[str, typer.Option(help="1: only show what would come.")] = "",
) -> None:
    """Bring material into a course, or all of a course back, never over what is there."""
    from generator.engine import deployment
    from generator.topics.terms import bring, named
    from generator.topics.terms.whole import bring_whole

    if is_set("WHOLE", whole):
        bring_whole(deployment.open_deployment(), course.strip(), source, dry=is_set("DRY", dry))
        return
    chosen = named.require_name(course, "COURSE", f"make course-import COURSE={COURSE} FROM=/srv/{COURSE}.tar.gz")
    bring.bring_from(deployment.open_deployment(), chosen, source, name.strip(), dry=is_set("DRY", dry))


@verbs.command("course-copy")
def course_copy(
    course: Course = "",
    to: Annotated[str, typer.Option(help="What the new one is called.")] = "",
    dates: Annotated[str, typer.Option(help="By how much its dates are moved, as +364d or +52w.")] = "",
    dry: Annotated[str, typer.Option(help="1: only show what would be.")] = "",
) -> None:
    """Make the next term's course of one: material and dates, without students and what they did."""
    from generator.engine import deployment
    from generator.topics.terms import bring, named

    usage = f"make course-copy COURSE={COURSE} TO=biology-2 DATES=+364d"
    chosen, new = named.require_name(course, "COURSE", usage), named.require_name(to, "TO", usage)
    bring.copy(deployment.open_deployment(), chosen, new, dates, dry=is_set("DRY", dry))


@verbs.command("course-reset")
def course_reset(course: Course = "", named: Named = "", without_copy: WithoutCopy = "") -> None:
    """Remove hand-ins, feedback and grades of a course; its material and members stay."""
    from generator.engine import deployment
    from generator.topics.terms import removal
    from generator.topics.terms.named import require_name

    name = require_name(course, "COURSE", f"make course-reset COURSE={COURSE}")
    no_copy = is_set("WITHOUT_COPY", without_copy)
    removal.reset(deployment.open_deployment(), name, named, without_copy=no_copy)


@verbs.command("course-delete")
def course_delete(course: Course = "", named: Named = "", without_copy: WithoutCopy = "") -> None:
    """Remove all that is kept of a course, for good."""
    from generator.engine import deployment
    from generator.topics.terms import removal
    from generator.topics.terms.named import require_name

    name = require_name(course, "COURSE", f"make course-delete COURSE={COURSE}")
    no_copy = is_set("WITHOUT_COPY", without_copy)
    removal.delete(deployment.open_deployment(), name, named, without_copy=no_copy)


@verbs.command("course-ends")
def course_ends(
    clock: Annotated[str, typer.Option(help="1: as by the clock: courses whose time is over are removed.")] = "",
    today: Annotated[str, typer.Option(help="The day that it is, such as 2026-11-27: the clock is right.")] = "",
) -> None:
    """Show which courses are archived and removed when; remove those whose time is over."""
    from generator.engine import deployment
    from generator.topics.terms import ends

    if is_set("CLOCK", clock) or today.strip():
        ends.by_the_clock(deployment.open_deployment(), today.strip())
    else:
        ends.show(deployment.open_deployment())
