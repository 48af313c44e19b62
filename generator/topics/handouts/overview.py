"""What `make handouts` and `make push` do: publish what is due, say who has it, and copy files into homes."""

from __future__ import annotations

from datetime import UTC, datetime

from generator.core.console import note, warn
from generator.core.errors import HomeroomError
from generator.core.flag import is_set
from generator.core.machine import read_machine
from generator.core.paths import RENDERED, SITE
from generator.engine import deployment
from generator.schema.types import known_as
from generator.topics.handouts import checks, delivery, given, places, publish, push
from generator.topics.handouts import handouts as site_file
from generator.topics.handouts.handouts import Known
from generator.topics.handouts.site import HANDOUTS
from generator.topics.handouts.state import State
from generator.topics.labs import labs

GUARD = "guard.json"


def publish_all(*, fetch_all: bool) -> tuple[list[Known], State]:
    """Publish what is due.

    :raises HomeroomError: site/handouts.yaml is wrong; nothing is changed then.
    """
    settings = deployment.load_settings()
    known = site_file.load(settings, SITE, labs.load(settings, SITE, read_machine()).groups)
    found = publish.publisher(settings, known, SITE).run(datetime.now(UTC), fetch_all=fetch_all)
    given.tell_hub(known, found)
    if unknown := [audience.shown for audience in site_file.all_audiences(known) if not is_rendered(audience)]:
        names = ", ".join(unknown)
        warn(f"The hub does not know yet that there are handouts for {names}.\n  Run `make restart`; labs go on.")
    return known, found


def is_rendered(audience: places.Audience) -> bool:
    """Whether the hub's configuration has this audience."""
    try:
        return f'"{audience.rule()["source"]}"' in (RENDERED / GUARD).read_text(encoding="utf-8")
    except OSError:
        return False


def publish_quietly(*, fetch_all: bool) -> None:
    """Publish, and say what is wrong. :raises HomeroomError: as `publish_all`."""
    _, found = publish_all(fetch_all=fetch_all)
    for name, one in found.handouts.items():
        if one.fault:
            warn(f"{name}: {one.fault}\n  {one.remedy}")


def show(name: str) -> None:
    """Publish, and show who has what. :raises HomeroomError: as `publish_all`, or there is no such handout."""
    known, found = publish_all(fetch_all=True)
    if not known:
        note(f"There are no handouts: site/{HANDOUTS} says what there is to be.")
        return
    answer = None
    try:
        here = deployment.open_deployment()
        answer = delivery.ask(here, labs.load(here.settings, SITE, read_machine()).groups)
        for finding in checks.of_counterpart(here):
            warn(f"{finding.location}: {finding.cause}\n  {finding.remedy}")
    except HomeroomError as error:
        warn(f"Who has them is not known: {error}")
    delivery.show(known, found, answer, datetime.now(UTC), name)


def push_files(files: str, group: str, person: str, course: str, to: str, confirm: str) -> None:
    """Copy files into homes.

    :raises HomeroomError: the hub does not run, or a file, group, person or course is not there; nobody has anything
        then.
    """
    confirmed = is_set("CONFIRM", confirm)
    here = deployment.open_deployment()
    answer = delivery.ask(here, labs.load(here.settings, SITE, read_machine()).groups)
    push.run(here, push.asked(files, group, known_as(person), to, answer, course=course), confirmed=confirmed)
