"""The verbs that belong to no topic."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from generator.core import console
from generator.core.errors import HomeroomError
from generator.core.flag import is_set
from generator.core.lock import exclusive
from generator.core.paths import ROOT

verbs = typer.Typer()
Service = Annotated[str, typer.Argument(help="A service of `make status`; all of them where none is named.")]


def _known(service: str) -> str:
    from generator.engine import services

    if service and service not in services.names():
        raise HomeroomError(
            f"there is no service {service}", location="SERVICE", remedy=f"One of {', '.join(services.names())}."
        )
    return service


@verbs.command()
def init() -> None:
    """Write .env and site/ if they are missing."""
    from generator.lifecycle import init

    written = init.init()
    console.note("Wrote .env (mode 0600) and site/." if written else ".env is there already: left alone.")


@verbs.command()
def check() -> None:
    """Check settings, site/ and machine; change nothing."""
    from generator.lifecycle import check

    check.check()


@verbs.command()
def render() -> None:
    """Write the files in rendered/ from .env and site/."""
    from generator.core.paths import RENDERED, SITE
    from generator.engine import deployment
    from generator.lifecycle import hub_config, render

    with exclusive(ROOT):
        settings = deployment.load_settings()
        files = render.rendered_files(settings, SITE)
        hub_config.check_where_possible(settings, files)
        changed = render.write(files, RENDERED)
    console.note(f"Changed: {', '.join(changed)}." if changed else "rendered/ is up to date.")


@verbs.command()
def build() -> None:
    """Build the images again."""
    from generator.engine import deployment
    from generator.lifecycle import build

    with exclusive(ROOT):
        build.build(deployment.open_deployment(), rebuild=True)


@verbs.command()
def bundle(
    to: Annotated[str, typer.Argument(help="A file, or a directory; empty: in this one.")] = "",
) -> None:
    """Write one file with all that a machine without a network needs."""
    from generator.engine import deployment
    from generator.lifecycle import bundle

    with exclusive(ROOT):
        bundle.write(deployment.open_deployment(), to)


@verbs.command()
def up(
    within_update: Annotated[str, typer.Option(hidden=True, help="1: an update calls and holds the deployment.")] = "",
) -> None:
    """Install what is missing and bring everything up; safe to repeat."""
    from generator.lifecycle import up

    with nullcontext() if within_update else exclusive(ROOT):
        up.up(within_update=bool(within_update))


@verbs.command()
def down() -> None:
    """Stop labs and services; homes and accounts stay."""
    from generator.lifecycle import down

    with exclusive(ROOT):
        down.down()


@verbs.command()
def move(
    to: Annotated[str, typer.Argument(help="The address that people will open.")] = "",
) -> None:
    """Close this deployment with everything of it in the copies, for another server to go on."""
    from generator.engine import deployment
    from generator.lifecycle import move

    with exclusive(ROOT):
        move.move(deployment.open_deployment(), to)


@verbs.command("move-back")
def move_back(
    anyway: Annotated[str, typer.Option(help="1: also where people have worked on the other server since.")] = "",
) -> None:
    """Open a deployment again that has moved, with what is here."""
    from generator.engine import deployment
    from generator.lifecycle import move

    is_meant = is_set("ANYWAY", anyway)
    with exclusive(ROOT):
        move.move_back(deployment.open_deployment(), anyway=is_meant)


@verbs.command()
def restart() -> None:
    """Restart the hub with what changed in site/; labs go on."""
    from generator.lifecycle import restart

    with exclusive(ROOT):
        restart.restart()


@verbs.command()
def logs(
    service: Service = "",
    since: Annotated[str, typer.Option(help="From then on: 2h, 3d, 2026-11-27.")] = "",
    person: Annotated[str, typer.Option(help="Lines that name this user, and their labs' own.")] = "",
) -> None:
    """Follow the services' logs; Ctrl-C ends it."""
    from generator.engine import deployment
    from generator.lifecycle import logs
    from generator.schema.types import known_as

    names = [name] if (name := _known(service)) else []
    logs.show(deployment.open_deployment(), names, since=since, person=known_as(person))


@verbs.command("expire-logs")
def expire_logs() -> None:
    """Make services anew whose logs are older than LOG_DAYS, so that those go; labs go on."""
    from datetime import UTC, datetime

    from generator.engine import deployment
    from generator.lifecycle import expire_logs

    with exclusive(ROOT):
        expire_logs.expire(deployment.open_deployment(), datetime.now(UTC))


@verbs.command()
def status() -> None:
    """Show services, labs, users, memory and disk."""
    from generator.engine import deployment
    from generator.lifecycle import status

    status.show(deployment.open_deployment())


@verbs.command()
def timers(
    name: Annotated[str, typer.Option("--run", help="Run this one now, as the clock would.")] = "",
    missed: Annotated[str, typer.Option(help="1: only if it was due since its last run.")] = "",
) -> None:
    """Bring what is run by the clock in step with .env, and show it."""
    from datetime import UTC, datetime

    from generator.engine import deployment
    from generator.lifecycle import timers

    settings = deployment.load_settings()
    if name:
        raise typer.Exit(timers.run(settings, name, missed_only=is_set("MISSED", missed)))
    with exclusive(ROOT):
        timers.take_up(settings)
    timers.show(settings, datetime.now(UTC))


@verbs.command()
def doctor(
    file: Annotated[str, typer.Option(help="Where to write what somebody needs who helps from afar.")] = "",
    everything: Annotated[str, typer.Option("--all", help="1: show all that was found.")] = "",
) -> None:
    """Say what is wrong and what to do first; works on a broken deployment, too."""
    from generator.lifecycle import doctor

    is_whole = is_set("ALL", everything)
    if not doctor.examine(bundle=Path(file) if file else None, everything=is_whole):
        raise typer.Exit(1)


@verbs.command()
def watch() -> None:
    """Look after everything once: restart what is not healthy, tell what is wrong and what is over."""
    from generator.lifecycle import watch

    if not watch.watch():
        raise typer.Exit(1)


@verbs.command()
def letter() -> None:
    """Print the Monday letter as it is now."""
    from generator.lifecycle import letter

    letter.show()


@verbs.command()
def shell(service: Service = "hub") -> None:
    """Open a shell in a service's container."""
    from generator.engine import deployment
    from generator.lifecycle import services

    name = _known(service) or "hub"
    here = deployment.open_deployment()
    services.require(here, name, running=True)
    here.compose("exec", name, "bash", capture=False, check=False)


@verbs.command()
def clean() -> None:
    """Remove containers, networks, images and generated files; never homes, accounts, .env or site/."""
    from generator.lifecycle import down

    with exclusive(ROOT):
        down.clean()


@verbs.command(hidden=True)
def rehearse(
    of: Annotated[str, typer.Option(help="The deployment whose update this is.")],
    database: Annotated[Path, typer.Option(help="A copy of its hub's database.")],
    packages: Annotated[str, typer.Option(help="A moment: build all anew, with packages as they are then.")] = "",
) -> None:
    """Build this version's images, and start it on a copy of another deployment's database."""
    from generator.engine import deployment
    from generator.lifecycle import rehearse

    rehearse.rehearse(deployment.open_deployment(), of, database, packages)


@verbs.command("drill-beside", hidden=True)
def drill_beside(
    of: Annotated[str, typer.Option(help="The deployment whose copies are tried.")],
    copy: Annotated[str, typer.Option(help="A copy's name, or a day; the newest where none is named.")] = "",
) -> None:
    """Bring another deployment's copies back into this one, on no network, and try what came."""
    from generator.engine import deployment
    from generator.lifecycle import drill

    drill.try_beside(deployment.open_deployment(), of, copy)


@verbs.command("course-rehearse-beside", hidden=True)
def course_rehearse_beside(
    of: Annotated[str, typer.Option(help="The deployment whose images it has.")],
    course: Annotated[str, typer.Option(help="The course's name.")],
    exam: Annotated[str, typer.Option(help="The exam's name.")],
    robots: Annotated[int, typer.Option(help="So many write it.")],
) -> None:
    """Write an exam with robots in this deployment, which holds nothing, on no network."""
    from generator.engine import deployment
    from generator.lifecycle import course_rehearsal

    course_rehearsal.rehearse_beside(deployment.open_deployment(), of, course, exam, robots)


@verbs.command("course-work-beside", hidden=True)
def course_work_beside(
    of: Annotated[str, typer.Option(help="The deployment whose images it has.")],
) -> None:
    """Have robots do the assignments that are planned in this deployment, which holds nothing, on no network."""
    from generator.engine import deployment
    from generator.lifecycle import work_rehearsal

    work_rehearsal.rehearse_beside(deployment.open_deployment(), of)


@verbs.command(hidden=True)
def reference() -> None:
    """Write .env.example and docs/settings.md from the schema."""
    from generator.schema import reference

    changed = reference.write()
    console.note(f"Changed: {', '.join(changed)}." if changed else "Both are in step.")
